//! What we measure ourselves, as Prometheus reads it: families of gauges, counters and histograms in the text format 0.0.4.
//!
//! It is our own for three reasons. The names are the mission's: its counters do not end in `_total`, which OpenMetrics
//! would append. A gauge has an age: one that was not measured again in time is left out, since the last good value is
//! no present one. And what comes from outside, a label of a page or an event, may not fill the memory: a family holds a
//! bounded number of series, and what is refused is counted.
//!
//! A [`Measures`] is cheap to clone, and all clones are one. Of parts that come and go, each has an owner of its own
//! ([`Measures::apart`]): what it has shown is withdrawn with it, and what another one shows by the same name and labels goes on.
//!
//! Absent on purpose: names and what they mean
//! (`docs/metrics.md`), and any clock but the one that a caller gives.

mod family;
mod text;

pub use family::{Counter, Gauge, Histogram, Label};

use family::{Family, Kind};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The content type of what [`Measures::render`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Series that were refused, by metric.
const REFUSED: &str = "watchbell_series_refused_total";
/// How many series a family holds, unless its owner says otherwise.
const MOST_SERIES: usize = 2_000;

/// The owner that comes next; 0 is whoever has none.
static NEXT_OWNER: AtomicU64 = AtomicU64::new(1);

/// Everything that is measured in one place.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    families: Arc<Mutex<BTreeMap<String, Arc<Family>>>>,
    owner: u64,
}

impl Measures {
    /// Nothing measured yet.
    #[must_use]
    pub fn new() -> Self {
        Measures::default()
    }

    /// The same place, for an owner of its own. A series belongs to whoever changed or started it last.
    #[must_use]
    pub fn apart(&self) -> Self {
        Measures { families: Arc::clone(&self.families), owner: NEXT_OWNER.fetch_add(1, Ordering::Relaxed) }
    }

    /// Shows what is this owner's no more.
    pub fn withdraw(&self) {
        self.withdraw_where(|_| true);
    }

    /// Shows what is this owner's and has `label` no more.
    pub fn withdraw_with(&self, label: Label<'_>) {
        self.withdraw_where(|labels| text::has(labels, label));
    }

    fn withdraw_where(&self, goes: impl Fn(&str) -> bool) {
        for family in self.all().values() {
            family.withdraw(self.owner, &goes);
        }
    }

    /// Shows what is this owner's no more, but gauges that grow old: `next` is about to measure them again, and they are
    /// its own.
    pub fn give_way(&self, next: &Measures) {
        for family in self.all().values() {
            family.give_way(self.owner, next.owner);
        }
    }

    /// The gauge `name`: a value that goes up and down, and grows old.
    #[must_use]
    pub fn gauge(&self, name: &str, help: &str) -> Gauge {
        Gauge(self.family(name, help, Kind::Gauge), self.owner)
    }

    /// The counter `name`: a value that only rises.
    #[must_use]
    pub fn counter(&self, name: &str, help: &str) -> Counter {
        Counter(self.family(name, help, Kind::Counter), self.owner)
    }

    /// The histogram `name` with these upper bounds, in rising order; `+Inf` is added.
    #[must_use]
    pub fn histogram(&self, name: &str, help: &str, bounds: &[f64]) -> Histogram {
        Histogram(self.family(name, help, Kind::Histogram(bounds.into())), self.owner)
    }

    /// Everything as text, as of `now`: gauges that are too old for it are left out, and forgotten.
    #[must_use]
    pub fn render(&self, now: Instant) -> String {
        let families: Vec<_> = self.all().values().cloned().collect();
        let mut page = String::with_capacity(16 * 1024);
        for family in &families {
            text::family(&mut page, family, now);
        }
        text::refused(&mut page, REFUSED, &families);
        page
    }

    /// The same name is the same family. Where two owners disagree about its kind, the second one writes into a family
    /// that nobody reads, and the log says so: one wrong name may not take the other measures with it.
    fn family(&self, name: &str, help: &str, kind: Kind) -> Arc<Family> {
        let mut all = self.all();
        match all.get(name) {
            Some(family) if family.kind == kind => Arc::clone(family),
            Some(family) => {
                tracing::error!(metric = name, is = family.kind.word(), wanted = kind.word(), "a metric has two kinds");
                Arc::new(Family::new(name, help, kind, MOST_SERIES))
            }
            None => {
                let family = Arc::new(Family::new(name, help, kind, MOST_SERIES));
                all.insert(name.to_owned(), Arc::clone(&family));
                family
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Family>>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
