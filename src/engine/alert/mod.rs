//! One alert: a rule on one identity, with all of its tiers side by side.
//!
//! Start at [`Alert::step`]. Only what a person could be told of is kept here; how a verdict comes about is
//! `evaluate`'s business, and who hears of it is `incident`'s.

mod tier;

pub use tier::{TierState, Timing};

use crate::model::{AlertId, Labels, Moment, Severity, Slot, Span, Truth};
use crate::rules::{NoData, OnError, Rule, Tier};
use smallvec::SmallVec;

/// The states of an alert's tiers. Most rules have one, which then needs no memory of its own.
pub type TierStates = SmallVec<[TierState; 1]>;

/// A rule on one identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Derived from the rule and the identity labels.
    pub id: AlertId,
    /// What the alert is about.
    pub kind: AlertKind,
    /// The labels of the series that gave the current verdict, metric name included.
    pub series: Labels,
    /// What people see and matchers match: series and rule labels, `alertname` included, `severity` of plain rules too.
    pub labels: Labels,
    /// One state for each tier that holds for the series, highest first.
    pub tiers: TierStates,
    /// A tier that fires by policy, not by its condition. Few alerts have one.
    pub forced: Option<Box<Forced>>,
    /// The value of the last evaluated slot.
    pub value: f64,
    /// The value of the last slot at which it fired because its condition held: what it fires for, while it is kept. Not journalled.
    pub held: f64,
    /// Since when it has been missing, if it is.
    pub missing: Option<Moment>,
    /// The last slot that had it. Not journalled.
    pub last_seen: Slot,
}

/// What of an alert a step may change: cheap to put aside before it, and to compare with after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Before {
    /// See [`Alert::tiers`]. It is put aside at every step, so that room for several costs nothing.
    pub tiers: SmallVec<[TierState; 4]>,
    /// See [`Alert::forced`].
    pub forced: Option<Box<Forced>>,
    /// See [`Alert::missing`].
    pub missing: Option<Moment>,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertKind {
    /// A series, or several that share an identity.
    Series,
    /// The whole rule: its query returns nothing.
    Absent,
    /// The whole rule: its query fails.
    Failing,
}

/// A tier that fires by policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forced {
    /// At which severity.
    pub severity: Severity,
    /// Since when.
    pub since: Moment,
    /// By which policy.
    pub why: Why,
}

impl Forced {
    /// What `rule` makes of it, where that is another than the one that made it fire: nothing, if it has no such policy.
    #[must_use]
    pub fn under(self, rule: &Rule) -> Option<Self> {
        let severity = match (self.why, &rule.no_data, &rule.on_error) {
            (Why::NoData, NoData::Tier(severity, _), _) | (Why::OnError, _, OnError::Tier(severity, _)) => severity,
            (Why::NoData | Why::OnError, ..) => return None,
        };
        Some(Forced { severity: severity.clone(), ..self })
    }
}

/// The policies that fire a tier without its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// `no_data: { tier, after }`.
    NoData,
    /// `on_error: { tier, after }`.
    OnError,
}

/// The highest severity at which an alert fires, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// The severity.
    pub severity: Severity,
    /// When the condition of that tier began to hold.
    pub active: Moment,
    /// When that tier began to fire.
    pub since: Moment,
    /// The policy that makes it fire, if it is not its condition.
    pub why: Option<Why>,
}

/// The state of an alert as Prometheus names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// No tier's condition holds.
    Inactive,
    /// Some tier's condition holds, none for long enough.
    Pending,
    /// Some tier fires.
    Firing,
}

impl Timing {
    /// The timing of a tier.
    #[must_use]
    pub fn of(tier: &Tier) -> Self {
        Timing { hold: tier.hold, keep: tier.keep }
    }
}

