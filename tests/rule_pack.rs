//! What the shipped rule pack promises about its own papers: every name of the mission document can be found in it, every
//! alert has its runbook and its scenario, and nothing is read that `docs/metrics.md` does not name.
//!
//! Most of these stories read the files as text. That the rules page as they should is told by the scenarios.

#[path = "support/rule_files.rs"]
mod rule_files;

use rule_files::{queries, rule_files, shipped_rules, text, tiers};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use watchbell::config;
use watchbell::diagnostics::{Findings, Sources};

/// The alerts of the mission document, in its order.
const MISSION_ALERTS: [&str; 20] = [
    "System Down",
    "Security Breach",
    "Circuit Breaker",
    "Oracle Failure",
    "Emergency Pause",
    "Performance Degradation",
    "High Error Rate",
    "Gas Price Spike",
    "Oracle Deviation",
    "Network Congestion",
    "Moderate Performance",
    "Elevated Error Rate",
    "Oracle Staleness",
    "High Gas Usage",
    "User Experience",
    "Minor Performance",
    "Low Error Rate",
    "Maintenance Reminders",
    "Capacity Planning",
    "User Feedback",
];

/// Its metrics.
const MISSION_METRICS: [&str; 12] = [
    "block_time_seconds",
    "gas_price_gwei",
    "transactions_per_second",
    "api_response_time_ms",
    "error_rate_percentage",
    "page_load_time_ms",
    "oracle_update_latency_seconds",
    "price_deviation_percentage",
    "oracle_availability_percentage",
    "circuit_breaker_triggers",
    "emergency_pause_events",
    "unauthorized_access_attempts",
];

#[test]
fn each_of_the_twenty_alerts_is_the_name_of_a_rule_or_the_title_of_a_tier() {
    let rules = shipped_rules();
    let mut names: BTreeSet<String> = rules.iter().map(|rule| text(rule, "alert")).collect();
    names.extend(rules.iter().flat_map(tiers).filter_map(|tier| Some(joined(tier.get("title")?.as_str()?))));

    let mission: BTreeSet<String> = MISSION_ALERTS.iter().map(|name| joined(name)).collect();
    assert_eq!(mission.difference(&names).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn each_of_the_twelve_metrics_is_read_by_a_rule() {
    let queries: String = shipped_rules().iter().flat_map(queries).collect();
    for metric in MISSION_METRICS {
        assert!(queries.contains(metric), "no rule reads {metric}");
    }
}

#[test]
fn the_mission_page_maps_every_alert_every_metric_and_every_rule() {
    let page = read("docs/mission.md");
    let rules = shipped_rules().iter().map(|rule| format!("`{}`", text(rule, "alert"))).collect::<Vec<_>>();
    // As the mission document writes them: `scripts/mission` holds the page against it, line by line.
    let names = MISSION_ALERTS.iter().map(|name| format!("| **{name}**: "));
    let metrics = MISSION_METRICS.iter().map(|name| format!("`{name}:`"));
    for wanted in names.chain(metrics).chain(rules) {
        assert!(page.contains(&wanted), "docs/mission.md does not say {wanted}");
    }
}

#[test]
fn every_runbook_that_a_rule_points_to_is_there_and_every_runbook_is_pointed_to() {
    let pointed_to: BTreeSet<String> = rule_files()
        .iter()
        .flat_map(|file| file.split("/runbooks/").skip(1).map(first_word).collect::<Vec<_>>())
        .collect();
    assert_eq!(pointed_to, stems("docs/runbooks", "md"));
}

#[test]
fn every_alert_of_the_mission_has_a_scenario_of_its_name() {
    let scenarios = stems("tests/scenarios", "yaml");
    for name in MISSION_ALERTS {
        assert!(scenarios.contains(&joined(name)), "tests/scenarios has no {}.yaml", joined(name));
    }
}

#[test]
fn the_pack_passes_the_strictest_check() {
    let checked = watchbell(&["check", "--deny", "warnings"]);
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.ends_with("no problems\n"), "{said}");
}

#[test]
fn every_scenario_ends_as_its_snapshot_tells() {
    let played = watchbell(&["test", "tests/scenarios"]);
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stdout));
}

#[test]
fn every_series_that_is_read_is_described() {
    let page = read("docs/metrics.md");
    let parts = shipped_rules().iter().flat_map(queries).flat_map(|query| words(&query)).collect::<BTreeSet<_>>();
    // Metrics are the words with an underscore that are not functions of PromQL.
    let functions = ["avg_over_time", "quantile_over_time", "predict_linear", "label_replace", "clamp_min"];
    let labels = ["seen_by", "status_code", "trade_execution", "price_feed", "balance_query"];
    for word in parts.iter().filter(|word| word.contains('_')) {
        if functions.contains(&word.as_str()) || labels.contains(&word.as_str()) {
            continue;
        }
        assert!(page.contains(&format!("`{word}`")), "docs/metrics.md does not describe {word}");
    }
}

#[test]
fn nothing_is_to_be_said_against_the_example_configuration() {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let now = "2026-01-15T00:00:00Z".parse().unwrap();
    let loaded =
        config::load(&path("watchbell.yaml"), now, &mut sources, &mut findings).expect("it has the right shape");

    assert_eq!(findings.iter().map(|finding| &finding.message).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(loaded.rule_files.len(), rule_files().len());
}

fn watchbell(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the program was built beside the test")
}

fn words(query: &str) -> Vec<String> {
    query.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
}

fn first_word(rest: &str) -> String {
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn joined(name: &str) -> String {
    name.split(' ').collect()
}

fn stems(folder: &str, extension: &str) -> BTreeSet<String> {
    let files = fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().path());
    let wanted = files.filter(|file| file.extension().is_some_and(|found| found == extension));
    wanted.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap()
}

fn path(within: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(within)
}
