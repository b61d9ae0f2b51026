//! Watchbell's own alerts: a rule that fails, a source that is down, a channel that cannot deliver, a limit that is hit.
//! (A heartbeat that is missing is one more: see [`super::heartbeat`].)
//!
//! They go through the same incidents as everybody's, so that a broken rule is not silent.

use super::evaluate::{Instant, RuleState};
use super::heartbeat::HEARTBEAT_MISSING;
use super::recording::{REMOTE_WRITE_FAILING, records_named};
use super::routine::ROUTINE_OVERDUE;
use super::transition::{Cause, Origin, Subject, Transition};
use super::{Engine, Event, EventKind, Failure, State, Step, incident};
use crate::model::{AlertId, Labels, Moment, Name, Severity, Slot};
use crate::rules::{Group, Rule, RuleSet};
use std::sync::Arc;

/// A source answers nothing at all.
pub const SOURCE_DOWN: &str = "WatchbellSourceDown";
/// A rule cannot be evaluated.
pub const RULE_FAILING: &str = "WatchbellRuleFailing";
/// A rule has more alerts than its group's `limit`.
pub const LIMIT_EXCEEDED: &str = "WatchbellLimitExceeded";
/// A channel cannot deliver.
pub const DELIVERY_FAILING: &str = "WatchbellDeliveryFailing";
/// The files are bad, and what ran before them still runs.
pub const FILES_BAD: &str = "WatchbellFilesBad";

/// The names of all of them.
pub const NAMES: [&str; 8] = [
    FILES_BAD,
    SOURCE_DOWN,
    RULE_FAILING,
    LIMIT_EXCEEDED,
    DELIVERY_FAILING,
    REMOTE_WRITE_FAILING,
    HEARTBEAT_MISSING,
    ROUTINE_OVERDUE,
];

/// Whether `subject` says that `channel` cannot deliver: that is never told through the channel itself.
pub(super) fn says_that_it_fails(subject: &Subject, channel: &Name) -> bool {
    matches!(subject.origin, Origin::Watchbell(_))
        && subject.labels.get("alertname") == DELIVERY_FAILING
        && subject.labels.get("channel") == &**channel
}

impl State {
    /// Whether an alert says that the files are bad.
    #[must_use]
    pub fn says_that_files_are_bad(&self) -> bool {
        !self.own.is_empty() && self.own.contains_key(&id_of(&Labels::new([("alertname", FILES_BAD)])))
    }

    /// The channels of which an alert says that they cannot deliver, and why.
    #[must_use]
    pub fn channels_in_trouble(&self) -> Vec<(Name, String)> {
        let failing = self.own.values().filter(|subject| subject.labels.get("alertname") == DELIVERY_FAILING);
        let said = failing.filter_map(|subject| match &subject.origin {
            Origin::Watchbell(summary) => Some((subject.labels.get("channel").into(), summary.clone())),
            Origin::Rule(_) | Origin::Posted { .. } => None,
        });
        said.collect()
    }
}

fn down_labels(source: &Name) -> Labels {
    Labels::new([("alertname", SOURCE_DOWN), ("source", source)])
}

impl Engine {
    /// Takes note of whether the source answers, and makes a source that has not for long one page. `heard` has what became
    /// of each rule's questions.
    pub(super) fn judge_source(
        &mut self,
        source: &Name,
        heard: &[Option<&Failure>],
        at: Instant,
        step: &mut Step,
    ) -> Vec<Transition> {
        let answered = heard.iter().any(|failure| failure.is_none_or(|failure| !failure.is_the_sources));
        let failing = if answered {
            None
        } else if heard.is_empty() {
            self.state.sources.get(source).copied()
        } else {
            Some(self.state.sources.get(source).copied().unwrap_or(at.now))
        };
        if failing != self.state.sources.get(source).copied() {
            if failing.is_none() {
                self.sources_back.insert(source.clone(), at.now);
            }
            let kind = EventKind::SourceChanged { source: source.clone(), failing };
            self.apply(kind, at.now, Some(at.slot), step);
        }
        // A heartbeat that is missed because the source is silent has it said at once that the source is: that is the one page.
        // What is said of it ends with an answer alone: a group whose slot is decided late must not count back.
        let down = failing.filter(|since| {
            at.now - *since >= self.world.settings.rule_failure_after
                || self.state.own.contains_key(&id_of(&down_labels(source)))
                || self.misses_a_heartbeat(source, at.now)
        });
        self.source_down(source, down, at.now, Some(at.slot), step)
    }

    /// Says of each source by whose silence alone a heartbeat is missed that it is down. Its next slot may be decided much later.
    pub(super) fn tell_of_silent_sources(&mut self, now: Moment, step: &mut Step) -> Vec<Transition> {
        let silent = self.state.sources.iter().filter(|(source, _)| self.misses_a_heartbeat(source, now));
        let silent: Vec<(Name, Moment)> = silent.map(|(source, since)| (source.clone(), *since)).collect();
        silent.iter().flat_map(|(source, since)| self.source_down(source, Some(*since), now, None, step)).collect()
    }

