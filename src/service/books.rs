//! The store, on a thread of its own: SQLite waits for the disk, and nobody else shall.

use crate::store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};

type Deed = Box<dyn FnOnce(&mut dyn Store) + Send>;

/// A handle on the store. Deeds are done one after the other, in the order in which they were asked for.
#[derive(Clone)]
pub struct Books {
    deeds: mpsc::UnboundedSender<Deed>,
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
        (Books { deeds }, thread.expect("the operating system can start a thread"))
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
        Ok(wait.await.map_err(|_| BooksError::Closed)??)
    }
}

impl BooksError {
    /// Whether somebody else decides now: then nothing may be sent either.
    #[must_use]
    pub fn is_lost_lease(&self) -> bool {
        matches!(self, BooksError::Store(StoreError::LostLease { .. } | StoreError::Behind { .. }))
    }
}
