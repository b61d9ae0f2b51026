//! Alertmanager's API v2: alerts are handed on, under the severity that they have now, and kept alive.
//!
//! Contract: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>. Every replica is told; one that took
//! it is enough, because a replica that was away is told again at the next resend.

pub(super) mod message;

use super::post::{Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{Auth, Tls};
use crate::http::{Client, ClientError};
use crate::model::Span;
use bytes::Bytes;
use reqwest::Method;
use std::collections::BTreeMap;
use std::time::Duration;

const NAME: &str = "alertmanager";
/// How long one replica may take; the attempt ends with the slowest.
const REPLICA_DEADLINE: Duration = Duration::from_secs(10);

/// The replicas of one Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    http: Client,
    urls: Vec<String>,
    resend_every: Span,
}

impl Alertmanager {
    /// The replicas at `urls`, which are told again `resend_every` so often what fires.
    ///
    /// # Errors
    /// When no HTTP client can be built, for example because a certificate cannot be read.
    pub fn new(urls: Vec<String>, auth: &Auth, tls: &Tls, resend_every: Span) -> Result<Self, ClientError> {
        let urls = urls.iter().map(|url| format!("{}/api/v2/alerts", url.trim_end_matches('/'))).collect();
        Ok(Alertmanager { http: Client::new(auth, &BTreeMap::new(), tls)?, urls, resend_every })
    }

    async fn tell(&self, url: &str, body: Bytes) -> Result<(), SendError> {
        let request = self.http.request(Method::POST, url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("content-type", "application/json").body(body);
        let late = |_| SendError::Unreachable { channel: NAME, reason: "no answer within 10 s".into() };
        read_answer(&tokio::time::timeout(REPLICA_DEADLINE, post(NAME, request)).await.map_err(late)??)
    }
}

impl Notifier for Alertmanager {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let told = earlier.map(|receipt| message::read_receipt(&receipt.0)).unwrap_or_default();
        let now = message::Now { wall: delivery.wall, resend_every: self.resend_every };
        let (body, receipt) = message::compose(delivery.notice, told, now);
        let body = Bytes::from(body);
        // Side by side, so that one that hangs does not keep the alerts from the others.
        let told = futures_util::future::join_all(self.urls.iter().map(|url| self.tell(url, body.clone()))).await;
        // One that took it is enough.
        let outcome = told.into_iter().reduce(Result::or).unwrap_or(Ok(()));
        outcome.map(|()| Receipt(receipt))
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
