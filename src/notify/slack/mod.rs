//! Slack: an incoming webhook (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>) or the Web API
//! (<https://docs.slack.dev/reference/methods/chat.postMessage>).
//!
//! By the Web API one incident is one message: updates and the end edit it in place, a rise and the end are also said in
//! its thread, because an edit wakes nobody. A webhook cannot edit; there everything is a message of its own.

mod answer;
pub mod button;
pub mod callback;
mod message;

use super::post::{Reads, post, unprepared};
use super::{Delivery, Edited, Notifier, Receipt, SendError};
use crate::config::Secret;
use crate::engine::notice::NoticeKind;
use crate::http::{Client, ClientError};
use crate::model::Name;
use answer::Posted;
pub use button::Buttons;
use callback::Press;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const NAME: &str = "slack";
/// It says yes and no with the same status; the body decides.
const READS: Reads<'_> = Reads { body_at: &[200], secrets: &[] };

/// An incoming webhook.
#[derive(Debug)]
pub struct SlackWebhook {
    http: Client,
    url: Secret,
}

impl SlackWebhook {
    /// The webhook at the secret address `url`.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret) -> Result<Self, ClientError> {
        Ok(SlackWebhook { http: Client::anonymous()?, url })
    }
}

impl Notifier for SlackWebhook {
    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let url = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let request = self.http.request(Method::POST, url.expose()).await.map_err(|cause| unprepared(NAME, &cause))?;
        let body = message::body(delivery, Buttons::None).to_string();
        let reply = post(NAME, request.header("content-type", "application/json").body(body), READS).await?;
        answer::of_webhook(&reply)?;
        Ok(Receipt::Text("{}".into()))
    }
}

/// A bot of the Web API.
#[derive(Debug)]
pub struct Slack {
    http: Client,
    token: Secret,
    to: Option<Name>,
    api_url: String,
    buttons: Buttons,
}

impl Slack {
    /// The bot with `token`, which writes to `to` where a destination names nobody.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(token: Secret, to: Option<Name>, api_url: String, buttons: Buttons) -> Result<Self, ClientError> {
        Ok(Slack { http: Client::anonymous()?, token, to, api_url, buttons })
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Posted, SendError> {
        answer::of_api(&post(NAME, self.request(method, body).await?, READS).await?)
    }

    /// Edits the incident's message; one that somebody has deleted, or that cannot be edited any more, is posted anew.
    async fn edit(&self, root: &Posted, delivery: Delivery<'_>) -> Result<Edited<Posted>, SendError> {
        let mut body = message::body(delivery, self.buttons);
        (body["channel"], body["ts"]) = (json!(root.channel), json!(root.ts));
        match self.call("chat.update", &body).await {
            Err(SendError::Refused { reason, .. }) if answer::is_gone(&reason) => {
                self.start(&root.channel, delivery).await.map(Edited::Anew)
            }
            outcome => outcome.map(Edited::InPlace),
        }
    }

    async fn start(&self, to: &str, delivery: Delivery<'_>) -> Result<Posted, SendError> {
        let mut body = message::body(delivery, self.buttons);
        body["channel"] = json!(to);
        // A preview of a signed link would show to everybody what it shows to its addressee.
        (body["unfurl_links"], body["unfurl_media"]) = (json!(false), json!(false));
        self.call("chat.postMessage", &body).await
    }

    /// Says one line in the incident's thread; `aloud` also in the conversation.
    async fn reply(&self, root: &Posted, delivery: Delivery<'_>, aloud: bool) -> Result<(), SendError> {
        let mut body = json!({ "channel": root.channel, "thread_ts": root.ts, "text": message::line(delivery.notice) });
        if aloud {
            body["reply_broadcast"] = json!(true);
        }
        self.call("chat.postMessage", &body).await.map(|_| ())
    }
}

impl Slack {
    /// Says something to whoever pressed a button, and to nobody else: at the address that came with the press, where that is
    /// Slack's, else in the conversation.
    ///
    /// # Errors
    /// When it did not arrive.
    pub async fn whisper(&self, press: &Press, words: &str) -> Result<(), SendError> {
        let text = message::escape(words);
        let own = press.response_url.as_deref().filter(|url| callback::may_answer_at(url, &self.api_url));
        let request = match own {
            Some(url) => {
                let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
                let request = self.http.request(Method::POST, url).await.map_err(|cause| unprepared(NAME, &cause))?;
                request.header("content-type", "application/json").body(body.to_string())
            }
            None => {
                let body = json!({ "channel": press.channel, "user": press.user, "text": text });
                self.request("chat.postEphemeral", &body).await?
            }
        };
        answer::of_whisper(&post(NAME, request, READS).await?)
    }

    async fn request(&self, method: &str, body: &Value) -> Result<RequestBuilder, SendError> {
        let url = format!("{}/{method}", self.api_url.trim_end_matches('/'));
        let token = self.token.reveal_line().map_err(|cause| unprepared(NAME, &cause))?;
        let request = self.http.request(Method::POST, &url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.bearer_auth(token.expose()).header("content-type", "application/json; charset=utf-8");
        Ok(request.body(body.to_string()))
    }
}

impl Notifier for Slack {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        let to = draft.destination.to.as_deref().or(self.to.as_deref());
        let to = to.ok_or_else(|| SendError::Refused { channel: NAME, reason: "no conversation is named".into() })?;
        let root = earlier.and_then(|receipt| Posted::from_receipt(&receipt.text()));
        let root = match (root, draft.kind) {
            // Lists stand alone, however many there were before.
            (None, _) | (Some(_), NoticeKind::Letter) => self.start(to, delivery).await?,
            (Some(root), NoticeKind::Update) => self.edit(&root, delivery).await?.place(),
            (Some(root), NoticeKind::Page | NoticeKind::End) => {
                let edited = self.edit(&root, delivery).await?;
                if let Edited::InPlace(root) = &edited {
                    self.reply(root, delivery, draft.kind == NoticeKind::Page).await?;
                }
                edited.place()
            }
        };
        Ok(Receipt::Text(root.to_receipt()))
    }
}
