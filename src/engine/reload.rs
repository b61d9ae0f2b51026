//! Rules change while they run: which new rule is which old one, and what becomes of the alerts.
//!
//! A matched rule keeps its alerts and timers, whatever changed in it, and what is said of them from then on has the labels
//! of now. What has no partner ends, for everyone who heard of it, with the reason.

mod change;
mod rank;

pub use change::{Change, RuleRef, summary};

use super::alert::AlertKind;
use super::evaluate::{Instant, alert_id, asks_anew, identify_again, identity_labels, rule_labels};
use super::transition::{Cause, Transition, sort};
use super::{Engine, EventKind, IncidentEvent, Step, World, incident};
use crate::model::{AlertId, Labels, Moment, RuleId, Slot};
use crate::rules::{Group, Kind, NoData, Rule, RuleSet};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A rule and the group that it stands in.
pub type Standing<'a> = (&'a Arc<Group>, &'a Arc<Rule>);

impl Engine {
    /// Swaps rules and settings. Nothing here can fail.
    pub(super) fn reload(&mut self, world: Arc<World>, now: Moment, step: &mut Step) {
        let old = std::mem::replace(&mut self.world, Arc::clone(&world));
        let pairs = pair(enabled(&old.rules), enabled(&world.rules));
        let mut next = (*world).clone();
        let departed = pairs.iter().filter(|(_, partner)| partner.is_none());
        next.remember_departed(departed.map(|((_, rule), _)| Arc::clone(rule)));
        self.world = Arc::new(next);
        if old.settings.severities != world.settings.severities {
            self.state.rank_anew(&world.settings.severities);
        }
        let at = Instant { slot: Slot::from_millis(now.millis()), now };
        let mut transitions = Vec::new();
        for (before, partner) in &pairs {
            let Some(is) = partner else {
                transitions.extend(self.remove_rule(*before, at, step));
                continue;
            };
            if !Arc::ptr_eq(before.1, is.1) {
                transitions.extend(self.carry_over(before.1, is.1, at, step));
            }
            step.changes.extend(change::found_again(*before, *is, || self.alerts_of(is.1.id)));
        }
        self.forget_recordings();
        self.routines_seen = None;
        transitions.extend(self.end_own_of_departed(now, step));
        transitions.extend(self.expectations_changed(&old));
        sort(&mut transitions);
        let kept: HashSet<RuleId> = pairs.iter().filter_map(|(_, partner)| partner.map(|(_, rule)| rule.id)).collect();
        let added = enabled(&world.rules).filter(|(_, rule)| !kept.contains(&rule.id));
        step.changes.extend(added.map(|rule| Change::Added(RuleRef::of(rule))));
        step.changes.extend(change::of_records(&old.rules, &world.rules));
        let at = self.at(at.slot, now);
        step.take(incident::plan_anew(&self.world, &mut self.state.incidents, at));
        step.take(incident::absorb(&self.world, &mut self.state.incidents, &transitions, at));
        // Other silences, windows and inhibitions may hold now.
        step.take(incident::review(&self.world, &mut self.state.incidents, at));
    }

    /// How many alerts of a rule are pending or fire.
    fn alerts_of(&self, rule: RuleId) -> usize {
        self.state.rules.get(&rule).map_or(0, |state| state.iter().filter(|alert| !alert.is_calm()).count())
    }

    fn remove_rule(&mut self, gone: Standing<'_>, at: Instant, step: &mut Step) -> Vec<Transition> {
        let (_, rule) = gone;
        let mut transitions = Vec::new();
        if let Some(state) = self.state.rules.get(&rule.id) {
            for seat in state.alerts.iter().flatten() {
                let top = seat.alert.top(&seat.tiers);
                let end = |top| Transition::of(&seat.alert, rule, Some(top), None, Cause::RuleRemoved);
                transitions.extend(top.map(end));
            }
            self.apply(EventKind::RuleForgotten { rule: rule.id }, at.now, None, step);
        }
        step.changes.push(Change::Removed(RuleRef::of(gone), transitions.len()));
        transitions.sort_by(|a, b| a.subject.labels.cmp(&b.subject.labels));
        transitions
    }

