//! Any receiver, by Standard Webhooks 1.0 (<https://www.standardwebhooks.com/>) or as an Alertmanager speaks to webhooks.
//!
//! The id is that of the delivery and stays the same over all attempts, so that a repeat is known as one.

pub mod alertmanager;
mod message;

use super::post::{Reads, Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError, Told};
use crate::config::{Format, Secret};
use crate::engine::notice::{Draft, NoticeKind};
use crate::http::{Client, ClientError, webhook_signature};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

const NAME: &str = "webhook";

/// One receiver.
#[derive(Debug)]
pub struct Webhook {
    http: Client,
    url: Secret,
    secret: Option<Secret>,
    format: Format,
    external_url: String,
}

impl Webhook {
    /// The receiver at `url`; with `secret` every request is signed.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: Secret, secret: Option<Secret>, format: Format, external_url: &str) -> Result<Self, ClientError> {
        Ok(Webhook { http: Client::anonymous()?, url, secret, format, external_url: external_url.to_owned() })
    }
}

impl Notifier for Webhook {
    fn has_something_to_say(&self, draft: &Draft, _: Option<&Receipt>) -> bool {
        match (self.format, draft.kind) {
            (Format::Standard, _) | (Format::Alertmanager, NoticeKind::Page | NoticeKind::End) => true,
            // Who reads an Alertmanager's messages knows what fires and what does not, and no people.
            (Format::Alertmanager, NoticeKind::Update) => !draft.reason.is_somebodys(),
            (Format::Alertmanager, NoticeKind::Letter) => false,
        }
    }

    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let url = self.url.reveal().map_err(|cause| unprepared(NAME, &cause))?;
        let (id, timestamp) = (delivery.notice.draft.id.to_string(), delivery.wall / 1000);
        let (body, receipt) = match self.format {
            Format::Standard => (message::body(delivery), Receipt::Text(json!({ "webhook_id": id }).to_string())),
            Format::Alertmanager => {
                let told = earlier.map(Told::of).unwrap_or_default();
                let body = alertmanager::body(delivery, &told, &self.external_url);
                (body, Receipt::Told(Arc::new(told.after(&delivery.notice.alerts))))
            }
        };
        let mut request =
            self.http.request(Method::POST, url.expose()).await.map_err(|cause| unprepared(NAME, &cause))?;
        if let Some(secret) = &self.secret {
            let secret = secret.reveal().map_err(|cause| unprepared(NAME, &cause))?;
            let signature = webhook_signature(secret.expose(), &id, timestamp, &body);
            // Like any secret that cannot be had: people mend it, and the page goes out then.
            let signature = signature.map_err(|cause| unprepared(NAME, &cause))?;
            request = request.header("webhook-signature", signature);
        }
        let request = request
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .body(body);
        read_answer(&post(NAME, request, Reads { body_at: &[], secrets: &[] }).await?)?;
        Ok(receipt)
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
