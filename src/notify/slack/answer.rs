//! What Slack's answers mean.

use super::NAME;
use crate::model::Span;
use crate::notify::SendError;
use crate::notify::post::Reply;
use serde::{Deserialize, Serialize};

/// Where a message went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The conversation's id: an edit needs the id, not the name.
    pub channel: String,
    /// The message's timestamp, which is its id there.
    pub ts: String,
}

/// Errors of the Web API that another attempt may not meet: <https://docs.slack.dev/reference/methods/chat.postMessage#errors>.
const PASSING: [&str; 7] = [
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
];
/// Errors that say that a message cannot be edited any more.
const GONE: [&str; 3] = ["message_not_found", "cant_update_message", "edit_window_closed"];

#[derive(Deserialize)]
struct Body {
    ok: bool,
    error: Option<String>,
    channel: Option<String>,
    ts: Option<String>,
}

/// An incoming webhook says `ok` in a body of text. A success in other words is none of Slack's: something stands between,
/// and may go away.
pub fn of_webhook(reply: &Reply) -> Result<(), SendError> {
    match reply.status.as_u16() {
        200 if reply.body.trim() == "ok" => Ok(()),
        429 => Err(limited(reply)),
        200..=299 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}

/// The Web API answers 200 whatever happened; only `ok: true` is success.
pub fn of_api(reply: &Reply) -> Result<Posted, SendError> {
    match reply.status.as_u16() {
        429 => return Err(limited(reply)),
        500..=599 => return Err(reply.busy(NAME)),
        200 => {}
        _ => return Err(reply.refused(NAME)),
    }
    let Ok(body) = serde_json::from_str::<Body>(&reply.body) else { return Err(reply.busy(NAME)) };
    match body {
        Body { ok: true, channel: Some(channel), ts: Some(ts), .. } => Ok(Posted { channel, ts }),
        // A yes that does not say where it put the message is no answer of Slack's.
        Body { ok: true, .. } => Err(reply.busy(NAME)),
        Body { error, .. } => {
            let reason = reply.told(error.as_deref().unwrap_or("no error named"));
            let retry_after = reply.retry_after;
            if PASSING.contains(&reason.as_str()) {
                Err(SendError::Busy { channel: NAME, reason, retry_after })
            } else {
                Err(SendError::Refused { channel: NAME, reason })
            }
        }
    }
}

/// What is said to one person only leaves no message behind: the address of a press answers `ok`, the Web API `ok: true`.
pub fn of_whisper(reply: &Reply) -> Result<(), SendError> {
    let said = |body: &str| serde_json::from_str::<Body>(body).map_or(body.trim() == "ok", |body| body.ok);
    match reply.status.as_u16() {
        200 if said(&reply.body) => Ok(()),
        _ => Err(reply.refused(NAME)),
    }
}

/// Whether a refused edit means that the message has to be posted anew.
pub fn is_gone(reason: &str) -> bool {
    GONE.contains(&reason)
}

fn limited(reply: &Reply) -> SendError {
    let retry_after = reply.retry_after.or(Some(Span::from_secs(1)));
    SendError::Busy { channel: NAME, reason: reply.words(), retry_after }
}

impl Posted {
    /// Reads a receipt; one of a webhook says nothing.
    pub fn from_receipt(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes a receipt.
    pub fn to_receipt(&self) -> String {
        serde_json::json!({ "channel": self.channel, "ts": self.ts }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

    #[test]
    fn only_ok_true_with_a_place_is_success() {
        let table = [
            (200, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#, "sent"),
            (200, r#"{"ok":true}"#, "busy"),
            (200, r#"{"ok":false,"error":"channel_not_found"}"#, "refused"),
            (200, r#"{"ok":false,"error":"ratelimited"}"#, "busy"),
            (200, r#"{"ok":false,"error":"internal_error"}"#, "busy"),
            (200, "<html>", "busy"),
            (429, "", "busy"),
            (503, "", "busy"),
            (403, "", "refused"),
        ];
        for (status, body, word) in table {
            let reply = Reply {
                status: StatusCode::from_u16(status).unwrap(),
                retry_after: None,
                keys: Vec::new(),
                body: body.into(),
            };
            assert_eq!(meaning(of_api(&reply).map(|_| ())), word, "{status} {body}");
        }
    }

    #[test]
    fn a_webhook_has_taken_it_only_where_it_says_ok() {
        let table = [
            (200, "ok", "sent"),
            (200, "<html>", "busy"),
            (429, "rate_limited", "busy"),
            (500, "", "busy"),
            (400, "invalid_payload", "refused"),
            (403, "action_prohibited", "refused"),
            (404, "no_service", "refused"),
            (410, "channel_is_archived", "refused"),
        ];
        for (status, body, word) in table {
            let reply = Reply {
                status: StatusCode::from_u16(status).unwrap(),
                retry_after: None,
                keys: Vec::new(),
                body: body.into(),
            };
            assert_eq!(meaning(of_webhook(&reply)), word, "{status} {body}");
        }
    }

    fn meaning(answer: Result<(), SendError>) -> &'static str {
        match answer {
            Ok(()) => "sent",
            Err(SendError::Refused { .. } | SendError::Partly { .. }) => "refused",
            Err(SendError::Busy { .. } | SendError::Unreachable { .. } | SendError::SomeLater { .. }) => "busy",
        }
    }
}
