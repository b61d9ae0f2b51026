//! The dashboards as people get them: complete, current, and with the lines of the rules.

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// "Dashboard Configuration" of the mission document, word for word.
const MISSION: &str = "
### Executive Dashboard
- **System Health**: Overall status indicator
- **Key Metrics**: Price, volume, users, transactions
- **Alert Summary**: Current issues and status
- **Performance Overview**: Response times and availability
- **Security Status**: Circuit breaker and emergency states

### Technical Dashboard
- **Blockchain Metrics**: Block times, gas prices, network status
- **Application Performance**: Response times, error rates, throughput
- **Oracle Health**: Price feeds, deviations, confidence scores
- **Infrastructure**: Server resources, database performance
- **Security Events**: Access logs, failed attempts, anomalies

### Business Dashboard
- **Trading Volume**: Daily/weekly/monthly trends
- **User Activity**: Active users, new registrations, retention
- **Revenue Metrics**: Fees collected, transaction values
- **Market Data**: Price movements, volatility, comparisons
- **Growth Indicators**: Adoption rates, feature usage
";

#[test]
fn every_bullet_of_the_mission_is_a_row_and_every_thing_it_names_has_a_panel_there() {
    let mut named = 0;
    for section in MISSION.split("### ").skip(1) {
        let name = section.split(' ').next().unwrap_or_default().to_lowercase();
        let rows = rows(&kept(&name));
        let bullets: Vec<_> =
            section.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**: ")).collect();
        let titles: Vec<&str> = bullets.iter().map(|(title, _)| *title).collect();
        assert_eq!(rows.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(), titles, "{name}");
        for ((row, things), (_, panels)) in bullets.iter().zip(&rows) {
            for thing in things_named(things) {
                named += 1;
                let has_one = panels.iter().any(|panel| panel.to_lowercase().starts_with(&thing));
                assert!(has_one, "{name}, {row}: no panel begins with `{thing}`: {panels:?}");
            }
        }
    }
    assert_eq!(named, 38);
}

/// `Price, volume and users` as three; `Daily/weekly trends` as two.
fn things_named(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(" indicator").trim_end_matches(" trends").to_lowercase();
    text.split([',', '/']).flat_map(|part| part.split(" and ")).map(|thing| thing.trim().to_owned()).collect()
}

#[test]
fn the_dashboards_in_the_repository_are_those_of_the_program() {
    let (code, out, err) = told(&dashboards(&in_repository(""), &["--check"]));
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""), "stale: run `watchbell dashboards`");
}

#[test]
fn a_file_that_somebody_changed_is_said_to_be_stale() {
    let project = Project::new(|_, rules| rules);
    project.write_dashboards();
    let path = project.folder.path().join("dashboards/executive.json");
    let text = std::fs::read_to_string(&path).expect("it was written");
    std::fs::write(&path, text.replace("Executive", "Directors")).expect("it can be written");
    let (code, out, err) = told(&dashboards(project.folder.path(), &["--check"]));
    assert_eq!(code, Some(1));
    assert_eq!(out, "dashboards/executive.json is not what rules and settings make of it now\n");
    assert_eq!(err, "write them: watchbell dashboards --out dashboards\n");
}

#[test]
fn a_tuned_bound_moves_the_line_of_its_panel_and_no_other() {
    let project =
        Project::new(
            |name, rules| if name == "chain.yaml" { rules.replace("above: 100\n", "above: 120\n") } else { rules },
        );
    assert_eq!(project.write_dashboards(), "");
    let (before, after) = (kept("technical"), project.dashboard("technical"));
    assert_eq!(
        lines(panel(&before, "Gas prices")),
        [(None, "text"), (Some(10.0), "green"), (Some(30.0), "text"), (Some(100.0), "orange")]
    );
    assert_eq!(
        lines(panel(&after, "Gas prices")),
        [(None, "text"), (Some(10.0), "green"), (Some(30.0), "text"), (Some(120.0), "orange")]
    );
    let changed: Vec<_> = panels(&before)
        .iter()
        .zip(panels(&after))
        .filter(|(one, other)| *one != *other)
        .map(|(one, _)| one["title"].clone())
        .collect();
    assert_eq!(changed, ["Gas prices"]);
    for name in ["executive", "business"] {
        assert_eq!(project.dashboard(name), kept(name), "{name}");
    }
}

