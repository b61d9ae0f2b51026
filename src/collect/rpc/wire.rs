//! JSON-RPC 2.0 as bytes: what is asked, and what an answer is. Pure.

use super::{Failure, NodeError};
use crate::http::scrub;
use crate::model::visible;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// How much of a node's words is kept.
const LONGEST_WORDS: usize = 300;

/// What a node said to one question: its result, or its own error.
pub type Said = Result<Box<RawValue>, NodeError>;

/// A question, as it is sent.
#[must_use]
pub fn question(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Several questions, as they are sent; they are numbered from 0.
#[must_use]
pub fn questions(calls: &[(&str, Value)]) -> Value {
    (0..).zip(calls).map(|(id, (method, params))| question(id, method, params)).collect()
}

/// One message of a node.
#[derive(Debug, Deserialize)]
pub struct Message {
    #[serde(default)]
    id: Value,
    #[serde(default, deserialize_with = "even_null")]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<WrittenError>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    params: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct WrittenError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Option<Value>,
}

/// What several questions came to.
#[derive(Debug)]
pub enum Together {
    /// Each has its answer, in the order of the questions.
    Each(Vec<Said>),
    /// They were refused as a whole, in these words: the node takes only one at a time, or that many are too many for it.
    Refused(String),
}

impl Message {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Message, Failure> {
        // A list would be read as the fields in their order.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        serde_json::from_slice(bytes).ok().filter(|_| is_object).ok_or_else(|| not_json(bytes))
    }

    /// The number of the question that it answers, in the form in which we gave it.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.id.as_u64().or_else(|| self.id.as_str()?.parse().ok())
    }

    /// What it says to its question.
    ///
    /// # Errors
    /// When it has neither a result nor an error, or the error is that of a rate limit.
    pub fn said(self) -> Result<Said, Failure> {
        match (self.error, self.result) {
            (Some(error), _) => error.harmless().map(Err),
            (None, Some(result)) => Ok(Ok(result)),
            (None, None) => Err(Failure::NotJson("an object with neither a result nor an error".into())),
        }
    }

    /// The news that it carries, where it is no answer but news of a subscription.
    #[must_use]
    pub fn news(&self) -> Option<&RawValue> {
        self.params.as_deref().filter(|_| self.method.as_deref() == Some("eth_subscription"))
    }
}

/// Reads the answer to one question.
///
/// # Errors
/// When it is none, or not to this question.
pub fn answer(bytes: &[u8], id: u64) -> Result<Said, Failure> {
    let message = Message::read(bytes)?;
    // A node that could not read the question does not know its number either.
    if message.id() != Some(id) && message.error.is_none() {
        return Err(Failure::NotJson("an answer to another question".into()));
    }
    message.said()
}

/// Reads the answers to `count` questions, in whatever order they come.
///
/// # Errors
/// When they are none, or not one for each, or one is that of a rate limit.
pub fn answers(bytes: &[u8], count: usize) -> Result<Together, Failure> {
    let Ok(messages) = serde_json::from_slice::<Vec<Message>>(bytes) else {
        return match Message::read(bytes)?.said()? {
            Err(error) => Ok(Together::Refused(error.to_string())),
            Ok(_) => Err(Failure::NotJson("one answer to several questions".into())),
        };
    };
    // geth and Erigon refuse in a list too: one error, under the number of the first question or none.
    if messages.len() < count && messages.iter().all(|message| message.error.is_some()) {
        let why = messages.into_iter().next().map(Message::said).transpose()?;
        return match why {
            Some(Err(error)) => Ok(Together::Refused(error.to_string())),
            Some(Ok(_)) | None => Err(Failure::NotJson("fewer answers than questions".into())),
        };
    }
    let mut all: Vec<Option<Said>> = (0..count).map(|_| None).collect();
    for message in messages {
        let place = message.id().and_then(|id| all.get_mut(usize::try_from(id).ok()?));
        if let Some(place) = place {
            *place = Some(message.said()?);
        }
    }
    let all: Option<Vec<Said>> = all.into_iter().collect();
    all.map(Together::Each).ok_or_else(|| Failure::NotJson("fewer answers than questions".into()))
}

impl WrittenError {
    /// The same without what could let somebody in, and bounded; a rate limit is no answer.
    fn harmless(self) -> Result<NodeError, Failure> {
        let error = NodeError { code: self.code, message: words(self.message.as_bytes()), data: self.data };
        if error.is_rate_limit() {
            Err(Failure::RateLimited { retry_after: None, said: error.message })
        } else {
            Ok(error)
        }
    }
}

