//! Opsgenie, Alert API v2: <https://docs.opsgenie.com/docs/alert-api>.
//!
//! A page opens an alert under an alias of its own; the end closes every one that was opened. An acknowledgement acknowledges
//! the latest of them; any other update is a note on it, which wakes nobody. Lists are not sent: Opsgenie is for waking people.

mod answer;
pub(super) mod message;

use super::post::{Reads, Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{OpsgenieResponder, Secret};
use crate::engine::notice::{Draft, NoticeKind, Reason};
use crate::http::{Client, ClientError};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

const NAME: &str = "opsgenie";
/// When it is asked what became of a request that it accepted. Who has got no answer by then has been told nothing bad.
const ASKED_AFTER: [Duration; 3] = [Duration::from_millis(300), Duration::from_millis(700), Duration::from_secs(1)];
/// All asking is over by then, also where a question hangs: an alert that was accepted must not count as one that was not,
/// because the attempt as a whole took too long.
const ASKED_FOR: Duration = Duration::from_millis(2500);

/// An API integration.
#[derive(Debug)]
pub struct Opsgenie {
    http: Client,
    api_key: Secret,
    to: Option<OpsgenieResponder>,
    url: String,
}

impl Opsgenie {
    /// The integration with `api_key`, whose alerts are for `to` where a destination names nobody.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(api_key: Secret, to: Option<OpsgenieResponder>, api_url: &str) -> Result<Self, ClientError> {
        let url = format!("{}/v2/alerts", api_url.trim_end_matches('/'));
        Ok(Opsgenie { http: Client::anonymous()?, api_key, to, url })
    }

    fn responder(&self, draft: &Draft) -> Result<Option<OpsgenieResponder>, SendError> {
        let Some(to) = &draft.destination.to else { return Ok(self.to.clone()) };
        let responder = OpsgenieResponder::read(to);
        responder
            .map(Some)
            .ok_or_else(|| SendError::Refused { channel: NAME, reason: format!("`{to}` is nobody there") })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, SendError> {
        let key = self.api_key.reveal_line().map_err(|cause| unprepared(NAME, &cause))?;
        let url = format!("{}{path}", self.url);
        let request = self.http.request(method, &url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("authorization", format!("GenieKey {}", key.expose()));
        let request = request.header("content-type", "application/json");
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        post(NAME, request, Reads { body_at: &[], secrets: &[key.expose()] }).await
    }

    /// Opens an alert. Accepted is not created: what became of it is asked for, and only a plain no counts.
    async fn create(&self, body: &Value) -> Result<(), SendError> {
        let request = answer::accepted(&self.ask(Method::POST, "", Some(body)).await?)?;
        let Some(request) = request else { return Ok(()) };
        let said = tokio::time::timeout(ASKED_FOR, self.outcome_of(&request)).await;
        said.ok().flatten().unwrap_or(Ok(()))
    }

    /// What became of a request that it accepted, where it says so in time.
    async fn outcome_of(&self, request: &str) -> Option<Result<(), SendError>> {
        for wait in ASKED_AFTER {
            tokio::time::sleep(wait).await;
            let reply = self.ask(Method::GET, &format!("/requests/{request}"), None).await.ok()?;
            if let Some(outcome) = answer::processed(&reply) {
                return Some(outcome);
            }
        }
        None
    }

    /// Does something about the alert under `alias`.
    async fn act(&self, alias: &str, deed: &str, body: &Value) -> Result<(), SendError> {
        let path = format!("/{alias}/{deed}?identifierType=alias");
        answer::accepted(&self.ask(Method::POST, &path, Some(body)).await?).map(|_| ())
    }
}

impl Notifier for Opsgenie {
    fn has_something_to_say(&self, draft: &Draft, _: Option<&Receipt>) -> bool {
        match draft.kind {
            NoticeKind::Page => true,
            NoticeKind::Update | NoticeKind::End => !draft.pages.is_empty(),
            NoticeKind::Letter => false,
        }
    }

    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        let alias = |page: u32| message::alias(draft, page);
        match draft.kind {
            NoticeKind::Page => self.create(&message::create(delivery, self.responder(draft)?.as_ref())).await?,
            NoticeKind::Update => {
                if let Some(page) = draft.pages.last() {
                    let is_taken = matches!(draft.reason, Reason::Acknowledged | Reason::Snoozed);
                    let deed = if is_taken { "acknowledge" } else { "notes" };
                    self.act(&alias(*page), deed, &message::note(delivery)).await?;
                }
            }
            NoticeKind::Letter => {}
            NoticeKind::End => {
                for page in &draft.pages {
                    self.act(&alias(*page), "close", &message::note(delivery)).await?;
                }
            }
        }
        Ok(Receipt::Text(serde_json::json!({ "alias": alias(draft.page) }).to_string()))
    }
}
