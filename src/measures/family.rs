//! One metric, and its series by their labels.

use super::text;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A label: its name, and its value.
pub type Label<'a> = (&'a str, &'a str);

/// What a metric is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    /// With its upper bounds.
    Histogram(Box<[f64]>),
}

impl Kind {
    /// The word of the text format.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram(_) => "histogram",
        }
    }
}

/// What a series holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A number, and until when it may be shown.
    Gauge(f64, Option<Instant>),
    Counter(f64),
    Histogram(Spread),
}

/// How often each bucket was met, not yet summed up.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    /// One more than there are bounds.
    pub(super) counts: Box<[u64]>,
    pub(super) sum: f64,
}

/// A series: what it holds, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) value: Value,
    owner: u64,
}

/// A metric.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    limit: AtomicUsize,
    refused: AtomicU64,
    /// By the labels as they are written.
    series: Mutex<BTreeMap<String, Series>>,
}

impl Family {
    pub(super) fn new(name: &str, help: &str, kind: Kind, limit: usize) -> Self {
        Family {
            name: name.to_owned(),
            help: help.to_owned(),
            kind,
            limit: AtomicUsize::new(limit),
            refused: AtomicU64::new(0),
            series: Mutex::default(),
        }
    }

    /// How often something was refused, because the family was full.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The series that may be shown at `now`; the others are forgotten.
    pub(super) fn shown(&self, now: Instant) -> MutexGuard<'_, BTreeMap<String, Series>> {
        let mut series = self.series();
        series.retain(|_, series| !matches!(series.value, Value::Gauge(_, Some(until)) if until < now));
        series
    }

    /// Shows what is `owner`'s no more, as far as it is to go.
    pub(super) fn withdraw(&self, owner: u64, goes: impl Fn(&str) -> bool) {
        self.series().retain(|labels, series| series.owner != owner || !goes(labels));
    }

    /// Shows what is `owner`'s no more, but gauges that grow old, which are `next`'s from now on.
    pub(super) fn give_way(&self, owner: u64, next: u64) {
        self.series().retain(|_, series| {
            let is_owners = series.owner == owner;
            if is_owners {
                series.owner = next;
            }
            !is_owners || matches!(series.value, Value::Gauge(_, Some(_)))
        });
    }

    fn series(&self) -> MutexGuard<'_, BTreeMap<String, Series>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the series with these labels, which begins as `fresh` where there is none and there is room for it. It is
    /// `owner`'s from then on.
    fn change(&self, owner: u64, labels: &[Label<'_>], fresh: impl FnOnce() -> Value, change: impl FnOnce(&mut Value)) {
        let key = text::labels(labels);
        let mut series = self.series();
        if let Some(held) = series.get_mut(&key) {
            held.owner = owner;
            return change(&mut held.value);
        }
        if series.len() >= self.limit.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut value = fresh();
        change(&mut value);
        series.insert(key, Series { value, owner });
    }

    fn forget(&self, labels: &[Label<'_>]) {
        self.series().remove(&text::labels(labels));
    }

    fn empty(&self) -> Value {
        match &self.kind {
            Kind::Gauge => Value::Gauge(0.0, None),
            Kind::Counter => Value::Counter(0.0),
            Kind::Histogram(bounds) => Value::Histogram(Spread { counts: vec![0; bounds.len() + 1].into(), sum: 0.0 }),
        }
    }
}

/// A value that goes up and down.
#[derive(Clone, Debug)]
pub struct Gauge(pub(super) Arc<Family>, pub(super) u64);

impl Gauge {
    /// Sets the series with these labels. After `fresh_until` it is shown no more, unless it was set again.
    pub fn set(&self, labels: &[Label<'_>], value: f64, fresh_until: Option<Instant>) {
        self.0.change(self.1, labels, || self.0.empty(), |held| *held = Value::Gauge(value, fresh_until));
    }

    /// Shows the series with these labels no more: what it says is known to be over.
    pub fn forget(&self, labels: &[Label<'_>]) {
        self.0.forget(labels);
    }

    /// The same gauge, with room for `most` series.
    #[must_use]
    pub fn with_limit(self, most: usize) -> Self {
        self.0.limit.store(most, Ordering::Relaxed);
        self
    }
}

/// A value that only rises.
#[derive(Clone, Debug)]
pub struct Counter(pub(super) Arc<Family>, pub(super) u64);

impl Counter {
    /// Adds to the series with these labels. What is no rise (negative, or no number) changes nothing.
    pub fn add(&self, labels: &[Label<'_>], by: f64) {
        let rise = if by.is_finite() && by > 0.0 { by } else { 0.0 };
        self.count(labels, |count| count + rise);
    }

    /// Shows the series with these labels from now on, at `at` where it was not there yet: a counter that is born at 1
    /// hides its first event from `increase()`.
    pub fn start(&self, labels: &[Label<'_>], at: f64) {
        self.0.change(self.1, labels, || Value::Counter(at), |_| ());
    }

    /// Shows the series with these labels from now on, at `least` or more: what was counted elsewhere, in a file, is so
    /// much by now.
    pub fn reach(&self, labels: &[Label<'_>], least: f64) {
        self.count(labels, |count| count.max(least));
    }

    /// Makes the series with these labels, which is there from now on, what `next` makes of its count.
    fn count(&self, labels: &[Label<'_>], next: impl Fn(f64) -> f64) {
        let change = |held: &mut Value| {
            if let Value::Counter(count) = held {
                *count = next(*count);
            }
        };
        self.0.change(self.1, labels, || self.0.empty(), change);
    }

    /// Shows the series with these labels no more: what it counted is gone, and it may begin anew.
    pub fn forget(&self, labels: &[Label<'_>]) {
        self.0.forget(labels);
    }

    /// The same counter, with room for `most` series.
    #[must_use]
    pub fn with_limit(self, most: usize) -> Self {
        self.0.limit.store(most, Ordering::Relaxed);
        self
    }
}

/// How values spread over buckets.
#[derive(Clone, Debug)]
pub struct Histogram(pub(super) Arc<Family>, pub(super) u64);

impl Histogram {
    /// Counts a value into the series with these labels. What is no number changes nothing.
    pub fn observe(&self, labels: &[Label<'_>], value: f64) {
        self.observe_many(labels, value, 1);
    }

    /// Counts a value `times` times: one of a sample stands for several.
    pub fn observe_many(&self, labels: &[Label<'_>], value: f64, times: u64) {
        let Kind::Histogram(bounds) = &self.0.kind else { return };
        if value.is_nan() {
            return;
        }
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        self.0.change(
            self.1,
            labels,
            || self.0.empty(),
            |held| {
                if let Value::Histogram(spread) = held {
                    spread.counts[bucket] += times;
                    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
                    let times = times as f64;
                    spread.sum += value * times;
                }
            },
        );
    }

    /// Shows the series with these labels from now on.
    pub fn start(&self, labels: &[Label<'_>]) {
        self.0.change(self.1, labels, || self.0.empty(), |_| ());
    }

    /// The same histogram, with room for `most` series.
    #[must_use]
    pub fn with_limit(self, most: usize) -> Self {
        self.0.limit.store(most, Ordering::Relaxed);
        self
    }
}
