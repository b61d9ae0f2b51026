//! What Telegram's answers mean: <https://core.telegram.org/bots/api#making-requests>.

use super::NAME;
use crate::notify::SendError;
use crate::notify::post::{Reply, seconds};
use serde::{Deserialize, Serialize};

/// Where a message stands. A group that was made a supergroup has another id since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The chat.
    pub chat: i64,
    /// The message in it.
    pub message: i64,
}

/// What came of a request that reached Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It stands there.
    Posted(Posted),
    /// It said the same before: an edit that changes nothing is an error there.
    Unchanged,
    /// What should be edited is not there any more, or cannot be edited.
    Gone(String),
    /// The group has become this chat.
    Moved(i64),
}

/// Where the body decides: a message, or why there is none.
pub const BODY_AT: [u16; 3] = [200, 400, 403];

/// An edit that says so met a message that is not to be had any more. No page lists these words; they are what the server
/// says: <https://github.com/tdlib/telegram-bot-api>.
const GONE: [&str; 3] = ["message to edit not found", "message can't be edited", "message_id_invalid"];

#[derive(Deserialize)]
struct Body {
    ok: bool,
    result: Option<Message>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Message {
    message_id: i64,
    chat: InChat,
}

#[derive(Deserialize)]
struct InChat {
    id: i64,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<f64>,
    migrate_to_chat_id: Option<i64>,
}

/// Only `ok: true` with a message is success. What is no JSON of Telegram's comes from something between, which may go away.
pub fn read(reply: &Reply) -> Result<Answer, SendError> {
    let status = reply.status.as_u16();
    let Ok(body) = serde_json::from_str::<Body>(&reply.body) else {
        return Err(if (400..500).contains(&status) && status != 429 { reply.refused(NAME) } else { reply.busy(NAME) });
    };
    if body.ok {
        // A yes that does not say where it put the message is no answer of Telegram's.
        let posted = |message: Message| Answer::Posted(Posted { chat: message.chat.id, message: message.message_id });
        return body.result.map(posted).ok_or_else(|| reply.busy(NAME));
    }
    let description = body.description.unwrap_or_default();
    let parameters = body.parameters.as_ref();
    if let Some(chat) = parameters.and_then(|parameters| parameters.migrate_to_chat_id) {
        return Ok(Answer::Moved(chat));
    }
    let wish = parameters.and_then(|parameters| parameters.retry_after).and_then(seconds);
    match status {
        429 | 500..=599 => Err(reply.busy_for(NAME, wish)),
        400 if description.contains("message is not modified") => Ok(Answer::Unchanged),
        400 if GONE.iter().any(|gone| description.to_lowercase().contains(gone)) => {
            Ok(Answer::Gone(reply.told(&description)))
        }
        _ => Err(reply.refused(NAME)),
    }
}

impl Answer {
    /// As the end of a new message, which it cannot be.
    pub fn refused(self) -> SendError {
        let reason = match self {
            Answer::Posted(_) | Answer::Unchanged => "the message is not there".into(),
            Answer::Gone(description) => description,
            Answer::Moved(chat) => format!("the group has become {chat}, which has moved as well"),
        };
        SendError::Refused { channel: NAME, reason }
    }
}

impl Posted {
    /// Reads a receipt.
    pub fn from_receipt(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes a receipt.
    pub fn to_receipt(self) -> String {
        serde_json::json!({ "chat": self.chat, "message": self.message }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    fn reading(status: u16, body: &str) -> Result<Answer, SendError> {
        read(&Reply::of(status, body))
    }

    #[test]
    fn only_ok_true_with_a_message_is_success() {
        let posted = reading(200, r#"{"ok":true,"result":{"message_id":7,"chat":{"id":-1001}}}"#).unwrap();
        assert_eq!(posted, Answer::Posted(Posted { chat: -1001, message: 7 }));
        let table = [
            (200, r#"{"ok":true}"#, "busy"),
            (200, r#"{"ok":true,"result":true}"#, "busy"),
            (200, "<html>", "busy"),
            (400, r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#, "refused"),
            (401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, "refused"),
            (403, r#"{"ok":false,"description":"Forbidden: bot was blocked by the user"}"#, "refused"),
            (404, "<html>", "refused"),
            (429, "<html>", "busy"),
            (502, r#"{"ok":false,"description":"Bad Gateway"}"#, "busy"),
        ];
        for (status, body, word) in table {
            assert_eq!(SendError::word(&reading(status, body)), word, "{status} {body}");
        }
    }

    #[test]
    fn it_says_in_its_own_way_to_wait_to_go_elsewhere_and_that_there_is_nothing_to_edit() {
        let said = |words: &str| format!(r#"{{"ok":false,"error_code":400,"description":"Bad Request: {words}"}}"#);
        assert_eq!(reading(400, &said("message is not modified: specified new")).unwrap(), Answer::Unchanged);
        assert!(matches!(reading(400, &said("message to edit not found")), Ok(Answer::Gone(_))));
        assert!(matches!(reading(400, &said("MESSAGE_ID_INVALID")), Ok(Answer::Gone(_))));
        let moved = r#"{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1002}}"#;
        assert_eq!(reading(400, moved).unwrap(), Answer::Moved(-1002));
        let limited = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":31}}"#;
        let Err(SendError::Busy { retry_after, .. }) = reading(429, limited) else { panic!() };
        assert_eq!(retry_after, Some(Span::from_secs(31)));
    }
}