#[test]
fn a_bound_in_a_condition_moves_its_line_and_an_exception_has_a_panel_of_its_own() {
    let project = Project::new(|_, rules| {
        rules
            .replace("|v| v < 5)", "|v| v < 4)")
            .replace("above: 5000\n                clear: 4000", "above: 6000\n                clear: 4000")
    });
    assert_eq!(project.write_dashboards(), "");
    let (before, after) = (kept("technical"), project.dashboard("technical"));
    let least = |dashboard: &Value| lines(panel(dashboard, "Network status: transactions"))[1].0;
    assert_eq!((least(&before), least(&after)), (Some(5.0), Some(4.0)));
    let bound = |dashboard: &Value, title: &str| lines(panel(dashboard, title)).last().and_then(|(value, _)| *value);
    for (title, was, is) in [
        ("Response times", 1000.0, 1000.0),
        ("Response times: trade_execution", 5000.0, 6000.0),
        ("Response times: balance_query", 1000.0, 1000.0),
    ] {
        assert_eq!((bound(&before, title), bound(&after, title)), (Some(was), Some(is)), "{title}");
    }
    let asks = |title: &str| panel(&before, title)["targets"][0]["expr"].as_str().unwrap_or_default().to_owned();
    assert!(asks("Response times: trade_execution").contains(r#"endpoint="trade_execution""#));
    assert!(asks("Response times").contains(r#"endpoint!="trade_execution", endpoint!="balance_query""#));
}

#[test]
fn a_rule_that_is_not_there_is_said_and_its_panels_are_drawn_without_lines() {
    let project = Project::new(|_, rules| rules.replace("alert: GasPriceSpike", "alert: GasIsDear"));
    let said = project.write_dashboards();
    assert_eq!(said, "note: there is no rule `GasPriceSpike`: what it would draw has no lines\n");
    let technical = project.dashboard("technical");
    let panel = panel(&technical, "Gas prices");
    assert_eq!(lines(panel), [(None, "green")]);
    assert_eq!(panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"], "off");
    assert_eq!(panel["targets"][0]["expr"], r#"max by (chain) (gas_price_gwei{chain=~"$chain"})"#);
    assert_eq!(panel["fieldConfig"]["defaults"]["unit"], "suffix: gwei");
}

#[test]
fn severities_and_places_of_the_settings_are_in_the_dashboards() {
    let project = Project::new(|_, rules| rules);
    let path = project.folder.path().join("watchbell.yaml");
    let config = std::fs::read_to_string(&path).expect("it is there");
    let config = config.replace("name: high, aliases: [error]", "name: urgent, aliases: [error, high]");
    let config = config
        .replace("https://watchbell.example.org", "https://bell.example.net")
        .replace("\n      high:", "\n      urgent:")
        .replace("\n  high:", "\n  urgent:");
    std::fs::write(&path, config.replace("timezone: UTC", "timezone: Europe/Berlin")).expect("it can be written");
    assert_eq!(project.write_dashboards(), "");
    let executive = project.dashboard("executive");
    let issues = panel(&executive, "Current issues by severity");
    let legends: Vec<_> =
        issues["targets"].as_array().into_iter().flatten().map(|target| target["legendFormat"].clone()).collect();
    assert_eq!(legends, ["critical", "urgent", "medium", "low"]);
    assert_eq!(executive["timezone"], "Europe/Berlin");
    assert_eq!(executive["links"][1]["url"], "https://bell.example.net");
}

#[test]
fn panels_have_numbers_of_their_own_stand_on_no_other_and_lead_to_the_runbook_of_their_rule() {
    let mut uids = BTreeSet::new();
    let mut runbooks = BTreeSet::new();
    for name in ["executive", "technical", "business"] {
        let dashboard = kept(name);
        uids.insert(dashboard["uid"].to_string());
        let ids: BTreeSet<_> = panels(&dashboard).iter().map(|panel| panel["id"].as_u64()).collect();
        assert_eq!(ids.len(), panels(&dashboard).len(), "{name}");
        let mut taken: BTreeMap<(u64, u64), String> = BTreeMap::new();
        for panel in panels(&dashboard) {
            let of = |key: &str| panel["gridPos"][key].as_u64().expect("a number");
            for cell in (of("y")..of("y") + of("h")).flat_map(|y| (of("x")..of("x") + of("w")).map(move |x| (x, y))) {
                assert!(cell.0 < 24, "{name}: {} is too wide", panel["title"]);
                let before = taken.insert(cell, panel["title"].to_string());
                assert_eq!(before, None, "{name}: {} stands on another", panel["title"]);
            }
            runbooks.extend(
                panel["links"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|link| Some(link["url"].as_str()?.rsplit('/').next()?.to_owned())),
            );
        }
    }
    assert_eq!(uids.len(), 3);
    // Every rule of the pack that is about a number over time is drawn somewhere.
    for rule in [
        "ApiResponseTime",
        "CapacityPlanning",
        "CircuitBreaker",
        "EmergencyPause",
        "GasPriceSpike",
        "HighErrorRate",
        "HighGasUsage",
        "NetworkCongestion",
        "OracleDeviation",
        "OracleFailure",
        "OracleStaleness",
        "PerformanceDegradation",
        "SecurityBreach",
        "SystemDown",
        "UserExperience",
        "UserFeedback",
    ] {
        assert!(runbooks.contains(rule), "no panel leads to the runbook of {rule}");
    }
}

#[test]
fn what_browsers_count_is_chosen_by_no_chain() {
    let page = read(&in_repository("docs/beacons.md"));
    let labels = |line: &str| {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        (
            cells.get(1).map(|name| name.trim_matches('`').to_owned()),
            cells.get(3).is_some_and(|all| all.contains("`service`")),
        )
    };
    // Traders are counted under the same name, by contracts.
    let of_browsers =
        page.lines().map(labels).filter(|(name, is_one)| *is_one && name.as_deref() != Some("active_users"));
    let names: Vec<String> = of_browsers.filter_map(|(name, _)| name).collect();
    assert!(names.iter().any(|name| name == "user_registrations_total"), "{names:?}");
    for dashboard in ["executive", "technical", "business"].map(kept) {
        for panel in panels(&dashboard) {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expr = target["expr"].as_str().unwrap_or_default();
                for (_, matchers) in names.iter().filter_map(|name| expr.split_once(&format!("{name}{{"))) {
                    let matchers = matchers.split('}').next().unwrap_or_default();
                    assert!(!matchers.contains("chain"), "{}: {expr}", panel["title"]);
                }
            }
        }
    }
}

/// A copy of configuration and rules, with some of them changed.
struct Project {
    folder: Scratch,
}

impl Project {
    fn new(change: impl Fn(&str, String) -> String) -> Self {
        let folder = Scratch::new("dashboards");
        folder.write("watchbell.yaml", &read(&in_repository("watchbell.yaml")));
        for entry in std::fs::read_dir(in_repository("rules")).expect("the rules are there") {
            let path = entry.expect("a folder can be listed").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            folder.write(&format!("rules/{name}"), &change(&name, read(&path)));
        }
        Project { folder }
    }

    /// Writes them, and gives what was said aside.
    fn write_dashboards(&self) -> String {
        let (code, _, err) = told(&dashboards(self.folder.path(), &[]));
        assert_eq!(code, Some(0), "{err}");
        err
    }

    fn dashboard(&self, name: &str) -> Value {
        serde_json::from_str(&read(&self.folder.path().join(format!("dashboards/{name}.json")))).expect("it is JSON")
    }
}

fn dashboards(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.current_dir(folder).arg("dashboards").args(arguments).output().expect("the program runs")
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn kept(name: &str) -> Value {
    serde_json::from_str(&read(&in_repository(&format!("dashboards/{name}.json")))).expect("it is JSON")
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().expect("a list")
}

fn panel<'a>(dashboard: &'a Value, title: &str) -> &'a Value {
    panels(dashboard).iter().find(|panel| panel["title"] == title).unwrap_or_else(|| panic!("no panel `{title}`"))
}

/// Each heading, and the titles of the panels below it.
fn rows(dashboard: &Value) -> Vec<(String, Vec<String>)> {
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for panel in panels(dashboard) {
        let title = panel["title"].as_str().unwrap_or_default().to_owned();
        match rows.last_mut() {
            Some((_, below)) if panel["type"] != "row" => below.push(title),
            _ => rows.push((title, Vec::new())),
        }
    }
    rows
}

/// From which value on a panel has which colour.
fn lines(panel: &Value) -> Vec<(Option<f64>, &str)> {
    let steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array().expect("a list");
    steps.iter().map(|step| (step["value"].as_f64(), step["color"].as_str().unwrap_or_default())).collect()
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}
