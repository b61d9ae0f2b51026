//! Opening the file: whose it is, which version its schema has, and what makes it the newest.

use super::{Sqlite, doing};
use crate::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::cmp::Ordering;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long somebody else may hold the file: longer than a replica that looks for the lease, shorter than people wait.
/// What is decided meanwhile is kept in memory and stored later.
const PATIENCE: Duration = Duration::from_millis(500);
/// What makes each version of the schema out of the one before it.
pub(super) const STEPS: [&str; 3] =
    [include_str!("schema.sql"), include_str!("inbox.sql"), include_str!("notices.sql")];
/// We write at the end and hardly ever read, so that a cache of the usual two megabytes would only hold what nobody asks for.
const CACHE_PAGES: u32 = 64;

/// Which file was opened under a name. One that is deleted or replaced is written to as if nothing had happened.
#[derive(PartialEq)]
pub(super) struct OpenFile {
    pub(super) path: PathBuf,
    device: u64,
    inode: u64,
}

impl OpenFile {
    fn at(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        Some(OpenFile { path: path.to_owned(), device: file.dev(), inode: file.ino() })
    }

    pub(super) fn is_there(&self) -> bool {
        OpenFile::at(&self.path).as_ref() == Some(self)
    }
}

impl Sqlite {
    /// Opens the file, and makes it where there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or a newer Watchbell made it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Sqlite::prepare(Connection::open(path).map_err(doing("open its file"))?)?;
        Ok(Sqlite { file: OpenFile::at(path), ..store })
    }

    /// Opens a file that is there, to read what it remembers: nothing is written, whoever else writes.
    ///
    /// # Errors
    /// When there is none, or another version of Watchbell made it.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(doing("open its file"))?;
        let fail = doing("set itself up");
        connection.busy_timeout(PATIENCE).map_err(&fail)?;
        let found = version(&connection)?;
        let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
        match found.cmp(&known) {
            Ordering::Greater => Err(StoreError::NewerSchema { found, known }),
            Ordering::Less => Err(StoreError::OlderSchema { found, known }),
            Ordering::Equal => Ok(Sqlite { connection, file: None }),
        }
    }

    /// A store that forgets everything when it is dropped.
    ///
    /// # Errors
    /// When SQLite cannot make one.
    pub fn in_memory() -> Result<Self, StoreError> {
        Sqlite::prepare(Connection::open_in_memory().map_err(doing("open in memory"))?)
    }

    /// Whether what was opened still lies there: what is written to a file that was deleted is kept by nobody.
    pub(super) fn is_there(&self) -> Result<(), StoreError> {
        match self.file.as_ref().filter(|file| !file.is_there()) {
            Some(file) => Err(StoreError::Gone { path: file.path.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn prepare(mut connection: Connection) -> Result<Self, StoreError> {
        let fail = doing("set itself up");
        connection.busy_timeout(PATIENCE).map_err(&fail)?;
        let found = version(&connection)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(&fail)?;
        connection.pragma_update(None, "synchronous", "full").map_err(&fail)?;
        connection.pragma_update(None, "cache_size", CACHE_PAGES).map_err(&fail)?;
        for (step, number) in STEPS.iter().zip(1_u32..).skip(found as usize) {
            let behaviour = rusqlite::TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behaviour).map_err(&fail)?;
            // Another replica may have done it meanwhile.
            if version(&transaction)? >= number {
                continue;
            }
            transaction.execute_batch(step).map_err(&fail)?;
            transaction.pragma_update(None, "user_version", number).map_err(&fail)?;
            transaction.commit().map_err(&fail)?;
        }
        let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
        if found > known {
            Err(StoreError::NewerSchema { found, known })
        } else {
            Ok(Sqlite { connection, file: None })
        }
    }
}

/// The version of its schema; zero where nobody has made one. A database of somebody else is refused.
fn version(connection: &Connection) -> Result<u32, StoreError> {
    let fail = doing("set itself up");
    // Before the version: whoever makes the schema says so with it.
    let count = "SELECT count(*), coalesce(sum(name = 'leases'), 0) FROM sqlite_schema WHERE type = 'table'";
    let (tables, leases): (u32, u32) =
        connection.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&fail)?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(&fail)?;
    let is_ours = tables == 0 || (leases > 0 && version > 0);
    if is_ours { Ok(version) } else { Err(StoreError::Foreign) }
}
