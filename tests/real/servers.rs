//! The helpers keep their word: each is tried with the server that it starts.

use crate::support::{Alertmanager, Process, Prometheus, Scratch, Series, Watchbell, http, now_millis, wait_for};
use serde_json::json;
use std::process::Command;

#[test]
fn series_written_into_prometheus_are_read_back_at_their_time_even_after_an_outage() {
    let Some(mut prometheus) = Prometheus::start() else { return };
    let now = now_millis();
    let labels = [("chain", "sepolia")];
    prometheus.write(&[
        Series::new("gas_price_gwei", &labels, &[(now - 60_000, 20.0), (now, 120.5)]),
        Series::new("transactions_per_second", &labels, &[(now, f64::INFINITY)]),
    ]);
    prometheus.stop();
    assert!(http::get(&prometheus.url()).is_err(), "it is down");
    prometheus.resume();

    let earlier = prometheus.query(r#"gas_price_gwei{chain="sepolia"}"#, now - 30_000);
    let later = prometheus.query("gas_price_gwei", now);
    let infinite = prometheus.query("transactions_per_second > 100", now);

    assert_eq!(earlier[0]["value"][1], "20");
    assert_eq!(later[0]["value"][1], "120.5");
    assert_eq!(infinite[0]["value"][1], "+Inf");
}

#[test]
fn a_write_longer_than_one_snappy_literal_arrives_whole() {
    let Some(prometheus) = Prometheus::start() else { return };
    let now = now_millis();
    let many: Vec<_> = (0..2000)
        .map(|number| Series::new("load", &[("pod", format!("checkout-{number:0>40}").as_str())], &[(now, 1.0)]))
        .collect();

    prometheus.write(&many);

    assert_eq!(prometheus.query("count(load)", now)[0]["value"][1], "2000");
}

#[test]
fn prometheus_evaluates_the_rules_that_it_was_started_with() {
    let rules = "groups: [{ name: g, rules: [{ alert: Always, expr: vector(1) }] }]";
    let Some(prometheus) = Prometheus::with("global: { evaluation_interval: 1s }", rules) else { return };

    let alert = wait_for("the alert to fire", || {
        prometheus.read("/api/v1/alerts")["data"]["alerts"].get(0).filter(|alert| alert["state"] == "firing").cloned()
    });

    assert_eq!(alert["labels"], json!({ "alertname": "Always" }));
}

#[test]
fn alertmanager_holds_what_it_was_told() {
    let Some(alertmanager) = Alertmanager::start() else { return };

    alertmanager.post(&json!([{ "labels": { "alertname": "GasPriceSpike", "severity": "high" } }]));

    let alerts = wait_for("the alert", || Some(alertmanager.alerts()).filter(|alerts| !alerts.is_empty()));
    assert_eq!(alerts[0]["labels"], json!({ "alertname": "GasPriceSpike", "severity": "high" }));
    assert_eq!(alerts[0]["status"]["state"], "active");
}

#[test]
fn a_program_that_ends_before_it_is_ready_is_reported_with_what_it_said() {
    let folder = Scratch::new("ends");
    let mut broken = Command::new("sh");
    broken.args(["-c", "echo the port is taken; exit 3"]);

    let started = Process::start("broken", &mut broken, folder.path(), |_| false);

    let why = started.err().expect("it never was ready");
    assert!(why.contains("exit status: 3") && why.contains("the port is taken"), "{why}");
}

#[test]
fn a_signal_reaches_the_process() {
    let folder = Scratch::new("signal");
    let mut polite = Command::new("sh");
    polite.args(["-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"]);
    let mut process =
        Process::start("polite", &mut polite, folder.path(), |said| said.contains("ready")).expect("a shell starts");

    process.signal("TERM");

    assert_eq!(process.wait().code(), Some(7));
    assert!(process.said().ends_with("bye\n"));
}

#[test]
fn watchbell_without_a_readable_configuration_does_not_become_ready() {
    let folder = Scratch::new("unconfigured");

    let started = Watchbell::start(folder.path(), "prometheus: [this is no mapping of sources]");

    let why = started.map(|it| (it.url().to_owned(), it.process.id())).expect_err("it has nothing to run on");
    assert!(why.contains("watchbell ended with"), "{why}");
}
