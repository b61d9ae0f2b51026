//! Who is on call, held against a second opinion: `scripts/oncall-vectors` works it out in Python, by other means.
//!
//! Each schedule is read as it would stand in `watchbell.yaml`. `WATCHBELL_ONCALL=FILE` holds another file of the script against
//! our arithmetic as well.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;
use watchbell::config::{Files, Settings, load_from};
use watchbell::diagnostics::{Findings, Sources, render};
use watchbell::oncall::{Schedule, on_call, shifts};

/// What the script wrote.
#[derive(Deserialize)]
struct Table {
    zone_data: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    case: String,
    /// As it stands in the configuration.
    schedule: Box<RawValue>,
    /// The first instant, the first one after it, and who is on call.
    #[serde(default)]
    shifts: Vec<(i64, i64, Option<String>)>,
    /// An instant, and who is on call.
    #[serde(default)]
    at: Vec<(i64, Option<String>)>,
}

fn table(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

fn fixture(name: &str) -> Table {
    table(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/oncall").join(name))
}

/// The schedules of all cases, read from one configuration.
fn settings(cases: &[Case]) -> Settings {
    let people = "abcdefghijklmnopqrstuvwxyz".chars().map(String::from);
    let people = people.chain(["asia", "europe", "america"].map(String::from));
    let mut text = String::from("channels: { c: { webhook: { url: 'https://c.example' } } }\nresponders:\n");
    people.for_each(|name| text.push_str(&format!("  '{name}': {{ reach: [{{ via: c }}] }}\n")));
    text.push_str("schedules:\n");
    for (number, case) in cases.iter().enumerate() {
        text.push_str(&format!("  s{number}: {}\n", case.schedule));
    }
    let path = Path::new("watchbell.yaml");
    let files = Files::Given(BTreeMap::from([(path.to_owned(), text.into())]));
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = load_from(&files, path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings);
    assert!(!findings.has_errors(), "{}", render::human(&findings, &sources, false));
    loaded.expect("it has the right shape").settings
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("in range")
}

fn name(responder: Option<&impl std::ops::Deref<Target = str>>) -> &str {
    responder.map_or("nobody", |name| name)
}

/// Everything in which we and the script differ.
fn differences(table: &Table) -> Vec<String> {
    let settings = settings(&table.cases);
    let schedules = table.cases.iter().enumerate();
    schedules.flat_map(|(number, case)| of_case(case, &settings.schedules[format!("s{number}").as_str()])).collect()
}

fn of_case(case: &Case, schedule: &Schedule) -> Vec<String> {
    let mut found = Vec::new();
    let mut differs = |what: String| found.push(format!("{}: {what}\n    {}", case.case, case.schedule));
    for (at, expected) in &case.at {
        let ours = on_call(schedule, instant(*at));
        if ours.map(|name| &**name) != expected.as_deref() {
            differs(format!("at {} {}, and not {}", instant(*at), name(expected.as_ref()), name(ours)));
        }
    }
    if let (Some(first), Some(last)) = (case.shifts.first(), case.shifts.last()) {
        let ours = shifts(schedule, instant(first.0), instant(last.1));
        let ours: Vec<_> = ours
            .map(|shift| (shift.from.as_second(), shift.to.as_second(), shift.responder.map(ToString::to_string)))
            .collect();
        if ours != case.shifts {
            differs(format!("\n    {:?}\nand not\n    {ours:?}", case.shifts));
        }
    }
    found
}

fn is_the_same_for_both(table: &Table, at_least: usize) {
    assert!(table.cases.len() >= at_least, "only {} cases", table.cases.len());
    let found = differences(table);
    let shown: Vec<&str> = found.iter().take(10).map(String::as_str).collect();
    let (count, data) = (found.len(), &table.zone_data);
    assert!(found.is_empty(), "{count} differences (zone data {data} there):\n{}", shown.join("\n"));
}

#[test]
fn every_hard_case_is_as_python_works_it_out() {
    is_the_same_for_both(&fixture("hard.json"), 500);
}

#[test]
fn thousands_of_schedules_made_up_by_chance_are_as_python_works_them_out() {
    is_the_same_for_both(&fixture("random.json"), 2000);
}

#[test]
fn another_table_is_as_python_works_it_out() {
    let Some(path) = std::env::var_os("WATCHBELL_ONCALL") else {
        println!("skipped: WATCHBELL_ONCALL names no table");
        return;
    };
    is_the_same_for_both(&table(Path::new(&path)), 1);
}
