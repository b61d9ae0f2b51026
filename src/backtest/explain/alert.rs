//! One alert: its readings, the verdict of each tier, and the clocks that run.

use super::View;
use super::incident::IncidentStory;
use crate::backtest::report::condition;
use crate::engine::alert::{Alert, AlertKind, TierState, Why};
use crate::engine::evaluate::{Look, RuleState};
use crate::model::{Labels, Moment, Slot, Span, Truth};
use crate::rules::{Clear, Condition, Group, Rule, Tier};
use serde::Serialize;

/// One alert at an instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertStory {
    /// Its labels.
    pub labels: String,
    /// What it is: `firing high`, `pending`, `inactive`.
    pub state: String,
    /// What each query of the rule answered at the last slot.
    pub readings: Vec<ReadingStory>,
    /// Since when its series is missing.
    pub missing_since: Option<String>,
    /// What makes it fire, where it is a policy and not a condition.
    pub by_policy: Option<String>,
    /// Its tiers, highest first.
    pub tiers: Vec<TierStory>,
    /// The incident that it is part of.
    pub incident: Option<IncidentStory>,
}

/// What one query answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadingStory {
    /// The query.
    pub query: String,
    /// The value, if there was one.
    pub value: Option<f64>,
    /// Its unit, where it is the value that messages show.
    pub unit: Option<String>,
}

/// One tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TierStory {
    /// Its severity.
    pub severity: String,
    /// Its condition, in words.
    pub condition: String,
    /// Whether it holds: `true`, `false`, `unknown`; nothing where the slot said nothing of it.
    pub verdict: Option<&'static str>,
    /// Whether it holds only because the alert fires already and `clear` is not reached.
    pub is_held_by_clear: bool,
    /// What its script looked at, as written and as found.
    pub looked_at: Vec<(String, String)>,
    /// `inactive`, `pending`, `firing`, `keeping`.
    pub state: &'static str,
    /// Since when it is that.
    pub since: Option<String>,
    /// The same, in seconds.
    pub since_seconds: Option<f64>,
    /// Whether it may have been that for longer, as history was not played from further back.
    pub at_least: bool,
    /// When its condition began to hold.
    pub condition_since: Option<String>,
    /// When it fires, if it goes on.
    pub fires_at: Option<String>,
    /// When it ends, if its condition does not hold again.
    pub ends_at: Option<String>,
    /// Seconds up to that.
    pub left_seconds: Option<f64>,
    /// How many seconds of its wait nothing was known; they do not count.
    pub unknown_seconds: f64,
}

impl View<'_> {
    pub(super) fn alert(&self, group: &Group, rule: &Rule, state: &RuleState, alert: &Alert) -> AlertStory {
        let firing = |name: &str, labels: &Labels| {
            let named = group.alerts().filter(|other| &*other.alert == name);
            Truth::from(named.filter_map(|other| self.state.rules.get(&other.id)).any(|state| state.fires_on(labels)))
        };
        let look = state.look(rule, alert.id, &self.world.zone, &firing);
        let tiers = state.get(alert.id).map(|(_, tiers)| tiers.to_vec()).unwrap_or_default();
        let told = tiers.iter().zip(&alert.tiers).enumerate();
        AlertStory {
            labels: alert.labels.to_string(),
            state: word(alert, &tiers),
            readings: look.as_ref().map(|look| readings(rule, look)).unwrap_or_default(),
            missing_since: alert.missing.map(|since| since.to_string()),
            by_policy: policy(alert),
            tiers: told
                .map(|(index, (tier, state))| self.tier(group, rule, (index, tier), *state, look.as_ref()))
                .collect(),
            incident: self.incident_of(alert),
        }
    }

    fn tier(
        &self,
        group: &Group,
        rule: &Rule,
        (index, tier): (usize, &Tier),
        state: TierState,
        look: Option<&Look>,
    ) -> TierStory {
        let verdict = look.map(|look| look.verdicts.get(index));
        let since = since(state);
        // A clock is looked at when a slot comes.
        let slot = |at: Moment| Slot::at_or_after(at.millis(), group.interval, group.grid());
        let (fires, ends) = due(state, tier);
        let left = fires.or(ends).map(slot).map(|at| (at.moment(Span::ZERO) - self.at).as_secs_f64());
        TierStory {
            severity: tier.severity.to_string(),
            condition: condition(tier),
            verdict: verdict.map(name_of),
            is_held_by_clear: verdict == Some(Truth::True) && is_held_by_clear(rule, tier, look),
            looked_at: look.and_then(|look| look.terms.get(index)).cloned().unwrap_or_default(),
            state: name(state),
            since: since.map(|since| since.to_string()),
            since_seconds: since.map(|since| self.seconds_since(since)),
            at_least: since.zip(self.began).is_some_and(|(since, began)| since <= began),
            condition_since: state.active_since().map(|since| since.to_string()),
            fires_at: fires.map(|at| slot(at).to_string()),
            ends_at: ends.map(|at| slot(at).to_string()),
            left_seconds: left,
            unknown_seconds: unknown(state).as_secs_f64(),
        }
    }
}

