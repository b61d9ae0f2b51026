//! What a source answered: samples of series, each series known by a small number.
//!
//! A [`SeriesTable`] gives every label set that a query has ever returned a [`SeriesRef`], so that a known series is
//! carried as four bytes, evaluated through an index and never materialised again.

use super::{Labels, Places, make_room};
use std::sync::atomic::{AtomicU64, Ordering};

/// A series of one query, valid for the table (and the epoch of it) that gave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesRef(pub u32);

/// Epochs are never given out twice in a process, so that numbers of one table can never pass for those of another.
static NEXT_EPOCH: AtomicU64 = AtomicU64::new(1);

/// The label sets that one query has returned.
#[derive(Clone, Debug)]
pub struct SeriesTable {
    labels: Vec<Labels>,
    places: Places,
    epoch: u64,
}

impl SeriesTable {
    /// A table that knows no series yet.
    #[must_use]
    pub fn new() -> Self {
        SeriesTable::default()
    }

    /// The number of the series with `labels`, a new one where it is unknown.
    ///
    /// # Panics
    /// With more than four thousand million series.
    pub fn intern(&mut self, labels: Labels) -> SeriesRef {
        if let Some(known) = self.places.find(&labels, |place| &self.labels[place as usize]) {
            return SeriesRef(known);
        }
        let place = u32::try_from(self.labels.len()).expect("fewer than 2^32 series of one query");
        make_room(&mut self.labels);
        self.labels.push(labels);
        self.places.insert(place, |place| &self.labels[place as usize]);
        SeriesRef(place)
    }

    /// The labels of `series`, metric name included.
    ///
    /// # Panics
    /// When `series` is of another table.
    #[must_use]
    pub fn labels(&self, series: SeriesRef) -> &Labels {
        &self.labels[series.0 as usize]
    }

    /// How many series are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether no series is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Of this table alone; rises whenever all numbers given out so far became invalid.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Forgets every series; those still alive are interned again by the next answer.
    pub fn clear(&mut self) {
        self.labels.clear();
        self.places.clear();
        self.epoch = NEXT_EPOCH.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for SeriesTable {
    fn default() -> Self {
        let epoch = NEXT_EPOCH.fetch_add(1, Ordering::Relaxed);
        SeriesTable { labels: Vec::new(), places: Places::default(), epoch }
    }
}

/// One sample: which series, and its value. A native histogram counts as `NaN` here, which meets no condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The series, by its number.
    pub series: SeriesRef,
    /// The value; may be `NaN` or infinite.
    pub value: f64,
}

/// A whole answer to an instant query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The samples in the source's order, which means nothing.
    pub samples: Vec<Sample>,
    /// The series whose value is a native histogram, almost always none. Prometheus's own rules read such a value as 0.
    pub histograms: Vec<SeriesRef>,
    /// What the source remarked (`warnings` and `infos`).
    pub warnings: Vec<String>,
}
