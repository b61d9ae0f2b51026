//! The place of one alert in its rule, and what the current slot brought for it.

use super::verdict::Verdicts;
use crate::engine::alert::{Alert, Before, TierState, Top};
use crate::engine::transition::{Cause, Transition};
use crate::model::{Moment, Slot};
use crate::rules::{Rule, Tier};
use std::sync::Arc;

/// An alert and what the current slot says of it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Seat {
    pub(in crate::engine) alert: Alert,
    pub(in crate::engine) tiers: Arc<[Tier]>,
    pub(super) row: u32,
    pub(super) verdicts: Verdicts,
    /// The verdicts of `row` alone, where several rows are folded into this alert.
    pub(super) given: Verdicts,
    pub(super) news: News,
    pub(super) value: f64,
}

/// What the current slot brought for an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    None,
    Verdict,
    Collision,
}

impl Seat {
    /// Gives the alert other tiers; a state goes over to the tier of the same severity.
    pub(in crate::engine) fn retier(&mut self, tiers: Arc<[Tier]>) {
        let old: Vec<(_, TierState)> =
            self.tiers.iter().map(|tier| tier.severity.clone()).zip(self.alert.tiers.iter().copied()).collect();
        // Two tiers that are one now: the one that has got further.
        let state_of = |tier: &Tier| {
            let same = old.iter().filter(|(severity, _)| *severity == tier.severity).map(|(_, state)| *state);
            same.max_by_key(|state| state.progress()).unwrap_or_default()
        };
        // An alert that came out of the store has states but no tiers yet: they were stored in this order.
        if self.tiers.is_empty() && self.alert.tiers.len() == tiers.len() {
            self.tiers = tiers;
            return;
        }
        self.alert.tiers = tiers.iter().map(state_of).collect();
        self.tiers = tiers;
    }

    /// A reload took the tier at which it fired: one that pends, and asks what it did in the `old` tiers, takes over.
    pub(in crate::engine) fn take_over_from(&mut self, old: &[Tier], now: Moment) {
        if self.alert.top(&self.tiers).is_some() {
            return;
        }
        let asks_the_same = |tier: &Tier| old.iter().any(|old| old.condition == tier.condition);
        let mut states = self.tiers.iter().zip(&mut self.alert.tiers).filter(|(tier, _)| asks_the_same(tier));
        if let Some((_, state)) = states.find(|(_, state)| **state != TierState::Inactive) {
            *state = state.take_over(now);
        }
    }

    /// Whether this slot can change nothing: nothing holds, nothing is counted, nothing is missing.
    pub(super) fn is_quiet(&self) -> bool {
        self.news == News::Verdict
            && self.verdicts.is_calm()
            && self.alert.missing.is_none()
            && self.alert.forced.is_none()
            && self.alert.tiers.iter().all(|state| *state == TierState::Inactive)
    }

    pub(super) fn take_news(&mut self, slot: Slot) {
        self.news = News::None;
        self.alert.last_seen = slot;
        (self.alert.value, self.alert.held) = (self.value, self.value);
        self.alert.missing = None;
    }

    /// Whom a message would speak of, at the highest severity that fires.
    pub(in crate::engine) fn transition(&self, before: &Before, rule: &Rule, cause: Cause) -> Option<Transition> {
        let (was, is) = (before.top(&self.tiers), self.alert.top(&self.tiers));
        let same = was.as_ref().map(|top: &Top| &top.severity) == is.as_ref().map(|top| &top.severity);
        (!same).then(|| Transition::of(&self.alert, rule, was, is, cause))
    }
}