/// The beginning of what somebody said, harmless to a terminal and a log.
#[must_use]
pub fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LONGEST_WORDS)]);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_WORDS).collect();
    scrub(&visible(&line))
}

/// That these bytes are no JSON-RPC, in few words.
#[must_use]
pub fn not_json(bytes: &[u8]) -> Failure {
    let begins = bytes.trim_ascii_start();
    Failure::NotJson(match begins.first() {
        None => "nothing at all".into(),
        Some(b'<') => "an HTML page".into(),
        Some(_) => words(&begins[..begins.len().min(80)]),
    })
}

/// A result of `null` is a result.
fn even_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(answer: Result<Said, Failure>) -> String {
        match answer {
            Ok(Ok(result)) => format!("result {result}"),
            Ok(Err(error)) => format!("error {error}"),
            Err(failure) => format!("{}: {failure}", failure.reason()),
        }
    }

    #[test]
    fn every_answer_that_we_have_met_has_a_meaning() {
        let told: Vec<String> = [
            r#"{"jsonrpc":"2.0","id":7,"result":"0x1"}"#,
            r#"{"jsonrpc":"2.0","id":"7","result":null}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":"0x1","error":null}"#,
            r#"{"jsonrpc":"2.0","id":8,"result":"0x1"}"#,
            r#"{"jsonrpc":"2.0","id":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"execution reverted","data":"0x08c3"}}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32005,"message":"limit exceeded"}}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":{"message":"see https://rpc.example/v2/aKey?x=1 for more"}}"#,
            "<!DOCTYPE html><title>Attention Required!</title>",
            "upstream connect error",
            "",
            "[]",
            "42",
        ]
        .map(|bytes| told(answer(bytes.as_bytes(), 7)))
        .into();
        insta::assert_snapshot!(told.join("\n"), @r#"
        result "0x1"
        result null
        result "0x1"
        not_json: answered something that is no JSON-RPC: an answer to another question
        not_json: answered something that is no JSON-RPC: an object with neither a result nor an error
        error Parse error (code -32700)
        error execution reverted (code 3)
        rate_limited: limits our requests: limit exceeded
        error see https://rpc.example/[scrubbed] for more (code 0)
        not_json: answered something that is no JSON-RPC: an HTML page
        not_json: answered something that is no JSON-RPC: upstream connect error
        not_json: answered something that is no JSON-RPC: nothing at all
        not_json: answered something that is no JSON-RPC: []
        not_json: answered something that is no JSON-RPC: 42
        "#);
    }

    #[test]
    fn several_answers_come_in_any_order_and_one_is_missed() {
        let each = |bytes: &str| match answers(bytes.as_bytes(), 2) {
            Ok(Together::Each(all)) => all.into_iter().map(|said| told(Ok(said))).collect::<Vec<_>>().join(", "),
            Ok(Together::Refused(error)) => format!("refused: {error}"),
            Err(failure) => failure.to_string(),
        };
        assert_eq!(
            each(r#"[{"id":1,"result":2},{"id":0,"error":{"code":-32601,"message":"no"}}]"#),
            "error no (code -32601), result 2"
        );
        assert_eq!(
            each(r#"{"id":null,"error":{"code":-32600,"message":"no batches"}}"#),
            "refused: no batches (code -32600)"
        );
        for refused in [
            r#"[{"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"batch too large"}}]"#,
            r#"[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}]"#,
        ] {
            assert_eq!(each(refused), "refused: batch too large (code -32600)");
        }
        assert_eq!(
            each(r#"[{"id":0,"error":{"code":-32005,"message":"batch limit exceeded"}}]"#),
            "refused: batch limit exceeded (code -32005)"
        );
        let missed = "answered something that is no JSON-RPC: fewer answers than questions";
        assert_eq!(each(r#"[{"id":1,"result":2}]"#), missed);
        assert_eq!(each("[]"), missed);
        assert_eq!(each(r#"[{"id":1,"result":2},{"id":99,"result":2},{"id":1,"result":2}]"#), missed);
        let limited = r#"[{"id":0,"result":2},{"id":1,"error":{"code":429,"message":"slow down"}}]"#;
        assert_eq!(each(limited), "limits our requests: slow down");
    }

    #[test]
    fn news_of_a_subscription_are_no_answer() {
        let news = r#"{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":{}}}"#;
        let message = Message::read(news.as_bytes()).expect("it is a message");
        assert_eq!(message.id(), None);
        assert_eq!(message.news().map(RawValue::get), Some(r#"{"subscription":"0x1","result":{}}"#));
    }
}
