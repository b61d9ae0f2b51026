//! `watchbell capture` on a real Prometheus with a past: the scenario tells what the past told.

use crate::support::{Prometheus, Scratch, Series};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;
use watchbell::model::{Slot, duration_text};

/// Monday, 5 January 2026, 12:00 UTC.
const NOON: i64 = 1_767_614_400;
const SPAN: [&str; 4] = ["--from", "2026-01-05T12:40:00Z", "--to", "2026-01-05T16:00:00Z"];

const RULES: &str = "
groups:
  - name: chain
    interval: 30s
    rules:
      - alert: GasDear
        expr: gas_price_gwei
        unit: gwei
        tiers:
          high: { above: 100, clear: 80, for: 2m }
          medium: { above: 60, for: 5m }
      - alert: SwapsFail
        expr: sum by (pool) (rate(swap_failures_total[5m])) / on (pool) sum by (pool) (rate(swaps_total[5m]))
        tiers: { high: { above: 0.2, for: 1m } }
      - alert: PriceOld
        expr: time() - oracle_updated_seconds > 300
        for: 3m
        labels: { severity: medium }
      - alert: Trend
        queries: { gas: { expr: gas_price_gwei, history: 30m } }
        tiers: { low: { when: 'gas.avg(\"30m\") > 40.0' } }
";

