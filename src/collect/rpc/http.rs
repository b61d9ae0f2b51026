//! One exchange with an endpoint over HTTP.

use super::echo::Echo;
use super::wire::{self, Message};
use super::{Failure, LARGEST};
use crate::config::Secret;
use crate::http::{Client, chain};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// Sends `question` to `url` and gives the body of the answer.
pub async fn exchange(client: &Client, url: &Secret, question: &Value) -> Result<Vec<u8>, Failure> {
    let unreachable = |why: String| Failure::Unreachable(why);
    let url = url.reveal().map_err(|error| unreachable(chain(&error)))?;
    let request = client.request(Method::POST, url.expose()).await.map_err(|error| unreachable(chain(&error)))?;
    let request = request.header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json");
    // The address has a key in it, perhaps, and no place in an error.
    let broken = |error: reqwest::Error| unreachable(chain(&error.without_url()));
    let mut response = request.body(question.to_string()).send().await.map_err(broken)?;
    let (status, retry_after) = (response.status().as_u16(), wish(response.headers(), jiff::Timestamp::now()));
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(broken)? {
        if body.len() + piece.len() > LARGEST {
            return Err(Failure::TooBig(LARGEST));
        }
        body.extend_from_slice(&piece);
    }
    let echo = reqwest::Url::parse(url.expose()).map(|url| Echo::of(&url)).unwrap_or_default();
    judge(status, retry_after, echo.quiet(body))
}

/// What the status makes of a body: some nodes and gateways answer a question that they do not like with 400 and a proper
/// error of JSON-RPC, others with a page.
pub fn judge(status: u16, retry_after: Option<Duration>, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let said = || said(&body);
    match status {
        200..=299 => Ok(body),
        429 => Err(Failure::RateLimited { retry_after, said: said().unwrap_or_else(|| "status 429".into()) }),
        400 | 404 | 405 | 413 | 422 if is_node_error(&body) => Ok(body),
        status => Err(Failure::Status { status, retry_after, said: said() }),
    }
}

/// The words of an error of JSON-RPC, or whatever it is that is no page.
fn said(body: &[u8]) -> Option<String> {
    let words = match Message::read(body).and_then(Message::said) {
        Ok(Err(error)) => error.message,
        Err(Failure::RateLimited { said, .. }) => said,
        Ok(Ok(_)) | Err(_) => wire::words(body),
    };
    Some(words).filter(|words| !words.is_empty() && !words.starts_with('<'))
}

fn is_node_error(body: &[u8]) -> bool {
    Message::read(body).and_then(Message::said).is_ok_and(|said| said.is_err())
}

/// What `Retry-After` asks for: so many seconds, or until an instant.
pub fn wish(headers: &HeaderMap, now: jiff::Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(until.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_we_have_met_has_a_meaning() {
        let told: Vec<String> = [
            (200, "<html>"),
            (400, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"invalid argument"}}"#),
            (400, "400 Bad Request"),
            (401, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Must be authenticated!"}}"#),
            (301, ""),
            (404, "<html>no such project</html>"),
            (429, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"slow down"}}"#),
            (429, ""),
            (503, "over capacity, see https://rpc.example/key"),
        ]
        .map(|(status, body)| match judge(status, Some(Duration::from_secs(3)), body.into()) {
            Ok(body) => format!("{status}: read {} bytes", body.len()),
            Err(failure) => format!("{failure} ({} → {:?})", failure.reason(), failure.retry_after()),
        })
        .into();
        insta::assert_snapshot!(told.join("\n"), @r"
        200: read 6 bytes
        400: read 77 bytes
        answered with status 400: 400 Bad Request (status → Some(3s))
        answered with status 401: Must be authenticated! (status → Some(3s))
        answered with status 301 (status → Some(3s))
        answered with status 404 (status → Some(3s))
        limits our requests: slow down (rate_limited → Some(3s))
        limits our requests: status 429 (rate_limited → Some(3s))
        answered with status 503: over capacity, see https://rpc.example/[scrubbed] (status → Some(3s))
        ");
    }

    #[test]
    fn a_wish_to_be_left_alone_is_in_seconds_or_until_an_instant() {
        let now = "2026-11-26T05:00:00Z".parse().expect("it is a timestamp");
        let wish = |text: &str| {
            let headers = [(RETRY_AFTER, text.parse().expect("it is a header"))].into_iter().collect();
            super::wish(&headers, now)
        };
        assert_eq!(wish("17"), Some(Duration::from_secs(17)));
        assert_eq!(wish("Thu, 26 Nov 2026 05:02:00 GMT"), Some(Duration::from_mins(2)));
        assert_eq!(wish("Thu, 26 Nov 2026 04:02:00 GMT"), None, "it is over");
        assert_eq!(wish("soon"), None);
    }
}