    /// The same rule in other words: alerts keep their timers, under the ids, labels and tiers that they have now.
    fn carry_over(&mut self, old: &Rule, new: &Arc<Rule>, at: Instant, step: &mut Step) -> Vec<Transition> {
        let world = Arc::clone(&self.world);
        self.follow(old, new, at, step);
        let mut transitions = Vec::new();
        let Some(mut state) = self.state.rules.remove(&new.id) else { return transitions };
        let (mut changed, mut gone, mut relabelled) = (Vec::new(), Vec::new(), Vec::new());
        let watches = matches!(new.no_data, NoData::Tier(..));
        for index in 0..state.alerts.len() {
            let Some(seat) = &mut state.alerts[index] else { continue };
            let before = seat.alert.clone();
            let was = before.top(&seat.tiers);
            let identity = (before.kind == AlertKind::Series).then(|| identify_again(&world, new, &before, at.slot));
            seat.alert.forced = seat.alert.forced.take().and_then(|forced| forced.under(new)).map(Box::new);
            // Where it is about the whole rule, the policy that made it may be gone, and nothing else would ever end it.
            let is_gone = match &identity {
                Some(identity) => identity.id != before.id,
                None => seat.alert.forced.is_none(),
            };
            if is_gone {
                transitions.extend(was.map(|top| Transition::of(&before, new, Some(top), None, Cause::RuleChanged)));
                gone.push((index, before.id));
                continue;
            }
            let labels = identity.map_or_else(|| rule_labels(new), |identity| identity.labels);
            if seat.alert.labels != labels {
                relabelled.push((before.id, labels.clone()));
                seat.alert.labels = labels;
            }
            let tiers = Arc::clone(new.tiers_for(&before.series));
            if keeps_its_tier(old, new) {
                seat.tiers = tiers;
            } else {
                seat.retier(tiers);
                if was.is_some() {
                    seat.take_over_from(old.tiers_for(&before.series), at.now);
                }
            }
            let is = seat.alert.top(&seat.tiers);
            let severity = |top: &Option<super::alert::Top>| top.as_ref().map(|top| top.severity.clone());
            if severity(&was) != severity(&is) {
                transitions.push(Transition::of(&seat.alert, new, was, is, Cause::RuleChanged));
            }
            // Also what ended by this, and what has to be known from now on because its absence matters.
            let matters = !before.is_calm() || !seat.alert.is_calm() || watches;
            if matters && (seat.alert != before || watches) {
                changed.push(seat.alert.clone());
            }
        }
        for (index, _) in &gone {
            state.remove(u32::try_from(*index).expect("seats fit"));
        }
        gone.sort_by_key(|(_, alert)| *alert);
        changed.sort_by_key(|alert| alert.id);
        state.meet_again(old, new);
        // Where nothing watches any more, nobody asks since when its answer has been empty.
        let (failing, forgets_empty) = (state.failing, !watches && state.empty.is_some());
        self.state.rules.insert(new.id, state);
        if forgets_empty {
            self.apply(EventKind::RuleChanged { rule: new.id, failing, empty: None }, at.now, None, step);
        }
        for (_, alert) in gone {
            self.apply(EventKind::AlertForgotten { rule: new.id, alert }, at.now, None, step);
        }
        for alert in changed {
            self.apply(EventKind::AlertChanged { rule: new.id, alert: Box::new(alert) }, at.now, None, step);
        }
        relabelled.sort();
        for (alert, labels) in relabelled {
            self.relabel(alert, labels, at.now, step);
        }
        transitions.sort_by(|a, b| a.subject.labels.cmp(&b.subject.labels));
        transitions
    }

