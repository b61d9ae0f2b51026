//! What a reporter sends, from bytes to timers. Decides, and counts nothing.

use super::timers::Outcome;
use crate::config::collect::is_operation;
use serde::Deserialize;
use serde_json::Value;
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

#[derive(Deserialize)]
struct Written {
    name: String,
    value: f64,
    tags: Tags,
}

#[derive(Deserialize)]
struct Tags {
    operation: String,
    #[serde(default)]
    outcome: Option<String>,
}

/// The timers in `body`, each understood or refused by itself.
pub(super) fn read(body: &[u8]) -> Result<Vec<Result<Timer, Refusal>>, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|wrong| Refusal::new("not_json", format!("this is not JSON: {wrong}")))?;
    let timers = match body {
        Value::Array(timers) => timers,
        timer => vec![timer],
    };
    if timers.len() > MOST_TIMERS {
        let text = format!("{} timers are too many at once; send at most {MOST_TIMERS}", timers.len());
        return Err(Refusal::new("too_many", text));
    }
    Ok(timers.into_iter().map(timer).collect())
}

fn timer(written: Value) -> Result<Timer, Refusal> {
    let written: Written = serde_json::from_value(written)
        .map_err(|wrong| Refusal::new("wrong_shape", format!("this is no timer: {wrong}")))?;
    if written.name != NAME {
        return Err(Refusal::new("wrong_shape", format!("`name` has to be `{NAME}`")));
    }
    if !(0.0..=LONGEST_MILLIS).contains(&written.value) {
        return Err(Refusal::new("wrong_value", "`value` has to be milliseconds, from 0 to a day"));
    }
    if !is_operation(&written.tags.operation) {
        let text = "`tags.operation` has to be up to 64 letters, digits and `_ - . : /`";
        return Err(Refusal::new("wrong_name", text));
    }
    let outcome = match written.tags.outcome.as_deref() {
        None | Some("ok") => Outcome::Ok,
        Some("error") => Outcome::Error,
        Some(_) => return Err(Refusal::new("wrong_shape", "`tags.outcome` has to be `ok` or `error`")),
    };
    let took = Duration::from_secs_f64(written.value / 1000.0);
    Ok(Timer { operation: written.tags.operation, outcome, took })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn what_is_no_json_and_what_is_too_much_is_refused_whole() {
        let nested = "[".repeat(10_000);
        for body in [b"".as_slice(), b"\xff\xfe", b"[1,", b"NaN", nested.as_bytes()] {
            assert_eq!(read(body).unwrap_err().word, "not_json");
        }
        let many = Value::Array(vec![with("value", json!(1)); MOST_TIMERS + 1]);
        assert_eq!(read(many.to_string().as_bytes()).unwrap_err().word, "too_many");
    }
}
