//! Recording rules that cannot be evaluated, and samples that are written nowhere, are alerts of Watchbell's own.
//!
//! What is known of a recording rule is learnt at its next slot, so it is in no journal: after a restart a failing one has to
//! fail for as long again before anybody is told, and the alert of one that nobody has mended goes on.

use super::evaluate::Instant;
use super::own::RULE_FAILING;
use super::transition::Transition;
use super::{Engine, Failure, Step, incident};
use crate::model::{Labels, Moment, RuleId, Slot};
use crate::rules::{Group, Record, RuleSet};
use std::sync::Arc;

/// What recording rules record is written nowhere.
pub const REMOTE_WRITE_FAILING: &str = "WatchbellRemoteWriteFailing";

/// What is known of a recording rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingState {
    /// Its last slot.
    pub evaluated: Option<Slot>,
    /// How many series it recorded then.
    pub series: usize,
    /// Since when it fails.
    pub failing: Option<Moment>,
    /// Why.
    pub error: Option<String>,
}

impl RecordingState {
    fn take_in(&mut self, outcome: &Result<usize, Failure>, at: Instant) {
        self.evaluated = Some(at.slot);
        match outcome {
            Ok(series) => *self = RecordingState { evaluated: Some(at.slot), series: *series, ..Self::default() },
            Err(failure) => {
                self.failing = Some(self.failing.unwrap_or(at.now));
                self.error = Some(failure.message.clone());
            }
        }
    }
}

impl Engine {
    /// What is known of a recording rule of `group`.
    #[must_use]
    pub fn recording(&self, group: &Group, record: &Record) -> Option<&RecordingState> {
        self.recordings.get(&id(group, record))
    }

    /// A slot's recording rules were evaluated; `outcomes` has one for each that is switched on, in file order.
    pub(super) fn record(&mut self, group: usize, outcomes: &[Result<usize, Failure>], at: Instant, step: &mut Step) {
        let group = Arc::clone(&self.world.rules.groups[group]);
        let mut transitions = Vec::new();
        if !group.alerts().any(|rule| rule.disabled.is_none()) {
            let failures: Vec<Option<&Failure>> = outcomes.iter().map(|outcome| outcome.as_ref().err()).collect();
            transitions.extend(self.judge_source(&group.source, &failures, at, step));
        }
        for (record, outcome) in group.records().zip(outcomes) {
            self.recordings.entry(id(&group, record)).or_default().take_in(outcome, at);
        }
        // Of a source that is down one alert tells already, and nothing is learnt of its rules.
        if !self.state.sources.contains_key(&group.source) {
            for record in group.records() {
                transitions.extend(self.judge_recording(&group, record, at, step));
            }
        }
        let at = self.at(at.slot, self.state.moment);
        step.take(incident::absorb(&self.world, &mut self.state.incidents, &transitions, at));
    }

    /// A recording rule that has failed for long is an alert of its own.
    fn judge_recording(&mut self, group: &Group, record: &Record, at: Instant, step: &mut Step) -> Vec<Transition> {
        let known = self.recording(group, record);
        let after = self.world.settings.rule_failure_after;
        let long = known.and_then(|known| known.failing.filter(|since| at.now - *since >= after));
        let error = known.and_then(|known| known.error.as_deref()).unwrap_or_default();
        let summary = long
            .map(|since| format!("recording rule {} has failed since {}: {error}", record.record, since - self.skew));
        self.own_of_rule(RULE_FAILING, group, &record.record, summary, at, step)
    }

    /// Whether a recording rule of this name fails, or has not been evaluated since the start.
    pub(super) fn recording_may_fail(&self, group: &str, name: &str) -> bool {
        let named = records_named(&self.world.rules, group, name);
        let mut states = named.map(|(group, record)| self.recording(group, record));
        self.world.settings.remote_write.is_some()
            && states.any(|known| known.is_none_or(|known| known.failing.is_some()))
    }

    /// What was recorded cannot be written, or can again.
    pub(super) fn remote_write(&mut self, trouble: Option<String>, now: Moment, step: &mut Step) {
        let labels = Labels::new([("alertname", REMOTE_WRITE_FAILING)]);
        let severity = self.world.settings.severities.default_severity().clone();
        let summary = trouble.map(|trouble| format!("what recording rules record is not written: {trouble}"));
        self.own_at_once(labels, severity, summary, now, step);
    }

    /// Of what a reload took away nothing is known any more.
    pub(super) fn forget_recordings(&mut self) {
        let world = Arc::clone(&self.world);
        let groups = world.rules.groups.iter();
        let left: std::collections::BTreeSet<RuleId> =
            groups.flat_map(|group| group.records().map(|record| id(group, record))).collect();
        self.recordings.retain(|id, _| left.contains(id));
    }
}

/// The recording rules of this name that are switched on, in all groups of that name.
pub(super) fn records_named<'a>(
    rules: &'a RuleSet,
    group: &'a str,
    name: &'a str,
) -> impl Iterator<Item = (&'a Arc<Group>, &'a Arc<Record>)> {
    let groups = rules.groups.iter().filter(move |one| *one.name == *group);
    let records = groups.flat_map(|group| group.records().map(move |record| (group, record)));
    records.filter(move |(_, record)| *record.record == *name)
}

fn id(group: &Group, record: &Record) -> RuleId {
    let own = [&*group.file, &*group.name, &*record.record];
    let labels = record.labels.iter().flat_map(|(name, value)| [&**name, &**value]);
    let parts: Vec<&str> = std::iter::once("record").chain(own).chain(labels).collect();
    RuleId::derive(&parts)
}