/// Four hours of series that are scraped every 15 s, 7.25 s after the full one, or every minute; for half an hour nothing is scraped.
fn past() -> String {
    let mut text = String::new();
    let mut add = |name: &str, labels: &str, every: i64, phase: f64, value: &dyn Fn(f64) -> f64| {
        let _ = writeln!(text, "# TYPE {name} gauge");
        let seconds = (0..14_400 / every).map(|n| n * every).filter(|second| !(9000..10_800).contains(second));
        for second in seconds {
            #[expect(clippy::cast_precision_loss, reason = "four hours")]
            let at = second as f64 + phase;
            #[expect(clippy::cast_precision_loss, reason = "in this century")]
            let _ = writeln!(text, "{name}{labels} {} {:.3}", value(at), NOON as f64 + at);
        }
    };
    let during = |from: f64, to: f64| move |at: &f64| (from..to).contains(at);
    let dear = move |at: &f64| during(3600.0, 4800.0)(at) || during(7200.0, 7260.0)(at);
    add("gas_price_gwei", "{chain=\"a\"}", 15, 7.25, &|at| {
        if dear(&at) { 150.1 } else { 20.0 + (at / 500.0).sin().round() }
    });
    let failing = during(5000.0, 5900.0);
    add("swaps_total", "{pool=\"eth\",instance=\"1\"}", 15, 4.5, &|at| (at * 10.0).floor());
    add("swap_failures_total", "{pool=\"eth\",instance=\"1\"}", 15, 4.5, &|at| {
        if failing(&at) {
            ((at - 5000.0) * 5.0).floor()
        } else if at < 5000.0 {
            0.0
        } else {
            4500.0
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "in this century")]
    let updated = move |at: f64| NOON as f64 + if during(12_000.0, 12_600.0)(&at) { 12_000.0 } else { at };
    add("oracle_updated_seconds", "{pair=\"eth\"}", 60, 33.0, &updated);
    add("up", "{job=\"chain\"}", 15, 7.25, &|_| 1.0);
    text.push_str("# EOF\n");
    text
}

struct Shown {
    status: Option<i32>,
    out: String,
    err: String,
}

fn watchbell(folder: &Scratch, args: &[&str]) -> Shown {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
    let done = command.args(args).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Shown { status: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

fn capture(folder: &Scratch, url: &str, more: &[&str]) -> Shown {
    watchbell(
        folder,
        &[&["capture", "rules.yaml", "--prometheus", url, "-o", "captured.yaml"], &SPAN[..], more].concat(),
    )
}

fn read(folder: &Scratch, file: &str) -> String {
    std::fs::read_to_string(folder.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// When which alert fired at which severity, by the backtest of the same span.
fn by_backtest(folder: &Scratch, url: &str) -> BTreeSet<(String, String, String, String)> {
    let args = ["backtest", "rules.yaml", "--prometheus", url, "--format", "json"];
    let shown = watchbell(folder, &[&args[..], &SPAN].concat());
    let report: Value = serde_json::from_str(&shown.out).unwrap_or_else(|error| panic!("{error}\n{}", shown.err));
    let mut firings = BTreeSet::new();
    let text = |value: &Value| value.as_str().unwrap_or("still").to_owned();
    for rule in report["rules"].as_array().expect("there are rules") {
        for tier in rule["tiers"].as_array().expect("there are tiers") {
            for firing in tier["firings"].as_array().expect("there are firings") {
                let (from, to) = (text(&firing["from"]), text(&firing["to"]));
                firings.insert((text(&rule["alert"]), text(&tier["severity"]), from, to));
            }
        }
    }
    firings
}

/// The same by the story that a scenario tells, which has times from its start.
fn by_story(story: &str, start: Slot) -> BTreeSet<(String, String, String, String)> {
    let (mut at, mut firings) = (String::new(), BTreeSet::new());
    let mut now: BTreeMap<String, (String, String)> = BTreeMap::new();
    for line in story.lines() {
        let (time, rest) = line.split_at_checked(11).unwrap_or((line, ""));
        if let Ok(span) = duration_text::parse(time.trim()) {
            at = (start + span).to_string();
        }
        let name: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        let is_alert = ["GasDear", "SwapsFail", "PriceOld", "Trend"].contains(&name.as_str());
        let Some((_, words)) = rest.split_once("  ").filter(|_| is_alert && !rest.contains("gone")) else {
            if let Some((severity, from)) = now.remove(&name).filter(|_| is_alert) {
                firings.insert((name, severity, from, at.clone()));
            }
            continue;
        };
        let severity = words.split_once("firing ").map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default());
        let before = now.get(&name).map(|(severity, _)| severity.clone());
        if before.as_deref() == severity {
            continue;
        }
        if let Some((severity, from)) = now.remove(&name) {
            firings.insert((name.clone(), severity, from, at.clone()));
        }
        if let Some(severity) = severity {
            now.insert(name, (severity.to_owned(), at.clone()));
        }
    }
    let still = now.into_iter().map(|(name, (severity, from))| (name, severity, from, "still".to_owned()));
    firings.extend(still);
    firings
}

#[test]
fn what_is_captured_plays_as_the_past_did() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("capture");
    folder.write("rules.yaml", RULES);
    let shown = capture(&folder, &prometheus.url(), &[]);
    assert_eq!(shown.status, Some(0), "{}{}", shown.out, shown.err);
    let fixture = read(&folder, "captured.yaml");
    let accepted = watchbell(&folder, &["test", "--accept", "captured.yaml"]);
    assert_eq!(accepted.status, Some(0), "{}{}", accepted.out, accepted.err);
    let start = fixture.lines().find_map(|line| line.strip_prefix("start: ")).expect("it says its start");
    let start: jiff::Timestamp = start.parse().expect("it is an instant");
    let story = by_story(&read(&folder, "captured.snap"), Slot::from_millis(start.as_millisecond()));
    assert_eq!(story, by_backtest(&folder, &prometheus.url()), "{fixture}");
    let alerts: BTreeSet<&str> = story.iter().map(|(alert, ..)| alert.as_str()).collect();
    assert_eq!(alerts.len(), 4, "each of them fires: {story:?}");
    assert!(fixture.contains("query_error: 25m"), "nothing was scraped for half an hour: {fixture}");
    // What is scraped every minute is not written every quarter of one.
    assert!(fixture.contains("'oracle_updated_seconds{pair=\"eth\"}', every: 1m"), "{fixture}");
    assert!(fixture.lines().count() < 60, "it can be read: {fixture}");
}

#[test]
fn one_rule_needs_its_own_series_and_labels_and_series_can_be_left_out() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = Scratch::new("capture-some");
    folder.write("rules.yaml", RULES);
    let shown = capture(&folder, &prometheus.url(), &["--rule", "SwapsFail", "--drop-label", "instance"]);
    assert_eq!(shown.status, Some(0), "{}{}", shown.out, shown.err);
    let fixture = read(&folder, "captured.yaml");
    let series: Vec<&str> =
        fixture.lines().filter_map(|line| line.split_once("series: '")).map(|(_, rest)| rest).collect();
    let names: Vec<&str> = series.iter().filter_map(|line| line.split('\'').next()).collect();
    assert_eq!(names, ["swap_failures_total{pool=\"eth\"}", "swaps_total{pool=\"eth\"}"], "{fixture}");
    assert!(fixture.contains("only: [SwapsFail]") && fixture.contains("The label instance is dropped"), "{fixture}");
    let played = watchbell(&folder, &["test", "--accept", "captured.yaml"]);
    assert_eq!(played.status, Some(0), "{}{}", played.out, played.err);
    assert!(!read(&folder, "captured.snap").contains("PriceOld"), "another rule of the file is not played");

    assert!(!fixture.contains("subquery"), "no rule asks by one: {fixture}");
    folder.write("stepped.yaml", "groups: [{ name: g, interval: 30s, rules: [{ alert: Dear, expr: 'max_over_time(gas_price_gwei[10m:1m]) > 100' }] }]");
    let args = ["capture", "stepped.yaml", "--prometheus", &prometheus.url(), "-o", "stepped-captured.yaml"];
    let stepped = watchbell(&folder, &[&args[..], &SPAN[..]].concat());
    assert!(stepped.err.contains("Dear: the steps of a subquery are whole multiples"), "{}", stepped.err);

    let again = capture(&folder, &prometheus.url(), &[]);
    assert_eq!((again.status, again.err.contains("--force")), (Some(2), true), "{}", again.err);
    let fewer = capture(&folder, &prometheus.url(), &["--force", "--max-series", "2"]);
    assert_eq!(fewer.status, Some(0), "{}", fewer.err);
    assert!(fewer.err.contains("2 of 4 series are left out"), "{}", fewer.err);
    assert!(read(&folder, "captured.yaml").contains("# Note: 2 of 4 series are left out"));
    let unnamed = capture(&folder, &prometheus.url(), &["--force", "--drop-label", "pool"]);
    assert!(unnamed.err.contains("the rules name the label pool"), "{}", unnamed.err);
}

#[test]
fn a_series_that_ended_ends_in_the_scenario_and_not_five_minutes_later() {
    let Some(prometheus) = Prometheus::start() else { return };
    let now = jiff::Timestamp::now().as_millisecond() / 60_000 * 60_000;
    let at = |second: i64| now - 1_800_000 + second * 1_000;
    let mut samples: Vec<(i64, f64)> = (0..60).map(|n| (at(n * 10), 1.0)).collect();
    samples.push((at(600), watchbell::series::stale()));
    prometheus.write(&[Series::new("up", &[("job", "a")], &samples)]);
    let folder = Scratch::new("capture-stale");
    folder.write("rules.yaml", "groups: [{ name: g, interval: 10s, rules: [{ alert: Here, expr: up == 1 }] }]");
    let span = ["--from", "30m", "--to", "5m", "--prometheus", &prometheus.url(), "-o", "captured.yaml"];
    let shown = watchbell(&folder, &[&["capture", "rules.yaml"], &span[..]].concat());
    assert_eq!(shown.status, Some(0), "{}{}", shown.out, shown.err);
    let fixture = read(&folder, "captured.yaml");
    assert!(fixture.contains("stale"), "{fixture}");
}

#[test]
fn what_cannot_be_captured_is_said_with_what_to_do() {
    let folder = Scratch::new("capture-bad");
    folder.write("rules.yaml", RULES);
    let nobody = capture(&folder, "http://127.0.0.1:1", &["--timeout", "1s"]);
    assert_eq!(nobody.status, Some(3), "{}", nobody.err);
    assert!(nobody.err.contains("cannot reach http://127.0.0.1:1"), "{}", nobody.err);
    let unknown = capture(&folder, "http://127.0.0.1:1", &["--rule", "GasDaer"]);
    assert_eq!((unknown.status, unknown.err.contains("GasDear")), (Some(2), true), "{}", unknown.err);
    let source = capture(&folder, "http://127.0.0.1:1", &["--source", "other"]);
    assert_eq!((source.status, source.err.contains("they ask main")), (Some(2), true), "{}", source.err);
    let none = capture(&folder, "http://127.0.0.1:1", &["--max-series", "0"]);
    assert_eq!((none.status, none.err.contains("write a whole number from 1 on")), (Some(2), true), "{}", none.err);
    let nowhere = capture(&folder, "http://127.0.0.1:1", &["--force", "-o", "missing/captured.yaml"]);
    assert_eq!(nowhere.status, Some(2), "{}", nowhere.err);
    let backwards = ["--from", "2026-01-05T16:00:00Z", "--to", "2026-01-05T12:00:00Z"];
    let args = ["capture", "rules.yaml", "--prometheus", "http://127.0.0.1:1", "-o", "captured.yaml"];
    let backwards = watchbell(&folder, &[&args[..], &backwards].concat());
    assert_eq!((backwards.status, backwards.err.contains("is not before")), (Some(2), true), "{}", backwards.err);
    let endless = watchbell(&folder, &args);
    assert_eq!((endless.status, endless.err.contains("--from")), (Some(2), true), "{}", endless.err);
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let early = ["--from", "2026-01-04T12:00:00Z", "--to", "2026-01-04T16:00:00Z"];
    let args = ["capture", "rules.yaml", "--prometheus", &prometheus.url(), "-o", "captured.yaml"];
    let empty = watchbell(&folder, &[&args[..], &early].concat());
    assert_eq!((empty.status, empty.err.contains("there is no sample of")), (Some(2), true), "{}", empty.err);
    assert!(!folder.path().join("captured.yaml").exists(), "nothing is written where something is wrong");
}
