//! Events as they have been stored, for ever: `fixtures/events/` keeps a sample of every kind and version, generated once and
//! never rewritten. A journal of any age is read back with these meanings.
//!
//! `WATCHBELL_WRITE_SAMPLES=1 cargo test --test events` adds samples of kinds that have none yet, out of the journals of
//! `tests/scenarios`. Where the engine's types were changed and an old event still means the same in their new words,
//! `WATCHBELL_WRITE_SAMPLES=meanings` writes the words anew; the rows stay.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use watchbell::diagnostics::{Findings, Sources};
use watchbell::engine::alert::{AlertKind, Why};
use watchbell::engine::{Event, EventKind, IncidentEvent};
use watchbell::model::Severities;
use watchbell::replay;
use watchbell::store::event::{Row, decode, encode};

/// About so many samples of one kind are kept, each of another shape.
const MOST: usize = 8;

/// A stored event, and what it means in the engine's words.
struct Sample {
    row: Row,
    means: String,
}

#[test]
fn each_sample_still_decodes_to_what_it_meant() {
    for (path, samples) in samples() {
        for sample in &samples {
            let event = decode(&sample.row, &Severities::default())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(meaning(&event), sample.means, "{}", path.display());
            let again = encode(&event);
            // Written by a newer version, it is another row with the same meaning.
            if again.version == sample.row.version {
                assert_eq!(again, sample.row, "{}", path.display());
            }
        }
    }
}

#[test]
fn no_kind_of_event_lacks_a_sample() {
    if std::env::var_os("WATCHBELL_WRITE_SAMPLES").is_some() {
        write_samples();
    }
    let sampled: BTreeSet<String> = samples().values().flatten().map(|sample| word(&sample.row)).collect();
    let missing: Vec<String> = variants().into_iter().filter(|variant| !sampled.contains(variant)).collect();
    assert!(missing.is_empty(), "no sample in fixtures/events of {missing:?}: play a scenario that has them");
}

#[test]
fn the_present_version_of_each_kind_has_a_sample() {
    let kept: BTreeSet<String> = samples().values().flatten().map(|sample| file_name(&sample.row)).collect();
    for (path, sample) in
        samples().into_iter().flat_map(|(path, all)| all.into_iter().map(move |one| (path.clone(), one)))
    {
        let event = decode(&sample.row, &Severities::default()).expect("the other test reads it");
        let now = file_name(&encode(&event));
        assert!(kept.contains(&now), "{} is written as {now} today, which has no sample", path.display());
    }
}

#[test]
fn a_kind_and_a_version_from_the_future_are_refused_by_name() {
    for (_, samples) in samples() {
        let row = &samples[0].row;
        let version = Row { version: 99, ..row.clone() };
        let kind = Row { kind: format!("{}.of.tomorrow", row.kind), ..row.clone() };
        for row in [version, kind] {
            let refused = decode(&row, &Severities::default()).expect_err("nobody knows it yet").to_string();
            let names = format!("`{}` of version {}", row.kind, row.version);
            assert!(refused.contains(&names) && refused.contains("run a newer one"), "{refused}");
        }
    }
}

/// The samples, by file.
fn samples() -> BTreeMap<PathBuf, Vec<Sample>> {
    let paths =
        std::fs::read_dir(folder()).expect("the folder is there").map(|entry| entry.expect("it can be listed").path());
    let found: BTreeMap<_, _> = paths.map(|path| (path.clone(), read(&path))).collect();
    assert!(!found.is_empty(), "there is no sample at all");
    found
}

fn read(path: &Path) -> Vec<Sample> {
    let text = std::fs::read_to_string(path).expect("it can be read");
    let all: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let number = |value: &Value| value.as_i64();
    let sample = |one: &Value| Sample {
        row: Row {
            moment: number(&one["moment"]).expect("a moment"),
            slot: number(&one["slot"]),
            kind: one["kind"].as_str().expect("a kind").to_owned(),
            version: u32::try_from(number(&one["version"]).expect("a version")).expect("a small one"),
            subject: one["subject"].as_str().expect("a subject").to_owned(),
            generation: u32::try_from(number(&one["generation"]).expect("a generation")).expect("a small one"),
            body: one["body"].to_string(),
        },
        means: one["means"].as_str().expect("a meaning").to_owned(),
    };
    all.iter().map(sample).collect()
}

fn write(path: &Path, samples: &[Sample]) {
    let all: Vec<Value> = samples
        .iter()
        .map(|Sample { row, means }| {
            let Row { moment, slot, kind, version, subject, generation, body } = row;
            json!({ "kind": kind, "version": version, "moment": moment, "slot": slot, "subject": subject, "generation": generation, "body": tree(body), "means": means })
        })
        .collect();
    let text = serde_json::to_string_pretty(&all).expect("it is JSON") + "\n";
    std::fs::write(path, text).expect("the repository can be written");
}

/// Adds samples of what has none, out of the journals of all scenarios.
fn write_samples() {
    let mut new: BTreeMap<String, BTreeMap<String, Sample>> = BTreeMap::new();
    let played: Vec<Event> = scenarios().iter().flat_map(replay::journal).collect();
    let not_played = [by_on_error, by_new_severity, by_many_alerts].map(|make| played.iter().find_map(make));
    for event in played.into_iter().chain(not_played.into_iter().flatten()) {
        let row = encode(&event);
        let shapes = new.entry(file_name(&row)).or_default();
        let means = meaning(&event);
        let shape = shape(&tree(&row.body));
        // Whatever else there is, each policy that can fire an alert has its sample.
        if shapes.len() < MOST || shape.contains("forced") {
            shapes.entry(shape).or_insert(Sample { row, means });
        }
    }
    for (name, shapes) in new {
        let path = folder().join(name);
        if !path.exists() {
            write(&path, &shapes.into_values().collect::<Vec<_>>());
        }
    }
    if std::env::var("WATCHBELL_WRITE_SAMPLES").is_ok_and(|what| what == "meanings") {
        for (path, mut samples) in samples() {
            for sample in &mut samples {
                sample.means = meaning(&decode(&sample.row, &Severities::default()).expect("it can still be read"));
            }
            write(&path, &samples);
        }
    }
}

