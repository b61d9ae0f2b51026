//! Mattermost: an incoming webhook (<https://developers.mattermost.com/integrate/webhooks/incoming/>) or a bot
//! (<https://developers.mattermost.com/api-documentation/#/operations/CreatePost>).
//!
//! By a bot one incident is one post: updates and the end edit it in place, a rise and the end are also said in its thread,
//! because an edit wakes nobody. A webhook cannot edit; there everything is a post of its own.

mod answer;
pub(super) mod message;

use super::post::{Reads, post, unprepared};
use super::{Delivery, Edited, Notifier, Receipt, SendError};
use crate::config::{Secret, is_mattermost_id};
use crate::engine::notice::NoticeKind;
use crate::http::{Client, ClientError};
use crate::model::Name;
use answer::Posted;
use reqwest::Method;
use serde_json::{Value, json};

const NAME: &str = "mattermost";

/// An incoming webhook.
#[derive(Debug)]
pub struct MattermostWebhook {
    http: Client,
    url: Secret,
    to: Option<Name>,
}

impl MattermostWebhook {
    /// The webhook at the secret address `url`, which writes to its own channel where neither `to` nor the destination
    /// names another.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret, to: Option<Name>) -> Result<Self, ClientError> {
        Ok(MattermostWebhook { http: Client::anonymous()?, url, to })
    }
}

impl Notifier for MattermostWebhook {
    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let url = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let request = self.http.request(Method::POST, url.expose()).await.map_err(|cause| unprepared(NAME, &cause))?;
        let to = delivery.notice.draft.destination.to.as_deref().or(self.to.as_deref());
        let body = message::to_webhook(delivery, to).to_string();
        let request = request.header("content-type", "application/json").body(body);
        answer::of_webhook(&post(NAME, request, Reads { body_at: &[200], secrets: &[] }).await?)?;
        Ok(Receipt::Text("{}".into()))
    }
}

/// A bot.
#[derive(Debug)]
pub struct Mattermost {
    http: Client,
    token: Secret,
    to: Option<Name>,
    api_url: String,
}

impl Mattermost {
    /// The bot with `token` at the server `api_url`, which writes to `to` where a destination names no channel.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(token: Secret, to: Option<Name>, api_url: &str) -> Result<Self, ClientError> {
        let api_url = format!("{}/api/v4/posts", api_url.trim_end_matches('/'));
        Ok(Mattermost { http: Client::anonymous()?, token, to, api_url })
    }

    async fn call(&self, method: Method, url: &str, body: &Value) -> Result<Posted, SendError> {
        let token = self.token.reveal_line().map_err(|cause| unprepared(NAME, &cause))?;
        let request = self.http.request(method, url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.bearer_auth(token.expose()).header("content-type", "application/json");
        let reads = Reads { body_at: &answer::BODY_AT, secrets: &[token.expose()] };
        answer::of_api(&post(NAME, request.body(body.to_string()), reads).await?)
    }

    async fn start(&self, channel: &str, delivery: Delivery<'_>) -> Result<Posted, SendError> {
        let mut body = message::post(delivery);
        body["channel_id"] = json!(channel);
        self.call(Method::POST, &self.api_url, &body).await
    }

    /// Edits the incident's post; one that somebody has deleted, or that cannot be edited any more, is posted anew.
    async fn edit(&self, root: &Posted, delivery: Delivery<'_>) -> Result<Edited<Posted>, SendError> {
        let url = format!("{}/{}/patch", self.api_url, root.id);
        match self.call(Method::PUT, &url, &message::post(delivery)).await {
            Err(SendError::Refused { reason, .. }) if answer::is_gone(&reason) => {
                self.start(&root.channel_id, delivery).await.map(Edited::Anew)
            }
            outcome => outcome.map(Edited::InPlace),
        }
    }

    /// Says one line in the incident's thread.
    async fn reply(&self, root: &Posted, delivery: Delivery<'_>) -> Result<(), SendError> {
        let line = message::line(delivery.notice);
        let body = json!({ "channel_id": root.channel_id, "root_id": root.id, "message": line });
        self.call(Method::POST, &self.api_url, &body).await.map(|_| ())
    }
}

impl Notifier for Mattermost {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        let to = draft.destination.to.as_deref().or(self.to.as_deref()).filter(|to| is_mattermost_id(to));
        let to = to.ok_or_else(|| SendError::Refused { channel: NAME, reason: "no channel is named".into() })?;
        let root = earlier.and_then(|receipt| Posted::from_receipt(&receipt.text()));
        let root = match (root, draft.kind) {
            // Lists stand alone, however many there were before.
            (None, _) | (Some(_), NoticeKind::Letter) => self.start(to, delivery).await?,
            (Some(root), NoticeKind::Update) => self.edit(&root, delivery).await?.place(),
            (Some(root), NoticeKind::Page | NoticeKind::End) => {
                let edited = self.edit(&root, delivery).await?;
                if let Edited::InPlace(root) = &edited {
                    self.reply(root, delivery).await?;
                }
                edited.place()
            }
        };
        Ok(Receipt::Text(root.to_receipt()))
    }
}
