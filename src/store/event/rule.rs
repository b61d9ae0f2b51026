//! `rule.changed`, `rule.moved`, `rule.forgotten`, `source.changed`, `own.alert`, `slots.missed` and `slept`.

use super::parts::{Id, SubjectBody, moment};
use crate::engine::EventKind;
use crate::engine::transition::Subject;
use crate::model::{AlertId, Moment, RuleId, Severities, Slot, Span};
use serde::{Deserialize, Serialize};

/// A rule's own clocks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    rule: Id<RuleId>,
    failing: Option<i64>,
    empty: Option<i64>,
}

/// A rule under another id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Moved {
    from: Id<RuleId>,
    to: Id<RuleId>,
    alerts: Vec<(Id<AlertId>, Id<AlertId>)>,
}

/// A rule that is gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    rule: Id<RuleId>,
}

/// A source that fails or answers again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Source {
    source: String,
    failing: Option<i64>,
}

/// One of Watchbell's own alerts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Own {
    subject: SubjectBody,
    fires: bool,
}

/// Slots of a group that were not evaluated.
#[derive(Debug, Serialize, Deserialize)]
pub struct Missed {
    source: String,
    group: String,
    first: i64,
    slots: u32,
}

/// Time in which we did not run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Slept {
    millis: i64,
}

impl Changed {
    /// Writes it down.
    pub fn new(rule: RuleId, failing: Option<Moment>, empty: Option<Moment>) -> Self {
        Changed { rule: Id(rule), failing: failing.map(Moment::millis), empty: empty.map(Moment::millis) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::RuleChanged { rule: self.rule.0, failing: self.failing.map(moment), empty: self.empty.map(moment) }
    }
}

impl Missed {
    /// Writes it down.
    pub fn new(source: &str, group: &str, first: Slot, slots: u32) -> Self {
        Missed { source: source.to_owned(), group: group.to_owned(), first: first.millis(), slots }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        let first = Slot::from_millis(self.first);
        EventKind::SlotsMissed { source: self.source.into(), group: self.group.into(), first, slots: self.slots }
    }
}

impl Moved {
    /// Writes it down.
    pub fn new(from: RuleId, to: RuleId, alerts: &[(AlertId, AlertId)]) -> Self {
        Moved { from: Id(from), to: Id(to), alerts: alerts.iter().map(|(old, new)| (Id(*old), Id(*new))).collect() }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        let alerts = self.alerts.into_iter().map(|(old, new)| (old.0, new.0)).collect();
        EventKind::RuleMoved { from: self.from.0, to: self.to.0, alerts }
    }
}

impl Forgotten {
    /// Writes it down.
    pub fn new(rule: RuleId) -> Self {
        Forgotten { rule: Id(rule) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::RuleForgotten { rule: self.rule.0 }
    }
}

impl Source {
    /// Writes it down.
    pub fn new(source: &str, failing: Option<Moment>) -> Self {
        Source { source: source.into(), failing: failing.map(Moment::millis) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::SourceChanged { source: self.source.into(), failing: self.failing.map(moment) }
    }
}

impl Own {
    /// Writes it down.
    pub fn new(subject: &Subject, fires: bool) -> Self {
        Own { subject: SubjectBody::new(subject), fires }
    }

    /// Reads it back.
    pub fn read(self, severities: &Severities) -> EventKind {
        EventKind::OwnAlert { subject: self.subject.read(severities), fires: self.fires }
    }
}

impl Slept {
    /// Writes it down.
    pub fn new(span: Span) -> Self {
        Slept { millis: span.millis() }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::Slept { span: Span::from_millis(self.millis) }
    }
}
