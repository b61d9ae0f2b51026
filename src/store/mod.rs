//! Remembering: the journal of events, what is owed to whom, who decides, and the last rules that were good.
//!
//! Events are the truth. A commit is one transaction: new events and the deliveries they owe. It names the lease's epoch
//! and the expected last `seq`, and is refused otherwise, so that a replica that has lost its lease can write nothing.
//! A command is on record before it is decided, and consumed by the commit of its events: it is carried out exactly once.
//! Steady state writes nothing but the lease's renewal, which carries the moment up to which we ran.

pub mod command;
pub mod event;
pub mod holder;
pub mod notice;
mod sqlite;

pub use command::Outcome;
pub use sqlite::Sqlite;

use crate::engine::command::Command;
use crate::engine::incident::{Destination, Incident, Incidents};
use crate::engine::notice::Notice;
use crate::engine::{Event, EventKind, IncidentEvent};
use crate::model::{DeliveryId, IncidentId, Moment, Severities, Span};
use std::path::PathBuf;
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

/// A message that was owed, and what came of it.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The message.
    pub notice: Notice,
    /// `queued`, `claimed`, `sent`, `refused` or `withdrawn`.
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last trouble with it.
    pub reason: Option<String>,
    /// When it was sent, refused or withdrawn, by the wall clock.
    pub finished: Option<Moment>,
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

/// A delivery that is owed, in the order in which its destination has to get it.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Its place in the order of all deliveries.
    pub number: u64,
    /// What to say.
    pub notice: Arc<Notice>,
    /// How often it has been tried.
    pub attempts: u32,
    /// The wall clock, in milliseconds, before which it is not tried again.
    pub not_before: i64,
    /// When it was first tried.
    pub first_tried: Option<i64>,
    /// Whether an attempt began of which nobody knows how it ended.
    pub fate_unknown: bool,
    /// Whether this process has asked for the channel's fallback. Asking twice is harmless: its ledger knows.
    pub fell_back: bool,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Attempt {
    /// It arrived; the receipt is what the channel needs to speak of it again.
    Sent {
        /// In the channel's own words, as JSON.
        receipt: String,
    },
    /// It will never arrive.
    Refused {
        /// Why.
        reason: String,
    },
    /// It may arrive later.
    Failed {
        /// Why it did not this time.
        reason: String,
        /// When to try again, by the wall clock in milliseconds.
        not_before: i64,
    },
    /// It was overtaken before anybody tried to deliver it.
    Withdrawn,
    /// The channel has nothing to send for it: nobody was told.
    NothingToSend,
}

/// A delivery as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The delivery.
    pub id: DeliveryId,
    /// The incident.
    pub incident: IncidentId,
    /// To whom.
    pub destination: Destination,
    /// `queued`, `claimed`, `sent`, `refused` or `withdrawn`.
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last trouble with it.
    pub reason: Option<String>,
}

/// What was recorded before these times, by the wall clock in milliseconds, is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// For what alerts did.
    pub events: i64,
    /// For closed incidents, with all that was told of them, and for everything else.
    pub incidents: i64,
}

impl TooOld {
    /// What is too old at `wall`, where events of alerts and incidents are kept for so long.
    #[must_use]
    pub fn at(wall: i64, events: Span, incidents: Span) -> Self {
        TooOld { events: wall - events.millis(), incidents: wall - incidents.millis() }
    }
}

/// A part of the past that is looked through at once for what is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Events that are of no incident, from the one after this number on.
    Events {
        /// The number.
        after: u64,
    },
    /// Incidents, from the one after this number on.
    Incidents {
        /// The number.
        after: u64,
    },
    /// Messages of no incident.
    Messages,
}

