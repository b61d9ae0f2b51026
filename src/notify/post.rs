//! One HTTP request and what came of it, in words that every channel can judge. No word of an address gets into an error:
//! some addresses are secrets.

use super::SendError;
use crate::crash::{self, Point};
use crate::model::Span;
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, StatusCode};

/// More of an answer than this is not read.
const MOST: usize = 64 * 1024;

/// Nobody is left alone for longer because a receiver says so. (A day is also what fits into every clock.)
const LONGEST_WISH: Span = Span::from_hours(24);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// What `Retry-After` asks for, at most [`LONGEST_WISH`].
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
    let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = wish.and_then(|text| wished(text, jiff::Timestamp::now()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() >= MOST {
            break;
        }
    }
    crash::point(Point::AfterAnswer);
    body.truncate(MOST);
    Ok(Reply { status, retry_after, body: String::from_utf8_lossy(&body).into_owned() })
}

/// What `Retry-After` asks for: so many seconds, or until an instant.
fn wished(text: &str, now: jiff::Timestamp) -> Option<Span> {
    let seconds = text.trim().parse::<i64>().ok();
    let until = || jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok();
    let seconds = seconds.or_else(|| Some(until()?.as_second() - now.as_second()))?;
    Some(Span::from_secs(seconds.clamp(0, LONGEST_WISH.millis() / 1000)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_seconds_or_an_instant_and_never_longer_than_a_day() {
        let now = "2015-10-21T07:28:00Z".parse().unwrap();
        for (text, seconds) in [
            ("3", Some(3)),
            (" 120 ", Some(120)),
            ("-7", Some(0)),
            ("9223372036854775807", Some(86_400)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(wished(text, now), seconds.map(Span::from_secs), "{text}");
        }
    }
}
