//! Severities in another order, or under other names: whatever is known has the places of now.
//!
//! The journal has their names alone, so that a start gives them the places of its configuration; a reload does the same here.
//! A name that is gone is one that the new configuration has as an alias, or else lower than all.

use crate::engine::State;
use crate::engine::evaluate::RuleState;
use crate::engine::incident::{Book, Incident, Incidents};
use crate::model::{Name, Severities, Severity};
use crate::rules::Tier;
use std::collections::BTreeMap;
use std::sync::Arc;

impl State {
    /// Gives every severity that is known its place in `severities`.
    pub(super) fn rank_anew(&mut self, severities: &Severities) {
        let place = placing(severities);
        for rule in self.rules.values_mut() {
            place_tiers(rule, &place);
        }
        self.own.values_mut().for_each(|subject| place(&mut subject.severity));
        self.posted.values_mut().for_each(|posted| place(&mut posted.subject.severity));
        self.incidents.by_key.values_mut().for_each(|incident| incident.rank_anew(severities));
        for (mut key, mut book) in std::mem::take(&mut self.incidents.digests) {
            place(&mut key.severity);
            let members = book.entries.values_mut().map(|entry| &mut entry.member);
            members.for_each(|member| place(&mut Arc::make_mut(member).subject.severity));
            join(self.incidents.digests.entry(key).or_default(), book);
        }
    }
}

type Tiers = Arc<[Tier]>;

fn placing(severities: &Severities) -> impl Fn(&mut Severity) {
    |severity| *severity = severities.placed(severity.name())
}

/// Alerts of a rule share their tiers, and do so afterwards.
fn place_tiers(rule: &mut RuleState, place: &impl Fn(&mut Severity)) {
    let mut placed: Vec<(Tiers, Tiers)> = Vec::new();
    for seat in rule.alerts.iter_mut().flatten() {
        seat.alert.forced.iter_mut().for_each(|forced| place(&mut forced.severity));
        if let Some((_, tiers)) = placed.iter().find(|(old, _)| Arc::ptr_eq(old, &seat.tiers)) {
            seat.tiers = Arc::clone(tiers);
            continue;
        }
        let mut tiers = seat.tiers.to_vec();
        for tier in &mut tiers {
            place(&mut tier.severity);
        }
        let old = std::mem::replace(&mut seat.tiers, tiers.into());
        placed.push((old, Arc::clone(&seat.tiers)));
    }
}

/// Two digests that are one now list what both did.
fn join(book: &mut Book, other: Book) {
    book.sent = book.sent.max(other.sent);
    book.entries.extend(other.entries);
}

impl Incident {
    fn rank_anew(&mut self, severities: &Severities) {
        let place = placing(severities);
        place(&mut self.severity);
        self.paged.iter_mut().chain(&mut self.said).chain(&mut self.lapsed).for_each(&place);
        self.acknowledged.iter_mut().for_each(|acknowledged| place(&mut acknowledged.severity));
        if let Some(assessed) = &mut self.assessed {
            place(&mut assessed.severity);
            place(&mut assessed.instead_of);
        }
        for member in self.members.values_mut() {
            place(&mut Arc::make_mut(member).subject.severity);
        }
        self.ledger.values_mut().flat_map(|told| told.pages.values_mut()).for_each(&place);
        place_all(&mut self.left, severities);
        place_all(&mut self.parked, severities);
        place_all(&mut Arc::make_mut(&mut self.plan).matrix, severities);
    }
}

fn place_all<T>(by_severity: &mut BTreeMap<Severity, T>, severities: &Severities) {
    let named = std::mem::take(by_severity).into_iter().map(|(severity, it)| (severity.name().clone(), it));
    *by_severity = severities.place_all(named);
}

impl Incidents {
    /// The names of severities that `severities` does not know and at which somebody has heard of an open incident, each with
    /// how many there are. They count as lower than all, so that such an incident pages anew.
    #[must_use]
    pub fn at_unknown_severities(&self, severities: &Severities) -> BTreeMap<Name, usize> {
        let mut unknown = BTreeMap::new();
        let open = self.by_key.values().filter(|incident| !incident.is_resolved() && !incident.ledger.is_empty());
        for paged in open.filter_map(|incident| incident.paged.as_ref()) {
            if severities.find(paged.name()).is_none() {
                *unknown.entry(paged.name().clone()).or_default() += 1;
            }
        }
        unknown
    }
}
