//! Alerts that have to keep firing: one that does not for too long is an alert of Watchbell's own.
//!
//! What is known of each is one state, changed only by its event, so the journal folds to the same. A heartbeat beats while
//! an alert of its name fires and its rule is answered; an alert that is only kept because its source is silent proves
//! nothing. The clock of an absence is the engine's: it begins when the alert ceases to fire (for one never seen, at the
//! start), and stands still while we are not running. So a restart neither forgives a miss nor invents one.
//!
//! While no source of its rules answers, the silence of the source is the one page (`own`), and brought forward to when the
//! heartbeat is missed. What was missing before stays missing.

use super::transition::{Cause, Transition};
use super::{Engine, EventKind, Step, World, incident};
use crate::config::ExpectedHeartbeat;
use crate::model::{AlertId, Labels, Moment, Name};
use crate::rules::Group;
use std::sync::Arc;

/// An expected alert has not fired for too long.
pub const HEARTBEAT_MISSING: &str = "WatchbellHeartbeatMissing";

/// What is known of an alert that has to keep firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// It fires.
    Beats,
    /// It does not.
    Away {
        /// Since when.
        since: Moment,
    },
}

impl Heartbeat {
    /// What it is at `now`, from what it was and whether the alert fires.
    #[must_use]
    pub fn step(before: Option<Heartbeat>, beats: bool, now: Moment) -> Heartbeat {
        match (beats, before) {
            (true, _) => Heartbeat::Beats,
            (false, Some(Heartbeat::Away { since })) => Heartbeat::Away { since },
            (false, Some(Heartbeat::Beats) | None) => Heartbeat::Away { since: now },
        }
    }

    /// When its absence is a page.
    #[must_use]
    pub fn missing_at(self, expected: &ExpectedHeartbeat) -> Option<Moment> {
        match self {
            Heartbeat::Beats => None,
            Heartbeat::Away { since } => Some(since + expected.within),
        }
    }
}

impl Engine {
    /// Looks at every heartbeat; what began or ended to be missing goes through the incidents like everything else.
    pub(super) fn watch_heartbeats(&mut self, now: Moment, step: &mut Step) {
        let world = Arc::clone(&self.world);
        let mut transitions = Vec::new();
        for expected in &world.settings.heartbeats.expect {
            let before = self.state.heartbeats.get(&expected.alert).copied();
            let is = Heartbeat::step(before, self.beats(&world, &expected.alert), now);
            if before != Some(is) {
                let kind = EventKind::HeartbeatChanged { alert: expected.alert.clone(), is: Some(is) };
                self.apply(kind, now, None, step);
            }
            transitions.extend(self.judge_heartbeat(expected, is, now, step));
        }
        transitions.extend(self.tell_of_silent_sources(now, step));
        transitions.extend(self.forget_heartbeats(&world, now, step));
        if !transitions.is_empty() {
            let at = self.at(now.slot(self.skew), now);
            step.take(incident::absorb(&world, &mut self.state.incidents, &transitions, at));
        }
    }

    /// Whether an alert of this name fires: by a rule that was answered, or because somebody posts it.
    fn beats(&self, world: &World, alert: &str) -> bool {
        let rules = world.heartbeat_rules(alert).iter().filter_map(|rule| self.state.rules.get(rule));
        let mut answered = rules.filter(|rule| rule.failing.is_none());
        answered.any(|rule| rule.iter().any(|alert| alert.firing_tier().is_some())) || self.is_posted(alert)
    }

    fn judge_heartbeat(
        &mut self,
        expected: &ExpectedHeartbeat,
        is: Heartbeat,
        now: Moment,
        step: &mut Step,
    ) -> Vec<Transition> {
        let summary = match is {
            Heartbeat::Away { since } if now >= since + expected.within => {
                if !self.is_missing(&expected.alert) && self.is_unheard(&expected.alert, now) {
                    return Vec::new();
                }
                Some(format!("{} has to keep firing, and has not since {}", expected.alert, since - self.skew))
            }
            Heartbeat::Away { .. } if self.is_missing(&expected.alert) => return Vec::new(),
            Heartbeat::Beats | Heartbeat::Away { .. } => None,
        };
        self.own(labels(&expected.alert), expected.severity.clone(), summary, now, None, step)
    }

    /// What nobody expects any more cannot be missing.
    fn forget_heartbeats(&mut self, world: &World, now: Moment, step: &mut Step) -> Vec<Transition> {
        let known = self.state.heartbeats.keys();
        let gone: Vec<Name> = known.filter(|alert| !world.is_heartbeat(alert)).cloned().collect();
        let mut transitions = Vec::new();
        for alert in gone {
            let severity = self.world.settings.severities.default_severity().clone();
            transitions.extend(self.own(labels(&alert), severity, None, now, None, step));
            self.apply(EventKind::HeartbeatChanged { alert, is: None }, now, None, step);
        }
        transitions
    }

