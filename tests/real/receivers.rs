//! The receivers hold to the providers' contracts: `fixtures/receivers/*.json` are requests with the answers due to them.

use crate::support::{Receivers, http, in_repository};
use serde_json::{Value, json};

const PROVIDERS: [&str; 10] = [
    "slack",
    "pagerduty",
    "webhook",
    "teams",
    "discord",
    "telegram",
    "mattermost",
    "opsgenie",
    "incident_io",
    "alertmanager_webhook",
];
const KEY: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn each_provider_answers_every_recorded_request_as_documented() {
    for provider in PROVIDERS {
        let Some(receivers) = Receivers::start() else { return };
        let file = in_repository(&format!("fixtures/receivers/{provider}.json"));
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let mut remembered = Value::Null;
        for case in cases.as_array().unwrap() {
            if let Some(wish) = case.get("control") {
                receivers.control(wish);
            }
            let case = filled_in(case, &remembered);
            let answer = ask(&receivers, &case);
            let name = &case["name"];
            assert_eq!(answer.status, case["status"], "{provider}: {name}: {}", answer.body);
            let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| Value::String(answer.body.clone()));
            assert_contains(&body, &case["answer"], &format!("{provider}: {name}"));
            let seen = receivers.log().pop().unwrap();
            assert_contains(&seen, &case["seen"], &format!("{provider}: {name}: as logged"));
            if is_to_be_remembered(&body) {
                remembered = body;
            }
        }
    }
}

#[test]
fn a_planned_refusal_comes_as_often_as_planned_and_carries_retry_after() {
    let Some(receivers) = Receivers::start() else { return };
    receivers.control(&json!({ "channel": "pagerduty", "next": 2, "do": "status", "status": 429, "retry_after": 3 }));

    let statuses: Vec<_> = (0..3).map(|_| trigger(&receivers).expect("an answer").status).collect();

    assert_eq!(statuses, [429, 429, 202]);
    let effects: Vec<_> = receivers.log().iter().map(|entry| entry["effect"].clone()).collect();
    assert_eq!(effects, ["", "", "opened"], "what was refused was not taken");
}

#[test]
fn a_connection_closed_or_reset_without_an_answer_leaves_the_message_taken_or_not_as_planned() {
    for deed in ["close", "reset"] {
        let Some(receivers) = Receivers::start() else { return };
        receivers.control(&json!({ "do": deed, "taken": false }));
        receivers.control(&json!({ "do": deed }));

        assert!(trigger(&receivers).is_err(), "{deed}: no answer");
        assert!(trigger(&receivers).is_err(), "{deed}: no answer");

        let effects: Vec<_> = receivers.log().iter().map(|entry| entry["effect"].clone()).collect();
        assert_eq!(effects, ["", "opened"], "{deed}");
    }
}

#[test]
fn a_lie_is_a_success_that_means_nothing_and_calm_ends_all_plans() {
    let Some(receivers) = Receivers::start() else { return };
    receivers.control(&json!({ "channel": "*", "next": 100, "do": "lie" }));

    let lie = trigger(&receivers).expect("an answer");
    receivers.control(&json!({ "do": "calm" }));
    let honest = trigger(&receivers).expect("an answer");

    assert_eq!((lie.status, honest.status), (200, 202));
    assert!(lie.body.starts_with("<html>"));
    let messages = receivers.wait_for_messages("pagerduty", 2);
    assert_eq!(messages[1]["effect"], "opened");
}

fn trigger(receivers: &Receivers) -> std::io::Result<http::Answer> {
    let payload = json!({ "summary": "gas is dear", "source": "sepolia", "severity": "error" });
    let event = json!({ "routing_key": KEY, "event_action": "trigger", "dedup_key": "INC-1", "payload": payload });
    http::post_json(&format!("{}/v2/enqueue", receivers.url()), &event)
}

fn ask(receivers: &Receivers, case: &Value) -> http::Answer {
    let headers: Vec<_> = case["headers"]
        .as_object()
        .map(|all| all.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect())
        .unwrap_or_default();
    // A signature covers exact bytes, and broken JSON is no value: such bodies are given as text.
    let body = case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned);
    let url = format!("{}{}", receivers.url(), case["path"].as_str().unwrap());
    let method = case["method"].as_str().unwrap_or("POST");
    http::request(method, &url, &headers, body.as_bytes()).expect("an answer")
}

/// Whether an answer names a message that later requests are about.
fn is_to_be_remembered(answer: &Value) -> bool {
    let is_post = answer["id"].is_string() && answer["status_code"].is_null();
    let names = ["ts", "result", "requestId"];
    is_post || names.iter().any(|name| !answer[name].is_null() && answer[name] != "Request will be processed")
}

/// Replaces `{ "$repeat": ["x", 151] }` by that text, `"$ts"`, `"$result.message_id"` by what the last posted message has
/// there, and `$id`, `$requestId` at the end of a part of a path likewise.
fn filled_in(value: &Value, remembered: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('$') => {
            remembered.pointer(&format!("/{}", text[1..].replace('.', "/"))).cloned().unwrap_or_default()
        }
        Value::String(text) if text.contains("/$") => {
            let part = |part: &str| {
                part.strip_prefix('$').map_or(part.to_owned(), |name| remembered[name].as_str().unwrap().to_owned())
            };
            Value::String(text.split('/').map(part).collect::<Vec<_>>().join("/"))
        }
        Value::Array(items) => items.iter().map(|item| filled_in(item, remembered)).collect(),
        Value::Object(map) => match map.get("$repeat") {
            Some(what) => {
                repeated(&filled_in(&what[0], remembered), usize::try_from(what[1].as_u64().unwrap()).unwrap())
            }
            None => map.iter().map(|(key, item)| (key.clone(), filled_in(item, remembered))).collect(),
        },
        other => other.clone(),
    }
}

fn repeated(what: &Value, times: usize) -> Value {
    match what {
        Value::String(text) => Value::String(text.repeat(times)),
        other => vec![other.clone(); times].into(),
    }
}

/// Every field that `expected` names is in `actual`, with that value; a text may be a part of it.
fn assert_contains(actual: &Value, expected: &Value, what: &str) {
    match expected {
        Value::Null => {}
        Value::Object(fields) => fields.iter().for_each(|(key, field)| assert_contains(&actual[key], field, what)),
        Value::String(part) => {
            let text = actual.as_str().map_or_else(|| actual.to_string(), str::to_owned);
            assert!(text.contains(part.as_str()), "{what}: `{part}` is not in: {text}");
        }
        other => assert_eq!(actual, other, "{what}"),
    }
}