    /// Makes the alert on `source` fire where it has been down since some moment, and end where it has not.
    fn source_down(
        &mut self,
        source: &Name,
        since: Option<Moment>,
        now: Moment,
        slot: Option<Slot>,
        step: &mut Step,
    ) -> Vec<Transition> {
        let severity = self.world.settings.severities.highest().clone();
        let since = since.map(|since| since - self.skew);
        let summary = since.map(|since| format!("no query of source {source} has been answered since {since}"));
        self.own(down_labels(source), severity, summary, now, slot, step)
    }

    /// A rule that has failed for long, or is over its limit, is an alert of its own; not while its whole source is down.
    pub(super) fn judge_rule(&mut self, rule: &Rule, source: &Name, at: Instant, step: &mut Step) -> Vec<Transition> {
        let world = Arc::clone(&self.world);
        let Some((group, state)) = world.group_of(rule.id).zip(self.state.rules.get(&rule.id)) else {
            return Vec::new();
        };
        let after = world.settings.rule_failure_after;
        let (name, limit, kept_out) = (&rule.alert, group.limit, state.health.refused);
        let fails_long =
            state.failing.is_some_and(|since| at.now - since >= after) && !self.state.sources.contains_key(source);
        // Of all that fail by this name the one that has for longest, whatever their order in the file.
        let failures = || self.rules_of(&group.name, name).filter_map(|one| Some((one.failing?, &one.health.error)));
        let longest = fails_long.then(|| failures().min()).flatten();
        let failing = longest.map(|(since, error)| {
            format!("rule {name} has failed since {}: {}", since - self.skew, error.as_deref().unwrap_or_default())
        });
        let refused = (kept_out > 0)
            .then(|| format!("rule {name} has reached its limit of {limit}; {kept_out} more are kept out"));
        // The fast path of a healthy rule: nothing to say, and nothing said before.
        if failing.is_none() && refused.is_none() && self.state.own.is_empty() {
            return Vec::new();
        }
        let mut transitions = Vec::new();
        // While the source is down nothing was learned of the rule, so its alert stays as it is.
        if !self.state.sources.contains_key(source) {
            transitions = self.own_of_rule(RULE_FAILING, group, name, failing, at, step);
        }
        transitions.extend(self.own_of_rule(LIMIT_EXCEEDED, group, name, refused, at, step));
        transitions
    }

    /// Makes the alert on a rule of `group` fire with `summary`. Where there is none it ends, unless it may speak of another
    /// rule of the same name: two may share one, and one alert then speaks of both.
    pub(super) fn own_of_rule(
        &mut self,
        alert: &str,
        group: &Group,
        name: &Name,
        summary: Option<String>,
        at: Instant,
        step: &mut Step,
    ) -> Vec<Transition> {
        let labels = Labels::new([("alertname", alert), ("group", &group.name), ("rule", name)]);
        let goes_on = || match alert {
            RULE_FAILING => self.may_fail(&group.name, name),
            _ => self.may_exceed_its_limit(&group.name, name),
        };
        if summary.is_none() && (!self.state.own.contains_key(&id_of(&labels)) || goes_on()) {
            return Vec::new();
        }
        let severity = self.world.settings.severities.default_severity().clone();
        self.own(labels, severity, summary, at.now, Some(at.slot), step)
    }

    /// Whether an alerting or recording rule of this name fails, for however long, or nothing has been heard of it yet.
    fn may_fail(&self, group: &str, name: &Name) -> bool {
        self.rules_of(group, name).any(|state| state.failing.is_some()) || self.recording_may_fail(group, name)
    }

    /// Whether a rule of this name keeps alerts out. How many it does only a good evaluation says; no journal remembers it.
    fn may_exceed_its_limit(&self, group: &str, name: &Name) -> bool {
        let may =
            |state: &RuleState| state.health.refused > 0 || state.health.evaluated.is_none() || state.failing.is_some();
        self.rules_of(group, name).any(may)
    }

