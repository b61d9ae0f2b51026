//! The shipped rules, asked of a real Prometheus that has a past: every query is answered, and a calm past is calm.

use crate::support::{Prometheus, in_repository, installed};
use jiff::Timestamp;
use serde_json::Value;
use serde_yaml::Value as Yaml;
use std::process::Command;

#[path = "../support/rule_files.rs"]
mod rule_files;

/// Runbook queries whose answer is a list of what is broken, which a calm past has none of.
const EMPTY_WHEN_CALM: [&str; 1] = ["endpoint_up == 0"];

#[test]
fn every_query_of_the_rules_and_of_their_runbooks_is_answered() {
    let Some((prometheus, now)) = prometheus_with_a_calm_past() else { return };
    let rules = rule_files::shipped_rules();
    let asked = rules.iter().flat_map(rule_files::queries).chain(runbook_queries());
    let silent: Vec<_> = asked
        .filter(|query| answers(&prometheus, query, now).is_empty() && !EMPTY_WHEN_CALM.contains(&query.as_str()))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn in_a_calm_past_no_bound_is_met() {
    let Some((prometheus, now)) = prometheus_with_a_calm_past() else { return };
    // Conditions in Rhai are told by the scenarios; these are the tiers with a bare bound.
    let rules = rule_files::shipped_rules();
    let bounded = rules.iter().filter(|rule| rule.get("expr").is_some());
    // By day and by night, as the traffic of the made-up past is not the same all day.
    let met: Vec<String> = bounded
        .flat_map(|rule| (0..24).step_by(3).map(move |hours| (rule, now - hours * 3_600_000)))
        .flat_map(|(rule, at)| {
            let values = answers(&prometheus, &rule_files::text(rule, "expr"), at);
            let tiers = rule_files::tiers(rule);
            let broken = values.into_iter().filter(|value| tiers.iter().any(|tier| is_beyond(tier, *value)));
            broken.map(|value| format!("{} at {value}", rule_files::text(rule, "alert"))).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(met, Vec::<String>::new());
}

fn is_beyond(tier: &Yaml, value: f64) -> bool {
    let bound = |key: &str| tier.get(key).and_then(seconds);
    bound("above").is_some_and(|bound| value > bound) || bound("below").is_some_and(|bound| value < bound)
}

/// A bound: a number, or a duration of one unit in a rule whose unit is the second.
fn seconds(bound: &Yaml) -> Option<f64> {
    if let Some(text) = bound.as_str() {
        let (number, unit) = text.split_at(text.len() - 1);
        let factor = match unit {
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => panic!("a bound of the pack is {text}"),
        };
        return Some(number.parse::<f64>().expect("a number before the unit") * factor);
    }
    bound.as_f64()
}

/// A Prometheus with a day and a half of generated calm, and the last instant of it, in milliseconds.
///
/// Always the same day and a half: what a query gets depends on the hour.
fn prometheus_with_a_calm_past() -> Option<(Prometheus, i64)> {
    let end = "2026-11-01T15:00:00Z".parse::<Timestamp>().expect("an instant").as_second();
    let written = Command::new(installed("python3")?)
        .arg(in_repository("scripts/history.py"))
        .args(["write", "--days", "1.5", "--step", "120", "--end", &end.to_string()])
        .output()
        .expect("python3 starts");
    let past = String::from_utf8(written.stdout).expect("it prints text");
    Some((Prometheus::on_history(&past)?, (end - 120) * 1000))
}

fn answers(prometheus: &Prometheus, query: &str, now: i64) -> Vec<f64> {
    let result = prometheus.query(query, now);
    let series = result.as_array().unwrap_or_else(|| panic!("Prometheus refused {query}"));
    series.iter().map(value_of).collect()
}

fn value_of(series: &Value) -> f64 {
    series["value"][1].as_str().expect("a sample").parse().expect("a number")
}

/// The queries to paste: in blocks marked `promql`, with empty lines between them.
fn runbook_queries() -> Vec<String> {
    let folder = std::fs::read_dir(in_repository("docs/runbooks")).expect("the runbooks are there");
    let pages = folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).expect("a page can be read"));
    pages.flat_map(|page| blocks_of(&page)).collect()
}

fn blocks_of(page: &str) -> Vec<String> {
    let blocks = page.split("```promql\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(|block| block.trim().split("\n\n")).map(str::to_owned).collect()
}
