//! Alertmanager's API v2: alerts are handed on, under the severity that they have now, and kept alive.
//!
//! Contract: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>. Every replica is told; one that took
//! it is enough, because a replica that was away is told again at the next resend. An old Alertmanager refuses label names that
//! a new Prometheus has: it is told the others all the same.

pub mod message;
pub mod told;

use self::message::{Message, Now, Request, has_plain_names};
use self::told::Told;
use super::post::{Reads, Reply, post, unprepared};
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
    async fn tell_all(&self, replicas: &[String], body: Bytes) -> Result<Vec<String>, Troubles> {
        let outcomes = join_all(replicas.iter().map(|url| self.tell(url, body.clone()))).await;
        let (mut took_it, mut troubles) = (Vec::new(), Vec::new());
        for (url, outcome) in replicas.iter().zip(outcomes) {
            match outcome {
                Ok(()) => took_it.push(url.clone()),
                Err(error) => troubles.push(error),
            }
        }
        if took_it.is_empty() { Err(Troubles(troubles)) } else { Ok(took_it) }
    }

    /// Tells `request`; where one that it is for refuses it, also without what an old Alertmanager does not know. Returns who
    /// took it, and why something was left out.
    async fn tell_plainly(&self, replicas: &[String], mut request: Request<'_>) -> Result<Taken, SendError> {
        let troubles = match self.tell_all(replicas, request.body().into()).await {
            Ok(took_it) => return Ok((took_it, None)),
            Err(troubles) => troubles,
        };
        let refusal = troubles.refusal().filter(|_| request.keep_plain_names());
        let Some(reason) = refusal else { return Err(troubles.outweighing()) };
        if !request.is_empty() {
            let took_it = self.tell_all(replicas, request.body().into()).await.map_err(Troubles::outweighing)?;
            return Ok((took_it, Some(reason)));
        }
        match troubles.outweighing() {
            SendError::Refused { .. } => Ok((replicas.to_vec(), Some(reason))),
            passing => Err(passing),
        }
    }

    async fn tell(&self, url: &str, body: Bytes) -> Result<(), SendError> {
        let request = self.http.request(Method::POST, url).await.map_err(|cause| unprepared(NAME, &cause))?;
        let request = request.header("content-type", "application/json").body(body);
        let late = |_| SendError::Unreachable { channel: NAME, reason: "no answer within 10 s".into() };
        let asked = post(NAME, request, Reads { body_at: &[], secrets: &[] });
        read_answer(&tokio::time::timeout(REPLICA_DEADLINE, asked).await.map_err(late)??)
    }
}

impl Notifier for Alertmanager {
    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        let told = earlier.map(Told::of).unwrap_or_default();
        let now = Now { wall: delivery.wall, resend_every: self.resend_every };
        let message = Message { notice: delivery.notice, told: &told, now };
        let (mut replicas, mut refusal) = (self.urls.clone(), None);
        for request in message.requests() {
            let (took_it, why) = self.tell_plainly(&replicas, request).await?;
            (replicas, refusal) = (took_it, why.or(refusal));
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

/// Who took a request, and why something of it was left out.
type Taken = (Vec<String>, Option<String>);

/// What replicas said of which none took it; there is one at least.
struct Troubles(Vec<SendError>);

impl Troubles {
    /// Why one of them refused it.
    fn refusal(&self) -> Option<String> {
        self.0.iter().find_map(|trouble| match trouble {
            SendError::Refused { reason, .. } => Some(reason.clone()),
            SendError::Unreachable { .. }
            | SendError::Busy { .. }
            | SendError::Partly { .. }
            | SendError::SomeLater { .. } => None,
        })
    }

    /// What it comes to: a refusal for good only where all refuse, because one that is away or busy may take it later. One of
    /// which nobody knows whether it took it weighs most.
    fn outweighing(self) -> SendError {
        let weight = |trouble: &SendError| match trouble {
            SendError::Unreachable { .. } => 2,
            SendError::Busy { .. } | SendError::SomeLater { .. } => 1,
            SendError::Refused { .. } | SendError::Partly { .. } => 0,
        };
        let none = SendError::Unreachable { channel: NAME, reason: "no replica is configured".into() };
        self.0.into_iter().max_by_key(weight).unwrap_or(none)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> SendError {
        SendError::Refused { channel: NAME, reason: "404".into() }
    }

    fn busy() -> SendError {
        SendError::Busy { channel: NAME, reason: "503".into(), retry_after: None }
    }

    fn away() -> SendError {
        SendError::Unreachable { channel: NAME, reason: "hangs".into() }
    }

    #[test]
    fn only_where_all_replicas_refuse_it_is_refused_for_good_in_whichever_order_they_are_named() {
        let word = |troubles| match Troubles(troubles).outweighing() {
            SendError::Unreachable { .. } => "unknown",
            SendError::Busy { .. } | SendError::SomeLater { .. } => "busy",
            SendError::Refused { .. } | SendError::Partly { .. } => "refused",
        };
        assert_eq!(word(vec![refused(), refused()]), "refused");
        assert_eq!([word(vec![refused(), busy()]), word(vec![busy(), refused()])], ["busy"; 2]);
        assert_eq!([word(vec![refused(), away()]), word(vec![away(), refused()])], ["unknown"; 2]);
        assert_eq!([word(vec![busy(), away()]), word(vec![away(), busy()])], ["unknown"; 2]);
    }

    #[test]
    fn what_one_replica_refused_is_known_also_where_another_is_away() {
        assert_eq!(Troubles(vec![away(), refused()]).refusal().as_deref(), Some("404"));
        assert_eq!(Troubles(vec![away(), busy()]).refusal(), None);
    }
}