impl Default for Piece {
    /// The first one.
    fn default() -> Self {
        Piece::Events { after: 0 }
    }
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds the lease.
    #[error("another replica holds the lease until {until}")]
    Held {
        /// When the lease ends, if it is not renewed.
        until: Moment,
    },
    /// The lease was lost: nothing was written, and nothing may be sent.
    #[error("the lease of epoch {epoch} has been lost; nothing was written")]
    LostLease {
        /// The epoch that was named.
        epoch: u64,
    },
    /// The file was deleted or replaced while it was open: what is written goes nowhere.
    #[error(
        "{} is not the file that was opened: it was deleted or replaced, and what is decided now is not kept; start again",
        path.display()
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// The journal has gone on without us.
    #[error("the journal stands at {actual}, not at {expected}; nothing was written")]
    Behind {
        /// What was expected.
        expected: u64,
        /// What is.
        actual: u64,
    },
    /// The database is newer than this program.
    #[error("the database has schema version {found}, this version of Watchbell knows {known}; run a newer one")]
    NewerSchema {
        /// What the database says.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// The database is older than this program, and is only read.
    #[error(
        "the database has schema version {found}, this version of Watchbell reads {known}; `watchbell run` brings it up to that"
    )]
    OlderSchema {
        /// What the database says.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// What came of a delivery cannot be noted, because the delivery is not on record (yet).
    #[error("the delivery {id} is not on record")]
    NotOwed {
        /// The delivery.
        id: DeliveryId,
    },
    /// An event cannot be read.
    #[error(transparent)]
    Event(#[from] event::EventError),
    /// A stored notice cannot be read.
    #[error("cannot read a stored notice")]
    Notice(#[source] serde_json::Error),
    /// A submitted command cannot be read.
    #[error("cannot read a submitted command")]
    Command(#[source] serde_json::Error),
    /// A submitted command is newer than this program.
    #[error(
        "the inbox holds a command of version {version}, which this version of Watchbell does not know; run a newer one"
    )]
    NewerCommand {
        /// Its version.
        version: u32,
    },
    /// The database did not do it.
    #[error("the database failed while it was to {doing}")]
    Database {
        /// What it was to do.
        doing: &'static str,
        /// Why it did not.
        source: rusqlite::Error,
    },
}

/// Remembering, whatever remembers.
pub trait Store: Send {
    /// Takes the lease of a partition, where nobody holds it at `wall`, `holder` does already, or whoever does is gone.
    ///
    /// # Errors
    /// When somebody else holds it, or the database fails.
    fn acquire(&mut self, partition: Partition, holder: &str, wall: i64, until: i64) -> Result<Lease, StoreError>;

    /// Keeps the lease until `until`, and notes that we ran up to `moment`.
    ///
    /// # Errors
    /// When the lease was lost, or the database fails.
    fn renew(&mut self, partition: Partition, epoch: Epoch, until: i64, moment: Moment) -> Result<(), StoreError>;

    /// Gives the lease back, so that another replica need not wait for its end.
    ///
    /// # Errors
    /// When the database fails.
    fn release(&mut self, partition: Partition, epoch: Epoch) -> Result<(), StoreError>;

    /// Reads the journal.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    fn load(&mut self, partition: Partition, severities: &Severities) -> Result<Journal, StoreError>;

    /// Every event from `from` to `to`, both included, those before a snapshot as well.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    fn recorded(
        &mut self,
        partition: Partition,
        from: Moment,
        to: Moment,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError>;

    /// Writes events and what they owe in one transaction; returns the number of the last event.
    /// A delivery that is there already (deciding again after a crash gives the same id) is left as it is.
    ///
    /// # Errors
    /// When the lease was lost, the journal went on without us, or the database fails. Nothing is written then.
    fn commit(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        expected: u64,
        commit: &Commit,
        wall: i64,
    ) -> Result<u64, StoreError>;

    /// Lets the journal start anew after event `seq`: `events`, taken one by one, fold to the state as it was then.
    ///
    /// # Errors
    /// When the lease was lost, the journal stands elsewhere, or the database fails. The journal is then as it was.
    fn snapshot(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        seq: u64,
        events: &mut dyn Iterator<Item = Event>,
    ) -> Result<(), StoreError>;

    /// When, by the wall clock, the first event after the newest snapshot was recorded.
    ///
    /// # Errors
    /// When the database fails.
    fn oldest_since_snapshot(&mut self, partition: Partition) -> Result<Option<i64>, StoreError>;

    /// Forgets one piece of what is too old; gives the next one, where there is one. Nothing goes that a start has to read: what
    /// comes after the newest snapshot, what is owed, and whatever is not over.
    ///
    /// # Errors
    /// When the lease was lost, or the database fails. Nothing is forgotten then.
    fn forget(
        &mut self,
        partition: Partition,
        epoch: Epoch,
        too_old: &TooOld,
        piece: Piece,
    ) -> Result<Option<Piece>, StoreError>;

    /// Puts a command on record before anybody decides on it; one whose id is there already is left as it is.
    ///
    /// # Errors
    /// When what is on record is damaged, or the database fails.
    fn submit(&mut self, partition: Partition, command: &Command, wall: i64) -> Result<Submitted, StoreError>;

    /// The commands that were submitted and not decided, oldest first: a crash came between.
    ///
    /// # Errors
    /// When a command is newer than this program, damaged, or the database fails.
    fn waiting(&mut self, partition: Partition, severities: &Severities) -> Result<Vec<Command>, StoreError>;

    /// Everything that is owed, oldest first.
    ///
    /// # Errors
    /// When a notice is damaged, or the database fails.
    fn owed(&mut self, partition: Partition, severities: &Severities) -> Result<Vec<Owed>, StoreError>;

    /// Notes that an attempt begins, before anything is sent.
    ///
    /// # Errors
    /// When the lease was lost, or the database fails.
    fn claim(&mut self, partition: Partition, epoch: Epoch, id: DeliveryId, wall: i64) -> Result<(), StoreError>;

    /// Notes what came of an attempt.
    ///
    /// # Errors
    /// When the delivery is not on record, or the database fails.
    fn finish(&mut self, partition: Partition, id: DeliveryId, attempt: &Attempt, wall: i64) -> Result<(), StoreError>;

    /// The last receipt that a destination gave for this generation of an incident.
    ///
    /// # Errors
    /// When the database fails.
    fn receipt(
        &mut self,
        partition: Partition,
        incident: IncidentId,
        generation: u32,
        to: &Destination,
    ) -> Result<Option<String>, StoreError>;

    /// Puts another receipt in the place of that one: the destination has been told more than its last delivery said.
    ///
    /// # Errors
    /// When the database fails.
    fn replace_receipt(
        &mut self,
        partition: Partition,
        incident: IncidentId,
        generation: u32,
        to: &Destination,
        receipt: &str,
    ) -> Result<(), StoreError>;

    /// All deliveries, for reviews and tests.
    ///
    /// # Errors
    /// When the database fails.
    fn deliveries(&mut self, partition: Partition) -> Result<Vec<Entry>, StoreError>;

    /// The numbers of incidents below `below`, the newest first, at most so many.
    ///
    /// # Errors
    /// When the database fails.
    fn numbers(&mut self, partition: Partition, below: u64, at_most: usize) -> Result<Vec<u64>, StoreError>;

    /// What the journal says of the incident with this number; nothing where there never was one.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    fn story(
        &mut self,
        partition: Partition,
        number: u64,
        severities: &Severities,
    ) -> Result<Option<Story>, StoreError>;

    /// Every message that was owed because of an incident, in order.
    ///
    /// # Errors
    /// When a notice is damaged, or the database fails.
    fn sendings(
        &mut self,
        partition: Partition,
        incident: IncidentId,
        severities: &Severities,
    ) -> Result<Vec<Sending>, StoreError>;

    /// Every event up to `to`, in order, but those whose kinds (as the journal names them) are left out: what a review reads of a
    /// long past without reading all of it.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    fn recorded_but(
        &mut self,
        partition: Partition,
        left_out: &[&str],
        to: Moment,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError>;

    /// The numbers of incidents that were open at `from` or after it, or of which something was recorded since; the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    fn numbers_since(&mut self, partition: Partition, from: Moment) -> Result<Vec<u64>, StoreError>;

    /// Every message that was owed from `from` on and before `to`, letters as well, in order.
    ///
    /// # Errors
    /// When a notice is damaged, or the database fails.
    fn sent_between(
        &mut self,
        partition: Partition,
        from: Moment,
        to: Moment,
        severities: &Severities,
    ) -> Result<Vec<Sending>, StoreError>;

    /// From when to when there is something on record: the first event, and up to when we are known to have run.
    ///
    /// # Errors
    /// When the database fails.
    fn extent(&mut self, partition: Partition) -> Result<Option<(Moment, Moment)>, StoreError>;

    /// The texts of the last good files.
    ///
    /// # Errors
    /// When the database fails.
    fn last_good(&mut self, partition: Partition) -> Result<Vec<(String, String)>, StoreError>;
}
