//! What happened, as the journal keeps it: the truth from which state is folded.

mod incident;

pub use incident::{IncidentEvent, Opening};

use super::alert::Alert;
use super::command::{Actor, AdHocSilence};
use super::heartbeat::Heartbeat;
use super::incident::{DigestKey, Entry, Key, Member};
use super::posted::Posted;
use super::routine::RoutineState;
use super::transition::Subject;
use crate::model::{AlertId, IncidentId, Moment, Name, RuleId, SilenceId, Slot, Span};
use std::sync::Arc;

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
    /// Slots of a group were not evaluated while we ran.
    SlotsMissed {
        /// Its source.
        source: Name,
        /// Its name.
        group: Name,
        /// The first of them.
        first: Slot,
        /// How many.
        slots: u32,
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
    /// An alert that has to keep firing does, or no longer.
    HeartbeatChanged {
        /// The alert.
        alert: Name,
        /// What it is now; `None` where nobody expects it any more.
        is: Option<Heartbeat>,
    },
    /// A routine was seen, came up, was told or was done.
    RoutineChanged {
        /// The routine.
        routine: Name,
        /// What it is now; `None` where the configuration has it no more.
        is: Option<RoutineState>,
    },
    /// An alert that somebody posted fires, or is another now.
    AlertPosted {
        /// The alert.
        posted: Box<Posted>,
    },
    /// A posted alert is over.
    PostedEnded {
        /// The alert.
        alert: AlertId,
    },
    /// We were not running for so long: no clock went on.
    Slept {
        /// How long.
        span: Span,
    },
    /// Somebody silenced something, or a silence is another now.
    Silenced {
        /// The silence.
        silence: Box<AdHocSilence>,
    },
    /// A silence is over.
    SilenceEnded {
        /// The silence.
        id: SilenceId,
        /// Who ended it; `None` where its time had come.
        by: Option<Actor>,
    },
    /// An incident is to be listed in a digest, or is listed once more because it ended.
    DigestEntered {
        /// Which digest.
        digest: DigestKey,
        /// The incident's number.
        number: u64,
        /// What is listed.
        entry: Box<Entry>,
    },
    /// A digest was sent.
    DigestSent {
        /// Which.
        digest: DigestKey,
        /// The time that it was for, by the wall clock.
        at: Slot,
        /// What stays in it, and how often it has been listed.
        kept: Vec<(u64, u32)>,
    },
    /// What a snapshot of the journal has to say beside its incidents, so that folding it gives the same. Where many alerts
    /// changed it says so in several pieces.
    IncidentsCounted {
        /// The number that the last incident got.
        last_number: u64,
        /// When alerts changed lately.
        changes: Vec<(AlertId, Vec<Moment>)>,
    },
    /// What a snapshot has to say beside its incidents of the actions that were run.
    ActionsCounted {
        /// When each was to be run, lately.
        ran: Vec<(Name, Vec<Moment>)>,
    },
    /// An incident as a snapshot of the journal keeps it: whole, but for the alerts that follow in pieces where it has many.
    IncidentRestored {
        /// The incident.
        incident: Box<super::incident::Incident>,
    },
    /// More alerts of an incident that was restored.
    MembersRestored {
        /// The incident.
        key: Key,
        /// Its id, for whoever looks for it.
        id: IncidentId,
        /// The alerts.
        members: Vec<Arc<Member>>,
    },
    /// An incident's step.
    Incident {
        /// Which incident.
        key: Key,
        /// Its id, for whoever looks for it.
        id: IncidentId,
        /// The number that people say.
        number: u64,
        /// Its generation.
        generation: u32,
        /// The step.
        event: IncidentEvent,
    },
}
