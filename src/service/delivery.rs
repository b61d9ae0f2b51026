//! The delivery worker: sends what is stored, in order, and keeps at it.
//!
//! It owns a queue for each incident and destination. What goes out next is decided by `notify::queue`; this task waits,
//! asks, claims, sends and notes down. A stuck channel holds up nobody but its own queues.

use super::books::Books;
use super::clock::wall;
use super::metrics::Metrics;
use super::said::Said;
use crate::config::Settings;
use crate::crash::{self, Point};
use crate::engine::incident::Destination;
use crate::engine::notice::{Notice, NoticeKind};
use crate::model::{DeliveryId, IncidentId, Name};
use crate::notify::queue::{self, Next, Pace, Waiting};
use crate::notify::{Channel, Delivery, Notifier, Receipt, SendError};
use crate::store::{Attempt, Epoch, Owed, Partition};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How many attempts one channel makes at a time.
const ATTEMPTS_AT_ONCE: usize = 8;
/// How long an attempt may take before its fate counts as unknown.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(15);
/// A channel taken out of the configuration is kept this long for the ends that it owes.
const KEEP_REMOVED_CHANNEL: i64 = 3_600_000;

/// What the worker is told.
#[derive(Debug)]
pub enum Order {
    /// These are owed now, and stored.
    Owed(Vec<Notice>),
    /// The channels may be others now.
    Settings(Arc<Settings>),
    /// Somebody else decides now: nothing more may be sent.
    Stop,
    /// Say again to an Alertmanager what fires, so that it does not forget.
    Refresh(Box<Notice>),
}

type Line = (IncidentId, Destination);

/// The worker.
pub struct Worker {
    books: Books,
    partition: Partition,
    epoch: Epoch,
    channels: HashMap<Name, (Arc<Channel>, Option<i64>)>,
    settings: Arc<Settings>,
    lines: BTreeMap<Line, Vec<Owed>>,
    last_sent: HashMap<Destination, i64>,
    busy: HashSet<Line>,
    under_way: HashMap<Name, usize>,
    troubled: HashSet<Name>,
    number: u64,
    attempts: JoinSet<Done>,
    said: mpsc::UnboundedSender<Said>,
    metrics: Arc<Metrics>,
}

struct Done {
    line: Line,
    id: DeliveryId,
    outcome: Result<Receipt, SendError>,
}

impl Worker {
    /// A worker that takes up what `owed` says was left over.
    #[must_use]
    pub fn new(
        books: Books,
        (partition, epoch): (Partition, Epoch),
        settings: Arc<Settings>,
        owed: Vec<Owed>,
        said: mpsc::UnboundedSender<Said>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut worker = Worker {
            books,
            partition,
            epoch,
            channels: HashMap::new(),
            settings: Arc::clone(&settings),
            lines: BTreeMap::new(),
            last_sent: HashMap::new(),
            busy: HashSet::new(),
            under_way: HashMap::new(),
            troubled: HashSet::new(),
            number: 0,
            attempts: JoinSet::new(),
            said,
            metrics,
        };
        worker.settle(&settings);
        for owed in owed {
            worker.number = worker.number.max(owed.number);
            worker.lines.entry(line_of(&owed.notice)).or_default().push(owed);
        }
        worker
    }

