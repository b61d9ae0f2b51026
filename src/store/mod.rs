//! Remembering: the journal of events, what is owed to whom, who decides, and the last rules that were good.
//!
//! Events are the truth. A commit is one transaction: new events and the deliveries they owe. It names the lease's epoch
//! and the expected last `seq`, and is refused otherwise, so that a replica that has lost its lease can write nothing.
//! A command is on record before it is decided, and consumed by the commit of its events: it is carried out exactly once.
//! Steady state writes nothing but the lease's renewal, which carries the moment up to which we ran.

mod age;
pub mod command;
mod error;
pub mod event;
pub mod holder;
mod journal;
pub mod notice;
mod owed;
mod sqlite;

pub use age::{Piece, Tidied, TooOld};
pub use command::Outcome;
pub use error::StoreError;
pub use journal::{Commit, Consumed, Epoch, Journal, Lease, Partition, Story, Submitted};
pub use owed::{Attempt, Entry, Owed, Sending};
pub use sqlite::Sqlite;

use crate::engine::Event;
use crate::engine::command::Command;
use crate::engine::incident::Destination;
use crate::model::{DeliveryId, IncidentId, Moment, Severities};

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

    /// Forgets one piece of what is too old; says what went, and which piece is next. Nothing goes that a start has to read: what
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
    ) -> Result<Tidied, StoreError>;

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

    /// Notes that an attempt begins at the moment `now`, in milliseconds, before anything is sent.
    ///
    /// # Errors
    /// When the lease was lost, or the database fails.
    fn claim(&mut self, partition: Partition, epoch: Epoch, id: DeliveryId, now: i64) -> Result<(), StoreError>;

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

    /// What became of each alert of a rule last before `before`: how it stood then, where that is on record.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    fn standing(
        &mut self,
        partition: Partition,
        before: Moment,
        severities: &Severities,
    ) -> Result<Vec<Event>, StoreError>;

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
