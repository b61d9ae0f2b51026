//! What strangers send to a running collector, and what it says to those who send something else than it takes.

use crate::support::{Collector, Scratch, http};
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

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

/// Half of a request, and the connection over which it came.
fn half_sent(collector: &Collector) -> TcpStream {
    let mut stream = TcpStream::connect(collector.url().trim_start_matches("http://")).expect("it listens");
    stream.write_all(b"POST /v1/beacon HTTP/1.1\r\nHost: x\r\n").expect("it takes bytes");
    stream
}

/// Whether the other side has closed, which this waits for. A head has ten seconds, and so nobody is closed for that alone.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time to wait");
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(cause) => cause.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn whoever_holds_hundreds_of_half_sent_requests_keeps_nobody_from_the_metrics() {
    let folder = Scratch::new("doors-held");
    let mut collector = Collector::start(folder.path(), CONFIG, &[("TIMERS_TOKEN", "open sesame")]).expect("it starts");
    let mut held: Vec<_> = (0..600).map(|_| half_sent(&collector)).collect();
    assert!(collector.page().contains("watchbell_collect_beacons_total"), "it is scraped");
    assert!(held[..80].iter_mut().all(is_closed), "those that came first have made room");
    collector.process.signal("TERM");
    assert!(collector.process.wait().success(), "nobody is waited for: {}", collector.process.said());
}
