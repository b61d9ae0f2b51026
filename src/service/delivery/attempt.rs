//! One attempt: claimed, made in a task of its own, and taken note of when it has ended.

use super::{Attempted, Done, Line, What, Worker, owed};
use crate::config::Settings;
use crate::crash::{self, Point};
use crate::engine::notice::Notice;
use crate::http::chain;
use crate::model::DeliveryId;
use crate::notify::link::Links;
use crate::notify::{Channel, Delivery, Notifier, Receipt, SendError};
use crate::service::clock::wall;
use crate::service::said::Said;
use std::sync::Arc;
use tokio::task;
use tracing::{error, warn};

impl Worker {
    /// Claims a delivery and sends it in a task of its own.
    pub(super) async fn start(&mut self, line: Line, id: DeliveryId) {
        let channel = match self.channel(&line.1.channel) {
            Ok(Some(channel)) => Ok(channel),
            Ok(None) => {
                let reason = "the channel is not configured any more".into();
                return self.judge(&line, id, Err(SendError::Refused { channel: "watchbell", reason }));
            }
            // People mend it, as they mend a secret.
            Err(cause) => Err(SendError::Busy { channel: "watchbell", reason: chain(&cause), retry_after: None }),
        };
        let now = self.now();
        let Some(owed) = owed(&mut self.lines, &line, id) else { return };
        owed.attempts += 1;
        owed.fate_unknown = true;
        owed.first_tried.get_or_insert(now);
        let notice = owed.notice.clone();
        if !self.claim(id, now).await {
            return;
        }
        crash::point(Point::AfterClaim);
        *self.under_way.entry(line.1.channel.clone()).or_default() += 1;
        let earlier = self.receipt(&line, notice.draft.generation);
        let settings = Arc::clone(&self.settings);
        self.set_off(line, What::Delivery(id), async move {
            let outcome = match channel {
                Ok(channel) => send(&channel, &notice, &settings, earlier.await.as_ref()).await,
                Err(cause) => Err(cause),
            };
            Done { outcome, is_news: true }
        });
    }

    /// Puts on record that an attempt begins. Says whether it may begin.
    async fn claim(&self, id: DeliveryId, now: i64) -> bool {
        let (partition, epoch) = (self.partition, self.epoch);
        if self.books.is_failing() {
            return true;
        }
        match self.books.ask(move |store| store.claim(partition, epoch, id, now)).await {
            Ok(()) => true,
            Err(cause) if cause.is_lost_lease() => {
                error!(error = %cause, "the lease is lost; nothing more is sent from here");
                let _gone = self.said.send(Said::LostLease);
                false
            }
            // Fail open: a page that cannot be put on record still goes out, under the key that it would have had.
            Err(cause) => {
                error!(error = %cause, delivery.id = %id, "sending without a record, because the store fails");
                true
            }
        }
    }

    /// The last receipt of a line: as we remember it, else as the store does.
    pub(super) fn receipt(&self, line: &Line, generation: u32) -> impl Future<Output = Option<Receipt>> + use<> {
        let known = self.receipts.get(&(line.clone(), generation)).cloned();
        let (books, partition, (incident, to)) = (self.books.clone(), self.partition, line.clone());
        async move {
            if known.is_some() {
                return known;
            }
            let stored = books.ask(move |store| store.receipt(partition, incident, generation, &to)).await;
            stored.ok().flatten().map(Receipt::Text)
        }
    }

    /// Nothing else goes out on `line` until this attempt has ended, however it ends.
    pub(super) fn set_off(&mut self, line: Line, what: What, attempt: impl Future<Output = Done> + Send + 'static) {
        self.busy.insert(line.clone());
        let task = self.attempts.spawn(attempt).id();
        self.tasks.insert(task, (line, what));
    }

    /// Takes note of an attempt that has ended.
    pub(super) fn finish(&mut self, done: Result<(task::Id, Done), task::JoinError>) {
        let (task, done) = match done {
            Ok(ended) => ended,
            Err(cause) => {
                error!(error = %cause, "an attempt to deliver ended abnormally");
                let reason = "the attempt ended abnormally".into();
                let outcome = Err(SendError::Unreachable { channel: "watchbell", reason });
                (cause.id(), Done { outcome, is_news: false })
            }
        };
        let Some((line, what)) = self.tasks.remove(&task) else { return };
        crash::point(Point::BeforeFinish);
        self.busy.remove(&line);
        match what {
            What::Refresh { generation } => self.judge_refresh(line, generation, done),
            What::Delivery(id) => {
                if let Some(count) = self.under_way.get_mut(&line.1.channel) {
                    *count = count.saturating_sub(1);
                }
                self.judge(&line, id, done.outcome);
            }
        }
    }
}

pub(super) async fn send(
    channel: &Channel,
    notice: &Notice,
    settings: &Settings,
    earlier: Option<&Receipt>,
) -> Attempted {
    if !channel.has_something_to_say(&notice.draft, earlier) {
        return Ok(None);
    }
    let wall = wall();
    // A page without links is a page all the same.
    let links = Links::of(notice, settings, wall).unwrap_or_else(|cause| {
        warn!(error = %chain(&cause), "a message goes out without signed links");
        None
    });
    let (delivery, deadline) = (Delivery { notice, links: links.as_ref(), wall }, channel.deadline());
    match tokio::time::timeout(deadline, channel.send(delivery, earlier)).await {
        Ok(outcome) => outcome.map(Some),
        Err(_) => {
            let reason = format!("no answer within {} s", deadline.as_secs());
            Err(SendError::Unreachable { channel: channel.word(), reason })
        }
    }
}
