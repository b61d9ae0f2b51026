//! What is decided goes into the store before anybody acts on it; where the store fails, it waits here and goes out all the same.

use super::{Decider, SNAPSHOT_AFTER};
use crate::crash::{self, Point};
use crate::engine::{Event, EventKind, IncidentEvent, Step};
use crate::http::chain;
use crate::model::duration_text;
use crate::service::books::{Books, BooksError};
use crate::service::clock::wall;
use crate::service::delivery::Order;
use crate::service::housekeeping::judged_at;
use crate::service::report;
use crate::store::{Commit, Consumed, Epoch, Partition, Piece, Tidied, TooOld};
use std::sync::Arc;
use std::time::Instant;
use tracing::{error, info};

impl Decider {
    pub(super) async fn store(&mut self, step: Step, consumed: Vec<Consumed>) {
        for event in &step.events {
            report::event(&self.engine, event);
            self.count_response(event);
            self.count_run(event);
        }
        let is_empty = step.events.is_empty() && step.drafts.is_empty() && consumed.is_empty();
        if is_empty && self.good_files.is_none() {
            return;
        }
        let owed: Vec<_> = self.compose(&step.drafts).await.into_iter().map(Arc::new).collect();
        let now = self.engine.state.moment;
        self.since_snapshot += step.events.len();
        let (rule_set, good_files) = (self.rule_set.clone(), self.good_files.take());
        let commit = Commit { events: step.events, owed, rule_set, good_files, consumed, moment: now };
        let notices = commit.owed.clone();
        self.backlog.push(Arc::new(commit));
        // While the store fails, every try may wait for a lock; then only `renew` tries, and nobody waits for it.
        if !self.books.is_failing() {
            self.settle_backlog().await;
        }
        if !notices.is_empty() && !self.fenced {
            // Stored, or the store fails: then they go out all the same, under the keys they would have had.
            let _gone = self.ways_out.orders.send(Order::Owed(notices));
        }
        if self.since_snapshot >= SNAPSHOT_AFTER && self.is_remembering() {
            self.shorten_journal().await;
        }
    }

    /// Lets the journal start anew from what is known now. The state is lent to the store's thread meanwhile, which writes it
    /// down piece by piece: a copy of it, or of its events, would be the largest thing in memory.
    async fn shorten_journal(&mut self) {
        let state = Arc::new(std::mem::take(&mut self.engine.state));
        let (lent, partition, epoch, seq) = (Arc::clone(&state), self.partition, self.epoch, self.seq);
        let done = self.books.ask(move |store| store.snapshot(partition, epoch, seq, &mut lent.as_events())).await;
        self.engine.state = Arc::unwrap_or_clone(state);
        match done {
            Ok(()) => self.since_snapshot = 0,
            // Tried again with the next step: until then a start only takes longer.
            Err(cause) => self.store_failed(&cause),
        }
    }

    /// Stores what is waiting, oldest first.
    pub async fn settle_backlog(&mut self) {
        while let Some(commit) = self.backlog.first().cloned() {
            crash::point(Point::BeforeCommit);
            let reaches_later_level = commit.events.iter().any(is_later_level);
            if reaches_later_level {
                crash::point(Point::BeforeLevel);
            }
            let (partition, epoch, expected, wall) = (self.partition, self.epoch, self.seq, wall());
            let started = Instant::now();
            let done = self.books.ask(move |store| store.commit(partition, epoch, expected, &commit, wall)).await;
            match done {
                Ok(seq) => {
                    self.ways_out.metrics.committed(started.elapsed().as_secs_f64());
                    self.seq = seq;
                    self.backlog.remove(0);
                    self.store_works();
                    crash::point(Point::AfterCommit);
                    if reaches_later_level {
                        crash::point(Point::AfterLevel);
                    }
                }
                Err(cause) => return self.store_failed(&cause),
            }
        }
    }

    fn store_works(&self) {
        self.ways_out.metrics.store_failing(false);
        if self.books.works() {
            let waiting = self.backlog.len();
            info!(waiting, "the store remembers again; {waiting} more steps are stored now");
        }
    }

    pub(super) fn store_failed(&mut self, cause: &BooksError) {
        self.ways_out.metrics.store_failing(true);
        if cause.is_lost_lease() {
            error!(error = %chain(cause), "the lease is lost: nothing is decided or sent from here any more");
            self.fence();
        } else {
            let waiting = self.backlog.len();
            error!(error = %chain(cause), waiting, "the store does not remember; deciding goes on in memory");
        }
    }

    /// Fencing comes before failing open.
    pub(super) fn fence(&mut self) {
        self.fenced = true;
        let _gone = self.ways_out.orders.send(Order::Stop);
    }

    /// Keeps the lease, and stores what could not be stored before.
    pub async fn renew(&mut self, until: i64) {
        let (partition, epoch, moment) = (self.partition, self.epoch, self.engine.state.moment);
        match self.books.ask(move |store| store.renew(partition, epoch, until, moment)).await {
            Ok(()) => {
                self.store_works();
                self.settle_backlog().await;
                self.keep_house().await;
            }
            Err(cause) => self.store_failed(&cause),
        }
    }

    /// Forgets a piece of what is too old, where it is time for that.
    async fn keep_house(&mut self) {
        let now = self.engine.state.moment;
        let Some(piece) = self.house.due(now).filter(|_| self.is_remembering()) else { return };
        let kept = self.engine.world.settings.retention;
        match self.forget(piece, TooOld::at(judged_at(wall(), now), kept.events, kept.incidents)).await {
            Ok(done) => {
                if let Some(incidents) = self.house.has_done(done, now).filter(|incidents| *incidents > 0) {
                    let kept = duration_text::format(kept.incidents);
                    info!(incidents, "forgot {incidents} closed incidents that are older than {kept}");
                }
            }
            Err(cause) => self.store_failed(&cause),
        }
    }

    /// Only what a snapshot stands for can go: where the journal after it is too old, there is a new one first.
    async fn forget(&mut self, piece: Piece, too_old: TooOld) -> Result<Tidied, BooksError> {
        let (partition, epoch) = (self.partition, self.epoch);
        if piece == Piece::default() {
            let oldest = self.books.ask(move |store| store.oldest_since_snapshot(partition)).await?;
            if oldest.is_some_and(|oldest| oldest < too_old.events.max(too_old.incidents)) {
                self.shorten_journal().await;
            }
        }
        self.books.ask(move |store| store.forget(partition, epoch, &too_old, piece)).await
    }

    /// Whether something of the incident with this number is decided and not on record yet, because the store fails.
    #[must_use]
    pub fn has_unstored(&self, incident: u64) -> bool {
        let mut waiting = self.backlog.iter().flat_map(|commit| &commit.events);
        waiting.any(|event| matches!(event.kind, EventKind::Incident { number, .. } if number == incident))
    }

    /// How many steps are decided and not on record.
    #[must_use]
    pub fn unstored(&self) -> usize {
        self.backlog.len()
    }

    /// What is known of the store, for whoever shuts down.
    #[must_use]
    pub fn books(&self) -> (&Books, Partition, Epoch) {
        (&self.books, self.partition, self.epoch)
    }
}

/// Whether a level was reached that somebody was told of only because nobody had acted. Crash points ask for it.
fn is_later_level(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Incident { event: IncidentEvent::Reached { climb, .. }, .. } if climb.reached > 1)
}
