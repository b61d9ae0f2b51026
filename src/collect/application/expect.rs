//! Whether an answer is the expected one.

use super::exchange::Heard;
use crate::collect::probe::Trouble;
use crate::config::collect::{Expect, JsonCheck, Statuses};
use regex::Regex;
use serde_json::Value;

/// Below this a status is as expected, where the configuration names none.
const FIRST_ERROR: u16 = 500;

/// What is expected of an answer.
pub(super) struct Expectation {
    status: Vec<Statuses>,
    body: Option<Regex>,
    json: Vec<JsonCheck>,
}

impl Expectation {
    /// What the configuration expects, whose pattern it has read already.
    pub(super) fn of(expect: &Expect) -> Self {
        let body = expect.body.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        Expectation { status: expect.status.clone(), body, json: expect.json.clone() }
    }

    /// Whether `heard` is as expected. What is told repeats no text of the answer: it may be anything.
    pub(super) fn judge(&self, heard: &Heard) -> Result<(), Trouble> {
        self.status(heard.status.as_u16())?;
        self.body(&heard.body)?;
        if self.json.is_empty() {
            return Ok(());
        }
        let answer: Value =
            serde_json::from_slice(&heard.body).map_err(|_| Trouble::new("not_json", "the answer is no JSON"))?;
        self.json.iter().try_for_each(|check| of_value(check, &answer))
    }

    fn status(&self, status: u16) -> Result<(), Trouble> {
        let is_good = match self.status.as_slice() {
            [] => status < FIRST_ERROR,
            expected => expected.iter().any(|range| range.contains(status)),
        };
        if is_good { Ok(()) } else { Err(Trouble::new("status", format!("answered with status {status}"))) }
    }

    fn body(&self, body: &[u8]) -> Result<(), Trouble> {
        let Some(pattern) = &self.body else { return Ok(()) };
        let is_good = pattern.is_match(&String::from_utf8_lossy(body));
        if is_good { Ok(()) } else { Err(Trouble::new("body", format!("the answer does not match `{pattern}`"))) }
    }
}

fn of_value(check: &JsonCheck, answer: &Value) -> Result<(), Trouble> {
    let at = &check.at;
    let found = answer.pointer(at).ok_or_else(|| Trouble::new("body", format!("the answer has nothing at `{at}`")))?;
    if check.wanted.is_met_by(found) {
        Ok(())
    } else {
        Err(Trouble::new("body", format!("{} at `{at}` is not as expected", described(found))))
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(_) => "the text".to_owned(),
        Value::Array(_) => "the list".to_owned(),
        Value::Object(_) => "the object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::collect::{Bounds, Wanted};
    use reqwest::StatusCode;
    use serde_json::json;

    fn told(expect: &Expect, status: u16, body: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        let heard = Heard { status, location: None, body: body.to_owned().into() };
        let judged = Expectation::of(expect).judge(&heard);
        judged.map_or_else(|trouble| format!("{}: {}", trouble.reason, trouble.text), |()| String::new())
    }

    fn expecting(at: &str, wanted: Wanted) -> Expect {
        Expect { json: vec![JsonCheck { at: at.to_owned(), wanted }], ..Expect::default() }
    }

    #[test]
    fn without_a_wish_everything_below_500_is_an_answer() {
        let anything = Expect::default();
        for status in [200, 301, 404, 429, 499] {
            assert_eq!(told(&anything, status, ""), "");
        }
        assert_eq!(told(&anything, 500, ""), "status: answered with status 500");
        assert_eq!(told(&anything, 503, ""), "status: answered with status 503");
    }

    #[test]
    fn the_named_statuses_are_expected_and_no_other() {
        let status = vec![Statuses { from: 200, to: 299 }, Statuses { from: 503, to: 503 }];
        let named = Expect { status, ..Expect::default() };
        let good =
            [199, 200, 299, 300, 404, 503, 504].into_iter().filter(|status| told(&named, *status, "").is_empty());
        assert_eq!(good.collect::<Vec<_>>(), [200, 299, 503]);
    }

    #[test]
    fn a_pattern_is_looked_for_anywhere_in_the_body_also_where_it_is_no_utf8() {
        let pattern = Expect { body: Some("pri.e\":[0-9]".into()), ..Expect::default() };
        assert_eq!(told(&pattern, 200, r#"{"price":3}"#), "");
        assert_eq!(told(&pattern, 200, "secret"), "body: the answer does not match `pri.e\":[0-9]`");
        let heard = Heard { status: StatusCode::OK, location: None, body: b"\xff price\":3"[..].into() };
        assert!(Expectation::of(&pattern).judge(&heard).is_ok());
    }

    #[test]
    fn a_value_is_found_by_its_pointer_and_held_against_a_value_or_bounds() {
        let body = r#"{"ok":true,"prices":[{"usd":"3350.12"},{"usd":7}],"none":null,"status":"secret"}"#;
        let positive = || Wanted::Within(Bounds { above: Some(0.0), ..Bounds::default() });
        let cases = [
            ("/ok", Wanted::Value(json!(true)), ""),
            ("/ok", Wanted::Value(json!(false)), "body: `true` at `/ok` is not as expected"),
            ("/prices/1/usd", Wanted::Value(json!(7.0)), ""),
            ("/prices/0/usd", positive(), ""),
            (
                "/prices/1/usd",
                Wanted::Within(Bounds { below: Some(7.0), ..Bounds::default() }),
                "body: `7` at `/prices/1/usd` is not as expected",
            ),
            (
                "/prices/1/usd",
                Wanted::Within(Bounds { at_most: Some(7.0), at_least: Some(7.0), ..Bounds::default() }),
                "",
            ),
            ("/prices/0", positive(), "body: the object at `/prices/0` is not as expected"),
            ("/status", Wanted::Value(json!("ok")), "body: the text at `/status` is not as expected"),
            ("/status", positive(), "body: the text at `/status` is not as expected"),
            ("/none", Wanted::Something, ""),
            ("/absent", Wanted::Something, "body: the answer has nothing at `/absent`"),
        ];
        for (at, wanted, expected) in cases {
            assert_eq!(told(&expecting(at, wanted), 200, body), expected, "{at}");
        }
        assert_eq!(told(&expecting("/ok", Wanted::Something), 200, "<html>"), "not_json: the answer is no JSON");
    }
}
