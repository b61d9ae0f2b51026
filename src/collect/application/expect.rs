//! Whether an answer is the expected one.

use super::exchange::Heard;
use super::redirect;
use crate::collect::probe::Trouble;
use crate::config::collect::{Expect, JsonCheck, Statuses, Wanted};
use regex::Regex;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// What is as expected where the configuration names no status, as in `blackbox_exporter`: a page that is gone, or sends us
/// elsewhere, is not what users came for.
const GOOD: Statuses = Statuses { from: 200, to: 299 };

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
        self.status(heard)?;
        self.body(&heard.body)?;
        if self.json.is_empty() {
            return Ok(());
        }
        let answer: &RawValue =
            serde_json::from_slice(&heard.body).map_err(|_| Trouble::new("not_json", "the answer is no JSON"))?;
        self.json.iter().try_for_each(|check| of_value(check, answer))
    }

    fn status(&self, heard: &Heard) -> Result<(), Trouble> {
        let status = heard.status.as_u16();
        let expected = if self.status.is_empty() { &[GOOD] } else { self.status.as_slice() };
        if expected.iter().any(|range| range.contains(status)) {
            return Ok(());
        }
        let is_sent_on = self.status.is_empty() && redirect::leads_on(heard);
        let hint = if is_sent_on { ", a redirect; `redirects` of the endpoint says how many are followed" } else { "" };
        Err(Trouble::new("status", format!("answered with status {status}{hint}")))
    }

    fn body(&self, body: &[u8]) -> Result<(), Trouble> {
        let Some(pattern) = &self.body else { return Ok(()) };
        let is_good = pattern.is_match(&String::from_utf8_lossy(body));
        if is_good { Ok(()) } else { Err(Trouble::new("body", format!("the answer does not match `{pattern}`"))) }
    }
}

fn of_value(check: &JsonCheck, answer: &RawValue) -> Result<(), Trouble> {
    let at = &check.at;
    let found = find(answer, at).ok_or_else(|| Trouble::new("body", format!("the answer has nothing at `{at}`")))?;
    if check.wanted == Wanted::Something {
        return Ok(());
    }
    let found: Value = serde_json::from_str(found.get()).map_err(|_| {
        Trouble::new(
            "body",
            format!("what is at `{at}` cannot be compared: a number beyond 1.8e308, or lists in lists too deep"),
        )
    })?;
    if check.wanted.is_met_by(&found) {
        Ok(())
    } else {
        Err(Trouble::new("body", format!("{} at `{at}` is not as expected", described(&found))))
    }
}

/// What is at a JSON pointer. What lies beside the way is not read: it may hold what we have no room for, and is JSON still.
fn find<'a>(answer: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    { steps }.try_fold(answer, |here, step| match serde_json::from_str::<HashMap<String, &RawValue>>(here.get()) {
        Ok(members) => members.get(&step).copied(),
        Err(_) => serde_json::from_str::<Vec<&RawValue>>(here.get()).ok()?.get(place(&step)?).copied(),
    })
}

/// A place in a list: digits, without zeros before them.
fn place(step: &str) -> Option<usize> {
    let is_usual = step == "0" || !step.starts_with(['0', '+']);
    step.parse().ok().filter(|_| is_usual)
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
    use crate::config::collect::Bounds;
    use reqwest::StatusCode;
    use serde_json::json;

    fn told(expect: &Expect, status: u16, body: &str) -> String {
        told_with(expect, status, None, body)
    }

    fn told_with(expect: &Expect, status: u16, location: Option<&str>, body: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        let heard = Heard { status, location: location.map(str::to_owned), body: body.to_owned().into() };
        let judged = Expectation::of(expect).judge(&heard);
        judged.map_or_else(|trouble| format!("{}: {}", trouble.reason, trouble.text), |()| String::new())
    }

    fn expecting(at: &str, wanted: Wanted) -> Expect {
        Expect { json: vec![JsonCheck { at: at.to_owned(), wanted }], ..Expect::default() }
    }

    #[test]
    fn without_a_named_status_only_success_is_as_expected() {
        let patterns = [Expect::default(), Expect { body: Some("ok".into()), ..Expect::default() }];
        for wish in &patterns {
            for status in [200, 204, 299] {
                assert_eq!(told(wish, status, "ok"), "");
            }
            for status in [199, 300, 304, 404, 429, 500, 503] {
                assert_eq!(told(wish, status, "ok"), format!("status: answered with status {status}"));
            }
        }
    }

    #[test]
    fn whoever_is_sent_elsewhere_is_told_how_to_follow_unless_a_status_is_named() {
        let told_of = |expect: &Expect| told_with(expect, 302, Some("/login"), "");
        let hint =
            "status: answered with status 302, a redirect; `redirects` of the endpoint says how many are followed";
        assert_eq!(told_of(&Expect::default()), hint);
        let named = |from, to| Expect { status: vec![Statuses { from, to }], ..Expect::default() };
        assert_eq!(told_of(&named(200, 200)), "status: answered with status 302");
        assert_eq!(told_of(&named(300, 399)), "");
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

    #[test]
    fn an_answer_is_json_whatever_stands_beside_what_is_asked_for() {
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let body = format!(r#"{{"a/b":{{"ok":[1,true]}},"large":1e400,"deep":{deep},"id":9007199254740993}}"#);
        let yes = || Wanted::Value(json!(true));
        let above = || Wanted::Within(Bounds { above: Some(0.0), ..Bounds::default() });
        let beyond = |at| {
            format!("body: what is at `{at}` cannot be compared: a number beyond 1.8e308, or lists in lists too deep")
        };
        let cases = [
            ("/a~1b/ok/1", yes(), String::new()),
            ("/a~1b/ok/01", yes(), "body: the answer has nothing at `/a~1b/ok/01`".into()),
            ("/a~1b/ok/1/2", yes(), "body: the answer has nothing at `/a~1b/ok/1/2`".into()),
            ("/large", Wanted::Something, String::new()),
            ("/large", above(), beyond("/large")),
            ("/deep", above(), beyond("/deep")),
            ("/id", Wanted::Value(json!(9_007_199_254_740_993_u64)), String::new()),
            (
                "/id",
                Wanted::Value(json!(9_007_199_254_740_992_u64)),
                "body: `9007199254740993` at `/id` is not as expected".into(),
            ),
        ];
        for (at, wanted, expected) in cases {
            assert_eq!(told(&expecting(at, wanted), 200, &body), expected, "{at}");
        }
        let cut = &body[..body.len() - 1];
        assert_eq!(told(&expecting("/id", Wanted::Something), 200, cut), "not_json: the answer is no JSON");
    }
}
