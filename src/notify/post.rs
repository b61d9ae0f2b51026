//! One HTTP request and what came of it, in words that every channel can judge. No word of an address gets into an error:
//! some addresses are secrets.

use super::SendError;
use crate::crash::{self, Point};
use crate::model::Span;
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, StatusCode};

/// More of an answer than this is not read.
const MOST: usize = 64 * 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// What `Retry-After` asks for, where it counts seconds.
    pub retry_after: Option<Span>,
    /// The body, as far as it is read.
    pub body: String,
}

/// Sends `request` and reads the answer.
///
/// # Errors
/// [`SendError::Unreachable`] where no whole answer came.
pub async fn post(channel: &'static str, request: RequestBuilder) -> Result<Reply, SendError> {
    let unreachable = |error: reqwest::Error| {
        let error = error.without_url();
        SendError::Unreachable { channel, reason: crate::http::chain(&error) }
    };
    let mut response = request.send().await.map_err(unreachable)?;
    crash::point(Point::AfterSend);
    let status = response.status();
    let seconds = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() >= MOST {
            break;
        }
    }
    crash::point(Point::AfterAnswer);
    body.truncate(MOST);
    Ok(Reply { status, retry_after: seconds.map(Span::from_secs), body: String::from_utf8_lossy(&body).into_owned() })
}

impl Reply {
    /// Says that it did not arrive, and may later.
    #[must_use]
    pub fn busy(&self, channel: &'static str) -> SendError {
        SendError::Busy { channel, reason: self.words(), retry_after: self.retry_after }
    }

    /// Says that it never will arrive.
    #[must_use]
    pub fn refused(&self, channel: &'static str) -> SendError {
        SendError::Refused { channel, reason: self.words() }
    }

    /// Status and the beginning of the body.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", self.status.as_u16(), super::text::cut(self.body.trim(), 200))
    }
}

/// A secret that cannot be looked up, or a client that cannot be made: people must mend it, and meanwhile we try again.
pub fn unprepared(channel: &'static str, cause: &dyn std::error::Error) -> SendError {
    SendError::Busy { channel, reason: crate::http::chain(cause), retry_after: None }
}
