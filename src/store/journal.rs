//! What is written down in one piece, and read back: events, and the commands that led to them.

use super::Outcome;
use crate::engine::command::Command;
use crate::engine::incident::{Incident, Incidents};
use crate::engine::notice::Notice;
use crate::engine::{Event, EventKind, IncidentEvent};
use crate::model::{IncidentId, Moment};
use std::sync::Arc;

/// A part of the work that one replica decides alone. There is one for now, and it is in every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition(pub u32);

/// Proof of the lease: every commit names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// What the lease's holder gets with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The proof.
    pub epoch: Epoch,
    /// The moment up to which the last holder is known to have run.
    pub ran_until: Option<Moment>,
}

/// The journal as it is read at a start.
#[derive(Debug, Default)]
pub struct Journal {
    /// The snapshot's events and those after it.
    pub events: Vec<Event>,
    /// The number of the last event.
    pub seq: u64,
    /// How many of the events came after the snapshot.
    pub since_snapshot: usize,
}

/// A transaction.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// What happened.
    pub events: Vec<Event>,
    /// What is owed.
    pub owed: Vec<Arc<Notice>>,
    /// Which rule set decided.
    pub rule_set: String,
    /// The texts of the files that run from here on, in the place of those kept before.
    pub good_files: Option<Vec<(String, String)>>,
    /// The commands that led to it, with what came of them.
    pub consumed: Vec<Consumed>,
    /// The moment up to which we ran.
    pub moment: Moment,
}

/// What is remembered of one incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Its id.
    pub id: IncidentId,
    /// Its events, in order.
    pub events: Vec<Event>,
}

impl Story {
    /// The incident as its part of the journal has it. That it was forgotten later is no part of its story.
    #[must_use]
    pub fn incident(&self) -> Option<Incident> {
        let mut incidents = Incidents::default();
        for event in &self.events {
            if let EventKind::Incident { key, event, .. } = &event.kind
                && *event != IncidentEvent::Forgotten
            {
                incidents.apply(key, event);
            }
        }
        let mut incident = incidents.by_key.into_values().next()?;
        if incident.is_resolved() {
            // A rule that was moved meanwhile ended its alerts under other ids, and what moved it is no part of this story.
            incident.members.retain(|_, member| member.ended.is_some());
        }
        Some(incident)
    }
}

/// A command that was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Consumed {
    /// The command.
    pub command: Command,
    /// What came of it.
    pub outcome: Outcome,
}

/// What the inbox says of a command that was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is on record, and waits to be decided.
    Waiting,
    /// The very same command was decided before, and this came of it.
    Decided(Outcome),
    /// Another command had the same id before.
    OtherCommand,
}
