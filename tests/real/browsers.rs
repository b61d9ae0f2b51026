//! Browsers and the collector: a real page in a real Chromium, and every way in which a batch is answered.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use crate::support::{Collector, Scratch, free_port, in_repository, say_skipped, wait_for};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::Duration;

/// The origin that may send, where no browser says one of its own.
const ORIGIN: &str = "https://app.example.org";

fn config(beacons: &str) -> String {
    format!("collect: {{ listen: $LISTEN, beacons: {beacons} }}\n")
}

/// Runs `scripts/browser-client`; none where Node.js, a package or Chromium is missing.
fn browser_client(arguments: &[&str]) -> Option<Output> {
    let done = Command::new(in_repository("scripts/browser-client")).args(arguments).output().expect("it can be run");
    if done.status.code() == Some(3) {
        say_skipped(String::from_utf8_lossy(&done.stderr).trim());
        return None;
    }
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    Some(done)
}

#[test]
fn a_page_in_a_real_browser_is_in_the_metrics_and_a_foreign_one_is_not() {
    let (ours, foreign, folder) = (free_port(), free_port(), Scratch::new("browsers"));
    let beacons = format!(
        "{{ origins: ['http://127.0.0.1:{ours}'], pages: {{ home: /, trade: '/trade/:symbol' }}, actions: [buy] }}"
    );
    let collector = Collector::start(folder.path(), &config(&beacons), &[]).expect("it starts");
    let beacon = format!("{}/v1/beacon", collector.url());

    let Some(story) = browser_client(&["story", &beacon, &ours.to_string(), &foreign.to_string()]) else { return };

    let told: Value = serde_json::from_slice(&story.stdout).expect("the story ends in JSON");
    assert_eq!(told["foreign"], json!({ "text": "refused", "json": "refused" }), "its page does not see the answer");
    assert_eq!(told["own"]["json"], "answered 204", "after having been asked first");
    collector.wait_for(r#"web_vitals_seconds_count{page="trade",service="web",vital="LCP"}"#, |count| count == 1.0);
    collector
        .wait_for(r#"navigation_phase_seconds_count{page="trade",phase="load",service="web"}"#, |count| count >= 1.0);
    collector.wait_for(r#"page_load_time_ms{page="trade",service="web"}"#, |load| load > 0.0);
    for kind in ["javascript", "rejection", "resource"] {
        let series = format!(r#"javascript_errors_total{{kind="{kind}",page="trade",service="web"}}"#);
        collector.wait_for(&series, |count| count == 1.0);
    }
    collector.wait_for(r#"user_actions_total{action="buy",service="web"}"#, |count| count == 1.0);
    collector.wait_for(r#"user_feedback_total{kind="bug",service="web"}"#, |count| count == 1.0);
    collector.wait_for(r#"active_users{service="web",window="1d"}"#, |count| count == 1.0);
    // Its text, its JSON (refused at the question) and its beacon; and nothing of them was counted.
    collector.wait_for(r#"watchbell_collect_beacons_total{outcome="foreign_origin"}"#, |count| count >= 2.0);
    assert_eq!(collector.value(r#"user_actions_total{action="other",service="web"}"#), Some(1.0), "our own one only");
    assert_eq!(collector.value(r#"watchbell_collect_beacons_total{outcome="malformed"}"#), Some(0.0));
    assert_eq!(collector.value(r#"watchbell_collect_beacons_total{outcome="partly"}"#), Some(0.0));
}

#[test]
fn the_client_keeps_its_promises_in_a_real_browser() {
    let Some(tested) = browser_client(&["test"]) else { return };
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(said.contains("# fail 0") && !said.contains("# pass 0"), "{said}");
}

/// Sends a request as it stands, and gives the answer's head and body. The connection ends with it.
fn ask(collector: &Collector, request: &[u8]) -> String {
    let address = collector.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
    // An answer may come before all is written, and then the connection may be closed.
    drop(stream.write_all(request));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).to_lowercase()
}

fn send(collector: &Collector, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "POST /v1/beacon HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    ask(collector, request.as_bytes())
}

const GOOD: &str = r#"{"items":[{"kind":"action","action":"buy"}]}"#;

#[test]
fn every_way_in_is_answered_as_the_contract_says_and_counted() {
    let folder = Scratch::new("beacon-answers");
    let collector = Collector::start(folder.path(), &config(&format!("{{ origins: ['{ORIGIN}'] }}")), &[]).unwrap();
    let (origin, text) = (("origin", ORIGIN), ("content-type", "text/plain;charset=UTF-8"));
    let long = format!(r#"{{"page":"/","items":[{}]}}"#, " ".repeat(70_000));
    let table = [
        ("accepted", 204, vec![origin, text], GOOD),
        ("accepted", 204, vec![origin, ("content-type", "application/json")], GOOD),
        ("partly", 204, vec![origin, text], r#"{"items":[{"kind":"action","action":"buy"},{}]}"#),
        ("refused", 204, vec![origin, text], r#"{"items":[{}]}"#),
        ("foreign_origin", 403, vec![("origin", "https://evil.example"), text], GOOD),
        ("foreign_origin", 403, vec![("origin", "null"), text], GOOD),
        ("foreign_origin", 403, vec![text], GOOD),
        ("wrong_type", 415, vec![origin], GOOD),
        ("wrong_type", 415, vec![origin, ("content-type", "application/x-www-form-urlencoded")], GOOD),
        ("malformed", 400, vec![origin, text], "no JSON"),
        ("malformed", 400, vec![origin, text], r#"{"service":"x","items":[]}"#),
        ("too_large", 413, vec![origin, text], long.as_str()),
    ];
    for (outcome, status, headers, body) in table {
        let series = format!(r#"watchbell_collect_beacons_total{{outcome="{outcome}"}}"#);
        let before = collector.value(&series).expect("it is there from the start");
        let answer = send(&collector, &headers, body);
        assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{outcome}: {answer}");
        assert!(answer.contains("vary: origin\r\n"), "{answer}");
        let is_ours = headers.contains(&origin);
        let may_see = answer.contains("access-control-allow-origin: https://app.example.org\r\n");
        assert_eq!(may_see, is_ours, "{answer}");
        assert_eq!(answer.contains("access-control"), is_ours, "{answer}");
        assert_eq!(collector.value(&series), Some(before + 1.0), "{series}");
    }
    assert_eq!(collector.value(r#"user_actions_total{action="buy",service="web"}"#), Some(3.0));
}

#[test]
fn a_body_that_hides_its_length_is_read_no_further_than_it_may_be() {
    let folder = Scratch::new("beacon-chunks");
    let collector = Collector::start(folder.path(), &config(&format!("{{ origins: ['{ORIGIN}'] }}")), &[]).unwrap();
    let head = format!(
        "POST /v1/beacon HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {ORIGIN}\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let chunk = format!("{:x}\r\n{}\r\n", 16_384, " ".repeat(16_384));
    let request = format!("{head}{}0\r\n\r\n", chunk.repeat(8));
    let answer = ask(&collector, request.as_bytes());
    assert!(answer.starts_with("http/1.1 413 "), "{answer}");
    assert_eq!(collector.value(r#"watchbell_collect_beacons_total{outcome="too_large"}"#), Some(1.0));
}

#[test]
fn a_browser_that_asks_first_is_told_what_it_may_send() {
    let folder = Scratch::new("beacon-preflight");
    let collector = Collector::start(folder.path(), &config(&format!("{{ origins: ['{ORIGIN}'] }}")), &[]).unwrap();
    let preflight = |origin: &str| {
        let request = format!(
            "OPTIONS /v1/beacon HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n\r\n"
        );
        ask(&collector, request.as_bytes())
    };
    let allowed = preflight(ORIGIN);
    assert!(allowed.starts_with("http/1.1 204 "), "{allowed}");
    for header in [
        "access-control-allow-origin: https://app.example.org",
        "access-control-allow-methods: post",
        "access-control-allow-headers: content-type",
        "access-control-allow-credentials: true",
        "access-control-max-age: 7200",
        "vary: origin",
    ] {
        assert!(allowed.contains(&format!("\r\n{header}\r\n")), "{header}: {allowed}");
    }
    let foreign = preflight("https://app.example.org.evil.example");
    assert!(foreign.starts_with("http/1.1 403 ") && !foreign.contains("access-control"), "{foreign}");
    let read = ask(&collector, b"GET /v1/beacon HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(read.starts_with("http/1.1 405 "), "{read}");
}

#[test]
fn one_address_that_sends_too_much_is_held_back_and_others_behind_the_same_proxy_are_not() {
    let folder = Scratch::new("beacon-limits");
    let beacons = format!("{{ origins: ['{ORIGIN}'], max_per_second_of_client: 0.1, trusted_proxies: [127.0.0.1] }}");
    let collector = Collector::start(folder.path(), &config(&beacons), &[]).unwrap();
    let from = |address: &str| {
        let headers = [("origin", ORIGIN), ("content-type", "text/plain"), ("x-forwarded-for", address)];
        send(&collector, &headers, GOOD)
    };
    assert!(from("198.51.100.1").starts_with("http/1.1 204 "));
    assert!(from("198.51.100.1").starts_with("http/1.1 429 "));
    assert!(from("1.2.3.4, 198.51.100.1").starts_with("http/1.1 429 "), "what it writes itself is not believed");
    assert!(from("198.51.100.2").starts_with("http/1.1 204 "));
    assert_eq!(collector.value(r#"watchbell_collect_beacons_total{outcome="rate_limited"}"#), Some(2.0));
}

#[test]
fn browsers_that_were_counted_are_known_after_a_restart() {
    let folder = Scratch::new("beacon-visitors");
    let config = config(&format!("{{ origins: ['{ORIGIN}'] }}"));
    let visit = |collector: &Collector, visitor: &str| {
        let body = json!({ "items": [{ "kind": "visit", "visitor": visitor }] }).to_string();
        let answer = send(collector, &[("origin", ORIGIN), ("content-type", "text/plain")], &body);
        assert!(answer.starts_with("http/1.1 204 "), "{answer}");
    };
    let week = r#"active_users{service="web",window="7d"}"#;

    let mut first = Collector::start(folder.path(), &config, &[]).unwrap();
    visit(&first, "visitor-one");
    visit(&first, "visitor-two");
    first.process.signal("TERM");
    assert!(first.process.wait().success(), "{}", first.process.said());

    let second = Collector::start(folder.path(), &config, &[]).unwrap();
    assert_eq!(second.value(week), Some(2.0), "{}", second.process.said());
    visit(&second, "visitor-two");
    visit(&second, "visitor-three");
    wait_for("the third one to be counted", || second.value(week).filter(|count| *count > 2.0));
    assert_eq!(second.value(week), Some(3.0));
}

#[test]
fn words_of_users_are_in_no_label_and_in_the_log_only_where_that_is_wanted() {
    let body = json!({ "items": [
        { "kind": "feedback", "feedback": "bug", "text": "call me\nat 555" },
        { "kind": "error", "error": "javascript", "message": "secret-token" },
    ] });
    for wanted in [false, true] {
        let folder = Scratch::new("beacon-words");
        let beacons = format!("{{ origins: ['{ORIGIN}'], log_texts: {wanted} }}");
        let collector = Collector::start(folder.path(), &config(&beacons), &[]).unwrap();
        send(&collector, &[("origin", ORIGIN), ("content-type", "text/plain")], &body.to_string());
        collector.wait_for(r#"user_feedback_total{kind="bug",service="web"}"#, |count| count == 1.0);
        assert!(!collector.page().contains("555") && !collector.page().contains("secret-token"));
        let said = collector.process.said();
        assert_eq!(said.contains("call me at 555"), wanted, "{said}");
        assert_eq!(said.contains("secret-token"), wanted, "{said}");
    }
}
