//! Nobody acts, level after level hears of it, then somebody does: told once by the service, in real time with real servers, and
//! once by a scenario in virtual time. Everybody hears the same in the same order.

use crate::support::{Prometheus, Receivers, Scratch, Series, Watchbell, http, now_millis, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use watchbell::diagnostics::{Findings, Sources};
use watchbell::replay;

const RULES: &str = r"
groups:
  - name: chain
    interval: 1s
    rules:
      - alert: GasPriceSpike
        expr: avg by (chain) (gas_price_gwei)
        tiers: { critical: { above: 200 }, high: { above: 100 } }
";

const CONFIG: &str = r#"
prometheus: { main: { url: "$PROMETHEUS", timeout: 2s } }
rules: [rules.yaml]
timezone: UTC
external_url: "http://$LISTEN"
listen: "$LISTEN"
channels:
  chat: { webhook: { url: "$RECEIVERS/hook/chat" } }
  a: { webhook: { url: "$RECEIVERS/hook/a" } }
  lead: { webhook: { url: "$RECEIVERS/hook/lead" } }
  ceo: { webhook: { url: "$RECEIVERS/hook/ceo" } }
  vendor: { webhook: { url: "$RECEIVERS/hook/vendor" } }
responders:
  primary-a: { reach: [{ via: a }] }
  lead: { reach: [{ via: lead }] }
  ceo: { reach: [{ via: ceo }] }
contacts: { vendor-support: { reach: [{ via: vendor }] } }
teams: { executives: [ceo] }
schedules:
  primary: { timezone: UTC, layers: [{ rotation: { responders: [primary-a], every: 1d, from: "2026-01-05T00:00" } }] }
policies:
  default:
    group_by: [alertname, chain]
    wait: 0s
    matrix:
      critical:
        levels:
          - { name: automation, notify: [chat] }
          - { name: on-call, notify: ["schedule:primary"] }
          - { name: leads, after: 2s, notify: ["responder:lead"] }
          - { name: executives, after: 4s, notify: ["team:executives", "contact:vendor-support"] }
        repeat: { every: 3s, times: 5 }
      high: { levels: [{ notify: [chat] }] }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
"#;

/// The same in virtual time. The acknowledgement comes when all four levels have been told, as it does in the story.
const SCENARIO: &str = r#"
scenario: the same in virtual time
rules: [rules.yaml]
config: watchbell.yaml
answers:
  - { query: GasPriceSpike.value, labels: { chain: sepolia }, every: 1s, values: "20x1 120x2 250x9 20x3" }
events: [{ at: 10s, ack: GasPriceSpike, by: somebody }]
"#;

#[test]
fn the_levels_of_a_critical_incident_are_told_the_same_in_real_time_and_in_virtual_time() {
    let (Some(prometheus), Some(receivers)) = (Prometheus::start(), Receivers::start()) else { return };
    let folder = Scratch::new("escalation");
    folder.write("rules.yaml", RULES);
    let config = CONFIG.replace("$PROMETHEUS", &prometheus.url()).replace("$RECEIVERS", receivers.url());
    let gas = |value: f64| {
        prometheus.write(&[Series::new("gas_price_gwei", &[("chain", "sepolia")], &[(now_millis(), value)])]);
    };
    gas(120.0);
    let watchbell = Watchbell::start(folder.path(), &config).expect("it starts");
    wait_for("high to be told", || heard(&receivers).contains_key("chat").then_some(()));
    gas(250.0);
    wait_for("the last level", || heard(&receivers).contains_key("vendor").then_some(()));
    let url = format!("{}/api/v1/incidents/1/acknowledge", watchbell.url());
    let answer = http::post_json(&url, &json!({})).expect("it answers");
    assert_eq!(answer.status, 200, "{}", answer.body);
    gas(20.0);
    wait_for("everybody to hear of the end", || {
        let heard = heard(&receivers);
        (heard.len() == 5 && heard.values().all(|lines| lines.last().is_some_and(|line| line.contains("RESOLVED"))))
            .then_some(())
    });

    let lived = heard(&receivers);
    folder.write("scenario.yaml", SCENARIO);
    assert_eq!(lived, played(&folder), "left: in real time, right: in virtual time");
    let order = |name: &str| receivers.log().iter().position(|entry| whom(entry) == name).expect("they were told");
    assert!(order("a") < order("lead") && order("lead") < order("ceo"), "levels come one after the other");
}

fn whom(entry: &Value) -> String {
    entry["path"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}

/// What each receiver was told, in order. Who acknowledged is another one in a scenario.
fn heard(receivers: &Receivers) -> BTreeMap<String, Vec<String>> {
    let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in receivers.log() {
        let data = &entry["body"]["data"];
        let (text, reason) = (data["text"].as_str().unwrap_or_default(), data["reason"].as_str().unwrap_or_default());
        heard.entry(whom(&entry)).or_default().push(line(text, reason));
    }
    heard
}

fn line(text: &str, reason: &str) -> String {
    let reason = if reason.starts_with("acknowledged") { "acknowledged" } else { reason };
    format!("{text} ({reason})")
}

/// What a scenario tells each channel, in order.
fn played(folder: &Scratch) -> BTreeMap<String, Vec<String>> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let scenario = replay::load(&folder.path().join("scenario.yaml"), &mut sources, &mut findings);
    let story = replay::play(&scenario.unwrap_or_else(|| panic!("the scenario is good: {findings:?}")));
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for said in story.lines.iter().filter_map(|line| line.text.lines().next()?.strip_prefix("-> ")) {
        // Lines on what was withdrawn are about messages that nobody got.
        let Some((channel, rest)) = said.split_once("  ") else { continue };
        let (text, reason) = rest.rsplit_once(" (").expect("a message has a reason");
        told.entry(channel.to_owned()).or_default().push(line(text, reason.trim_end_matches(')')));
    }
    told
}

const MANY: &str = r"
groups:
  - name: nodes
    interval: 1s
    rules:
      - alert: NodeDown
        expr: up
        tiers: { critical: { below: 1 } }
        annotations: { summary: '{{ $labels.node }} of {{ $labels.chain }} does not answer, and has not for a while' }
";

const MANY_CONFIG: &str = r##"
prometheus: { main: { url: "$PROMETHEUS", timeout: 2s } }
rules: [rules.yaml]
external_url: "http://$LISTEN"
listen: "$LISTEN"
channels:
  slack: { slack: { token: { env: SLACK_TOKEN }, to: "#alerts", api_url: "$RECEIVERS/api" } }
  pager: { pagerduty: { routing_key: { env: PAGERDUTY_KEY }, api_url: "$RECEIVERS" } }
  hook: { webhook: { url: "$RECEIVERS/hook" } }
policies:
  default:
    group_by: [alertname]
    wait: 1s
    matrix:
      critical: { levels: [{ notify: [slack, pager, hook] }] }
      high: { tell: nobody }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
"##;

#[test]
fn five_hundred_alerts_of_one_group_and_their_ends_are_two_events_for_pagerduty_within_every_budget() {
    let (Some(prometheus), Some(receivers)) = (Prometheus::start(), Receivers::start()) else { return };
    let folder = Scratch::new("many");
    folder.write("rules.yaml", MANY);
    let config = MANY_CONFIG.replace("$PROMETHEUS", &prometheus.url()).replace("$RECEIVERS", receivers.url());
    let nodes: Vec<String> = (0..500).map(|number| format!("validator-{number:03}.eu-central.example.org")).collect();
    let up = |value: f64| {
        let now = now_millis();
        let series =
            nodes.iter().map(|node| Series::new("up", &[("chain", "sepolia"), ("node", node)], &[(now, value)]));
        prometheus.write(&series.collect::<Vec<_>>());
    };
    up(0.0);
    let secrets = [("SLACK_TOKEN", "xoxb-story"), ("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef")];
    let _watchbell = Watchbell::start_with(folder.path(), &config, &secrets).expect("it starts");
    let to = |channel: &str| receivers.log().into_iter().filter(|entry| entry["channel"] == channel).count();
    wait_for("one page", || (to("pagerduty") == 1 && to("slack") == 1 && to("webhook") == 1).then_some(()));
    up(1.0);
    wait_for("the end", || (to("pagerduty") == 2 && to("webhook") == 2).then_some(()));
    for entry in receivers.log() {
        assert_eq!(entry["verdict"], "accepted", "what is over a limit is refused: {entry}");
        let is_page = entry["channel"] == "webhook" && entry["body"]["type"] == "incident.opened";
        let alerts = entry["body"]["data"]["alerts"].as_array().map_or(0, Vec::len);
        assert!(!is_page || alerts == 500, "{alerts} alerts are in the page");
    }
    assert_eq!(to("pagerduty"), 2, "one opens, one ends");
}
