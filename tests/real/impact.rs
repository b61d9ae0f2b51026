//! `watchbell diff --backtest` and `watchbell ci`: a repository with real edits, a real Prometheus with a past, and what really
//! happened.

use super::backtest::past;
use crate::support::{Prometheus, Scratch, journal};
use serde_json::Value;
use std::process::Command;

const CONFIGURATION: &str = "
prometheus: { main: { url: PROMETHEUS } }
rules: ['rules/*.yaml']
budgets: { pages_per_rule_per_week: 40 }
channels: { hook: { webhook: { url: 'http://127.0.0.1:1/' } } }
policies:
  default:
    group_by: [alertname]
    matrix: { critical: &one { levels: [{ notify: [hook] }] }, high: *one, medium: *one, low: *one }
routes: [{ policy: default }]
";

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
      - alert: Calm
        expr: transactions_per_second
        tiers: { high: { below: 5 } }
      - alert: Kept
        expr: gas_price_gwei
        tiers: { low: { above: 140 } }
";

/// Gas is dear at 13:00, and somebody takes it for real.
const REAL: &str = "
scenario: gas is dear
config: ../../watchbell.yaml
rules: [../../rules/gas.yaml]
start: 2026-01-05T12:59:00Z
answers:
  - { query: GasDear.value, labels: { job: chain }, every: 30s, values: '20x2 150x40 20x10' }
events: [{ at: 6m, ack: GasDear, by: ann }]
";

fn git(folder: &Scratch, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder.path())
        .args(["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"])
        .args(arguments);
    let done = git.output().expect("git is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A repository with the rules above on `main`, the journal of a service in which they fired, and other rules on top.
fn repository(prometheus: &Prometheus) -> Scratch {
    let folder = Scratch::new("impact");
    folder.write("watchbell.yaml", &CONFIGURATION.replace("PROMETHEUS", &prometheus.url()));
    folder.write("rules/gas.yaml", RULES);
    folder.write(".gitignore", "cache\nwatchbell.db*\n");
    let scenario = folder.write("tests/scenarios/gas.yaml", REAL);
    journal::record(&scenario, folder.path());
    git(&folder, &["init", "--quiet", "--initial-branch=main"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "first"]);
    folder
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn watchbell(folder: &Scratch, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache")).args(arguments);
    let done = command.output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

const HISTORY: [&str; 6] = ["--backtest", "230m", "--to", "2026-01-05T16:00:00Z", "--journal", "watchbell.db"];

fn diff(folder: &Scratch, more: &[&str]) -> Said {
    watchbell(folder, &[&["diff", "main"], &HISTORY[..], more].concat())
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}\n{}{}", said.out, said.err))
}

/// What comes out otherwise each time it runs: how long it took, and where the server is.
fn stable(text: &str, prometheus: &Prometheus) -> String {
    let seconds = regex::Regex::new(r"[0-9.]+ s of (waiting|deciding)").expect("a good one");
    seconds.replace_all(text, "N s of $1").replace(&prometheus.url(), "PROMETHEUS")
}

/// The bound moves beyond what happened; a rule fires all the time; a recording rule is new, and one alert reads it.
fn edit(folder: &Scratch) {
    let rules = RULES
        .replace("above: 100, clear: 80, for: 2m", "above: 160, for: 2m")
        .replace("below: 5", "below: 12")
        .replace("    rules:\n", "    rules:\n      - { record: gas:max, expr: max by (job) (gas_price_gwei) }\n");
    let fresh = "      - { alert: GasNew, expr: 'gas:max{job=\"chain\"}', tiers: { medium: { above: 100 } } }\n";
    folder.write("rules/gas.yaml", &(rules + fresh));
}

#[test]
fn the_comment_says_what_the_change_would_have_meant_and_which_real_incident_it_loses() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = repository(&prometheus);
    edit(&folder);
    let comment = diff(&folder, &["--format", "markdown"]);
    assert_eq!((comment.code, comment.err.as_str()), (Some(1), ""), "a budget is broken");
    insta::assert_snapshot!(stable(&comment.out, &prometheus));
}

#[test]
fn the_same_rules_come_out_the_same_and_one_fetch_serves_both() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = repository(&prometheus);
    let same = json(&diff(&folder, &["--format", "json"]));
    let history = &same["backtest"];
    assert_eq!((&history["rules"], history["same"].as_u64()), (&serde_json::json!([]), Some(3)), "{history:#}");
    let asked = history["queries"].as_u64().expect("a number");
    let shorter = RULES.replace("for: 2m", "for: 0s");
    folder.write("rules/gas.yaml", &shorter);
    let other = json(&diff(&folder, &["--format", "json", "--no-cache"]));
    assert_eq!(other["backtest"]["queries"].as_u64(), Some(asked), "other numbers ask nothing else");
    let turns = &other["backtest"]["rules"][0]["turns"];
    assert_eq!((turns[0]["what"].as_str(), turns[1]["what"].as_str()), (Some("earlier"), Some("new")), "{turns:#}");
    assert_eq!(other["backtest"]["rules"][0]["sweeps"][0]["was"], "2m");
}

