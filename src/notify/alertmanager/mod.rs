//! Alertmanager's API v2: alerts are handed on, under the severity that they have now, and kept alive.
//!
//! Contract: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>. Every replica is told; one that took
//! it is enough, because a replica that was away is told again within a minute.

mod message;

use super::post::{Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{Auth, Tls};
use crate::http::{Client, ClientError};
use reqwest::Method;
use std::collections::BTreeMap;

const NAME: &str = "alertmanager";

/// The replicas of one Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    http: Client,
    urls: Vec<String>,
    external_url: String,
}

impl Alertmanager {
    /// The replicas at `urls`.
    ///
    /// # Errors
    /// When no HTTP client can be built, for example because a certificate cannot be read.
    pub fn new(urls: Vec<String>, auth: &Auth, tls: &Tls, external_url: &str) -> Result<Self, ClientError> {
        let urls = urls.iter().map(|url| format!("{}/api/v2/alerts", url.trim_end_matches('/'))).collect();
        Ok(Alertmanager {
            http: Client::new(auth, &BTreeMap::new(), tls)?,
            urls,
            external_url: external_url.to_owned(),
        })
    }

    async fn tell(&self, url: &str, body: &str) -> Result<(), SendError> {
        let request = self.http.request(Method::POST, url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("content-type", "application/json").body(body.to_owned());
        read_answer(&post(NAME, request).await?)
    }
}

impl Notifier for Alertmanager {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let told = earlier.map(|receipt| message::read_receipt(&receipt.0)).unwrap_or_default();
        let now = message::Now { wall: delivery.wall, external_url: &self.external_url };
        let (body, receipt) = message::compose(delivery.notice, &told, now);
        let mut outcome = Ok(());
        let mut accepted = false;
        for url in &self.urls {
            match self.tell(url, &body).await {
                Ok(()) => accepted = true,
                Err(error) => outcome = Err(error),
            }
        }
        if accepted { Ok(Receipt(receipt)) } else { outcome.map(|()| Receipt(receipt)) }
    }
}

/// 2xx is success; 429 and 5xx are worth another try; a 400 says that the alerts themselves are wrong.
fn read_answer(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        200..=299 => Ok(()),
        429 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}
