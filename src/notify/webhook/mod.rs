//! Any receiver, by Standard Webhooks 1.0: <https://www.standardwebhooks.com/>.
//!
//! The id is that of the delivery and stays the same over all attempts, so that a repeat is known as one.

mod message;

use super::post::{Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::Secret;
use crate::http::{Client, ClientError, webhook_signature};
use reqwest::Method;

const NAME: &str = "webhook";

/// One receiver.
#[derive(Debug)]
pub struct Webhook {
    http: Client,
    url: Secret,
    secret: Option<Secret>,
}

impl Webhook {
    /// The receiver at `url`; with `secret` every request is signed.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret, secret: Option<Secret>) -> Result<Self, ClientError> {
        Ok(Webhook { http: Client::anonymous()?, url, secret })
    }
}

impl Notifier for Webhook {
    async fn send(&self, delivery: Delivery<'_>, _: Option<&Receipt>) -> Result<Receipt, SendError> {
        let url = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let body = message::body(delivery);
        let (id, timestamp) = (delivery.notice.draft.id.to_string(), delivery.wall / 1000);
        let mut request =
            self.http.request(Method::POST, url.expose()).await.map_err(|cause| unprepared(NAME, &cause))?;
        if let Some(secret) = &self.secret {
            let secret = secret.reveal().map_err(|cause| unprepared(NAME, &cause))?;
            let signature = webhook_signature(secret.expose(), &id, timestamp, &body);
            let signature = signature.ok_or_else(|| SendError::Refused {
                channel: NAME,
                reason: "the signing secret is not `whsec_` and base64".into(),
            })?;
            request = request.header("webhook-signature", signature);
        }
        let request = request
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .body(body);
        read_answer(&post(NAME, request).await?)?;
        Ok(Receipt(serde_json::json!({ "webhook_id": id }).to_string()))
    }
}

/// 2xx is success; redirects are not followed; timeouts, throttling and 5xx are worth another try.
fn read_answer(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}
