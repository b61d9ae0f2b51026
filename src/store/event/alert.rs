//! `alert.changed` and `alert.forgotten`.

use super::parts::{Id, Number, moment};
use crate::engine::EventKind;
use crate::engine::alert::{Alert, AlertKind, Forced, TierState, Why};
use crate::model::{AlertId, Labels, Moment, RuleId, Severities, Slot, Span};
use serde::{Deserialize, Serialize};

/// An alert as it is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    rule: Id<RuleId>,
    alert: Id<AlertId>,
    kind: KindBody,
    series: Labels,
    labels: Labels,
    tiers: Vec<TierBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forced: Option<ForcedBody>,
    value: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<i64>,
    last_seen: i64,
}

/// An alert that is no longer remembered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    rule: Id<RuleId>,
    alert: Id<AlertId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindBody {
    Series,
    Absent,
    Failing,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
enum TierBody {
    Inactive,
    Pending { since: i64, unknown: i64, dark: Option<i64> },
    Firing { active: i64, since: i64 },
    Keeping { active: i64, since: i64, calm: i64, unknown: i64, dark: Option<i64> },
}

#[derive(Debug, Serialize, Deserialize)]
struct ForcedBody {
    severity: String,
    since: i64,
    on_error: bool,
}

impl Changed {
    /// Writes an alert down.
    pub fn new(rule: RuleId, alert: &Alert) -> Self {
        Changed {
            rule: Id(rule),
            alert: Id(alert.id),
            kind: match alert.kind {
                AlertKind::Series => KindBody::Series,
                AlertKind::Absent => KindBody::Absent,
                AlertKind::Failing => KindBody::Failing,
            },
            series: alert.series.clone(),
            labels: alert.labels.clone(),
            tiers: alert.tiers.iter().map(|state| TierBody::new(*state)).collect(),
            forced: alert.forced.as_ref().map(|forced| ForcedBody {
                severity: forced.severity.to_string(),
                since: forced.since.millis(),
                on_error: forced.why == Why::OnError,
            }),
            value: Number(alert.value),
            missing: alert.missing.map(Moment::millis),
            last_seen: alert.last_seen.millis(),
        }
    }

    /// Reads an alert back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let forced = self.forced.map(|forced| {
            Box::new(Forced {
                severity: severities.placed(&forced.severity),
                since: moment(forced.since),
                why: if forced.on_error { Why::OnError } else { Why::NoData },
            })
        });
        let alert = Alert {
            id: self.alert.0,
            kind: match self.kind {
                KindBody::Series => AlertKind::Series,
                KindBody::Absent => AlertKind::Absent,
                KindBody::Failing => AlertKind::Failing,
            },
            series: self.series,
            labels: self.labels,
            tiers: self.tiers.into_iter().map(TierBody::read).collect(),
            forced,
            value: self.value.0,
            held: self.value.0,
            missing: self.missing.map(moment),
            last_seen: Slot::from_millis(self.last_seen),
        };
        EventKind::AlertChanged { rule: self.rule.0, alert: Box::new(alert) }
    }
}

impl Forgotten {
    /// Writes it down.
    pub fn new(rule: RuleId, alert: AlertId) -> Self {
        Forgotten { rule: Id(rule), alert: Id(alert) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::AlertForgotten { rule: self.rule.0, alert: self.alert.0 }
    }
}

impl TierBody {
    fn new(state: TierState) -> Self {
        match state {
            TierState::Inactive => TierBody::Inactive,
            TierState::Pending { since, unknown, dark } => {
                TierBody::Pending { since: since.millis(), unknown: unknown.millis(), dark: dark.map(Moment::millis) }
            }
            TierState::Firing { active, since } => TierBody::Firing { active: active.millis(), since: since.millis() },
            TierState::Keeping { active, since, calm, unknown, dark } => TierBody::Keeping {
                active: active.millis(),
                since: since.millis(),
                calm: calm.millis(),
                unknown: unknown.millis(),
                dark: dark.map(Moment::millis),
            },
        }
    }

    fn read(self) -> TierState {
        match self {
            TierBody::Inactive => TierState::Inactive,
            TierBody::Pending { since, unknown, dark } => {
                TierState::Pending { since: moment(since), unknown: Span::from_millis(unknown), dark: dark.map(moment) }
            }
            TierBody::Firing { active, since } => TierState::Firing { active: moment(active), since: moment(since) },
            TierBody::Keeping { active, since, calm, unknown, dark } => TierState::Keeping {
                active: moment(active),
                since: moment(since),
                calm: moment(calm),
                unknown: Span::from_millis(unknown),
                dark: dark.map(moment),
            },
        }
    }
}
