//! Grafana dashboards, made of the rules and the settings: for executives, for engineers, for the business.
//!
//! The mission document lists what each shows; every bullet of it is a row, and every thing it names has a panel. Lines, units, colours and
//! runbooks come from the rules ([`pack`]), so that a bound that is tuned in a rule file moves the line, and the curve is the value that is
//! compared. Start at [`make`]. Absent on purpose: Grafana itself, and asking a server; [`asked`] says what Grafana would ask.

pub mod asked;
mod business;
mod executive;
pub mod grafana;
mod lines;
mod pack;
mod row;
mod technical;
mod unit;

use crate::config::Settings;
use crate::rules::RuleSet;
use grafana::{Annotation, Dashboard, Link, Panel, Variable};
use pack::{Drawn, Pack, Wanted};
use row::Row;

/// The tag by which the dashboards find each other.
const TAG: &str = "watchbell";
/// The variables that choose among series.
const CHAIN: &[&str] = &["chain"];
const SERVICE: &[&str] = &["service"];

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The dashboards, each with the name of its file.
    pub dashboards: Vec<(&'static str, Dashboard)>,
    /// What panels wanted and rules lack.
    pub notes: Vec<String>,
}

/// Makes the dashboards of these rules and settings.
#[must_use]
pub fn make(rules: &RuleSet, settings: &Settings) -> Made {
    let mut pack = Pack::new(rules, settings);
    let mut dashboards = vec![
        ("executive.json", executive::dashboard(&mut pack)),
        ("technical.json", technical::dashboard(&mut pack)),
        ("business.json", business::dashboard(&mut pack)),
    ];
    for (_, dashboard) in &mut dashboards {
        surround(dashboard, settings);
    }
    Made { dashboards, notes: pack.into_notes() }
}

/// What the file of a dashboard says.
#[must_use]
pub fn text(dashboard: &Dashboard) -> String {
    let json = serde_json::to_string_pretty(dashboard).expect("text, numbers and lists are JSON");
    format!("{json}\n")
}

/// What every dashboard has: what one can choose, what is marked, where else one can go.
fn surround(dashboard: &mut Dashboard, settings: &Settings) {
    dashboard.tags = vec![TAG.into()];
    dashboard.timezone = match settings.timezone.name().as_str() {
        "UTC" => "utc".into(),
        zone => zone.into(),
    };
    dashboard.templating.list = vec![
        Variable::datasource(),
        Variable::values("chain", "block_time_seconds", "Chain"),
        Variable::values("service", "endpoint_up", "Service"),
    ];
    dashboard.annotations.list = vec![
        // One stretch for each rule and severity, as long as an alert of it fires.
        Annotation::new(
            "Alerts",
            r#"sum by (rule, severity) (watchbell_rule_alerts{state="firing"})"#,
            "orange",
            ("{{rule}}", "{{severity}}"),
            "severity",
        ),
        Annotation::new("Incidents", "max(watchbell_incidents_open)", "red", ("Incidents are open", "one or more"), ""),
    ];
    dashboard.links = vec![Link::to_dashboards("Dashboards", TAG), Link::to("Watchbell", &settings.external_url)];
}

/// What a panel wants of the value of a rule.
fn of<'a>(alert: &'a str, by: &'a [&'a str], instead: &'a str, unit: &'a str) -> Wanted<'a> {
    Wanted { alert, query: None, by, instead, unit }
}

/// What a panel wants of one query of a rule.
fn of_query<'a>((alert, query): (&'a str, &'a str), by: &'a [&'a str], instead: &'a str, unit: &'a str) -> Wanted<'a> {
    Wanted { alert, query: Some(query), by, instead, unit }
}

/// Panels for a rule and each of its exceptions.
fn each(drawn: &[Drawn], panel: impl Fn() -> Panel, legend: &str) -> Vec<Panel> {
    drawn.iter().map(|drawn| panel().draws(drawn, legend).titled(drawn)).collect()
}

/// The colours of 0 and 1 where 1 is up.
fn up_or_down() -> Vec<grafana::Step> {
    let step = |color: &str, value| grafana::Step { color: color.into(), value };
    vec![step("red", None), step("green", Some(1.0))]
}
