//! Writes what recording rules recorded, in order, until it is written; never in the way of anybody.
//!
//! Whoever evaluates hands a batch over and goes on, or waits a little where the next question reads it. What cannot be
//! written now is kept and tried again, so that a short outage leaves no hole; after an hour, or where too much is kept, the
//! oldest is given up, loudly. Nothing of this is on disk: what a crash takes is what an evaluation that did not happen would
//! not have written either.

use super::metrics::Metrics;
use super::said::Said;
use crate::http::chain;
use crate::prometheus::{Again, WriteError, Writer, Written, backoff};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// So many samples are kept while they cannot be written.
const MOST_SAMPLES: usize = 500_000;
/// For so long a batch is tried.
const LONGEST: Duration = Duration::from_hours(1);
/// After so long without success somebody is told.
const TOLD_AFTER: Duration = Duration::from_mins(1);

/// What one stage of one group recorded at a slot.
struct Batch {
    number: u64,
    writer: Arc<Writer>,
    samples: Arc<[Written]>,
    since: Instant,
    done: Option<oneshot::Sender<()>>,
}

/// The way for samples to be written.
#[derive(Clone)]
pub struct Pen {
    writer: Arc<Writer>,
    inbox: Inbox,
}

/// Where the recorder takes orders.
#[derive(Clone)]
pub struct Inbox {
    orders: mpsc::UnboundedSender<Order>,
    /// Whether nothing can be written at the moment.
    is_failing: Arc<AtomicBool>,
}

/// What the recorder is asked for.
pub struct Order {
    writer: Arc<Writer>,
    samples: Vec<Written>,
    done: Option<oneshot::Sender<()>>,
}

impl Pen {
    /// A pen that writes to where `writer` leads.
    #[must_use]
    pub fn new(writer: Arc<Writer>, inbox: Inbox) -> Self {
        Pen { writer, inbox }
    }

    /// Has samples written, some time soon.
    pub fn write(&self, samples: Vec<Written>) {
        self.order(samples, None);
    }

    /// Has samples written, and waits until they are: not for longer than `at_most`, and not at all while nothing can be
    /// written anyway. Who asks next sees older values then; the recorder says why.
    pub async fn write_now(&self, samples: Vec<Written>, at_most: Duration) {
        let (done, written) = oneshot::channel();
        self.order(samples, Some(done));
        if !self.inbox.is_failing.load(Ordering::Relaxed) {
            let _late = tokio::time::timeout(at_most.min(self.writer.timeout()), written).await;
        }
    }

    fn order(&self, samples: Vec<Written>, done: Option<oneshot::Sender<()>>) {
        if !samples.is_empty() {
            // It is gone only when we stop.
            let _gone = self.inbox.orders.send(Order { writer: Arc::clone(&self.writer), samples, done });
        }
    }
}

/// The one who writes.
pub struct Recorder {
    orders: mpsc::UnboundedReceiver<Order>,
    is_failing: Arc<AtomicBool>,
    said: mpsc::UnboundedSender<Said>,
    metrics: Arc<Metrics>,
    kept: Kept,
    attempt: u32,
    failing: Option<Instant>,
    told: bool,
}

/// What is still to be written, oldest first.
#[derive(Default)]
struct Kept {
    batches: VecDeque<Batch>,
    samples: usize,
    last: u64,
}

impl Kept {
    /// Takes one more. Gives how many samples had to be given up for it.
    fn push(&mut self, order: Order, now: Instant, most: usize) -> usize {
        self.last += 1;
        self.samples += order.samples.len();
        let Order { writer, samples, done } = order;
        self.batches.push_back(Batch { number: self.last, writer, samples: samples.into(), since: now, done });
        let mut given_up = 0;
        while self.samples > most && self.batches.len() > 1 {
            given_up += self.pop().map_or(0, |batch| batch.samples.len());
        }
        given_up
    }