#[test]
fn a_rule_that_is_noisier_at_one_severity_and_quieter_at_another_is_said_to_be_both() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = repository(&prometheus);
    let tiers = |critical, high| format!("tiers: {{ critical: {{ above: {critical} }}, high: {{ above: {high} }} }}");
    let rules = |tiers: &str| RULES.replace("tiers: { low: { above: 140 } }", tiers);
    folder.write("rules/gas.yaml", &rules(&tiers(1000, 100)));
    git(&folder, &["commit", "--quiet", "--all", "-m", "two tiers"]);
    for (critical, high, verdict) in [
        (100, 1000, "noisier at critical, quieter at high"),
        (100, 10, "noisier at critical, longer in fewer pieces at high"),
        (1000, 10, "longer in fewer pieces"),
        (1000, 160, "never fires (most 94 % of the bound)"),
    ] {
        folder.write("rules/gas.yaml", &rules(&tiers(critical, high)));
        let said = json(&diff(&folder, &["--format", "json"]));
        assert_eq!(said["backtest"]["rules"][0]["verdict"], verdict, "{said:#}");
    }
}

#[test]
fn whom_to_ask_is_never_said_by_the_change() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = repository(&prometheus);
    let elsewhere =
        CONFIGURATION.replace("PROMETHEUS", "'http://127.0.0.1:1'").replace("week: 40 }", "week: 1000000 }");
    folder.write("watchbell.yaml", &elsewhere);
    edit(&folder);
    let said = diff(&folder, &["--format", "json"]);
    assert_eq!(said.code, Some(1), "the old budget holds: {}", said.err);
    assert_eq!(json(&said)["backtest"]["sources"]["main"], prometheus.url());
    folder.write(
        "watchbell.yaml",
        &CONFIGURATION.replace("main: { url: PROMETHEUS }", "other: { url: 'http://127.0.0.1:1' }"),
    );
    let unknown = json(&diff(&folder, &["--format", "json"]));
    let notes = unknown["backtest"]["notes"].to_string();
    assert!(notes.contains("group gas was not played: the old side does not know its source other"), "{notes}");
}

#[test]
fn ci_says_all_of_it_once_and_what_cannot_be_had_does_not_take_the_rest_with_it() {
    let Some(prometheus) = Prometheus::on_history(&past()) else { return };
    let folder = repository(&prometheus);
    let accepted = watchbell(&folder, &["test", "--accept"]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.out);
    let good = watchbell(&folder, &[&["ci", "main"], &HISTORY[..]].concat());
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.err);
    edit(&folder);
    let comment = folder.path().join("comment.md").display().to_string();
    let bad = watchbell(&folder, &[&["ci", "main", "--format", "json", "--comment", &comment], &HISTORY[..]].concat());
    let said = json(&bad);
    assert_eq!((bad.code, said["tests"]["failed"].as_u64()), (Some(1), Some(1)), "{said:#}");
    assert_eq!(said["diff"]["backtest"]["breaks_a_budget"], true);
    let comment = std::fs::read_to_string(comment).expect("it was written");
    for words in
        ["<!-- watchbell:report -->", "✅ `checks: ", "❌ `tests: 1 scenario: 0 passed, 1 failed", "INC-1 lost"]
    {
        assert!(comment.contains(words), "{words} is not in\n{comment}");
    }
    let away = ["ci", "main", "--backtest", "1h", "--prometheus", "http://127.0.0.1:1", "--timeout", "1s"];
    folder.write("rules/gas.yaml", RULES);
    let away = watchbell(&folder, &away);
    assert_eq!(away.code, Some(3), "{}", away.out);
    assert!(
        away.out.contains("ok   tests: 1 scenario: 1 passed") && away.out.contains("FAIL history: "),
        "{}",
        away.out
    );
    folder.write("rules/gas.yaml", &RULES.replace("for: 2m", "fro: 2m"));
    let broken = watchbell(&folder, &["ci", "main", "--format", "markdown"]);
    assert_eq!(broken.code, Some(1), "{}", broken.err);
    assert!(broken.out.contains("this does not pass") && broken.out.contains("did you mean `for`?"), "{}", broken.out);
}
