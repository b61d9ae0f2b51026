//! What came of attempts, noted down beside the work: whoever sends does not wait for the disk.
//!
//! What cannot be noted is kept and noted when the store works again, so that a message that was sent without a record is
//! not sent once more by the next start. Until then a crash may repeat it, under its key.

use super::books::{Books, BooksError};
use super::clock::wall;
use crate::engine::incident::Destination;
use crate::model::{DeliveryId, IncidentId};
use crate::store::{Attempt, Partition, Store, StoreError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::error;

/// How long a store that failed is left alone, and how long a delivery may take to get on record.
const AGAIN: Duration = Duration::from_millis(500);

/// Takes notes.
pub struct Notary {
    notes: mpsc::UnboundedSender<Note>,
    noting: JoinHandle<()>,
}

#[derive(Clone)]
enum Note {
    Attempt { id: DeliveryId, attempt: Attempt, at: i64 },
    Receipt { line: (IncidentId, Destination), generation: u32, receipt: String },
}

impl Notary {
    /// Starts taking notes for `books`.
    #[must_use]
    pub fn open(books: Books, partition: Partition) -> Self {
        let (notes, inbox) = mpsc::unbounded_channel();
        Notary { notes, noting: tokio::spawn(keep_noting(books, partition, inbox)) }
    }

    /// Notes what came of an attempt.
    pub fn note(&self, id: DeliveryId, attempt: Attempt) {
        // It ends only with us.
        let _gone = self.notes.send(Note::Attempt { id, attempt, at: wall() });
    }

    /// Notes that a destination has been told more of an incident than its last delivery said.
    pub fn note_receipt(&self, line: (IncidentId, Destination), generation: u32, receipt: String) {
        let _gone = self.notes.send(Note::Receipt { line, generation, receipt });
    }

    /// Waits until everything is noted, or cannot be.
    pub async fn close(self) {
        drop(self.notes);
        if let Err(cause) = self.noting.await {
            error!(error = %cause, "the task that notes down deliveries ended abnormally");
        }
    }
}

async fn keep_noting(books: Books, partition: Partition, mut inbox: mpsc::UnboundedReceiver<Note>) {
    let mut waiting = Vec::new();
    while let Some(note) = inbox.recv().await {
        waiting.push(note);
        while !waiting.is_empty() {
            while let Ok(note) = inbox.try_recv() {
                waiting.push(note);
            }
            waiting = note_down(&books, partition, waiting).await;
            if waiting.is_empty() {
                break;
            }
            if inbox.is_closed() && inbox.is_empty() {
                let count = waiting.len();
                return error!(count, "what came of {count} attempts is not on record; they may be repeated");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Notes down what can be, in order; returns the rest.
async fn note_down(books: &Books, partition: Partition, notes: Vec<Note>) -> Vec<Note> {
    let mut left = Vec::new();
    for note in notes {
        // Each try may wait for a lock; the decider says when it is worth one.
        if books.is_failing() {
            left.push(note);
            continue;
        }
        let done = match note.clone() {
            Note::Attempt { id, attempt, at } => books
                .ask(move |store| store.finish(partition, id, &attempt, at))
                .await
                .map_err(|cause| (Some(id), cause)),
            Note::Receipt { line: (incident, to), generation, receipt } => {
                let replace =
                    move |store: &mut dyn Store| store.replace_receipt(partition, incident, generation, &to, &receipt);
                books.ask(replace).await.map_err(|cause| (None, cause))
            }
        };
        match done {
            Ok(()) => {}
            // Its commit waits as well.
            Err((_, BooksError::Store(StoreError::NotOwed { .. }))) => left.push(note),
            Err((id, cause)) => {
                let id = id.map(|id| id.to_string());
                error!(error = %crate::http::chain(&cause), delivery.id = id, "cannot note down what came of a delivery; trying again");
                left.push(note);
            }
        }
    }
    left
}
