//! What happened, as the journal keeps it: the truth from which state is folded.

use super::alert::Alert;
use super::incident::{Destination, Key};
use super::transition::{Cause, Subject};
use crate::model::{AlertId, IncidentId, Moment, Name, RuleId, Severity, Slot, Span};

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, by the engine's clock.
    pub moment: Moment,
    /// The slot whose evaluation led to it, if one did.
    pub slot: Option<Slot>,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// An alert is now as it says here.
    AlertChanged {
        /// Its rule.
        rule: RuleId,
        /// The alert.
        alert: Box<Alert>,
    },
    /// An alert is no longer remembered.
    AlertForgotten {
        /// Its rule.
        rule: RuleId,
        /// The alert.
        alert: AlertId,
    },
    /// A rule's own clocks are now as it says here.
    RuleChanged {
        /// The rule.
        rule: RuleId,
        /// Since when its queries fail.
        failing: Option<Moment>,
        /// Since when its answer is empty.
        empty: Option<Moment>,
    },
    /// A rule has another id since a reload; its alerts have these.
    RuleMoved {
        /// The id it had.
        from: RuleId,
        /// The id it has.
        to: RuleId,
        /// The alerts' old and new ids.
        alerts: Vec<(AlertId, AlertId)>,
    },
    /// A rule is gone with all that was known of it.
    RuleForgotten {
        /// The rule.
        rule: RuleId,
    },
    /// A source fails since then, or answers again.
    SourceChanged {
        /// The source.
        source: Name,
        /// Since when it fails.
        failing: Option<Moment>,
    },
    /// One of Watchbell's own alerts began or ended.
    OwnAlert {
        /// The alert.
        subject: Subject,
        /// Whether it fires now.
        fires: bool,
    },
    /// We were not running for so long: no clock went on.
    Slept {
        /// How long.
        span: Span,
    },
    /// An incident, whole, as a snapshot of the journal keeps it.
    IncidentRestored {
        /// The incident.
        incident: Box<super::incident::Incident>,
    },
    /// An incident's step.
    Incident {
        /// Which incident.
        key: Key,
        /// Its id, for whoever looks for it.
        id: IncidentId,
        /// Its generation.
        generation: u32,
        /// The step.
        event: IncidentEvent,
    },
}

/// What can happen to an incident.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentEvent {
    /// It opened.
    Opened {
        /// Its id.
        id: IncidentId,
        /// Its number.
        number: u64,
        /// The opening slot.
        slot: Slot,
        /// The severity of the alert that opened it.
        severity: Severity,
        /// When its first message is due.
        until: Moment,
    },
    /// It fires again soon after it had resolved.
    Reopened {
        /// When its first message is due.
        until: Moment,
        /// The severity of the alert that reopened it.
        severity: Severity,
    },
    /// Its first message is due at another time.
    Gathering {
        /// When.
        until: Moment,
    },
    /// An alert joined it, or changed.
    Joined {
        /// The alert.
        subject: Subject,
        /// What moved it.
        cause: Cause,
    },
    /// An alert of it ended.
    Left {
        /// The alert as it was at its end.
        subject: Subject,
        /// What ended it.
        cause: Cause,
        /// When.
        at: Moment,
    },
    /// Its severity is another.
    Severity {
        /// The severity.
        to: Severity,
    },
    /// Somebody has to be woken, under a new key.
    Paged {
        /// The number of the page.
        page: u32,
        /// For which severity.
        severity: Severity,
    },
    /// A destination is owed a message.
    Told {
        /// The destination.
        destination: Destination,
        /// The page that it opens there; `None` for an update or the end.
        page: Option<u32>,
        /// The severity that it speaks of.
        severity: Severity,
        /// How many updates the destination has got by now.
        revision: u32,
        /// When.
        at: Moment,
    },
    /// A page was refused for good: its destination has not been told.
    NotTold {
        /// The destination.
        destination: Destination,
        /// The page.
        page: u32,
    },
    /// A gathered update is due, or no longer.
    UpdateDue {
        /// When.
        at: Option<Moment>,
    },
    /// Everything new has been put into messages.
    Said,
    /// Its last alert ended.
    Resolved {
        /// When.
        at: Moment,
    },
    /// It can no longer reopen.
    Forgotten,
}
