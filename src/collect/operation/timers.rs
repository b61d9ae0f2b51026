//! The histogram of operations, and the care that it stays small.

use crate::collect::names::{Label, Names, OTHER};
use crate::measures::{Histogram, Measures};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The upper bounds in milliseconds.
const BOUNDS: [f64; 13] =
    [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 30_000.0, 60_000.0];
/// How many operations are told apart, where nobody says otherwise.
const MOST_NAMES: usize = 200;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Ok,
    /// It failed, or was given up.
    Error,
}

impl Outcome {
    /// Its label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
        }
    }
}

/// Where it is counted how long operations take. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Timers {
    durations: Histogram,
    names: Arc<Mutex<Names>>,
}

impl Timers {
    /// Counts into `measures`, and tells 200 operations apart.
    #[must_use]
    pub fn new(measures: &Measures) -> Self {
        let help = "How long operations took in milliseconds, by how they ended";
        let durations = measures.histogram("operation_duration_ms", help, &BOUNDS);
        Timers { durations, names: Arc::new(Mutex::new(Names::first(MOST_NAMES))) }
    }

    /// The same, with so many operations told apart, those that are known already included. What others take is counted as
    /// `other`.
    #[must_use]
    pub fn telling_apart(self, most_names: usize) -> Self {
        let most = {
            let mut names = self.names();
            names.make_room(most_names);
            names.most()
        };
        // `other` and two outcomes for each have room besides.
        Timers { durations: self.durations.with_limit(2 * (most + 1)), names: self.names }
    }

    /// Exports `operation` from now on, so that its first failure is seen as a rise.
    pub fn start(&self, operation: &str) {
        self.start_named(&self.named(operation).value);
    }

    fn start_named(&self, operation: &str) {
        // What is not told apart begins before the first of it can come, so that it is a rise too.
        let other = self.names().are_full().then_some(OTHER);
        for operation in std::iter::once(operation).chain(other) {
            for outcome in [Outcome::Ok, Outcome::Error] {
                self.durations.start(&[("operation", operation), ("outcome", outcome.word())]);
            }
        }
    }

    /// Counts an operation. Says whether it was told apart from others.
    pub fn record(&self, operation: &str, outcome: Outcome, took: Duration) -> bool {
        let Label { value, is_new } = self.named(operation);
        if is_new || &*value == OTHER {
            self.start_named(&value);
        }
        self.durations.observe(&[("operation", &value), ("outcome", outcome.word())], took.as_secs_f64() * 1000.0);
        &*value != OTHER
    }

    /// The name under which `operation` is counted.
    fn named(&self, operation: &str) -> Label {
        self.names().of(operation)
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does `work`, and counts how long it took and whether it failed. Work that is dropped half-way was given up, which is a
/// failure: the slowest of all are those that ran into a deadline.
///
/// # Errors
/// Those of `work`.
pub async fn measure<T, E>(timers: &Timers, operation: &str, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let mut running = Running { timers, operation, outcome: Outcome::Error, since: Instant::now() };
    let done = work.await;
    if done.is_ok() {
        running.outcome = Outcome::Ok;
    }
    done
}

/// An operation that is counted when this is dropped.
struct Running<'a> {
    timers: &'a Timers,
    operation: &'a str,
    outcome: Outcome,
    since: Instant,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.timers.record(self.operation, self.outcome, self.since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(measures: &Measures, operation: &str, outcome: &str) -> Option<u32> {
        let line = format!("operation_duration_ms_count{{operation=\"{operation}\",outcome=\"{outcome}\"}} ");
        measures.render(Instant::now()).lines().find_map(|shown| shown.strip_prefix(&line)?.parse().ok())
    }

    #[tokio::test]
    async fn what_succeeds_fails_or_is_given_up_is_counted_and_answers_as_without_us() {
        let measures = Measures::new();
        let timers = Timers::new(&measures);
        assert_eq!(measure(&timers, "trade", async { Ok::<_, ()>(7) }).await, Ok(7));
        assert_eq!(measure(&timers, "trade", async { Err::<(), _>("no") }).await, Err("no"));
        let slow = measure(&timers, "trade", std::future::pending::<Result<(), ()>>());
        assert!(tokio::time::timeout(Duration::from_millis(1), slow).await.is_err());
        assert_eq!(count(&measures, "trade", "ok"), Some(1));
        assert_eq!(count(&measures, "trade", "error"), Some(2));
    }

    #[test]
    fn the_first_time_of_an_operation_shows_both_outcomes() {
        let measures = Measures::new();
        let timers = Timers::new(&measures);
        timers.record("trade", Outcome::Ok, Duration::from_millis(3));
        assert_eq!(count(&measures, "trade", "error"), Some(0));
        timers.record(OTHER, Outcome::Ok, Duration::from_millis(3));
        assert_eq!((count(&measures, OTHER, "ok"), count(&measures, OTHER, "error")), (Some(1), Some(0)));
    }

    #[test]
    fn what_is_not_told_apart_is_there_before_it_comes() {
        let measures = Measures::new();
        let timers = Timers::new(&measures).telling_apart(2);
        timers.record("trade", Outcome::Ok, Duration::ZERO);
        assert_eq!(count(&measures, OTHER, "error"), None, "there is still room");
        timers.record("quote", Outcome::Ok, Duration::ZERO);
        assert_eq!((count(&measures, OTHER, "ok"), count(&measures, OTHER, "error")), (Some(0), Some(0)));
    }

    #[test]
    fn operations_beyond_the_bound_are_one_and_known_ones_stay() {
        let measures = Measures::new();
        let timers = Timers::new(&measures).telling_apart(2);
        for number in 0..10_000 {
            let took = Duration::from_millis(number);
            let told_apart = timers.record(&format!("order-{number}"), Outcome::Ok, took);
            assert_eq!(told_apart, number < 2);
        }
        assert!(timers.record("order-1", Outcome::Error, Duration::ZERO));
        assert_eq!(count(&measures, "other", "ok"), Some(9_998));
        assert_eq!(count(&measures, "order-1", "error"), Some(1));
        assert_eq!(measures.render(Instant::now()).matches("_count{").count(), 6, "two times two, and others");
    }
}
