//! `watchbell explain RULE` on a real Prometheus with a past: readings, verdicts, clocks, and who is told when.

use crate::support::{Prometheus, Scratch, journal};
use serde_json::Value;
use std::fmt::Write;
use std::process::Command;

/// Monday, 5 January 2026, 12:00 UTC.
const NOON: i64 = 1_767_614_400;

const RULES: &str = "
groups:
  - name: gas
    interval: 30s
    rules:
      - alert: GasDear
        expr: gas_price_gwei
        unit: gwei
        tiers:
          high: { above: 100, clear: 80, for: 2m }
          medium: { above: 60, for: 5m }
      - alert: Busy
        queries: { gas: { expr: gas_price_gwei, history: 10m }, tps: transactions_per_second }
        join: [chain]
        value: gas
        tiers: { medium: { when: 'gas.avg(\"10m\") > 40.0 && tps < 20.0', keep_firing_for: 10m } }
      - alert: ChainDown
        expr: chain_up == 0
        labels: { severity: high }
";

const CONFIG: &str = "
prometheus: { main: { url: 'http://127.0.0.1:1' } }
rules: [rules.yaml]
store: { sqlite: nowhere.db }
channels:
  hook: { webhook: { url: 'http://127.0.0.1:1/hook' } }
  pager: { webhook: { url: 'http://127.0.0.1:1/pager' } }
responders:
  primary-a: { reach: [{ via: pager }] }
schedules:
  primary:
    timezone: UTC
    layers: [{ rotation: { responders: [primary-a], every: 1w, from: '2026-01-05T00:00' } }]
policies:
  default:
    group_by: [alertname]
    matrix:
      high:
        levels:
          - { after: 0s, notify: [hook] }
          - { after: 10m, notify: ['schedule:primary'] }
      critical: { tell: nobody }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
inhibit:
  - { source: 'alertname=\"ChainDown\"', target: 'alertname=\"GasDear\"', equal: [chain] }
";

/// Four hours: on chain a gas is dear from 13:00 to 13:20, then between the bound and `clear` until 13:40; on b always cheap. From 14:00
/// to 14:10 a is down while gas is dear once more. From 14:30 to 15:00 nothing is scraped.
fn past() -> String {
    let mut text = String::new();
    let mut add = |name: &str, labels: &str, value: &dyn Fn(i64) -> f64| {
        for second in (0..960).map(|quarter| quarter * 15).filter(|second| !(9000..10_800).contains(second)) {
            let _ = writeln!(text, "{name}{labels} {} {}", value(second), NOON + second);
        }
    };
    let gas = |second: i64| match second {
        3600..4800 | 7200..7800 => 150.0,
        4800..6000 => 90.0,
        _ => 20.0,
    };
    add("gas_price_gwei", "{chain=\"a\"}", &gas);
    add("gas_price_gwei", "{chain=\"b\"}", &|_| 20.0);
    add("transactions_per_second", "{chain=\"a\"}", &|_| 11.0);
    add("chain_up", "{chain=\"a\"}", &|second| if (7200..7800).contains(&second) { 0.0 } else { 1.0 });
    add("up", "{job=\"chain\"}", &|_| 1.0);
    format!("{text}# EOF\n")
}

struct Shown {
    status: Option<i32>,
    out: String,
    err: String,
}

