//! What Discord's answers mean.

use super::NAME;
use crate::notify::SendError;
use crate::notify::post::{Reply, seconds};
use serde::{Deserialize, Serialize};

/// `Unknown Message`: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json>.
const UNKNOWN_MESSAGE: &str = "\"code\": 10008";

/// Where the body decides: a message, or which one of our mistakes it was.
pub const BODY_AT: [u16; 4] = [200, 400, 403, 404];

/// A message that stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its id.
    pub id: String,
}

#[derive(Deserialize)]
struct Limited {
    retry_after: Option<f64>,
}

/// With `?wait=true` and for an edit it is 200 with the message; another success is none of Discord's.
pub fn read(reply: &Reply) -> Result<Posted, SendError> {
    match reply.status.as_u16() {
        200 => {
            let posted = serde_json::from_str::<Posted>(&reply.body).ok();
            // It stands in the path of an edit, so it has to be an id.
            let is_id = |posted: &Posted| !posted.id.is_empty() && posted.id.bytes().all(|byte| byte.is_ascii_digit());
            posted.filter(is_id).ok_or_else(|| reply.busy(NAME))
        }
        // Retry-After is in whole seconds, the body more exact: <https://docs.discord.com/developers/topics/rate-limits>.
        429 => {
            let body = serde_json::from_str::<Limited>(&reply.body).ok();
            Err(reply.busy_for(NAME, body.and_then(|body| body.retry_after).and_then(seconds)))
        }
        201..=299 | 408 | 500..=599 => Err(reply.busy(NAME)),
        _ => Err(reply.refused(NAME)),
    }
}

/// Whether a refused edit means that the message has to be posted anew.
pub fn is_gone(reason: &str) -> bool {
    reason.replace("\":1", "\": 1").contains(UNKNOWN_MESSAGE)
}

impl Posted {
    /// Reads a receipt.
    pub fn from_receipt(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes a receipt.
    pub fn to_receipt(&self) -> String {
        serde_json::json!({ "id": self.id }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    #[test]
    fn only_a_message_with_its_id_is_success() {
        let table = [
            (200, r#"{"id":"1432","channel_id":"9"}"#, "sent"),
            (200, r#"{"id":"1/../2"}"#, "busy"),
            (200, "<html>", "busy"),
            (204, "", "busy"),
            (400, r#"{"code": 50035, "message": "Invalid Form Body"}"#, "refused"),
            (401, r#"{"code": 50027}"#, "refused"),
            (404, r#"{"code": 10015, "message": "Unknown Webhook"}"#, "refused"),
            (429, "", "busy"),
            (503, "", "busy"),
        ];
        for (status, body, word) in table {
            assert_eq!(SendError::word(&read(&Reply::of(status, body))), word, "{status} {body}");
        }
    }

    #[test]
    fn the_body_says_how_long_it_wants_to_be_left_alone() {
        let said =
            read(&Reply::of(429, r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#));
        let Err(SendError::Busy { retry_after, .. }) = said else { panic!("{said:?}") };
        assert_eq!(retry_after, Some(Span::from_secs(65)));
    }

    #[test]
    fn a_message_that_is_gone_is_no_webhook_that_is_gone() {
        assert!(is_gone(r#"404 {"message": "Unknown Message", "code": 10008}"#));
        assert!(is_gone(r#"404 {"message":"Unknown Message","code":10008}"#));
        assert!(!is_gone(r#"404 {"message": "Unknown Webhook", "code": 10015}"#));
    }
}
