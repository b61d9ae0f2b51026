//! The store, on a thread of its own: SQLite waits for the disk, and nobody else shall.

use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};

type Deed = Box<dyn FnOnce(&mut dyn Store) + Send>;

/// A handle on the store. Deeds are done one after the other, in the order in which they were asked for.
#[derive(Clone)]
pub struct Books {
    deeds: mpsc::UnboundedSender<Deed>,
    /// Set by whatever the database does not do, and cleared by whoever has seen it write again.
    failing: Arc<AtomicBool>,
}

/// The thread has ended.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread of the store is gone.
    #[error("the store's thread has ended")]
    Closed,
}

impl Books {
    /// Opens the thread for `store`. It ends when the last handle is dropped.
    #[must_use]
    pub fn open(mut store: Box<dyn Store>) -> (Self, std::thread::JoinHandle<()>) {
        let (deeds, mut inbox) = mpsc::unbounded_channel::<Deed>();
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            while let Some(deed) = inbox.blocking_recv() {
                deed(&mut *store);
            }
        });
        (Books { deeds, failing: Arc::default() }, thread.expect("the operating system can start a thread"))
    }

    /// Has `deed` done, and waits for what came of it.
    ///
    /// # Errors
    /// What the store said, or that its thread is gone.
    pub async fn ask<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, BooksError> {
        let (answer, wait) = oneshot::channel();
        let deed: Deed = Box::new(move |store| {
            // Whoever asked may have gone meanwhile; the deed is done all the same.
            let _gone = answer.send(deed(store));
        });
        self.deeds.send(deed).map_err(|_| BooksError::Closed)?;
        let outcome = wait.await.map_err(|_| BooksError::Closed)?;
        if matches!(outcome, Err(StoreError::Database { .. } | StoreError::Gone { .. })) {
            self.failing.store(true, Ordering::Relaxed);
        }
        Ok(outcome?)
    }

    /// Whether the database has failed and was not seen to write since. Each try may wait for a lock, so that nobody but
    /// the decider, every two seconds, tries meanwhile.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// The database has written. Says whether that is news.
    pub fn works(&self) -> bool {
        self.failing.swap(false, Ordering::Relaxed)
    }
}

impl BooksError {
    /// Whether somebody else decides now: then nothing may be sent either.
    #[must_use]
    pub fn is_lost_lease(&self) -> bool {
        matches!(self, BooksError::Store(StoreError::LostLease { .. } | StoreError::Behind { .. }))
    }
}