    /// Works until `stop`; then finishes what is under way, as long as the caller waits.
    pub async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>, stop: CancellationToken) {
        loop {
            let wait = self.start_due().await;
            self.measure();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = self.attempts.join_next() => self.finish(done).await,
                order = orders.recv() => match order {
                    Some(Order::Stop) | None => break,
                    Some(order) => self.obey(order),
                },
                () = tokio::time::sleep(wait) => {}
            }
        }
        while let Some(done) = self.attempts.join_next().await {
            self.finish(done).await;
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Owed(notices) => {
                for notice in notices {
                    self.number += 1;
                    let owed = Owed {
                        number: self.number,
                        attempts: 0,
                        not_before: 0,
                        first_tried: None,
                        fate_unknown: false,
                        fell_back: false,
                        notice,
                    };
                    self.lines.entry(line_of(&owed.notice)).or_default().push(owed);
                }
            }
            Order::Settings(settings) => self.settle(&settings),
            Order::Refresh(notice) => self.refresh(*notice),
            Order::Stop => {}
        }
    }

    /// Builds the channels of `settings`; one that is gone is kept while it owes an end.
    fn settle(&mut self, settings: &Arc<Settings>) {
        self.settings = Arc::clone(settings);
        let now = wall();
        for (name, (_, removed)) in &mut self.channels {
            if !settings.channels.contains_key(name) {
                removed.get_or_insert(now);
            }
        }
        for (name, channel) in &settings.channels {
            match Channel::build(channel, &settings.external_url) {
                Ok(built) => {
                    self.channels.insert(name.clone(), (Arc::new(built), None));
                }
                Err(cause) => error!(channel.name = %name, error = %cause, "cannot set up channel {name}"),
            }
        }
        let owes = |name: &Name| self.lines.keys().any(|(_, destination)| destination.channel == *name);
        self.channels
            .retain(|name, (_, removed)| removed.is_none_or(|at| owes(name) && now - at < KEEP_REMOVED_CHANNEL));
    }

    /// Starts whatever is due, and says how long nothing else will be.
    async fn start_due(&mut self) -> Duration {
        let now = wall();
        let mut earliest = now + 60_000;
        let lines: Vec<Line> = self.lines.keys().filter(|line| !self.busy.contains(*line)).cloned().collect();
        for line in lines {
            loop {
                match self.next(&line, now) {
                    Next::Idle => break,
                    Next::Wait(until) => {
                        earliest = earliest.min(until);
                        break;
                    }
                    Next::Withdraw(ids) => self.withdraw(&line, &ids).await,
                    Next::Send(id) => {
                        let room = self.under_way.get(&line.1.channel).copied().unwrap_or(0) < ATTEMPTS_AT_ONCE;
                        if room {
                            self.start(line.clone(), id).await;
                        }
                        break;
                    }
                }
            }
        }
        self.lines.retain(|_, queue| !queue.is_empty());
        Duration::from_millis(u64::try_from((earliest - now).max(1)).unwrap_or(1))
    }

    fn next(&self, line: &Line, now: i64) -> Next {
        let Some(queue) = self.lines.get(line) else { return Next::Idle };
        let waiting: Vec<Waiting<'_>> = queue.iter().map(waiting).collect();
        let updates_every = self.settings.channels.get(&line.1.channel).map(|channel| channel.updates_every);
        let pace =
            Pace { updates_every: updates_every.unwrap_or_default(), last_sent: self.last_sent.get(&line.1).copied() };
        queue::next(&waiting, pace, now)
    }

    async fn withdraw(&mut self, line: &Line, ids: &[DeliveryId]) {
        for &id in ids {
            info!(delivery.id = %id, destination = %line.1, "a message to {} was overtaken and is withdrawn", line.1);
            self.metrics.delivered(&line.1.channel, "withdrawn");
            self.note(id, Attempt::Withdrawn).await;
        }
        if let Some(queue) = self.lines.get_mut(line) {
            queue.retain(|owed| !ids.contains(&owed.notice.draft.id));
        }
    }

    /// Claims a delivery and sends it in a task of its own.
    async fn start(&mut self, line: Line, id: DeliveryId) {
        let Some(owed) =
            self.lines.get_mut(&line).and_then(|queue| queue.iter_mut().find(|owed| owed.notice.draft.id == id))
        else {
            return;
        };
        let Some((channel, _)) = self.channels.get(&line.1.channel).cloned() else {
            let outcome = Err(SendError::Refused {
                channel: "watchbell",
                reason: "the channel is not configured any more".into(),
            });
            self.busy.insert(line.clone());
            *self.under_way.entry(line.1.channel.clone()).or_default() += 1;
            return self.finish(Ok(Done { line, id, outcome })).await;
        };
        let now = wall();
        owed.attempts += 1;
        owed.fate_unknown = true;
        owed.first_tried.get_or_insert(now);
        let (notice, partition, epoch) = (owed.notice.clone(), self.partition, self.epoch);
        match self.books.ask(move |store| store.claim(partition, epoch, id, now)).await {
            Ok(()) => {}
            Err(cause) if cause.is_lost_lease() => {
                error!(error = %cause, "the lease is lost; nothing more is sent from here");
                let _gone = self.said.send(Said::LostLease);
                return;
            }
            // Fail open: a page that cannot be put on record still goes out, under the key that it would have had.
            Err(cause) => {
                error!(error = %cause, delivery.id = %id, "sending without a record, because the store fails")
            }
        }
        crash::point(Point::AfterClaim);
        let (incident, generation) = (notice.draft.incident, notice.draft.generation);
        let (books, to) = (self.books.clone(), line.1.clone());
        self.busy.insert(line.clone());
        *self.under_way.entry(line.1.channel.clone()).or_default() += 1;
        self.attempts.spawn(async move {
            let earlier = books.ask(move |store| store.receipt(partition, incident, generation, &to)).await;
            let earlier = earlier.ok().flatten().map(Receipt);
            let outcome = send(&channel, &notice, earlier.as_ref()).await;
            Done { line, id, outcome }
        });
    }

    /// Notes what came of an attempt, and what follows from it.
    async fn finish(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let Done { line, id, outcome } = match done {
            Ok(done) => done,
            Err(cause) => return error!(error = %cause, "an attempt to deliver ended abnormally"),
        };
        crash::point(Point::BeforeFinish);
        self.busy.remove(&line);
        if let Some(count) = self.under_way.get_mut(&line.1.channel) {
            *count = count.saturating_sub(1);
        }
        let now = wall();
        let channel = line.1.channel.clone();
        match outcome {
            Ok(Receipt(receipt)) => {
                info!(destination = %line.1, delivery.id = %id, "delivered to {}", line.1);
                self.last_sent.insert(line.1.clone(), now);
                self.metrics.delivered(&channel, "sent");
                self.note(id, Attempt::Sent { receipt }).await;
                self.drop_from(&line, id);
                if self.troubled.remove(&channel) {
                    let _gone = self.said.send(Said::Channel { channel, trouble: None });
                }
            }
            Err(SendError::Refused { reason, .. }) => {
                error!(destination = %line.1, reason, "{} refused a message for good", line.1);
                self.metrics.delivered(&channel, "refused");
                self.note(id, Attempt::Refused { reason: reason.clone() }).await;
                let refused = self.drop_from(&line, id);
                self.say_refused(&line, refused.as_ref(), reason);
            }
            Err(error @ (SendError::Unreachable { .. } | SendError::Busy { .. })) => {
                self.retry(&line, id, &error, now).await
            }
        }
    }

    async fn retry(&mut self, line: &Line, id: DeliveryId, error: &SendError, now: i64) {
        let Some(owed) =
            self.lines.get_mut(line).and_then(|queue| queue.iter_mut().find(|owed| owed.notice.draft.id == id))
        else {
            return;
        };
        let retry_after = match error {
            SendError::Busy { retry_after, .. } => {
                // The receiver said that it did not take it.
                owed.fate_unknown = false;
                *retry_after
            }
            SendError::Unreachable { .. } | SendError::Refused { .. } => None,
        };
        let not_before = now + queue::retry_in(id, owed.attempts, retry_after);
        owed.not_before = not_before;
        let first_tried = owed.first_tried.unwrap_or(now);
        let in_need = queue::needs_fallback(owed.attempts, first_tried, now) && !owed.fell_back;
        let (attempts, draft) = (owed.attempts, owed.notice.draft.clone());
        owed.fell_back |= in_need;
        warn!(destination = %line.1, attempts, error = %error, "could not deliver to {}; trying again", line.1);
        self.metrics.delivered(&line.1.channel, "failed");
        self.note(id, Attempt::Failed { reason: error.to_string(), not_before }).await;
        if in_need {
            let channel = line.1.channel.clone();
            if draft.kind == NoticeKind::Page {
                let _gone = self.said.send(Said::NeedsFallback { notice: Box::new(draft) });
            }
            self.troubled.insert(channel.clone());
            let _gone = self.said.send(Said::Channel { channel, trouble: Some(error.to_string()) });
        }
    }

    fn say_refused(&mut self, line: &Line, refused: Option<&Owed>, reason: String) {
        let channel = line.1.channel.clone();
        if let Some(owed) = refused.filter(|owed| owed.notice.draft.kind == NoticeKind::Page) {
            let draft = Box::new(owed.notice.draft.clone());
            let _gone = self.said.send(Said::NeedsFallback { notice: draft.clone() });
            let _gone = self.said.send(Said::Refused { notice: draft });
        }
        self.troubled.insert(channel.clone());
        let _gone = self.said.send(Said::Channel { channel, trouble: Some(reason) });
    }

    async fn note(&self, id: DeliveryId, attempt: Attempt) {
        let (partition, now) = (self.partition, wall());
        let noted = self.books.ask(move |store| store.finish(partition, id, &attempt, now)).await;
        if let Err(cause) = noted {
            error!(error = %cause, delivery.id = %id, "cannot note down what came of a delivery; it may be sent again");
        }
    }

    fn drop_from(&mut self, line: &Line, id: DeliveryId) -> Option<Owed> {
        let queue = self.lines.get_mut(line)?;
        let place = queue.iter().position(|owed| owed.notice.draft.id == id)?;
        Some(queue.remove(place))
    }

    /// An Alertmanager forgets what it is not told again. Nothing of this is on record: the next round says it all anew.
    fn refresh(&mut self, notice: Notice) {
        let line = line_of(&notice);
        if self.lines.contains_key(&line) || self.busy.contains(&line) {
            return;
        }
        let Some((channel, _)) = self.channels.get(&line.1.channel).cloned() else { return };
        let metrics = Arc::clone(&self.metrics);
        tokio::spawn(async move {
            let outcome = send(&channel, &notice, None).await;
            metrics.delivered(&line.1.channel, if outcome.is_ok() { "refreshed" } else { "refresh_failed" });
            if let Err(error) = outcome {
                warn!(destination = %line.1, error = %error, "could not keep alerts alive at {}", line.1);
            }
        });
    }

    fn measure(&self) {
        let oldest = self.lines.values().flatten().map(|owed| owed.notice.draft.at.millis()).min();
        let waiting = self.lines.values().map(Vec::len).sum();
        self.metrics.undelivered(waiting, oldest.map_or(0, |at| wall() - at));
    }
}

async fn send(channel: &Channel, notice: &Notice, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
    let delivery = Delivery { notice, wall: wall() };
    match tokio::time::timeout(ATTEMPT_DEADLINE, channel.send(delivery, earlier)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(SendError::Unreachable { channel: channel.word(), reason: "no answer within 15 s".into() }),
    }
}

fn line_of(notice: &Notice) -> Line {
    (notice.draft.incident, notice.draft.destination.clone())
}

fn waiting(owed: &Owed) -> Waiting<'_> {
    Waiting {
        notice: &owed.notice,
        attempts: owed.attempts,
        fate_unknown: owed.fate_unknown,
        not_before: owed.not_before,
    }
}
