//! Discord, by a webhook: <https://docs.discord.com/developers/resources/webhook#execute-webhook>.
//!
//! One incident is one message: updates and the end edit it in place. An edit wakes nobody and a webhook cannot answer to a
//! message, so a rise and the end are also said in a short one of their own. Nothing in a message is a mention.

mod answer;
pub(super) mod message;

use super::post::{Reads, post, unprepared};
use super::{Delivery, Edited, Notifier, Receipt, SendError};
use crate::config::Secret;
use crate::engine::notice::NoticeKind;
use crate::http::{self, Client, ClientError};
use answer::Posted;
use reqwest::Method;
use serde_json::Value;

const NAME: &str = "discord";

/// A webhook of a channel.
#[derive(Debug)]
pub struct Discord {
    http: Client,
    url: Secret,
}

impl Discord {
    /// The webhook at the secret address `url`.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret) -> Result<Self, ClientError> {
        Ok(Discord { http: Client::anonymous()?, url })
    }

    /// Posts `body`, or puts it in the place of the message `edited`.
    async fn call(&self, edited: Option<&Posted>, body: &Value) -> Result<Posted, SendError> {
        let secret = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let mut url = http::address(secret.expose()).map_err(|cause| unprepared(NAME, &cause))?;
        let method = match edited {
            None => {
                // Without it, nothing would be said of the message.
                url.query_pairs_mut().append_pair("wait", "true");
                Method::POST
            }
            Some(message) => {
                let path = format!("{}/messages/{}", url.path().trim_end_matches('/'), message.id);
                url.set_path(&path);
                Method::PATCH
            }
        };
        let request = self.http.request(method, url.as_str()).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("content-type", "application/json").body(body.to_string());
        answer::read(&post(NAME, request, Reads { body_at: &answer::BODY_AT, secrets: &[] }).await?)
    }

    /// Edits the incident's message; one that somebody has deleted is posted anew.
    async fn edit(&self, root: &Posted, delivery: Delivery<'_>) -> Result<Edited<Posted>, SendError> {
        let body = message::body(delivery);
        match self.call(Some(root), &body).await {
            Err(SendError::Refused { reason, .. }) if answer::is_gone(&reason) => {
                self.call(None, &body).await.map(Edited::Anew)
            }
            outcome => outcome.map(Edited::InPlace),
        }
    }
}

impl Notifier for Discord {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let root = earlier.and_then(|receipt| Posted::from_receipt(&receipt.text()));
        let root = match (root, delivery.notice.draft.kind) {
            // Lists stand alone, however many there were before.
            (None, _) | (Some(_), NoticeKind::Letter) => self.call(None, &message::body(delivery)).await?,
            (Some(root), NoticeKind::Update) => self.edit(&root, delivery).await?.place(),
            (Some(root), NoticeKind::Page | NoticeKind::End) => {
                let edited = self.edit(&root, delivery).await?;
                if let Edited::InPlace(_) = &edited {
                    self.call(None, &message::line(delivery.notice)).await?;
                }
                edited.place()
            }
        };
        Ok(Receipt::Text(root.to_receipt()))
    }
}
