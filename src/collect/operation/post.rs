//! What a reporter sends, from bytes to timers. Decides, and counts nothing.

use super::timers::Outcome;
use crate::collect::shape::{self, Misshapen, Object};
use crate::config::collect::is_operation;
use serde_json::value::RawValue;
use std::time::Duration;

/// The metric that is reported.
const NAME: &str = "operation_duration_ms";
/// How many timers one request may hold.
pub(super) const MOST_TIMERS: usize = 1_000;
/// No operation that somebody waits for takes longer than a day.
const LONGEST_MILLIS: f64 = 86_400_000.0;

/// An operation that has ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timer {
    pub(super) operation: String,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

/// Why something is not taken: the word for our metrics, and the sentence for the reporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) word: &'static str,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(word: &'static str, text: impl Into<String>) -> Self {
        Refusal { word, text: text.into() }
    }
}

impl From<Misshapen> for Refusal {
    fn from(wrong: Misshapen) -> Self {
        Refusal::new("wrong_shape", wrong.0)
    }
}

/// The timers in `body`, each understood or refused by itself.
pub(super) fn read(body: &[u8]) -> Result<Vec<Result<Timer, Refusal>>, Refusal> {
    let body = shape::json(body).map_err(|wrong| Refusal::new("not_json", wrong.0))?;
    let timers = shape::list(body).unwrap_or_else(|| vec![body]);
    if timers.len() > MOST_TIMERS {
        let text = format!("{} timers are too many at once; send at most {MOST_TIMERS}", timers.len());
        return Err(Refusal::new("too_many", text));
    }
    Ok(timers.into_iter().map(timer).collect())
}

fn timer(written: &RawValue) -> Result<Timer, Refusal> {
    let timer = Object::read(written, "a timer")?;
    let name = format!("`{NAME}`");
    if timer.text("name", &name)? != NAME {
        return Err(timer.wrong("name", &name, "another text").into());
    }
    let millis = timer.number("value", "a number of milliseconds")?;
    if !(0.0..=LONGEST_MILLIS).contains(&millis) {
        return Err(Refusal::new("wrong_value", "`value` has to be milliseconds, from 0 to a day"));
    }
    let tags = timer.object("tags", "tags.")?;
    let operation = tags.text("operation", "the name of an operation")?;
    if !is_operation(&operation) {
        let text = "`tags.operation` has to be up to 64 letters, digits and `_ - . : /`";
        return Err(Refusal::new("wrong_name", text));
    }
    let outcome = outcome(&tags)?;
    Ok(Timer { operation, outcome, took: Duration::from_secs_f64(millis / 1000.0) })
}

fn outcome(tags: &Object<'_>) -> Result<Outcome, Misshapen> {
    const WANTED: &str = "`ok` or `error`";
    match tags.text_if_any("outcome", WANTED)?.as_deref() {
        None | Some("ok") => Ok(Outcome::Ok),
        Some("error") => Ok(Outcome::Error),
        Some(_) => Err(tags.wrong("outcome", WANTED, "another text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn words(body: &Value) -> Vec<&'static str> {
        let read = read(body.to_string().as_bytes()).unwrap();
        read.into_iter().map(|timer| timer.map_or_else(|refusal| refusal.word, |timer| timer.outcome.word())).collect()
    }

    fn with(key: &str, value: Value) -> Value {
        let mut timer =
            json!({ "name": NAME, "value": 412, "tags": { "operation": "trade" }, "timestamp": 1_764_132_000_000_u64 });
        match key.strip_prefix("tags.") {
            Some(tag) => timer["tags"][tag] = value,
            None => timer[key] = value,
        }
        timer
    }

    #[test]
    fn the_missions_own_shape_is_taken_one_or_many() {
        let timer = with("value", json!(412.5));
        let read = read(timer.to_string().as_bytes()).unwrap();
        let took = Duration::from_micros(412_500);
        assert_eq!(read, [Ok(Timer { operation: "trade".into(), outcome: Outcome::Ok, took })]);
        assert_eq!(words(&json!([timer, with("tags.outcome", json!("error"))])), ["ok", "error"]);
        assert!(words(&json!([])).is_empty());
    }

    #[test]
    fn each_timer_is_refused_by_itself_with_its_reason() {
        let cases = [
            (with("name", json!("up")), "wrong_shape"),
            (with("value", json!(-1)), "wrong_value"),
            (with("value", json!(86_400_001)), "wrong_value"),
            (with("value", json!("412")), "wrong_shape"),
            (with("value", json!(null)), "wrong_shape"),
            (with("tags", json!({})), "wrong_shape"),
            (with("tags.operation", json!("")), "wrong_name"),
            (with("tags.operation", json!("a\"b")), "wrong_name"),
            (with("tags.operation", json!("x".repeat(65))), "wrong_name"),
            (with("tags.outcome", json!("maybe")), "wrong_shape"),
            (json!(7), "wrong_shape"),
            (json!(null), "wrong_shape"),
        ];
        for (timer, word) in cases {
            assert_eq!(words(&json!([with("value", json!(1)), timer])), ["ok", word], "{timer}");
        }
    }

    #[test]
    fn a_refused_timer_says_which_field_what_was_found_and_what_is_wanted() {
        for (body, says) in [
            ("[1]", "a timer is an object, and this is a number"),
            (r#"[["operation_duration_ms",412,["trade"]]]"#, "a timer is an object, and this is a list"),
            (r#"{"name":"up"}"#, "`name` has to be `operation_duration_ms`, and is another text"),
            (
                r#"{"name":"operation_duration_ms","value":"412"}"#,
                "`value` has to be a number of milliseconds, and is a text",
            ),
            (
                r#"{"name":"operation_duration_ms","value":1e999}"#,
                "`value` has to be a number of milliseconds, and is too large a number",
            ),
            (r#"{"name":"operation_duration_ms","value":1}"#, "`tags` is missing; it has to be an object"),
            (
                r#"{"name":"operation_duration_ms","value":1,"tags":{"operation":7}}"#,
                "`tags.operation` has to be the name of an operation, and is a number",
            ),
            (
                r#"{"name":"operation_duration_ms","value":1,"tags":{"operation":"a","outcome":false}}"#,
                "`tags.outcome` has to be `ok` or `error`, and is true or false",
            ),
            (
                r#"{"name":"operation_duration_ms","value":1,"value":2,"tags":{"operation":"a"}}"#,
                "`value` stands there twice",
            ),
            (
                r#"{"name":"operation_duration_ms","value":1,"tags":{"operation":"a","operation":"b"}}"#,
                "`tags.operation` stands there twice",
            ),
        ] {
            let read = read(body.as_bytes()).unwrap();
            let refused: Vec<_> = read.into_iter().map(|timer| timer.unwrap_err().text).collect();
            assert_eq!(refused, [says], "{body}");
        }
    }

    #[test]
    fn what_is_no_json_and_what_is_too_much_is_refused_whole() {
        let nested = "[".repeat(10_000);
        for body in [b"".as_slice(), b"\xff\xfe", b"[1,", b"NaN", nested.as_bytes()] {
            assert_eq!(read(body).unwrap_err().word, "not_json");
        }
        let many = Value::Array(vec![with("value", json!(1)); MOST_TIMERS + 1]);
        assert_eq!(read(many.to_string().as_bytes()).unwrap_err().word, "too_many");
    }
}