fn explain(folder: &Scratch, url: &str, args: &[&str]) -> Shown {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
    let done = command.args(["explain", "--prometheus", url]).args(args).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Shown { status: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

fn folder(name: &str) -> Scratch {
    let folder = Scratch::new(name);
    folder.write("rules.yaml", RULES);
    folder.write("watchbell.yaml", CONFIG);
    folder
}

#[test]
fn the_story_of_a_rule_has_its_readings_its_verdicts_its_clocks_and_who_is_told_next() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = folder("explain");
    let told = |args: &[&str]| {
        let shown = explain(&folder, &prometheus.url(), args);
        assert_eq!(shown.status, Some(0), "{}", shown.err);
        shown.out
    };
    insta::assert_snapshot!("explain_pending", told(&["GasDear", "--at", "2026-01-05T13:01:45Z"]));
    insta::assert_snapshot!(
        "explain_firing",
        told(&["GasDear", "--at", "2026-01-05T13:08:00Z", "--series", "{chain=\"a\"}"])
    );
    insta::assert_snapshot!(
        "explain_held_by_clear",
        told(&["GasDear", "--at", "2026-01-05T13:30:00Z", "--series", "{chain=\"a\"}"])
    );
    insta::assert_snapshot!(
        "explain_inhibited",
        told(&["GasDear", "--at", "2026-01-05T14:05:00Z", "--series", "{chain=\"a\"}"])
    );
    insta::assert_snapshot!("explain_unknown", told(&["GasDear", "--at", "2026-01-05T14:50:00Z"]));
    insta::assert_snapshot!(
        "explain_condition",
        told(&["Busy", "--at", "2026-01-05T13:50:00Z", "--series", "{chain=\"a\"}"])
    );
}

#[test]
fn a_program_gets_the_same_story() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = folder("explain-json");
    let shown = explain(&folder, &prometheus.url(), &["GasDear", "--at", "2026-01-05T13:08:00Z", "--format", "json"]);
    let story: Value = serde_json::from_str(&shown.out).unwrap_or_else(|error| panic!("{error}\n{}", shown.err));
    let alert = &story["rules"][0]["history"]["alerts"][0];
    assert_eq!((alert["state"].as_str(), alert["readings"][0]["value"].as_f64()), (Some("firing high"), Some(150.0)));
    let [high, medium] = [0, 1].map(|tier| &alert["tiers"][tier]);
    assert_eq!((high["verdict"].as_str(), high["state"].as_str()), (Some("true"), Some("firing")));
    assert_eq!((medium["severity"].as_str(), medium["state"].as_str()), (Some("medium"), Some("firing")));
    let incident = &alert["incident"];
    assert_eq!((incident["told"][0]["to"].as_str(), incident["told"][0]["page"].as_u64()), (Some("hook"), Some(1)));
    assert_eq!(incident["next"]["to"][0], "schedule:primary (pager)");
    assert_eq!(story["rules"][0]["is_settled"], true);
}

#[test]
fn what_cannot_be_explained_is_said_with_what_to_do() {
    let folder = folder("explain-bad");
    let nobody = "http://127.0.0.1:1";
    let unknown = explain(&folder, nobody, &["GasDaer"]);
    assert_eq!((unknown.status, unknown.err.contains("did you mean `GasDear`")), (Some(2), true), "{}", unknown.err);
    let silent = explain(&folder, nobody, &["GasDear", "--timeout", "1s"]);
    assert_eq!((silent.status, silent.err.contains("cannot reach")), (Some(3), true), "{}", silent.err);
    let early = explain(&folder, nobody, &["GasDear", "--at", "2126-01-05T13:00:00Z"]);
    assert_eq!((early.status, early.err.contains("has not come yet")), (Some(2), true), "{}", early.err);
    let selector = explain(&folder, nobody, &["GasDear", "--series", "{chain"]);
    assert_eq!((selector.status, selector.err.contains("--series {chain")), (Some(2), true), "{}", selector.err);
    let journal = explain(&folder, nobody, &["GasDear", "--journal", "missing.db"]);
    assert_eq!((journal.status, journal.err.contains("missing.db")), (Some(3), true), "{}", journal.err);
    let code = explain(&folder, nobody, &["WB005"]);
    assert_eq!((code.status, code.out.contains("WB005")), (Some(0), true), "a code is explained as ever: {}", code.err);
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let other =
        explain(&folder, &prometheus.url(), &["GasDear", "--at", "2026-01-05T13:00:00Z", "--series", "{chain=\"c\"}"]);
    assert_eq!((other.status, other.err.contains("no series of GasDear")), (Some(2), true), "{}", other.err);
}

/// A journal that begins at 13:04, while gas is dear, and ends soon after it is cheap again.
const RECORDED: &str = "
scenario: gas is dear
config: watchbell.yaml
rules: [rules.yaml]
start: 2026-01-05T13:04:00Z
answers:
  - { query: GasDear.value, labels: { chain: a }, every: 30s, values: '150x31 20x10' }
";

#[test]
fn nothing_is_told_of_the_time_before_a_journal_and_after_its_end_the_service_was_not_running() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = folder("explain-extent");
    journal::record(&folder.write("recorded.yaml", RECORDED), folder.path());
    let told = |at: &str| {
        let args = ["GasDear", "--at", at, "--journal", "watchbell.db", "--series", "{chain=\"a\"}"];
        let shown = explain(&folder, &prometheus.url(), &args);
        assert_eq!(shown.status, Some(0), "{}", shown.err);
        shown.out
    };
    let ran = told("2026-01-05T13:08:00Z");
    assert_eq!(ran.matches("firing since 2026-01-05T13:06:").count(), 2, "by history and by the journal:\n{ran}");
    assert!(ran.contains("it recorded the states that history gives"), "{ran}");
    let dead = told("2026-01-05T14:05:00Z");
    assert!(dead.contains("and was not running then") && !dead.contains("it recorded the states"), "{dead}");
    let before = told("2026-01-05T13:03:30Z");
    assert!(before.contains("firing since 2026-01-05T13:02:") && !before.contains("journal tells"), "{before}");
}
