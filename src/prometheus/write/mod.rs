//! Writing recorded samples to where they are kept, by Prometheus's remote write 1.0.
//!
//! A [`Writer`] makes one attempt and says whether another could help; who owns the samples decides when.

mod message;

use super::reply::Again;
use crate::config::RemoteWrite;
use crate::http::{self, ClientError};
use crate::model::{Labels, Slot, Span};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use std::sync::Arc;
use std::time::Duration;

/// The value that ends a series: from then on it is not there, without waiting five minutes.
/// Its bits are those of Prometheus (`model/value/value.go`, `StaleNaN`).
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// So much of a refusal is read.
const LONGEST_REASON: usize = 4_000;

/// One sample to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The series, name included.
    pub labels: Labels,
    /// The value, or [`STALE`].
    pub value: f64,
    /// Of when it is.
    pub at: Slot,
}

/// The way to where recorded series are kept.
#[derive(Debug)]
pub struct Writer {
    url: String,
    shown: String,
    client: http::Client,
    timeout: Duration,
}

/// Why samples were not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// Nobody answered.
    #[error("cannot reach {url}")]
    Unreachable {
        /// The target, without login and query.
        url: String,
        /// What went wrong on the way.
        #[source]
        cause: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The deadline passed.
    #[error("no answer from {url} within {} s", .within.as_secs_f64())]
    TimedOut {
        /// The target, without login and query.
        url: String,
        /// How long was waited.
        within: Span,
    },
    /// The target said no.
    #[error("{url} refused to write ({status}): {message}")]
    Refused {
        /// The target, without login and query.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The target's explanation.
        message: String,
    },
    /// We could not say who we are, or the samples cannot be put into a request.
    #[error("cannot write to {url}")]
    NotSent {
        /// The target, without login and query.
        url: String,
        /// Why not.
        #[source]
        cause: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl Writer {
    /// Prepares to write to `target`; nothing is sent yet, and no secret looked up.
    ///
    /// # Errors
    /// When its address is none, or its TLS files or header names cannot be used.
    pub fn new(target: &RemoteWrite) -> Result<Self, ClientError> {
        let url = http::address(&target.url)?;
        Ok(Writer {
            shown: shown(&url),
            url: target.url.clone(),
            client: http::Client::new(&target.auth, &target.headers, &target.tls)?,
            timeout: target.timeout.to_std(),
        })
    }

    /// The deadline of one attempt.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Tries once. Where it fails, says whether and when another attempt could help.
    ///
    /// # Errors
    /// Why nothing, or not everything, was written.
    pub async fn write(&self, samples: &[Written]) -> Result<(), (WriteError, Again)> {
        let tried = tokio::time::timeout(self.timeout, self.send(samples)).await;
        tried.unwrap_or_else(|_| {
            let within = Span::from_millis(i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX));
            Err((WriteError::TimedOut { url: self.shown.clone(), within }, SOON))
        })
    }

    async fn send(&self, samples: &[Written]) -> Result<(), (WriteError, Again)> {
        let body = message::encode(samples).map_err(|cause| (self.not_sent(cause), Again::Never))?;
        let request = self.client.request(Method::POST, &self.url).await;
        let request = request.map_err(|cause| (self.not_sent(cause), SOON))?;
        // <https://prometheus.io/docs/specs/prw/remote_write_spec/>, "Protocol".
        let request = request
            .header(CONTENT_TYPE, "application/x-protobuf")
            .header(CONTENT_ENCODING, "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .body(body);
        match request.send().await {
            Ok(response) => self.judge(response).await,
            Err(cause) => {
                let cause = Arc::new(cause.without_url());
                Err((WriteError::Unreachable { url: self.shown.clone(), cause }, SOON))
            }
        }
    }

    /// The specification: 2xx is written; 5xx is to be tried again, and 429 may be; nothing else.
    async fn judge(&self, response: Response) -> Result<(), (WriteError, Again)> {
        let status = response.status().as_u16();
        let stay_away = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let again = match status {
            200..=299 => return Ok(()),
            429 | 500..=599 => Again::After(stay_away.map_or(Duration::ZERO, Duration::from_secs).min(LONGEST_WISH)),
            401 if self.client.forget_token() => Again::WithNewToken,
            // Who we are is put right by people, and what is recorded meanwhile is not lost.
            401 | 403 => SOON,
            _ => Again::Never,
        };
        let message = reason(response).await;
        Err((WriteError::Refused { url: self.shown.clone(), status, message }, again))
    }

    fn not_sent(&self, cause: impl std::error::Error + Send + Sync + 'static) -> WriteError {
        WriteError::NotSent { url: self.shown.clone(), cause: Arc::new(cause) }
    }
}

const SOON: Again = Again::After(Duration::ZERO);
/// For no longer is the target left alone, whatever it asks for: after an hour what waits is lost.
const LONGEST_WISH: Duration = Duration::from_mins(30);

/// The first line of what the target says.
async fn reason(mut response: Response) -> String {
    let mut text = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        text.extend_from_slice(&piece);
        if text.len() > LONGEST_REASON {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let line = text.trim_start().lines().next().unwrap_or_default();
    if line.is_empty() { "without a word".to_owned() } else { line.chars().take(300).collect() }
}

/// An address as people may see it: no login, and no query, which may hold a token.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that can have no login.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}
