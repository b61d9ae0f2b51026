//! What strangers send to a running collector, and what it says to those who send something else than it takes.

use crate::support::{Collector, Scratch, http};
use serde_json::Value;

const CONFIG: &str = r#"collect:
  listen: "$LISTEN"
  beacons: { origins: ["https://app.example.org"] }
  operations: { token: { env: TIMERS_TOKEN } }
"#;

/// What is said to `body`, and with which status.
fn sent(collector: &Collector, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let url = format!("{}{path}", collector.url());
    let answer = http::request("POST", &url, &headers, body.as_bytes()).expect("it answers");
    (answer.status, answer.body)
}

#[test]
fn what_is_sent_in_another_shape_is_answered_with_the_field_what_was_found_and_what_is_wanted() {
    let folder = Scratch::new("doors");
    let collector = Collector::start(folder.path(), CONFIG, &[("TIMERS_TOKEN", "open sesame")]).expect("it starts");

    let beacon = |body: &str| sent(&collector, "/v1/beacon", &[("origin", "https://app.example.org")], body);
    for (body, says) in [
        ("[1]", "a batch is an object, and this is a list\n"),
        (r#"[1,"web","/",1,[]]"#, "a batch is an object, and this is a list\n"),
        (r#"{"items":{}}"#, "`items` has to be a list of what there is to tell, and is an object\n"),
        (r#"{"items":[],"service":["web"]}"#, "`service` has to be the name of an application, and is a list\n"),
        (r#"{"items":[],"items":[]}"#, "`items` stands there twice\n"),
    ] {
        assert_eq!(beacon(body), (400, says.to_owned()), "{body}");
    }
    assert_eq!(beacon(r#"{"items":[]}"#).0, 204);

    // The name of the scheme may be in any case.
    let timer = |body: &str| sent(&collector, "/v1/operations", &[("authorization", "bearer open sesame")], body);
    for (body, says) in [
        ("[1]", "a timer is an object, and this is a number"),
        (
            r#"{"name":"operation_duration_ms","value":"412","tags":{"operation":"trade"}}"#,
            "`value` has to be a number of milliseconds, and is a text",
        ),
        (
            r#"{"name":"operation_duration_ms","value":1,"tags":{"operation":"trade","operation":"cheap"}}"#,
            "`tags.operation` stands there twice",
        ),
    ] {
        let (status, said) = timer(body);
        let said: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!((status, &said["errors"][0]["error"]), (400, &Value::from(says)), "{body}");
    }
    assert_eq!(timer(r#"{"name":"operation_duration_ms","value":1,"tags":{"operation":"trade"}}"#).0, 202);
    let counted = collector.value(r#"operation_duration_ms_count{operation="trade",outcome="ok"}"#);
    assert_eq!(counted, Some(1.0), "{}", collector.process.said());
}
