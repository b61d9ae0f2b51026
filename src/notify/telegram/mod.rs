//! A bot of Telegram: <https://core.telegram.org/bots/api#sendmessage>.
//!
//! One incident is one message in a chat: updates and the end edit it in place. An edit wakes nobody, so a rise and the end
//! are also said in an answer to it. The bot's token is a part of every address, so no address is ever printed.

mod answer;
pub(super) mod message;

use super::post::{Reads, post, unprepared};
use super::{Delivery, Edited, Notifier, Receipt, SendError};
use crate::config::{Chat, Secret};
use crate::engine::notice::NoticeKind;
use crate::http::{Client, ClientError};
use answer::{Answer, Posted};
use message::Place;
use reqwest::Method;
use serde_json::Value;

const NAME: &str = "telegram";

/// A bot.
#[derive(Debug)]
pub struct Telegram {
    http: Client,
    token: Secret,
    to: Option<Chat>,
    api_url: String,
}

impl Telegram {
    /// The bot with `token`, which writes to `to` where a destination names nobody.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(token: Secret, to: Option<Chat>, api_url: String) -> Result<Self, ClientError> {
        Ok(Telegram { http: Client::anonymous()?, token, to, api_url })
    }

    fn chat(&self, named: Option<&str>) -> Result<Place, SendError> {
        let refused = |reason: String| SendError::Refused { channel: NAME, reason };
        let chat = match named {
            Some(to) => Chat::read(to).ok_or_else(|| refused(format!("`{to}` is not a chat")))?,
            None => self.to.clone().ok_or_else(|| refused("no chat is named".into()))?,
        };
        Ok(Place::of(&chat))
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Answer, SendError> {
        let token = self.token.reveal_line().map_err(|cause| unprepared(NAME, &cause))?;
        let url = format!("{}/bot{}/{method}", self.api_url.trim_end_matches('/'), token.expose().trim());
        let request = self.http.request(Method::POST, &url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("content-type", "application/json").body(body.to_string());
        let reads = Reads { body_at: &answer::BODY_AT, secrets: &[token.expose().trim()] };
        answer::read(&post(NAME, request, reads).await?)
    }

    /// Sends a message; to the chat that a group has become, where it has become another one.
    async fn say(&self, mut body: Value) -> Result<Posted, SendError> {
        match self.call("sendMessage", &body).await? {
            Answer::Posted(posted) => Ok(posted),
            Answer::Moved(chat) => {
                body["chat_id"] = chat.into();
                match self.call("sendMessage", &body).await? {
                    Answer::Posted(posted) => Ok(posted),
                    other => Err(other.refused()),
                }
            }
            other => Err(other.refused()),
        }
    }

    /// Edits the incident's message; one that somebody has deleted, or that cannot be edited, is sent anew.
    async fn edit(&self, root: Posted, place: &Place, delivery: Delivery<'_>) -> Result<Edited<Posted>, SendError> {
        match self.call("editMessageText", &message::edit(&root, delivery)).await? {
            Answer::Posted(_) | Answer::Unchanged => Ok(Edited::InPlace(root)),
            Answer::Gone(_) | Answer::Moved(_) => self.say(message::body(place, delivery)).await.map(Edited::Anew),
        }
    }
}

impl Notifier for Telegram {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        let place = self.chat(draft.destination.to.as_deref())?;
        let root = earlier.and_then(|receipt| Posted::from_receipt(&receipt.text()));
        let root = match (root, draft.kind) {
            // Lists stand alone, however many there were before.
            (None, _) | (Some(_), NoticeKind::Letter) => self.say(message::body(&place, delivery)).await?,
            (Some(root), NoticeKind::Update) => self.edit(root, &place, delivery).await?.place(),
            (Some(root), NoticeKind::Page | NoticeKind::End) => {
                let edited = self.edit(root, &place, delivery).await?;
                if let Edited::InPlace(root) = &edited {
                    self.say(message::reply(root, &place, delivery.notice)).await?;
                }
                edited.place()
            }
        };
        Ok(Receipt::Text(root.to_receipt()))
    }
}
