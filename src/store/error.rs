//! Why the store did not do what was asked.

use super::event;
use crate::model::{DeliveryId, Moment};
use std::path::PathBuf;

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
    #[error("the database failed while it was to {doing}: {why}")]
    Database {
        /// What it was to do.
        doing: &'static str,
        /// Why it did not. It is no source of this error: SQLite's own causes say the same once more, with a number.
        why: rusqlite::Error,
    },
    /// The file is a database of something else.
    #[error("this is a database of another program: `store` names a file of Watchbell's own")]
    Foreign,
}
