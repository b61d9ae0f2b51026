//! The delivery worker: sends what is stored, in order, and keeps at it.
//!
//! It owns a queue for each incident and destination. What goes out next is decided by `notify::queue`; this task waits,
//! asks, claims, sends and notes down. A stuck channel holds up nobody but its own queues. Start at [`Worker::run`].

mod again;
mod ailing;
mod attempt;
mod channels;
mod outcome;
#[cfg(test)]
mod tests;

use super::books::Books;
use super::clock::{Clock, wall};
use super::metrics::Metrics;
use super::notary::Notary;
use super::pulse::Pulses;
use super::said::Said;
use crate::config::Settings;
use crate::engine::incident::Destination;
use crate::engine::notice::Notice;
use crate::model::{DeliveryId, IncidentId, Name, Span};
use crate::notify::queue::{self, Heard, Next, Room, Waiting, Wishes};
use crate::notify::{Channel, Receipt, SendError};
use crate::store::{Attempt, Epoch, Owed, Partition};
use ailing::Ailing;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// What the worker is told.
#[derive(Debug)]
pub enum Order {
    /// These are owed now, and stored.
    Owed(Vec<Arc<Notice>>),
    /// The channels may be others now.
    Settings {
        /// What is configured now.
        settings: Arc<Settings>,
        /// The channels through which somebody heard of what has not ended.
        owing: BTreeSet<Name>,
    },
    /// Somebody else decides now: nothing more may be sent.
    Stop,
    /// Say again to an Alertmanager what fires, so that it does not forget.
    Refresh(Box<Notice>),
}

type Line = (IncidentId, Destination);
/// What came of an attempt: a receipt; or nothing, where the channel had nothing to send.
type Attempted = Result<Option<Receipt>, SendError>;

/// An attempt that has ended.
struct Done {
    outcome: Attempted,
    /// Whether its receipt says anything else than the one before.
    is_news: bool,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// A delivery that is owed.
    Delivery(DeliveryId),
    /// An Alertmanager hears again what fires. Nothing of this is on record: the next round says it all anew.
    Refresh {
        /// The incident's generation.
        generation: u32,
    },
}

/// The worker.
pub struct Worker {
    clock: Clock,
    books: Books,
    partition: Partition,
    epoch: Epoch,
    channels: HashMap<Name, (Arc<Channel>, Option<i64>)>,
    settings: Arc<Settings>,
    lines: BTreeMap<Line, Vec<Owed>>,
    heard: Heard,
    wishes: Wishes,
    busy: HashSet<Line>,
    under_way: HashMap<Name, usize>,
    troubled: HashSet<Name>,
    /// Channels whose secrets cannot be had, as far as others have heard of it.
    mute: HashSet<Name>,
    number: u64,
    attempts: JoinSet<Done>,
    /// Which line an attempt belongs to: known also of one that panics.
    tasks: HashMap<task::Id, (Line, What)>,
    /// The last receipt of each line that is not over. The store has them as well, where it works.
    receipts: HashMap<(Line, u32), Receipt>,
    /// The lines on which an Alertmanager could not be told again what fires.
    ailing: Ailing,
    notary: Notary,
    pulses: Pulses,
    said: mpsc::UnboundedSender<Said>,
    metrics: Arc<Metrics>,
}

impl Worker {
    /// A worker that goes by `clock` and takes up what `owed` says was left over. Of the channels in `troubled` others have heard
    /// that they cannot deliver, and why.
    #[must_use]
    pub fn new(
        books: Books,
        (partition, epoch): (Partition, Epoch),
        settings: Arc<Settings>,
        (clock, owed): (Clock, Vec<Owed>),
        troubled: Vec<(Name, String)>,
        said: mpsc::UnboundedSender<Said>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut worker = Worker {
            clock,
            notary: Notary::open(books.clone(), partition),
            books,
            partition,
            epoch,
            channels: HashMap::new(),
            settings: Arc::clone(&settings),
            lines: BTreeMap::new(),
            heard: Heard::default(),
            wishes: Wishes::default(),
            busy: HashSet::new(),
            under_way: HashMap::new(),
            troubled: HashSet::new(),
            mute: HashSet::new(),
            number: 0,
            attempts: JoinSet::new(),
            tasks: HashMap::new(),
            receipts: HashMap::new(),
            ailing: Ailing::default(),
            pulses: Pulses::new(Arc::clone(&metrics)),
            said,
            metrics,
        };
        for (channel, trouble) in troubled {
            if channels::is_mute(&trouble) {
                worker.mute.insert(channel.clone());
            }
            worker.troubled.insert(channel);
        }
        worker.settle(&settings, &BTreeSet::new());
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
                Some(done) = self.attempts.join_next_with_id() => self.finish(done),
                Some(beat) = self.pulses.next() => self.pulses.finish(beat),
                order = orders.recv() => match order {
                    Some(Order::Stop) | None => break,
                    Some(order) => self.obey(order),
                },
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.pulses.stop().await;
        while let Some(done) = self.attempts.join_next_with_id().await {
            self.finish(done);
        }
        self.notary.close().await;
    }