    /// What is known of the alerting rules of this name.
    fn rules_of<'a>(&'a self, group: &'a str, name: &'a Name) -> impl Iterator<Item = &'a RuleState> {
        alerts_named(&self.world.rules, group, name).filter_map(|rule| self.state.rules.get(&rule.id))
    }

    /// A channel that cannot deliver is an alert of its own.
    pub(super) fn channel(&mut self, channel: &Name, trouble: Option<String>, now: Moment, step: &mut Step) {
        let labels = Labels::new([("alertname", DELIVERY_FAILING), ("channel", channel)]);
        let severity = self.world.settings.severities.highest().clone();
        let summary = trouble.map(|trouble| format!("channel {channel} cannot deliver: {trouble}"));
        self.own_at_once(labels, severity, summary, now, step);
    }

    /// The files have been bad for long, or are good again.
    pub(super) fn files(&mut self, trouble: Option<String>, now: Moment, step: &mut Step) {
        let labels = Labels::new([("alertname", FILES_BAD)]);
        let severity = self.world.settings.severities.default_severity().clone();
        let summary =
            trouble.map(|trouble| format!("an edit is not in effect, what ran before it still runs: {trouble}"));
        self.own_at_once(labels, severity, summary, now, step);
    }

    /// The same as [`Engine::own`], for what happens by itself and not with a slot: incidents know at once.
    pub(super) fn own_at_once(
        &mut self,
        labels: Labels,
        severity: Severity,
        summary: Option<String>,
        now: Moment,
        step: &mut Step,
    ) {
        let transitions = self.own(labels, severity, summary, now, None, step);
        let at = self.at(now.slot(self.skew), now);
        step.take(incident::absorb(&self.world, &mut self.state.incidents, &transitions, at));
    }

    /// Of what a reload took away nobody will ever say that it is well again.
    pub(super) fn end_own_of_departed(&mut self, now: Moment, step: &mut Step) -> Vec<Transition> {
        let world = Arc::clone(&self.world);
        let records = world.settings.remote_write.is_some();
        let is_asked = |source: &str| {
            let mut groups = world.rules.groups.iter().filter(|group| *group.source == *source);
            groups.any(|group| {
                group.alerts().any(|rule| rule.disabled.is_none()) || (records && group.records().next().is_some())
            })
        };
        let gone: Vec<Name> = self.state.sources.keys().filter(|source| !is_asked(source)).cloned().collect();
        for source in gone {
            self.apply(EventKind::SourceChanged { source, failing: None }, now, None, step);
        }
        let has_rule = |labels: &Labels| {
            let (group, name) = (labels.get("group"), labels.get("rule"));
            alerts_named(&world.rules, group, name).next().is_some()
                || (records && records_named(&world.rules, group, name).next().is_some())
        };
        let is_gone = |labels: &Labels| match labels.get("alertname") {
            RULE_FAILING | LIMIT_EXCEEDED => !has_rule(labels),
            SOURCE_DOWN => !is_asked(labels.get("source")),
            REMOTE_WRITE_FAILING => world.settings.remote_write.is_none(),
            DELIVERY_FAILING => !world.settings.channels.contains_key(labels.get("channel")),
            _ => false,
        };
        let own = self.state.own.values().filter(|subject| is_gone(&subject.labels));
        let own: Vec<(Labels, Severity)> =
            own.map(|subject| (subject.labels.clone(), subject.severity.clone())).collect();
        own.into_iter().flat_map(|(labels, severity)| self.own(labels, severity, None, now, None, step)).collect()
    }

    /// Makes one of Watchbell's own alerts fire with `summary`, or ends it where there is none.
    pub(super) fn own(
        &mut self,
        labels: Labels,
        severity: Severity,
        summary: Option<String>,
        now: Moment,
        slot: Option<Slot>,
        step: &mut Step,
    ) -> Vec<Transition> {
        let alert = id_of(&labels);
        let known = self.state.own.get(&alert).cloned();
        let before = known.as_ref().map(|known| known.severity.clone());
        let (subject, fires) = match (summary, known) {
            (None, None) => return Vec::new(),
            (Some(_), Some(known)) if known.severity == severity => return Vec::new(),
            // The configuration gives it another one.
            (Some(_), Some(known)) => (Subject { severity, ..known }, true),
            (None, Some(known)) => (known, false),
            (Some(summary), None) => {
                let origin = Origin::Watchbell(summary);
                let series = Labels::empty();
                (Subject { alert, origin, labels, series, value: f64::NAN, severity, active: now, since: now }, true)
            }
        };
        self.apply(EventKind::OwnAlert { subject: subject.clone(), fires }, now, slot, step);
        let after = fires.then(|| subject.severity.clone());
        vec![Transition { subject, before, after, cause: Cause::Condition, policy: None }]
    }

    /// Puts a change into effect and into the journal.
    pub(super) fn apply(&mut self, kind: EventKind, moment: Moment, slot: Option<Slot>, step: &mut Step) {
        self.state.apply(&self.world, &kind);
        step.events.push(Event { moment, slot, kind });
    }
}

/// The alerting rules of this name that are switched on, in all groups of that name.
fn alerts_named<'a>(rules: &'a RuleSet, group: &'a str, name: &'a str) -> impl Iterator<Item = &'a Arc<Rule>> {
    let groups = rules.groups.iter().filter(move |one| *one.name == *group);
    groups.flat_map(|group| group.alerts()).filter(move |rule| rule.disabled.is_none() && *rule.alert == *name)
}

/// The id of the alert of Watchbell's own with these labels.
fn id_of(labels: &Labels) -> AlertId {
    AlertId::derive(&["watchbell", &labels.to_string()])
}
