//! The delivery worker: sends what is stored, in order, and keeps at it.
//!
//! It owns a queue for each incident and destination. What goes out next is decided by `notify::queue`; this task waits,
//! asks, claims, sends and notes down. A stuck channel holds up nobody but its own queues.

use super::books::Books;
use super::clock::wall;
use super::metrics::Metrics;
use super::notary::Notary;
use super::pulse::Pulses;
use super::said::Said;
use crate::config::{self, Secret, Settings};
use crate::crash::{self, Point};
use crate::engine::incident::Destination;
use crate::engine::notice::{Notice, NoticeKind, resend_every};
use crate::http::chain;
use crate::model::{DeliveryId, IncidentId, Name, Span};
use crate::notify::link::{LinkKey, Links};
use crate::notify::queue::{self, Heard, Next, Waiting};
use crate::notify::{Channel, Delivery, Notifier, Receipt, SendError, Told};
use crate::store::{Attempt, Epoch, Owed, Partition};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The trouble of a channel whose secrets cannot be had begins with this, so that a start knows it again.
const MUTE: &str = "without its secret: ";
/// How many attempts one channel makes at a time.
const ATTEMPTS_AT_ONCE: usize = 8;
/// What has not been told again for so many times is told again no more.
const MISSED_RESENDS: u32 = 3;
/// A channel taken out of the configuration is kept this long for the ends that it owes.
const KEEP_REMOVED_CHANNEL: i64 = 3_600_000;

/// What the worker is told.
#[derive(Debug)]
pub enum Order {
    /// These are owed now, and stored.
    Owed(Vec<Arc<Notice>>),
    /// The channels may be others now.
    Settings(Arc<Settings>),
    /// Somebody else decides now: nothing more may be sent.
    Stop,
    /// Say again to an Alertmanager what fires, so that it does not forget.
    Refresh(Box<Notice>),
}

type Line = (IncidentId, Destination);
/// What came of an attempt: a receipt; or nothing, where the channel had nothing to send.
type Attempted = Result<Option<Receipt>, SendError>;

/// An Alertmanager could not be told again what fires.
struct Ailing {
    /// How often in a row.
    failures: u32,
    last: Instant,
}

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
    books: Books,
    partition: Partition,
    epoch: Epoch,
    channels: HashMap<Name, (Arc<Channel>, Option<i64>)>,
    settings: Arc<Settings>,
    lines: BTreeMap<Line, Vec<Owed>>,
    heard: Heard,
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
    ailing: HashMap<Line, Ailing>,
    notary: Notary,
    pulses: Pulses,
    said: mpsc::UnboundedSender<Said>,
    metrics: Arc<Metrics>,
}

impl Worker {
    /// A worker that takes up what `owed` says was left over. Of the channels in `troubled` others have heard that they cannot
    /// deliver, and why.
    #[must_use]
    pub fn new(
        books: Books,
        (partition, epoch): (Partition, Epoch),
        settings: Arc<Settings>,
        owed: Vec<Owed>,
        troubled: Vec<(Name, String)>,
        said: mpsc::UnboundedSender<Said>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut worker = Worker {
            notary: Notary::open(books.clone(), partition),
            books,
            partition,
            epoch,
            channels: HashMap::new(),
            settings: Arc::clone(&settings),
            lines: BTreeMap::new(),
            heard: Heard::default(),
            busy: HashSet::new(),
            under_way: HashMap::new(),
            troubled: HashSet::new(),
            mute: HashSet::new(),
            number: 0,
            attempts: JoinSet::new(),
            tasks: HashMap::new(),
            receipts: HashMap::new(),
            ailing: HashMap::new(),
            pulses: Pulses::new(Arc::clone(&metrics)),
            said,
            metrics,
        };
        for (channel, trouble) in troubled {
            if trouble.contains(MUTE) {
                worker.mute.insert(channel.clone());
            }
            worker.troubled.insert(channel);
        }
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
        self.pulses.settle(&settings.heartbeats.send, now);
        for (name, (_, removed)) in &mut self.channels {
            if !settings.channels.contains_key(name) {
                removed.get_or_insert(now);
            }
        }
        for (name, channel) in &settings.channels {
            match Channel::build(channel, settings) {
                Ok(built) => {
                    self.channels.insert(name.clone(), (Arc::new(built), None));
                }
                Err(cause) => error!(channel.name = %name, error = %cause, "cannot set up channel {name}"),
            }
        }
        for (name, channel) in &settings.channels {
            self.look_for_secrets(name, channel);
        }
        if let Some(cause) = settings.links.as_ref().and_then(|links| LinkKey::reveal(&links.secret).err()) {
            error!(error = %chain(&cause), "messages carry no signed links");
        }
        self.ailing.retain(|(_, to), _| settings.channels.contains_key(&to.channel));
        let owes = |name: &Name| self.lines.keys().any(|(_, destination)| destination.channel == *name);
        self.channels
            .retain(|name, (_, removed)| removed.is_none_or(|at| owes(name) && now - at < KEEP_REMOVED_CHANNEL));
    }

