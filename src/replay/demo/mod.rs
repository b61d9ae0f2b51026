//! The demo: the whole product over a testnet that is made up, and nothing else is.
//!
//! [`show`] loads the shipped rule pack and example configuration, asks their queries of the made-up series by the PromQL
//! evaluator, plays the answers as a scenario through the same engine and the same post as `watchbell test`, and lays out what
//! came of it. Absent on purpose: the wall clock, which only paces what `watchbell demo` prints.

mod shown;
mod testnet;
mod trouble;

pub use shown::{Shown, Tally, What};
pub use testnet::{Glance, Testnet};
pub use trouble::{Kind, Trouble};

use super::scenario::{Event, Feed, Scenario};
use crate::config::{self, Files, Settings};
use crate::diagnostics::{Findings, Sources};
use crate::model::{Slot, Span};
use crate::promql::eval::{Evaluator, Options, Steps};
use crate::rules::{self, Context, Group, Rule, RuleSet};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A Tuesday, 2026-01-13T08:00:00Z: the digest of the day comes at the end.
const START: Slot = Slot::from_millis(1_768_291_200_000);
const LASTS: Span = Span::from_mins(61);

/// The files that ship with the program, so that it shows itself in any folder.
const FILES: [(&str, &str); 6] = [
    ("watchbell.yaml", include_str!("../../../watchbell.yaml")),
    ("rules/application.yaml", include_str!("../../../rules/application.yaml")),
    ("rules/chain.yaml", include_str!("../../../rules/chain.yaml")),
    ("rules/operations.yaml", include_str!("../../../rules/operations.yaml")),
    ("rules/oracle.yaml", include_str!("../../../rules/oracle.yaml")),
    ("rules/security.yaml", include_str!("../../../rules/security.yaml")),
];

/// A demo, ready to be looked at.
#[derive(Clone, Debug)]
pub struct Show {
    /// The instant that everything is counted from.
    pub start: Slot,
    /// How long it is.
    pub lasts: Span,
    /// How many rules watch.
    pub rules: usize,
    /// What happens, in the order of time.
    pub lines: Vec<Shown>,
    /// What came of it all.
    pub tally: Tally,
    /// The metrics, for whoever wants to look at them on the way.
    pub testnet: Testnet,
}

/// The demo of `seed`.
///
/// # Panics
/// When the files that ship with the program do not pass its own check, or a query of theirs cannot be answered.
#[must_use]
pub fn show(seed: u64) -> Show {
    let (settings, rules) = shipped();
    let testnet = Testnet::new(seed, START);
    let feeds = answers(&rules, &testnet);
    let people = trouble::people();
    let events: Vec<Event> = people.iter().map(|person| person.event.clone()).collect();
    let count = rules.groups.iter().map(|group| group.alerts().count()).sum();
    let scenario = Scenario {
        title: format!("seed {seed}"),
        start: START,
        lasts: LASTS,
        config: String::new(),
        settings: Arc::new(settings),
        rules,
        feeds,
        series: Vec::new(),
        before: Span::ZERO,
        semantics: crate::promql::eval::Semantics::Prometheus3,
        events,
        expectations: Vec::new(),
    };
    let (story, journal) = super::stage::play_recorded(&scenario);
    let tally = Tally::of(&story, &journal);
    let lines = shown::lines(&story, testnet.troubles(), &people, &journal, START);
    Show { start: START, lasts: LASTS, rules: count, lines, tally, testnet }
}

/// The example configuration and the rule pack, as a start would load them.
fn shipped() -> (Settings, RuleSet) {
    let texts: BTreeMap<PathBuf, Arc<str>> =
        FILES.iter().map(|(path, text)| (PathBuf::from(path), Arc::from(*text))).collect();
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let now = Timestamp::from_millisecond(START.millis()).expect("the start is a time");
    let files = Files::Given(texts.clone());
    let loaded = config::load_from(&files, Path::new("watchbell.yaml"), now, &mut sources, &mut findings);
    let mut loaded = loaded.expect("the example configuration can be read");
    // An hour is too short for what people do each day, week and month.
    loaded.settings.routines.clear();
    let rules: Vec<(PathBuf, Arc<str>)> =
        loaded.rule_files.iter().map(|path| (path.clone(), Arc::clone(&texts[path]))).collect();
    let context = Context { severities: loaded.settings.severities.clone(), ..Context::default() };
    let set = rules::load_texts(&rules, &context, &mut sources, &mut findings).set;
    assert!(!findings.has_errors(), "the files that ship with the program pass its own check");
    (loaded.settings, set)
}

/// What every query of every rule answers at each of its slots.
fn answers(rules: &RuleSet, testnet: &Testnet) -> Vec<Feed> {
    let mut evaluator = Evaluator::new(testnet.scraped(LASTS), Options::default());
    let mut feeds = Vec::new();
    for group in &rules.groups {
        for rule in group.alerts() {
            for query in 0..rule.queries.len() {
                feeds.extend(answer(&mut evaluator, group, rule, query));
            }
        }
    }
    feeds
}

fn answer(evaluator: &mut Evaluator, group: &Group, rule: &Rule, query: usize) -> Vec<Feed> {
    let (query, every) = (&rule.queries[query], group.interval);
    let start = START.millis() - group.query_offset.millis();
    let steps = Steps { start, end: start + LASTS.millis(), step: every.millis() };
    let reply = evaluator.range(&query.expr, steps).expect("the shipped queries have an answer over these series");
    let feed = |row: crate::promql::eval::Row| {
        let mut values = vec![None; steps.instants().count()];
        for point in row.points {
            let place = usize::try_from((point.at - start) / every.millis()).expect("no point lies before the start");
            values[place] = Some(point.value);
        }
        Feed { rule: rule.alert.clone(), query: query.name.clone(), labels: row.labels, every, values }
    };
    reply.value.into_iter().map(feed).collect()
}

#[cfg(test)]
mod tests;