    /// An alert that fires has other labels now, and so has what is said of it from now on.
    fn relabel(&mut self, alert: AlertId, labels: Labels, now: Moment, step: &mut Step) {
        let incidents = &self.state.incidents;
        let Some(incident) = incidents.of_alert.get(&alert).and_then(|key| incidents.by_key.get(key)) else { return };
        let kind = incident.step(IncidentEvent::Relabelled { alert, labels });
        self.apply(kind, now, None, step);
    }

    /// Where the rule's id is another now, so are those of its alerts.
    fn follow(&mut self, old: &Rule, new: &Rule, at: Instant, step: &mut Step) {
        if old.id == new.id {
            return;
        }
        let Some(state) = self.state.rules.get(&old.id) else { return };
        let alerts = state.iter().map(|alert| {
            let identity = match alert.kind {
                AlertKind::Series => identity_labels(old, &alert.labels),
                AlertKind::Absent | AlertKind::Failing => Labels::empty(),
            };
            (alert.id, alert_id(new, alert.kind, &identity))
        });
        let mut alerts: Vec<(AlertId, AlertId)> = alerts.collect();
        alerts.sort();
        self.apply(EventKind::RuleMoved { from: old.id, to: new.id, alerts }, at.now, None, step);
    }
}

/// Whether both have one tier and it is the same, whatever its severity: that of a plain rule is a label like others.
pub(super) fn keeps_its_tier(old: &Rule, new: &Rule) -> bool {
    (old.kind, new.kind) == (Kind::Plain, Kind::Plain)
}

/// The rules that are switched on, with their groups.
pub fn enabled(rules: &RuleSet) -> impl Iterator<Item = Standing<'_>> {
    let all = rules.groups.iter().flat_map(|group| group.alerts().map(move |rule| (group, rule)));
    all.filter(|(_, rule)| rule.disabled.is_none())
}

/// Pairs each old rule with its new self, in passes: same id (which covers group, name, static labels and number),
/// `moved_from` (of several first the one that asks the same), then the same group and name where one is left on each side.
///
/// What pairs here keeps its alerts. Whoever wants to say beforehand what a reload will do asks this, and no copy of it.
#[must_use]
pub fn pair<'a>(
    old: impl IntoIterator<Item = Standing<'a>>,
    new: impl IntoIterator<Item = Standing<'a>>,
) -> Vec<(Standing<'a>, Option<Standing<'a>>)> {
    let mut left: BTreeMap<RuleId, Standing<'_>> = new.into_iter().map(|new| (new.1.id, new)).collect();
    let mut pairs: Vec<(Standing<'_>, Option<Standing<'_>>)> =
        old.into_iter().map(|old| (old, left.remove(&old.1.id))).collect();
    // Of several that came from one name, each is first looked for where the same is asked.
    for asks_the_same in [true, false] {
        for ((group, rule), partner) in pairs.iter_mut().filter(|(_, partner)| partner.is_none()) {
            let names = [rule.given_id.as_deref().map(str::to_owned), Some(format!("{}/{}", group.name, rule.alert))];
            let came_from_it =
                |new: &Arc<Rule>| new.moved_from.iter().any(|from| names.iter().flatten().any(|name| **name == **from));
            let is_it = |new: &Arc<Rule>| came_from_it(new) && (!asks_the_same || !asks_anew(rule, new));
            let found = left.iter().find(|(_, (_, new))| is_it(new)).map(|(id, _)| *id);
            *partner = found.and_then(|id| left.remove(&id));
        }
    }
    let same = |a: Standing<'_>, b: Standing<'_>| a.0.name == b.0.name && a.1.alert == b.1.alert;
    let alone: Vec<usize> = (0..pairs.len())
        .filter(|index| pairs[*index].1.is_none())
        .filter(|index| pairs.iter().filter(|other| other.1.is_none() && same(other.0, pairs[*index].0)).count() == 1)
        .collect();
    for index in alone {
        let mut candidates = left.iter().filter(|(_, new)| same(**new, pairs[index].0)).map(|(id, _)| *id);
        if let (Some(id), None) = (candidates.next(), candidates.next()) {
            pairs[index].1 = left.remove(&id);
        }
    }
    pairs
}
