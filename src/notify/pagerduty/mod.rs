//! PagerDuty, Events API v2: <https://developer.pagerduty.com/docs/events-api-v2/overview/>.
//!
//! A page opens a key of its own; the end closes every key that was opened. An acknowledgement acknowledges the latest of them.
//! One that came from PagerDuty is not said back to it. Other updates are not sent: PagerDuty does not change the summary of an open alert, and a trigger on an acknowledged key
//! wakes nobody, so they would be noise.

pub mod callback;
mod message;

use super::post::{Reads, Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{ChannelKind, Secret, Settings};
use crate::engine::command::Via;
use crate::engine::notice::{Draft, NoticeKind, Reason};
use crate::http::{Client, ClientError};
use reqwest::Method;

const NAME: &str = "pagerduty";

/// An integration of a PagerDuty service.
#[derive(Debug)]
pub struct PagerDuty {
    http: Client,
    routing_key: Secret,
    url: String,
    client_url: String,
    echo: Echo,
}

/// Whether an acknowledgement that came from PagerDuty is said to PagerDuty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// There is one integration: it is where the acknowledgement was made.
    Never,
    /// There are several, and the others still ring. Where it was made, it changes nothing to hear it again.
    ToTheOthers,
}

impl Echo {
    /// As the channels of `settings` want it.
    #[must_use]
    pub fn among(settings: &Settings) -> Self {
        let keys = settings.channels.values().filter_map(|channel| {
            if let ChannelKind::PagerDuty { routing_key, .. } = &channel.kind { Some(routing_key) } else { None }
        });
        let keys: Vec<&Secret> = keys.collect();
        if keys.iter().all(|key| *key == keys[0]) { Echo::Never } else { Echo::ToTheOthers }
    }

    fn is_heard(self, draft: &Draft) -> bool {
        self == Echo::ToTheOthers || draft.by.as_ref().is_none_or(|by| by.via != Via::PagerDuty)
    }
}

impl PagerDuty {
    /// The integration with `routing_key`.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(routing_key: Secret, api_url: String, client_url: &str, echo: Echo) -> Result<Self, ClientError> {
        let url = format!("{}/v2/enqueue", api_url.trim_end_matches('/'));
        Ok(PagerDuty { http: Client::anonymous()?, routing_key, url, client_url: client_url.to_owned(), echo })
    }

    /// Sends an event. The key stands in it, and an answer about a mistake may repeat it.
    async fn enqueue(&self, body: String, key: &str) -> Result<(), SendError> {
        let request = self.http.request(Method::POST, &self.url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("content-type", "application/json").body(body);
        read_answer(&post(NAME, request, Reads { body_at: &[], secrets: &[key] }).await?)
    }
}

impl Notifier for PagerDuty {
    fn has_something_to_say(&self, draft: &Draft, _: Option<&Receipt>) -> bool {
        match draft.kind {
            NoticeKind::Page => true,
            NoticeKind::End => !draft.pages.is_empty(),
            NoticeKind::Update => {
                let is_taken = matches!(draft.reason, Reason::Acknowledged | Reason::Snoozed);
                is_taken && !draft.pages.is_empty() && self.echo.is_heard(draft)
            }
            NoticeKind::Letter => false,
        }
    }

    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        let key = self.routing_key.reveal_line().map_err(|cause| unprepared(NAME, &cause))?;
        let key = key.expose();
        match draft.kind {
            NoticeKind::Page => self.enqueue(message::trigger(delivery, key, &self.client_url), key).await?,
            NoticeKind::Update => {
                if let Some(page) = draft.pages.last() {
                    self.enqueue(message::acknowledge(&draft.page_key(*page), key), key).await?;
                }
            }
            // A letter is to be read; PagerDuty is for waking people.
            NoticeKind::Letter => {}
            NoticeKind::End => {
                for page in &draft.pages {
                    self.enqueue(message::resolve(&draft.page_key(*page), key), key).await?;
                }
            }
        }
        Ok(Receipt::Text(serde_json::json!({ "dedup_key": draft.page_key(draft.page) }).to_string()))
    }
}

/// What PagerDuty's answer means: 202 is success, 429 and 5xx are worth another try, a refusal is not. Another kind of
/// success is none of PagerDuty's: something stands between, and may go away.
fn read_answer(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        202 => Ok(()),
        // It asks for half a minute where it names no time: three tries thirty seconds apart, says its page on limits.
        429 => Err(SendError::Busy {
            channel: NAME,
            reason: reply.words(),
            retry_after: reply.retry_after.or(Some(crate::model::Span::from_secs(30))),
        }),
        200..=299 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning() {
        for (status, word) in [
            (202, "sent"),
            (200, "busy"),
            (400, "refused"),
            (403, "refused"),
            (413, "refused"),
            (429, "busy"),
            (500, "busy"),
            (503, "busy"),
        ] {
            let reply = Reply::of(status, "");
            let meaning = match read_answer(&reply) {
                Ok(()) => "sent",
                Err(SendError::Refused { .. } | SendError::Partly { .. }) => "refused",
                Err(SendError::Busy { .. } | SendError::Unreachable { .. } | SendError::SomeLater { .. }) => "busy",
            };
            assert_eq!(meaning, word, "{status}");
        }
    }
}
