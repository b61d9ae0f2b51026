//! Microsoft Teams, by the webhook of a workflow:
//! <https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook>.
//!
//! It takes a card and tells nothing about it, so nothing can be edited or answered: everything is a message of its own.

pub(super) mod message;

use super::post::{Reads, Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::Secret;
use crate::http::{Client, ClientError};
use reqwest::Method;

const NAME: &str = "teams";

/// The webhook of a workflow.
#[derive(Debug)]
pub struct Teams {
    http: Client,
    url: Secret,
}

impl Teams {
    /// The workflow at the secret address `url`.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret) -> Result<Self, ClientError> {
        Ok(Teams { http: Client::anonymous()?, url })
    }
}

impl Notifier for Teams {
    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let url = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let request = self.http.request(Method::POST, url.expose()).await.map_err(|cause| unprepared(NAME, &cause))?;
        let body = message::body(delivery).to_string();
        let request = request.header("content-type", "application/json").body(body);
        read_answer(&post(NAME, request, Reads { body_at: &[200], secrets: &[] }).await?)?;
        Ok(Receipt::Text("{}".into()))
    }
}

/// A workflow says 202 as soon as it has the card, and nothing in it. A flow that somebody gave an answer of its own may say 200
/// with nothing; with words it is no workflow, but a connector of old that failed, or something between.
fn read_answer(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        202 => Ok(()),
        200 if reply.body.trim().is_empty() => Ok(()),
        200..=299 | 408 | 429 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning() {
        let failed = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
        for (status, body, word) in [
            (202, "", "sent"),
            (200, "", "sent"),
            (200, failed, "busy"),
            (200, "<html>", "busy"),
            (400, "", "refused"),
            (401, "", "refused"),
            (404, "", "refused"),
            (413, "", "refused"),
            (429, "", "busy"),
            (502, "", "busy"),
        ] {
            let reply = Reply::of(status, body);
            assert_eq!(SendError::word(&read_answer(&reply)), word, "{status} {body}");
        }
    }
}
