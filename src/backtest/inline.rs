//! Recording rules without a history: what they record is asked in the place of their series.

use super::ask::{Asking, Window};
use crate::model::{Name, Span};
use crate::promql::{Recorded, Recordings};
use crate::rules::{Entry, Group, Record, Rule, RuleSet};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// At so many instants of a window is looked whether a series has a history.
const LOOKS: i64 = 200;

/// Rules that ask for what is recorded, and what is to be said of it.
pub struct Inlined {
    /// The rules.
    pub rules: RuleSet,
    /// Which recordings were asked for by their expressions, and which could not be.
    pub notes: Vec<String>,
}

/// `rules`, asking for what the recording rules called `names` record instead of for their series.
#[must_use]
pub fn inlined(rules: RuleSet, names: &BTreeSet<Name>) -> Inlined {
    let recordings = recordings(&rules, &made_of(&rules, names));
    let mut notes = Vec::new();
    let mut asked = BTreeSet::new();
    let groups = rules.groups.iter().map(|group| {
        let mut inner = Group::clone(group);
        for entry in &mut inner.rules {
            let Entry::Alert(rule) = entry else { continue };
            match replaced(rule, &recordings) {
                Ok(Some(other)) => {
                    asked.extend(rule.queries.iter().flat_map(|query| read(&recordings, query.expr.metrics())));
                    *rule = Arc::new(other);
                }
                Ok(None) => {}
                Err(error) => notes.push(format!("{}: {error}; it was asked as it is written", rule.alert)),
            }
        }
        Arc::new(inner)
    });
    let groups = groups.collect();
    if !asked.is_empty() {
        let names: Vec<&str> = asked.iter().map(|name| &**name).collect();
        notes.push(format!(
            "recording rules without a history of their own were asked by their expressions: {}",
            names.join(", ")
        ));
    }
    Inlined { rules: RuleSet { groups }, notes }
}

/// The recording rules among `rules` that alerting rules read, through each other too.
#[must_use]
pub fn recordings_read(rules: &RuleSet) -> BTreeSet<Name> {
    let all: BTreeSet<Name> = records(rules).map(|(_, record)| record.record.clone()).collect();
    let alerts = rules.groups.iter().flat_map(|group| group.alerts()).filter(|rule| rule.disabled.is_none());
    let named =
        |metrics: Vec<&str>| -> Vec<Name> { metrics.into_iter().filter_map(|name| all.get(name).cloned()).collect() };
    let mut left: Vec<Name> =
        alerts.flat_map(|rule| rule.queries.iter()).flat_map(|query| named(query.expr.metrics())).collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = left.pop() {
        if reached.insert(name.clone()) {
            let of_name = records(rules).filter(|(_, record)| record.record == name);
            left.extend(of_name.flat_map(|(_, record)| named(record.expr.metrics())));
        }
    }
    reached
}

/// Those recording rules that alerting rules read and whose series have no sample at all in `window`. What cannot be asked has a
/// history, as far as we know.
pub async fn without_history(rules: &RuleSet, asking: &Asking, window: Window) -> BTreeSet<Name> {
    let step = Span::from_millis(((window.to - window.from).millis() / LOOKS).max(1_000));
    let mut found = BTreeSet::new();
    for name in recordings_read(rules) {
        let mut groups = records(rules).filter(|(_, record)| record.record == name).map(|(group, _)| group);
        let Some(client) = groups.next().and_then(|group| asking.clients.get(&group.source)) else { continue };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10).min(asking.timeout.to_std());
        let answer = client.query_range(&format!("count({name})"), window.from, window.to, step, deadline).await;
        if answer.is_ok_and(|series| series.is_empty()) {
            found.insert(name);
        }
    }
    found
}

fn records(rules: &RuleSet) -> impl Iterator<Item = (&Arc<Group>, &Arc<Record>)> {
    rules.groups.iter().flat_map(|group| {
        group.rules.iter().filter_map(move |entry| match entry {
            Entry::Record(record) if record.disabled.is_none() => Some((group, record)),
            _ => None,
        })
    })
}

/// `names`, and every recording that is made of one of them: its series were made of another history.
fn made_of(rules: &RuleSet, names: &BTreeSet<Name>) -> BTreeSet<Name> {
    let mut all = names.clone();
    loop {
        let reads = |record: &Record| record.expr.metrics().into_iter().any(|metric| all.contains(metric));
        let more: Vec<Name> =
            records(rules).filter(|(_, record)| reads(record)).map(|(_, record)| record.record.clone()).collect();
        let known = all.len();
        all.extend(more);
        if all.len() == known {
            return all;
        }
    }
}

fn recordings(rules: &RuleSet, names: &BTreeSet<Name>) -> Recordings {
    let mut recordings = Recordings::new();
    for (group, record) in records(rules).filter(|(_, record)| names.contains(&record.record)) {
        let recorded: &mut Recorded = recordings.entry(record.record.clone()).or_default();
        recorded.interval = group.interval;
        recorded.rules.push((record.expr.clone(), record.labels.clone()));
    }
    recordings
}

fn read(recordings: &Recordings, metrics: Vec<&str>) -> Vec<Name> {
    metrics.into_iter().filter(|name| recordings.contains_key(*name)).map(Name::from).collect()
}

/// The rule with other queries; nothing where it reads none of them.
fn replaced(rule: &Rule, recordings: &Recordings) -> Result<Option<Rule>, crate::promql::PromqlError> {
    let mut other = rule.clone();
    for query in &mut other.queries {
        query.expr = query.expr.inlined(recordings)?;
    }
    let is_other = rule.queries.iter().zip(&other.queries).any(|(one, two)| one.expr.text() != two.expr.text());
    Ok(is_other.then_some(other))
}