/// What a scenario cannot play, because in it the whole source fails: an alert that fires because its rule's queries fail.
fn by_on_error(event: &Event) -> Option<Event> {
    let EventKind::AlertChanged { rule, alert } = &event.kind else { return None };
    let mut alert = alert.clone();
    alert.kind = AlertKind::Failing;
    alert.forced.as_mut()?.why = Why::OnError;
    Some(Event { kind: EventKind::AlertChanged { rule: *rule, alert }, ..event.clone() })
}

/// What a scenario cannot play, because its configuration stays: an incident comes to a severity that is new.
fn by_new_severity(event: &Event) -> Option<Event> {
    let EventKind::Incident { event: IncidentEvent::Reopened { plan, .. }, .. } = &event.kind else { return None };
    let planned = IncidentEvent::Planned { plan: Arc::clone(plan) };
    let mut kind = event.kind.clone();
    if let EventKind::Incident { event, .. } = &mut kind {
        *event = planned;
    }
    Some(Event { kind, ..event.clone() })
}

/// What a scenario cannot play, because it has few alerts: those that have no room beside their incident.
fn by_many_alerts(event: &Event) -> Option<Event> {
    let EventKind::IncidentRestored { incident } = &event.kind else { return None };
    let (key, id) = (incident.key.clone(), incident.id);
    let members = incident.members.values().cloned().collect();
    Some(Event { kind: EventKind::MembersRestored { key, id, members }, ..event.clone() })
}

/// Every scenario of the repository.
fn scenarios() -> Vec<replay::Scenario> {
    let all = |folder: &str| {
        let entries = std::fs::read_dir(in_repository(folder)).expect("the scenarios are there");
        entries
            .map(|entry| entry.expect("it can be listed").path())
            .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
    };
    let mut paths: Vec<PathBuf> = all("tests/scenarios")
        .chain(all("tests/scenarios/promises"))
        .chain(all("tests/scenarios/heartbeats"))
        .chain(all("tests/scenarios/posted"))
        .collect();
    paths.sort();
    let load = |path: &PathBuf| replay::load(path, &mut Sources::default(), &mut Findings::default());
    paths.iter().map(|path| load(path).unwrap_or_else(|| panic!("{} cannot be played", path.display()))).collect()
}

/// What an event means, in the engine's words.
fn meaning(event: &Event) -> String {
    format!("{:?}", event.kind)
}

/// The variant of the engine's enum that a row is: of the incident's step, where it is one.
fn word(row: &Row) -> String {
    let event = decode(row, &Severities::default()).expect("the other test reads it");
    let text = match &event.kind {
        EventKind::Incident { event, .. } => format!("IncidentEvent::{event:?}"),
        kind => format!("EventKind::{kind:?}"),
    };
    text.chars().take_while(|c| c.is_alphanumeric() || *c == ':').collect()
}

/// All variants of both enums, out of the text that defines them.
fn variants() -> Vec<String> {
    let text = ["src/engine/event/mod.rs", "src/engine/event/incident.rs"]
        .map(|file| std::fs::read_to_string(in_repository(file)).expect("it is there"))
        .concat();
    let of = |name: &str| -> Vec<String> {
        let body = text.split(&format!("pub enum {name} {{\n")).nth(1).expect("the enum is there");
        let body = body.split("\n}\n").next().unwrap_or_default();
        let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
        let heads = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
        heads
            .map(|line| format!("{name}::{}", line.chars().take_while(|c| c.is_alphanumeric()).collect::<String>()))
            .collect()
    };
    // A step of an incident has a sample of its own.
    let kinds = of("EventKind").into_iter().filter(|variant| variant != "EventKind::Incident");
    kinds.chain(of("IncidentEvent")).collect()
}

/// `incident.opened.v1.json`: the kind, the step where there is one, and the version.
fn file_name(row: &Row) -> String {
    let step = match &tree(&row.body)["step"] {
        Value::String(step) => format!(".{step}"),
        Value::Object(step) => step.keys().next().map(|step| format!(".{step}")).unwrap_or_default(),
        _ => String::new(),
    };
    format!("{}{step}.v{}.json", row.kind, row.version)
}

fn tree(body: &str) -> Value {
    serde_json::from_str(body).expect("a body is JSON")
}

/// Which keys and which words a body has, without what it says with them: labels and numbers differ from event to event.
fn shape(body: &Value) -> String {
    const WORDS: [&str; 5] = ["is", "cause", "via", "kind", "stage"];
    match body {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                _ if ["labels", "series", "group", "plan"].contains(&key.as_str()) => format!("{key} "),
                Value::String(word) if WORDS.contains(&key.as_str()) => format!("{key}={word} "),
                value => format!("{key}({}) ", shape(value)),
            })
            .collect(),
        Value::Array(items) => {
            items.iter().map(shape).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("|")
        }
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(_) | Value::String(_) => String::new(),
    }
}

fn folder() -> PathBuf {
    in_repository("fixtures/events")
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