    /// Whether nobody can know if an alert of this name fires: no source of its rules answers, or none has for long enough to
    /// have been asked about it again.
    fn is_unheard(&self, alert: &str, now: Moment) -> bool {
        let mut groups = self.world.heartbeat_rules(alert).iter().filter_map(|rule| {
            let state = self.state.rules.get(rule)?;
            Some((self.world.group_of(*rule)?, state.failing.is_some()))
        });
        let is_silent = |group: &Group, is_failing: bool| {
            let is_back = self.sources_back.get(&group.source).is_some_and(|back| now < *back + group.interval);
            self.state.sources.contains_key(&group.source) || (is_failing && is_back)
        };
        !self.world.heartbeat_rules(alert).is_empty() && groups.all(|(group, failing)| is_silent(group, failing))
    }

    /// Whether a heartbeat is missed only because `source` is silent.
    pub(super) fn misses_a_heartbeat(&self, source: &Name, now: Moment) -> bool {
        let is_of = |alert: &str| {
            let mut groups = self.world.heartbeat_rules(alert).iter().filter_map(|rule| self.world.group_of(*rule));
            groups.any(|group| group.source == *source)
        };
        self.world.settings.heartbeats.expect.iter().any(|expected| {
            let is = self.state.heartbeats.get(&expected.alert);
            let due = is.and_then(|is| is.missing_at(expected)).is_some_and(|due| due <= now);
            due && is_of(&expected.alert) && !self.is_missing(&expected.alert) && self.is_unheard(&expected.alert, now)
        })
    }

    /// When the next absence becomes a page.
    pub(super) fn next_missing_heartbeat(&self) -> Option<Moment> {
        let expected = self.world.settings.heartbeats.expect.iter();
        let waiting = expected.filter_map(|expected| {
            let missing_at = self.state.heartbeats.get(&expected.alert)?.missing_at(expected)?;
            // What nobody can know is looked at again with the next answer, or failure, of its source.
            let is_known = missing_at > self.state.moment || !self.is_unheard(&expected.alert, self.state.moment);
            (!self.is_missing(&expected.alert) && is_known).then_some(missing_at)
        });
        waiting.min()
    }

    fn is_missing(&self, alert: &str) -> bool {
        self.state.own.contains_key(&AlertId::derive(&["watchbell", &labels(alert).to_string()]))
    }

    /// An alert that has to keep firing from now on is no incident any more; one that need not is one now, if it fires.
    pub(super) fn expectations_changed(&self, old: &World) -> Vec<Transition> {
        let mut transitions = Vec::new();
        for rule in self.world.rules.groups.iter().flat_map(|group| group.alerts()) {
            let (was, is) = (old.is_heartbeat(&rule.alert), self.world.is_heartbeat(&rule.alert));
            let Some(state) = self.state.rules.get(&rule.id).filter(|_| was != is) else { continue };
            for alert in state.iter() {
                let Some(top) = state.get(alert.id).and_then(|(alert, tiers)| alert.top(tiers)) else { continue };
                let (before, after) = if is { (Some(top), None) } else { (None, Some(top)) };
                transitions.push(Transition::of(alert, rule, before, after, Cause::RuleChanged));
            }
        }
        for posted in self.state.posted.values() {
            let (subject, name) = (posted.subject.clone(), posted.subject.labels.get("alertname"));
            let severity = Some(subject.severity.clone());
            let (before, after) = match (old.is_heartbeat(name), self.world.is_heartbeat(name)) {
                (false, true) => (severity, None),
                (true, false) => (None, severity),
                (false, false) | (true, true) => continue,
            };
            transitions.push(Transition { subject, before, after, cause: Cause::Condition, policy: None });
        }
        transitions.sort_by(|a, b| a.subject.labels.cmp(&b.subject.labels));
        transitions
    }
}

fn labels(alert: &str) -> Labels {
    Labels::new([("alertname", HEARTBEAT_MISSING), ("heartbeat", alert)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::State;
    use std::collections::BTreeMap;

    #[test]
    fn a_snapshot_of_the_journal_keeps_what_is_known_of_heartbeats() {
        let world = World::new(Arc::default(), crate::rules::RuleSet::default());
        let away = Heartbeat::Away { since: Moment::from_millis(7) };
        let heartbeats = BTreeMap::from([("Watchdog".into(), away), ("Canary".into(), Heartbeat::Beats)]);
        let state = State { heartbeats: heartbeats.clone(), ..State::default() };
        assert_eq!(State::fold(&world, &state.as_events().collect::<Vec<_>>()).heartbeats, heartbeats);
    }

    #[test]
    fn an_absence_counts_from_its_begin_and_one_never_seen_from_the_start() {
        let at = Moment::from_millis;
        let away = Heartbeat::Away { since: at(1) };
        for (before, beats, after) in [
            (None, true, Heartbeat::Beats),
            (None, false, Heartbeat::Away { since: at(9) }),
            (Some(Heartbeat::Beats), true, Heartbeat::Beats),
            (Some(Heartbeat::Beats), false, Heartbeat::Away { since: at(9) }),
            (Some(away), false, away),
            (Some(away), true, Heartbeat::Beats),
        ] {
            assert_eq!(Heartbeat::step(before, beats, at(9)), after, "{before:?}, beats: {beats}");
        }
    }
}