    /// A channel whose secrets are missing is said to be mute now, and not when somebody has to be woken through it. The others
    /// work, so that this stops nothing.
    fn look_for_secrets(&mut self, name: &Name, channel: &config::Channel) {
        let missing = |secrets: Vec<(&'static str, &Secret)>| {
            let causes = secrets.into_iter().filter_map(|(key, secret)| Some((key, chain(&secret.reveal().err()?))));
            causes.map(|(key, cause)| format!("`{key}`: {cause}")).collect::<Vec<_>>()
        };
        for cause in missing(channel.kind.callback_secrets()) {
            error!(channel.name = %name, "callbacks of channel {name} are refused, because they cannot be checked: {cause}");
        }
        let missing = missing(channel.kind.secrets()).join("; ");
        let trouble = (!missing.is_empty()).then(|| format!("{MUTE}{missing}"));
        let was_mute = self.mute.contains(name);
        if let Some(trouble) = &trouble {
            error!(channel.name = %name, "channel {name} cannot deliver {trouble}");
            self.mute.insert(name.clone());
            self.troubled.insert(name.clone());
        } else if was_mute {
            info!(channel.name = %name, "channel {name} has its secret again");
            self.mute.remove(name);
            self.troubled.remove(name);
        }
        if was_mute == trouble.is_none() {
            let _gone = self.said.send(Said::Channel { channel: name.clone(), trouble });
        }
    }