impl Alert {
    /// Gives every tier its verdict at `now`. A lower tier whose condition holds takes over from a higher one that ends.
    pub fn step(&mut self, tiers: &[Tier], verdicts: impl Fn(usize) -> Truth, now: Moment) {
        let before = self.firing_tier();
        for (index, (state, tier)) in self.tiers.iter_mut().zip(tiers).enumerate() {
            *state = state.step(verdicts(index), now, Timing::of(tier));
        }
        if let Some(ended) = before.filter(|index| !self.tiers[*index].fires()) {
            let heir = (ended + 1..self.tiers.len()).find(|index| verdicts(*index) == Truth::True);
            if let Some(heir) = heir {
                self.tiers[heir] = self.tiers[heir].take_over(now);
            }
        }
    }

    /// The index of the highest tier that fires by its condition.
    #[must_use]
    pub fn firing_tier(&self) -> Option<usize> {
        self.tiers.iter().position(|state| state.fires())
    }

    /// Whether it fires only because it is kept firing.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        let highest = self.tiers.iter().find(|state| state.fires());
        matches!(highest, Some(TierState::Keeping { .. }))
    }

    /// The highest severity at which it fires, by condition or by policy.
    #[must_use]
    pub fn top(&self, tiers: &[Tier]) -> Option<Top> {
        top(&self.tiers, self.forced.as_deref(), tiers)
    }

    /// What of it the next step may change.
    #[must_use]
    pub fn before(&self) -> Before {
        Before { tiers: SmallVec::from_slice(&self.tiers), forced: self.forced.clone(), missing: self.missing }
    }

    /// Its state as Prometheus names it.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.forced.is_some() || self.firing_tier().is_some() {
            Phase::Firing
        } else if self.tiers.iter().any(|state| *state != TierState::Inactive) {
            Phase::Pending
        } else {
            Phase::Inactive
        }
    }

    /// When the earliest condition that still holds began to hold: Prometheus's `activeAt`.
    #[must_use]
    pub fn active_at(&self) -> Option<Moment> {
        let forced = self.forced.as_ref().map(|forced| forced.since);
        self.tiers.iter().filter_map(|state| state.active_since()).chain(forced).min()
    }

    /// We were not running for `span`, until `now`: no clock of this alert went on.
    pub fn slept(&mut self, tiers: &[Tier], span: Span, now: Moment) {
        for (index, state) in self.tiers.iter_mut().enumerate() {
            let hold = tiers.get(index).map_or(Span::ZERO, |tier| tier.hold);
            *state = state.slept(span, now, hold);
        }
        self.missing = self.missing.map(|since| since + span);
    }

    /// Nothing is known of it from `now` on, because its rule could not be evaluated.
    pub fn darken(&mut self, tiers: &[Tier], now: Moment) {
        for (state, tier) in self.tiers.iter_mut().zip(tiers) {
            *state = state.darken(now, Timing::of(tier));
        }
    }

    /// Ends every tier and every policy.
    pub fn end(&mut self) {
        self.tiers.fill(TierState::Inactive);
        self.forced = None;
    }

    /// Whether it can be thought away without anybody noticing: nothing of it holds or is counted.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.phase() == Phase::Inactive
    }
}

impl Before {
    /// The highest severity at which the alert fired.
    #[must_use]
    pub fn top(&self, tiers: &[Tier]) -> Option<Top> {
        top(&self.tiers, self.forced.as_deref(), tiers)
    }
}

fn top(states: &[TierState], forced: Option<&Forced>, tiers: &[Tier]) -> Option<Top> {
    let by_condition = states.iter().position(|state| state.fires()).and_then(|index| {
        let (state, tier) = (states[index], tiers.get(index)?);
        let severity = tier.severity.clone();
        Some(Top { severity, active: state.active_since()?, since: state.fired_at()?, why: None })
    });
    let by_policy = forced.map(|forced| Top {
        severity: forced.severity.clone(),
        active: forced.since,
        since: forced.since,
        why: Some(forced.why),
    });
    match (by_condition, by_policy) {
        (Some(condition), Some(policy)) if policy.severity > condition.severity => Some(policy),
        (Some(condition), _) => Some(condition),
        (None, policy) => policy,
    }
}
