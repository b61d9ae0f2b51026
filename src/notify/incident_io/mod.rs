//! incident.io, alert events v2: <https://api-docs.incident.io/tag/Alert-Events-V2>.
//!
//! A page fires under a key of its own; the end resolves every key that fired. Updates are not sent: an event under a key that
//! is open makes no new alert, and there is no event for an acknowledgement.

pub(super) mod message;

use super::post::{Reads, Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::Secret;
use crate::engine::notice::{Draft, NoticeKind};
use crate::http::{Client, ClientError};
use reqwest::Method;

const NAME: &str = "incident_io";

/// An HTTP alert source.
#[derive(Debug)]
pub struct IncidentIo {
    http: Client,
    url: Secret,
    token: Secret,
}

impl IncidentIo {
    /// The source at `url` with `token`.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret, token: Secret) -> Result<Self, ClientError> {
        Ok(IncidentIo { http: Client::anonymous()?, url, token })
    }

    async fn tell(&self, body: String) -> Result<(), SendError> {
        let url = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let token = self.token.reveal_line().map_err(|cause| unprepared(NAME, &cause))?;
        let request = self.http.request(Method::POST, url.expose()).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.bearer_auth(token.expose()).header("content-type", "application/json");
        read_answer(&post(NAME, request.body(body), Reads { body_at: &[], secrets: &[token.expose()] }).await?)
    }
}

impl Notifier for IncidentIo {
    fn has_something_to_say(&self, draft: &Draft, _: Option<&Receipt>) -> bool {
        match draft.kind {
            NoticeKind::Page => true,
            NoticeKind::End => !draft.pages.is_empty(),
            NoticeKind::Update | NoticeKind::Letter => false,
        }
    }

    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let draft = &delivery.notice.draft;
        match draft.kind {
            NoticeKind::Page => self.tell(message::event(delivery, "firing", draft.page)).await?,
            NoticeKind::Update | NoticeKind::Letter => {}
            NoticeKind::End => {
                for page in &draft.pages {
                    self.tell(message::event(delivery, "resolved", *page)).await?;
                }
            }
        }
        Ok(Receipt::Text(serde_json::json!({ "deduplication_key": draft.page_key(draft.page) }).to_string()))
    }
}

/// 202 is success. Another kind of success is none of incident.io's.
fn read_answer(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        202 => Ok(()),
        200..=299 | 408 | 429 | 500..=599 => Err(reply.busy(NAME)),
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
            (401, "refused"),
            (404, "refused"),
            (422, "refused"),
            (429, "busy"),
            (502, "busy"),
        ] {
            let reply = Reply::of(status, "");
            assert_eq!(SendError::word(&read_answer(&reply)), word, "{status}");
        }
    }
}
