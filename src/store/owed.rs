//! What is owed to somebody, and what came of it.

use crate::engine::incident::Destination;
use crate::engine::notice::Notice;
use crate::model::{DeliveryId, IncidentId, Moment};
use std::sync::Arc;

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

/// A delivery that is owed, in the order in which its destination has to get it.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Its place in the order of all deliveries.
    pub number: u64,
    /// What to say.
    pub notice: Arc<Notice>,
    /// How often it has been tried.
    pub attempts: u32,
    /// The moment, in milliseconds, before which it is not tried again.
    pub not_before: i64,
    /// The moment, in milliseconds, at which it was first tried.
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
        /// The moment, in milliseconds, at which to try again.
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
