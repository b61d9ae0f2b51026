//! What the service logs, read by a program of another make.

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, http, in_repository, now_millis, wait_for};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

const RULES: &str = r"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: gas_price_gwei
        tiers: { high: { above: 100 } }
";

fn config(prometheus: &Prometheus, receivers: &Receivers, silenced_until: &str) -> String {
    let notify = "{ levels: [{ notify: [hook, pager] }] }";
    format!(
        "prometheus: {{ main: {{ url: \"{}\" }} }}
rules: [rules.yaml]
listen: \"$LISTEN\"
external_url: \"http://$LISTEN\"
channels:
  hook: {{ webhook: {{ url: \"{receivers}/hook\" }} }}
  pager: {{ pagerduty: {{ routing_key: {{ env: PAGERDUTY_KEY }}, api_url: \"{receivers}\" }} }}
timezone: UTC
responders: {{ primary: {{ reach: [{{ via: hook }}] }} }}
silences:
  - {{ match: 'chain=\"old\"', until: {silenced_until}, owner: primary, reason: node migration }}
policies:
  default: {{ wait: 0s, matrix: {{ critical: {notify}, high: {notify}, medium: {{ tell: nobody }}, low: {{ tell: nobody }} }} }}
routes: [{{ policy: default }}]
",
        prometheus.url(),
        receivers = receivers.url(),
    )
}

/// The documents that were logged so far.
fn documents(watchbell: &Watchbell) -> Vec<Value> {
    let said = watchbell.process.said();
    // The last line may still be written.
    let (whole, _) = said.rsplit_once('\n').unwrap_or_default();
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|cause| panic!("{cause}: {line}"))).collect()
}

fn wait_for_line(watchbell: &Watchbell, level: &str, part: &str) {
    wait_for(&format!("{level} `{part}` in:\n{}", watchbell.process.said()), || {
        let said = |document: &Value| {
            document["log.level"] == level && document["message"].as_str().is_some_and(|text| text.contains(part))
        };
        documents(watchbell).iter().any(said).then_some(())
    });
}

/// What the reader of another make says.
fn judge(text: &str) -> String {
    let mut reader = Command::new("python3")
        .arg(in_repository("tests/real/ecs_logs.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the receivers run on Python too");
    reader.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads to the end");
    let said = reader.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

#[test]
fn off_a_terminal_every_line_of_the_service_is_an_ecs_document_and_says_what_an_operator_asks_about() {
    let (Some(prometheus), Some(receivers)) = (Prometheus::start(), Receivers::start()) else { return };
    let folder = Scratch::new("logs");
    folder.write("rules.yaml", RULES);
    receivers.control(&serde_json::json!({ "channel": "pagerduty", "next": 1, "do": "status", "status": 503 }));
    let gas = |gwei: f64| {
        prometheus.write(&[Series::new("gas_price_gwei", &[("chain", "sepolia")], &[(now_millis(), gwei)])])
    };
    gas(120.0);
    let key = [("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef")];
    let text = config(&prometheus, &receivers, "2020-01-01T12:00");
    let mut watchbell = Watchbell::start_with(folder.path(), &text, &key).expect("it starts");

    // A start says what of good files depends on today.
    wait_for_line(&watchbell, "warn", "WB126");
    wait_for_line(&watchbell, "info", "INC-1 opened at high");
    wait_for_line(&watchbell, "info", "delivered to hook");
    wait_for_line(&watchbell, "warn", "could not deliver to pager");
    folder.write("rules.yaml", &RULES.replace("above", "abov"));
    wait_for_line(&watchbell, "error", "did you mean `above`");
    folder.write("rules.yaml", &RULES.replace("100", "101"));
    wait_for_line(&watchbell, "info", "reloaded: rules: changed 1 (chain/GasPriceSpike)");
    gas(20.0);
    wait_for_line(&watchbell, "info", "INC-1 resolved");
    wait_for_line(&watchbell, "info", "delivered to pager");

    // So does a reload.
    let before = watchbell.process.said().matches("WB126").count();
    let again = http::request("POST", &format!("{}/-/reload", watchbell.url()), &[], b"").expect("it answers");
    assert_eq!(again.status, 200, "a warning refuses nothing: {}", again.body);
    wait_for("the warning once more", || (watchbell.process.said().matches("WB126").count() > before).then_some(()));

    watchbell.process.signal("TERM");
    assert!(watchbell.process.wait().success());
    let said = watchbell.process.said();
    assert_eq!(judge(&said), format!("{} documents", said.lines().count()));
}

#[test]
fn a_start_that_fails_says_so_in_a_document_as_well() {
    let folder = Scratch::new("logs");
    let refused = Watchbell::start(folder.path(), "prometheus: 7");
    let why = refused.map(|it| it.url().to_owned()).expect_err("it has nothing to run on");
    let (how, said) = why.split_once(":\n").expect("how it ended, and what it said");
    assert!(how.contains("exit status: 2"), "{how}");
    assert!(judge(said).ends_with(" documents"), "{}", judge(said));
    assert!(said.contains("no earlier ones"), "{said}");
}

#[test]
fn the_reader_finds_what_is_no_document() {
    assert!(judge("warning: 1\n").contains("no JSON"));
    assert!(judge("{\"log.level\":\"info\",\"@timestamp\":\"now\",\"labels.a.b\":1}\n").contains("begins with"));
}