    fn pop(&mut self) -> Option<Batch> {
        let batch = self.batches.pop_front()?;
        self.samples -= batch.samples.len();
        Some(batch)
    }
}

impl Recorder {
    /// One that has nothing to write yet, and where it takes orders.
    #[must_use]
    pub fn new(said: mpsc::UnboundedSender<Said>, metrics: Arc<Metrics>) -> (Self, Inbox) {
        let (give, orders) = mpsc::unbounded_channel();
        let is_failing = Arc::new(AtomicBool::new(false));
        let inbox = Inbox { orders: give, is_failing: Arc::clone(&is_failing) };
        let kept = Kept::default();
        (Recorder { orders, is_failing, said, metrics, kept, attempt: 0, failing: None, told: false }, inbox)
    }

    /// Writes until `stop`, and then once more what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut wait = Duration::ZERO;
        while !stop.is_cancelled() {
            let Some(front) = self.kept.batches.front() else {
                tokio::select! {
                    () = stop.cancelled() => {}
                    order = self.orders.recv() => match order {
                        Some(order) => self.keep(order),
                        None => break,
                    }
                }
                continue;
            };
            let (number, writer, samples) = (front.number, Arc::clone(&front.writer), Arc::clone(&front.samples));
            let pause = std::mem::take(&mut wait);
            let attempt = async move {
                tokio::time::sleep(pause).await;
                writer.write(&samples).await
            };
            tokio::pin!(attempt);
            let outcome = loop {
                tokio::select! {
                    () = stop.cancelled() => break None,
                    outcome = &mut attempt => break Some(outcome),
                    Some(order) = self.orders.recv() => self.keep(order),
                }
            };
            if let Some(outcome) = outcome {
                wait = self.settle(number, outcome);
            }
        }
        while let Ok(order) = self.orders.try_recv() {
            self.keep(order);
        }
        self.write_the_rest().await;
    }

    fn keep(&mut self, order: Order) {
        let given_up = self.kept.push(order, Instant::now(), MOST_SAMPLES);
        if given_up > 0 {
            self.lose(given_up, "more is waiting to be written than is kept");
        }
        self.metrics.samples_waiting(self.kept.samples);
    }

    /// What came of an attempt; gives how long to wait before the next.
    fn settle(&mut self, number: u64, outcome: Result<(), (WriteError, Again)>) -> Duration {
        let is_front = self.kept.batches.front().is_some_and(|batch| batch.number == number);
        let wait = match outcome {
            Ok(()) => {
                if is_front && let Some(batch) = self.kept.pop() {
                    self.metrics.samples("written", batch.samples.len());
                    let _gone = batch.done.map(|done| done.send(()));
                }
                self.succeed();
                Duration::ZERO
            }
            Err((why, again)) => self.fail(is_front, &why, again),
        };
        self.metrics.samples_waiting(self.kept.samples);
        wait
    }

    fn succeed(&mut self) {
        self.attempt = 0;
        self.is_failing.store(false, Ordering::Relaxed);
        if let Some(since) = self.failing.take() {
            info!("recorded samples are written again, after {} s", since.elapsed().as_secs());
        }
        if std::mem::take(&mut self.told) {
            let _gone = self.said.send(Said::RemoteWrite { trouble: None });
        }
    }

    fn fail(&mut self, is_front: bool, why: &WriteError, again: Again) -> Duration {
        let now = Instant::now();
        self.is_failing.store(true, Ordering::Relaxed);
        let since = *self.failing.get_or_insert(now);
        let words = chain(why);
        if self.attempt == 0 {
            warn!(error = %words, "recorded samples cannot be written");
        }
        let too_old = self.kept.batches.front().is_some_and(|batch| now - batch.since > LONGEST);
        if is_front && (again == Again::Never || too_old) {
            let lost = self.kept.pop().map_or(0, |batch| batch.samples.len());
            self.lose(lost, &words);
        }
        let is_long = now - since >= TOLD_AFTER || again == Again::Never;
        if is_long && !std::mem::replace(&mut self.told, true) {
            let _gone = self.said.send(Said::RemoteWrite { trouble: Some(words) });
        }
        match again {
            Again::Never | Again::WithNewToken => Duration::ZERO,
            Again::After(least) => {
                let wait = backoff(&["remote write"], self.attempt).to_std();
                self.attempt += 1;
                least.max(wait)
            }
        }
    }

    fn lose(&mut self, samples: usize, why: &str) {
        self.metrics.samples("lost", samples);
        error!(samples, error = why, "{samples} recorded samples are lost: {why}");
    }

    async fn write_the_rest(&mut self) {
        while let Some(batch) = self.kept.pop() {
            if let Err((why, _)) = batch.writer.write(&batch.samples).await {
                let lost = batch.samples.len() + self.kept.samples;
                return self.lose(lost, &format!("stopping; {}", chain(&why)));
            }
            self.metrics.samples("written", batch.samples.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, RemoteWrite, Tls};
    use crate::http::canned::{self, Canned};
    use crate::model::{Labels, Slot, Span};
    use std::collections::BTreeMap;

    fn order(samples: usize) -> Order {
        order_for("http://127.0.0.1:1/", samples)
    }

    fn order_for(url: &str, samples: usize) -> Order {
        let target = RemoteWrite {
            url: url.into(),
            timeout: Span::from_secs(1),
            auth: Auth::None,
            headers: BTreeMap::new(),
            tls: Tls::default(),
        };
        let one = Written { labels: Labels::empty(), value: 1.0, at: Slot::from_millis(0) };
        let writer = Arc::new(Writer::new(&target).expect("this is an address"));
        Order { writer, samples: vec![one; samples], done: None }
    }

    #[tokio::test]
    async fn where_too_much_waits_the_oldest_is_given_up_but_never_the_newest() {
        let mut kept = Kept::default();
        let now = Instant::now();
        assert_eq!(kept.push(order(3), now, 5), 0);
        assert_eq!(kept.push(order(2), now, 5), 0);
        assert_eq!(kept.push(order(1), now, 5), 3);
        assert_eq!((kept.samples, kept.batches.front().map(|batch| batch.number)), (3, Some(2)));
        assert_eq!(kept.push(order(9), now, 5), 3, "one that is too large by itself is kept");
        assert_eq!((kept.samples, kept.batches.len()), (9, 1));
    }

    #[tokio::test]
    async fn what_is_refused_for_good_is_told_at_once_and_keeps_nothing_else_from_being_written() {
        let target = Canned::start(|before, _, stream| match before {
            0 => canned::reply(stream, 503, &[], "starting"),
            1 => canned::reply(stream, 400, &[], "out of order sample\n"),
            _ => canned::reply(stream, 204, &[], ""),
        });
        let (said, mut hear) = mpsc::unbounded_channel();
        let (recorder, inbox) = Recorder::new(said, Arc::new(Metrics::default()));
        for _ in 0..2 {
            inbox.orders.send(order_for(&target.url(), 1)).expect("it listens");
        }
        let stop = CancellationToken::new();
        let running = tokio::spawn(recorder.run(stop.clone()));
        let Some(Said::RemoteWrite { trouble: Some(trouble) }) = hear.recv().await else { panic!("it is told") };
        assert!(trouble.ends_with("refused to write (400): out of order sample"), "{trouble}");
        assert!(matches!(hear.recv().await, Some(Said::RemoteWrite { trouble: None })));
        stop.cancel();
        running.await.expect("it ends");
        assert_eq!(target.asked().len(), 3, "the first is tried twice, the second is written");
        let request = &target.asked()[0];
        let headers = ["content-type", "content-encoding", "x-prometheus-remote-write-version"];
        assert_eq!(headers.map(|name| request.header(name)), ["application/x-protobuf", "snappy", "0.1.0"]);
    }
}
