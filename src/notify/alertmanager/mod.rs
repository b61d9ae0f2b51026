//! Alertmanager's API v2: alerts are handed on, under the severity that they have now, and kept alive.
//!
//! Contract: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>. Every replica is told; one that took
//! it is enough, because a replica that was away is told again at the next resend. An old Alertmanager refuses label names that
//! a new Prometheus has: it is told the others all the same.

pub mod message;
pub mod told;

use self::message::{Message, Now, has_plain_names};
use self::told::Told;
use super::post::{Reply, post, unprepared};
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{Auth, Tls};
use crate::http::{Client, ClientError};
use crate::model::Span;
use bytes::Bytes;
use futures_util::future::join_all;
use reqwest::Method;
use std::collections::BTreeMap;
use std::sync::Arc;
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

    /// Tells `replicas` side by side, so that one that hangs does not keep the alerts from the others. Returns those that took
    /// it: the rest of a long message is for them, as one is enough and who missed a part is told all of it at the next resend.
    async fn tell_all(&self, replicas: &[String], body: Bytes) -> Result<Vec<String>, SendError> {
        let outcomes = join_all(replicas.iter().map(|url| self.tell(url, body.clone()))).await;
        let (mut took_it, mut trouble) = (Vec::new(), None);
        for (url, outcome) in replicas.iter().zip(outcomes) {
            match outcome {
                Ok(()) => took_it.push(url.clone()),
                Err(error) => trouble = Some(error),
            }
        }
        trouble.filter(|_| took_it.is_empty()).map_or(Ok(took_it), Err)
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
        let told = earlier.map(Told::of).unwrap_or_default();
        let now = Now { wall: delivery.wall, resend_every: self.resend_every };
        let message = Message { notice: delivery.notice, told: &told, now };
        let (mut replicas, mut refusal) = (self.urls.clone(), None);
        for mut request in message.requests() {
            let outcome = self.tell_all(&replicas, request.body().into()).await;
            replicas = match outcome {
                Err(SendError::Refused { reason, .. }) if request.keep_plain_names() => {
                    refusal = Some(reason);
                    if request.is_empty() { replicas } else { self.tell_all(&replicas, request.body().into()).await? }
                }
                outcome => outcome?,
            };
        }
        let alerts = &delivery.notice.alerts;
        let Some(reason) = refusal else { return Ok(Receipt::Told(Arc::new(told.after(alerts)))) };
        let taken = || alerts.iter().filter(|alert| has_plain_names(&alert.labels));
        if taken().next().is_none() {
            return Err(SendError::Refused { channel: NAME, reason });
        }
        let receipt = Receipt::Told(Arc::new(told.after(taken())));
        Err(SendError::Partly { channel: NAME, reason, receipt })
    }
}

/// 2xx is success; 429 and 5xx are worth another try; a 400 says that an alert of them itself is wrong.
fn read_answer(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        200..=299 => Ok(()),
        429 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}