    /// Starts whatever is due, and says how long nothing else will be.
    async fn start_due(&mut self) -> Duration {
        let now = wall();
        self.heard.forget(now, |channel| updates_every(&self.settings, channel));
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

    /// Claims a delivery and sends it in a task of its own.
    async fn start(&mut self, line: Line, id: DeliveryId) {
        let Some(owed) =
            self.lines.get_mut(&line).and_then(|queue| queue.iter_mut().find(|owed| owed.notice.draft.id == id))
        else {
            return;
        };
        let Some((channel, _)) = self.channels.get(&line.1.channel).cloned() else {
            let reason = "the channel is not configured any more".into();
            return self.judge(&line, id, Err(SendError::Refused { channel: "watchbell", reason }));
        };
        let now = wall();
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
            Done { outcome: send(&channel, &notice, &settings, earlier.await.as_ref()).await, is_news: true }
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
    fn receipt(&self, line: &Line, generation: u32) -> impl Future<Output = Option<Receipt>> + use<> {
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
    fn set_off(&mut self, line: Line, what: What, attempt: impl Future<Output = Done> + Send + 'static) {
        self.busy.insert(line.clone());
        let task = self.attempts.spawn(attempt).id();
        self.tasks.insert(task, (line, what));
    }

    /// Takes note of an attempt that has ended.
    fn finish(&mut self, done: Result<(task::Id, Done), task::JoinError>) {
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

    /// Notes what came of an attempt, and what follows from it.
    fn judge(&mut self, line: &Line, id: DeliveryId, outcome: Attempted) {
        let channel = line.1.channel.clone();
        match outcome {
            Ok(None) => self.had_nothing_to_send(line, id),
            Ok(Some(receipt)) => {
                self.delivered(line, id, receipt);
                self.say_well_again(channel);
            }
            Err(SendError::Partly { reason, receipt, .. }) => {
                error!(destination = %line.1, reason, "{} took a message, but not for everybody", line.1);
                self.delivered(line, id, receipt);
                self.troubled.insert(channel.clone());
                let _gone = self.said.send(Said::Channel { channel, trouble: Some(reason) });
            }
            Err(SendError::Refused { reason, .. }) => {
                error!(destination = %line.1, reason, "{} refused a message for good", line.1);
                self.metrics.delivered(&channel, "refused");
                self.notary.note(id, Attempt::Refused { reason: reason.clone() });
                let refused = self.drop_from(line, id);
                self.say_refused(line, refused.as_ref(), reason);
            }
            Err(error @ (SendError::Unreachable { .. } | SendError::Busy { .. })) => self.retry(line, id, &error),
        }
    }

    /// No request was made: nobody was told, and the next message waits for nothing.
    fn had_nothing_to_send(&mut self, line: &Line, id: DeliveryId) {
        info!(destination = %line.1, delivery.id = %id, "a message to {} is nothing to send there", line.1);
        self.metrics.delivered(&line.1.channel, "withdrawn");
        self.notary.note(id, Attempt::NothingToSend);
        self.drop_from(line, id);
    }

    fn delivered(&mut self, line: &Line, id: DeliveryId, receipt: Receipt) {
        info!(destination = %line.1, delivery.id = %id, "delivered to {}", line.1);
        self.metrics.delivered(&line.1.channel, "sent");
        self.heard.note(line, wall());
        self.notary.note(id, Attempt::Sent { receipt: receipt.text().into_owned() });
        if let Some(owed) = self.drop_from(line, id) {
            let key = (line.clone(), owed.notice.draft.generation);
            match owed.notice.draft.kind {
                NoticeKind::Page | NoticeKind::Update => self.receipts.insert(key, receipt),
                NoticeKind::End | NoticeKind::Letter => self.receipts.remove(&key),
            };
        }
    }

    fn retry(&mut self, line: &Line, id: DeliveryId, error: &SendError) {
        let now = wall();
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
            SendError::Unreachable { .. } | SendError::Refused { .. } | SendError::Partly { .. } => None,
        };
        let not_before = now + queue::retry_in(id, owed.attempts, retry_after);
        owed.not_before = not_before;
        let first_tried = owed.first_tried.unwrap_or(now);
        let in_need = queue::needs_fallback(owed.attempts, first_tried, now) && !owed.fell_back;
        let attempts = owed.attempts;
        warn!(destination = %line.1, attempts, error = %error, "could not deliver to {}; trying again", line.1);
        self.metrics.delivered(&line.1.channel, "failed");
        self.notary.note(id, Attempt::Failed { reason: error.to_string(), not_before });
        if in_need {
            self.ask_for_fallback(line, id, error.to_string());
        }
    }

    /// The channel is in trouble: its fallback has to be told as well, and others have to hear that it cannot deliver.
    fn ask_for_fallback(&mut self, line: &Line, id: DeliveryId, trouble: String) {
        let channel = line.1.channel.clone();
        let queue = self.lines.get_mut(line).into_iter().flatten();
        if let Some(owed) = queue.into_iter().find(|owed| owed.notice.draft.id == id) {
            owed.fell_back = true;
            if owed.notice.draft.kind == NoticeKind::Page {
                let _gone = self.said.send(Said::NeedsFallback { notice: Box::new(owed.notice.draft.clone()) });
            }
        }
        self.troubled.insert(channel.clone());
        let _gone = self.said.send(Said::Channel { channel, trouble: Some(trouble) });
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

    fn drop_from(&mut self, line: &Line, id: DeliveryId) -> Option<Owed> {
        let queue = self.lines.get_mut(line)?;
        let place = queue.iter().position(|owed| owed.notice.draft.id == id)?;
        let owed = queue.remove(place);
        // Whatever became of it: nothing is said again of what is over.
        if owed.notice.draft.kind == NoticeKind::End {
            self.ailing.remove(line);
        }
        Some(owed)
    }

    /// An Alertmanager forgets what it is not told again. This takes its turn on the line: overtaken by the end, it would
    /// raise what is over.
    fn refresh(&mut self, notice: Notice) {
        let line = line_of(&notice);
        if self.lines.contains_key(&line) || self.busy.contains(&line) {
            return;
        }
        let Some((channel, _)) = self.channels.get(&line.1.channel).cloned() else { return };
        let generation = notice.draft.generation;
        let earlier = self.receipt(&line, generation);
        let settings = Arc::clone(&self.settings);
        self.set_off(line, What::Refresh { generation }, async move {
            // Out of the store it is a text: read once, not by the sending and again by the comparing.
            let earlier = earlier.await.map(|it| Receipt::Told(Told::of(&it)));
            let outcome = send(&channel, &notice, &settings, earlier.as_ref()).await;
            let is_news =
                receipt_of(&outcome).is_some_and(|receipt| !earlier.is_some_and(|it| it.says_the_same(receipt)));
            Done { outcome, is_news }
        });
    }

    /// What fires and cannot be kept alive is forgotten there, so others have to hear that the channel does not deliver.
    fn judge_refresh(&mut self, line: Line, generation: u32, done: Done) {
        let channel = line.1.channel.clone();
        self.metrics.delivered(&channel, if done.outcome.is_ok() { "refreshed" } else { "refresh_failed" });
        if let Some(receipt) = receipt_of(&done.outcome) {
            if done.is_news {
                self.notary.note_receipt(line.clone(), generation, receipt.text().into_owned());
            }
            // After a start the last one is in the store alone, where it says every label once more: it is read once.
            self.receipts.insert((line.clone(), generation), receipt.clone());
        }
        match done.outcome {
            Ok(_) => {
                self.ailing.remove(&line);
                self.say_well_again(channel);
            }
            Err(error) => {
                warn!(destination = %line.1, error = %error, "could not keep alerts alive at {}", line.1);
                let failures = 1 + self.ailing.get(&line).map_or(0, |ailing| ailing.failures);
                self.ailing.insert(line, Ailing { failures, last: Instant::now() });
                let is_for_good = matches!(error, SendError::Refused { .. } | SendError::Partly { .. });
                if is_for_good || failures >= queue::FALLBACK_AFTER_FAILURES {
                    self.troubled.insert(channel.clone());
                    let _gone = self.said.send(Said::Channel { channel, trouble: Some(error.to_string()) });
                }
            }
        }
    }

    /// Something got through; the channel delivers again, unless it still refuses to be told again of another incident.
    fn say_well_again(&mut self, channel: Name) {
        // Where nothing is told again any more, nothing ails: its incident is over, or others are told of it now.
        let every = self.settings.channels.get(&channel).and_then(|it| resend_every(&it.kind)).unwrap_or_default();
        let is_told_again = |ailing: &Ailing| ailing.last.elapsed() < every.to_std() * MISSED_RESENDS;
        self.ailing.retain(|(_, to), ailing| to.channel != channel || is_told_again(ailing));
        let ails = self.ailing.keys().any(|(_, to)| to.channel == channel);
        if !ails && self.troubled.remove(&channel) {
            let _gone = self.said.send(Said::Channel { channel, trouble: None });
        }
    }

    fn measure(&self) {
        let oldest = self.lines.values().flatten().map(|owed| owed.notice.draft.at.millis()).min();
        let waiting = self.lines.values().map(Vec::len).sum();
        self.metrics.undelivered(waiting, oldest.map_or(0, |at| wall() - at));
    }
}

/// What an attempt leaves to remember.
fn receipt_of(outcome: &Attempted) -> Option<&Receipt> {
    match outcome {
        Ok(receipt) => receipt.as_ref(),
        Err(SendError::Partly { receipt, .. }) => Some(receipt),
        Err(_) => None,
    }
}

async fn send(channel: &Channel, notice: &Notice, settings: &Settings, earlier: Option<&Receipt>) -> Attempted {
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

/// How updates are thinned out; one that is configured no more has nothing to wait for.
fn updates_every(settings: &Settings, channel: &Name) -> Span {
    settings.channels.get(channel).map(|channel| channel.updates_every).unwrap_or_default()
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