    /// The moment, in milliseconds. What waits does so by the time that really passes, however the wall clock is stepped.
    fn now(&mut self) -> i64 {
        self.clock.look().moment().millis()
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
            Order::Settings { settings, owing } => self.settle(&settings, &owing),
            Order::Refresh(notice) => self.refresh(*notice),
            Order::Stop => {}
        }
    }

    /// Starts whatever is due, and says how long nothing else will be.
    async fn start_due(&mut self) -> Duration {
        let now = self.now();
        self.heard.forget(now, |channel| updates_every(&self.settings, channel));
        self.wishes.forget(now);
        let mut earliest = self.fall_back_where_late(now).min(now + 60_000);
        earliest = self.pulses.start_due(now).unwrap_or(i64::MAX).min(earliest);
        let lines: Vec<Line> = self.lines.keys().filter(|line| !self.busy.contains(*line)).cloned().collect();
        for line in lines {
            loop {
                match self.next(&line, now) {
                    Next::Idle => break,
                    Next::Wait(until) => {
                        earliest = earliest.min(until);
                        break;
                    }
                    Next::Withdraw(ids) => self.withdraw(&line, &ids),
                    Next::Send(id) => {
                        earliest = self.start_where_room(&line, id, now).await.min(earliest);
                        break;
                    }
                }
            }
        }
        self.lines.retain(|_, queue| !queue.is_empty());
        Duration::from_millis(u64::try_from((earliest - now).max(1)).unwrap_or(1))
    }

    /// Starts a delivery, unless its channel makes enough attempts or wants to be left alone; returns until when it does.
    async fn start_where_room(&mut self, line: &Line, id: DeliveryId, now: i64) -> i64 {
        let under_way = self.under_way.get(&line.1.channel).copied().unwrap_or(0);
        match self.wishes.room(&line.1.channel, under_way, now) {
            Room::Free => self.start(line.clone(), id).await,
            Room::Taken => {}
            Room::Shut(until) => {
                // It would go out now: from now on it counts as tried in vain, and the fallback does not wait for longer
                // because it was another message that the receiver did not take.
                if let Some(owed) = owed(&mut self.lines, line, id) {
                    owed.first_tried.get_or_insert(now);
                }
                return until;
            }
        }
        i64::MAX
    }

    /// Asks for the fallback where a message has been tried in vain for too long, whatever the receiver says about when it
    /// wants to be asked again; returns when the next one is late.
    fn fall_back_where_late(&mut self, now: i64) -> i64 {
        let tried = |owed: &Owed| owed.first_tried.filter(|_| !owed.fell_back);
        let fronts = self.lines.iter().filter_map(|(line, queue)| {
            let front = queue.first()?;
            Some((line.clone(), front.notice.draft.id, tried(front)? + queue::FALLBACK_AFTER.millis()))
        });
        let (late, waiting): (Vec<_>, Vec<_>) = fronts.partition(|(_, _, late)| *late <= now);
        for (line, id, _) in late {
            self.ask_for_fallback(&line, id, "a message has not been taken for 60 s".into());
        }
        waiting.into_iter().map(|(_, _, late)| late).min().unwrap_or(i64::MAX)
    }

    fn next(&self, line: &Line, now: i64) -> Next {
        let Some(queue) = self.lines.get(line) else { return Next::Idle };
        let waiting: Vec<Waiting<'_>> = queue.iter().map(waiting).collect();
        queue::next(&waiting, self.heard.pace(line, updates_every(&self.settings, &line.1.channel)), now)
    }

    fn withdraw(&mut self, line: &Line, ids: &[DeliveryId]) {
        for &id in ids {
            info!(delivery.id = %id, destination = %line.1, "a message to {} was overtaken and is withdrawn", line.1);
            self.metrics.delivered(&line.1.channel, "withdrawn");
            self.notary.note(id, Attempt::Withdrawn);
        }
        if let Some(queue) = self.lines.get_mut(line) {
            queue.retain(|owed| !ids.contains(&owed.notice.draft.id));
        }
    }

    fn measure(&self) {
        // What a notice shows is by the wall clock.
        let oldest = self.lines.values().flatten().map(|owed| owed.notice.draft.at.millis()).min();
        let waiting = self.lines.values().map(Vec::len).sum();
        self.metrics.undelivered(waiting, oldest.map_or(0, |at| wall() - at));
    }
}

/// How updates are thinned out; one that is configured no more has nothing to wait for.
fn updates_every(settings: &Settings, channel: &Name) -> Span {
    settings.channels.get(channel).map(|channel| channel.updates_every).unwrap_or_default()
}

/// The delivery `id` among those that wait on `line`.
fn owed<'a>(lines: &'a mut BTreeMap<Line, Vec<Owed>>, line: &Line, id: DeliveryId) -> Option<&'a mut Owed> {
    lines.get_mut(line)?.iter_mut().find(|owed| owed.notice.draft.id == id)
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
