//! Signs of life that the delivery worker gives: proof that pages can leave.
//!
//! They are given from the worker's own loop, so a worker that is stuck, has lost the lease or cannot reach the network
//! gives none, and whoever waits for them hears of it. Nothing of this is on record: a sign of life is of its moment.

use super::metrics::Metrics;
use crate::config::{Ping, SentHeartbeat};
use crate::http::{Client, chain};
use reqwest::Method;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(15);

/// All signs of life.
pub struct Pulses {
    all: Vec<Pulse>,
    under_way: JoinSet<Beat>,
    metrics: Arc<Metrics>,
}

/// One sign of life, given again and again.
struct Pulse {
    sent: SentHeartbeat,
    due: i64,
    is_under_way: bool,
    failed: bool,
}

/// What became of one.
pub struct Beat {
    sent: SentHeartbeat,
    outcome: Result<(), String>,
}

impl Pulses {
    /// None yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Pulses { all: Vec::new(), under_way: JoinSet::new(), metrics }
    }

    /// Gives these from now on; one that was there before keeps its time.
    pub fn settle(&mut self, wanted: &[SentHeartbeat], now: i64) {
        let mut before = std::mem::take(&mut self.all);
        self.all = wanted
            .iter()
            .map(|sent| match before.iter().position(|pulse| pulse.sent == *sent) {
                Some(place) => before.swap_remove(place),
                None => Pulse { sent: sent.clone(), due: now, is_under_way: false, failed: false },
            })
            .collect();
    }

    /// Starts those that are due at the moment `now`, in milliseconds; says when the next one is.
    pub fn start_due(&mut self, now: i64) -> Option<i64> {
        for pulse in self.all.iter_mut().filter(|pulse| pulse.due <= now && !pulse.is_under_way) {
            pulse.is_under_way = true;
            pulse.due = now + pulse.sent.every.millis();
            let sent = pulse.sent.clone();
            self.under_way.spawn(async move {
                let outcome = match tokio::time::timeout(DEADLINE, give(&sent)).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err("no answer within 15 s".into()),
                };
                Beat { sent, outcome }
            });
        }
        self.all.iter().filter(|pulse| !pulse.is_under_way).map(|pulse| pulse.due).min()
    }

    /// The next one that has been given, or could not be.
    pub async fn next(&mut self) -> Option<Result<Beat, tokio::task::JoinError>> {
        self.under_way.join_next().await
    }

    /// Notes what became of one. Its address may be a secret, so it is named by its place in the configuration.
    pub fn finish(&mut self, beat: Result<Beat, tokio::task::JoinError>) {
        let Beat { sent, outcome } = match beat {
            Ok(beat) => beat,
            Err(cause) => return error!(error = %cause, "giving a sign of life ended abnormally"),
        };
        let Some(place) = self.all.iter().position(|pulse| pulse.sent == sent) else { return };
        let (number, pulse) = (place + 1, &mut self.all[place]);
        pulse.is_under_way = false;
        let failed_before = std::mem::replace(&mut pulse.failed, outcome.is_err());
        self.metrics.gave_sign_of_life(number, outcome.is_ok());
        match outcome {
            Err(reason) => warn!(heartbeat = number, reason, "could not give sign of life {number}"),
            Ok(()) if failed_before => info!(heartbeat = number, "sign of life {number} arrives again"),
            Ok(()) => {}
        }
    }

    /// Lets go of those that are still under way.
    pub async fn stop(&mut self) {
        self.under_way.shutdown().await;
    }
}

async fn give(sent: &SentHeartbeat) -> Result<(), String> {
    let url = sent.ping.reveal().map_err(|cause| chain(&cause))?;
    let client = Client::anonymous().map_err(|cause| chain(&cause))?;
    let method = match sent.method {
        Ping::Get => Method::GET,
        Ping::Post => Method::POST,
    };
    let request = client.request(method, url.expose()).await.map_err(|cause| chain(&cause))?;
    let answer = request.send().await.map_err(|cause| chain(&cause.without_url()))?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status().as_u16())) }
}