fn readings(rule: &Rule, look: &Look) -> Vec<ReadingStory> {
    let story = |(index, (query, value)): (usize, (&crate::rules::Query, &Option<f64>))| ReadingStory {
        query: query.name.to_string(),
        value: *value,
        unit: rule.unit.as_ref().filter(|_| index == rule.value).map(ToString::to_string),
    };
    rule.queries.iter().zip(&look.values).enumerate().map(story).collect()
}

/// What an alert is, in two words.
fn word(alert: &Alert, tiers: &[Tier]) -> String {
    match alert.top(tiers) {
        Some(top) => format!("firing {}", top.severity),
        None if alert.is_calm() => "inactive".into(),
        None => "pending".into(),
    }
}

fn policy(alert: &Alert) -> Option<String> {
    let about = match alert.kind {
        AlertKind::Series => "its series",
        AlertKind::Absent | AlertKind::Failing => "the whole rule",
    };
    alert.forced.as_ref().map(|forced| {
        let why = match forced.why {
            Why::NoData => "no_data",
            Why::OnError => "on_error",
        };
        format!("{} by `{why}`, about {about}, since {}", forced.severity, forced.since)
    })
}

/// Whether the value alone would not do.
fn is_held_by_clear(rule: &Rule, tier: &Tier, look: Option<&Look>) -> bool {
    let value = look.and_then(|look| look.values.get(rule.value).copied().flatten());
    match (&tier.condition, &tier.clear) {
        (Condition::Bound(bound), Some(Clear::Bound(_))) => value.is_some_and(|value| !bound.holds(value)),
        _ => false,
    }
}

/// When a tier fires, or ends, if nothing changes: whichever it waits for.
fn due(state: TierState, tier: &Tier) -> (Option<Moment>, Option<Moment>) {
    match state {
        TierState::Pending { since, unknown, .. } => (Some(since + unknown + tier.hold), None),
        TierState::Keeping { calm, unknown, .. } => (None, Some(calm + unknown + tier.keep)),
        TierState::Inactive | TierState::Firing { .. } => (None, None),
    }
}

fn since(state: TierState) -> Option<Moment> {
    match state {
        TierState::Inactive => None,
        TierState::Pending { since, .. } | TierState::Firing { since, .. } => Some(since),
        TierState::Keeping { calm, .. } => Some(calm),
    }
}

fn unknown(state: TierState) -> Span {
    match state {
        TierState::Pending { unknown, .. } | TierState::Keeping { unknown, .. } => unknown,
        TierState::Inactive | TierState::Firing { .. } => Span::ZERO,
    }
}

fn name(state: TierState) -> &'static str {
    match state {
        TierState::Inactive => "inactive",
        TierState::Pending { .. } => "pending",
        TierState::Firing { .. } => "firing",
        TierState::Keeping { .. } => "keeping",
    }
}

fn name_of(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}
