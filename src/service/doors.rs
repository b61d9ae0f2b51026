//! The ways in from outside: what HTTP handlers know of the service.

use super::books::{Books, BooksError};
use super::decider::Decider;
use super::metrics::Metrics;
use super::run::Question;
use super::start::PARTITION;
use crate::config::Settings;
use crate::engine::command::{Command, Refusal};
use crate::engine::posted::{self, Post};
use crate::model::Severities;
use crate::store::{Partition, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::{mpsc, oneshot, watch};

/// What the HTTP server needs to know.
#[derive(Clone)]
pub struct Doors {
    /// The owner of the engine.
    pub questions: mpsc::UnboundedSender<Question>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Whether we decide and remember.
    pub ready: Arc<AtomicBool>,
    /// The settings that hold now; a reload brings others.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// The store, to read what the engine remembers no more.
    pub books: Books,
}

/// A command was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It survives whatever comes.
    Stored,
    /// The store fails. It holds in memory, and is stored when the store remembers again.
    NotYetStored,
}

/// A command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// It was refused; nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its id belongs to another command.
    #[error("this id was used for another request before; a new request needs a new one")]
    OtherCommand,
    /// We stop, or another replica decides. If it is on record, whoever decides next carries it out.
    #[error("the service is stopping; ask again with the same id")]
    Stopping,
}

/// Posted alerts were not taken in, none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// So many fire already that these have no place.
    #[error("{} posted alerts fire at most; these would be more", posted::MOST)]
    Full,
    /// We stop, or another replica decides.
    #[error("the service is stopping; post them again")]
    Stopping,
}

impl Doors {
    /// Puts a command on record, has it carried out, and waits for what comes of it. A repeat (the same id and the same words)
    /// changes nothing and gets the answer of the first. Whoever asks may hang up; it is carried out all the same.
    ///
    /// # Errors
    /// Why it was not carried out.
    pub async fn carry_out(&self, command: Command) -> Result<Done, NotDone> {
        let (answer, wait) = oneshot::channel();
        let question = Question::Command(Box::new(command), answer);
        self.questions.send(question).map_err(|_| NotDone::Stopping)?;
        wait.await.unwrap_or(Err(NotDone::Stopping))
    }

    /// Takes in alerts that somebody posts, all or none, and waits until it is done.
    ///
    /// # Errors
    /// Why nothing was taken in.
    pub async fn post(&self, posts: Vec<Post>) -> Result<(), NotTaken> {
        let (answer, wait) = oneshot::channel();
        self.questions.send(Question::Posted(posts, answer)).map_err(|_| NotTaken::Stopping)?;
        wait.await.unwrap_or(Err(NotTaken::Stopping))
    }

    /// Reads something from the store, with the severities as they rank now.
    ///
    /// # Errors
    /// What the store said.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Store, Partition, &Severities) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, BooksError> {
        let settings = Arc::clone(&self.settings.borrow());
        self.books.ask(move |store| read(store, PARTITION, &settings.severities)).await
    }

    /// Reads something off the engine. `None` while the service stops.
    pub async fn look<T: Send + 'static>(&self, look: impl FnOnce(&Decider) -> T + Send + 'static) -> Option<T> {
        let (answer, wait) = oneshot::channel();
        let look = move |decider: &Decider| {
            // Whoever asked may have hung up.
            let _gone = answer.send(look(decider));
        };
        self.questions.send(Question::Look(Box::new(look))).ok()?;
        wait.await.ok()
    }
}
