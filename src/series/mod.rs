//! Series in memory: labels and samples as a server would hold them, for queries that are answered offline.
//!
//! [`SeriesSet`] keeps them in the order in which they came, which is the order in which Prometheus adds them up; samples of
//! one series lie in the order of time, so that a window is a slice. Absent on purpose: asking, which is `promql::eval`.

mod notation;

pub use notation::{NotationError, values, written};

use crate::model::{Labels, Places};

/// The bits of Prometheus's staleness marker: a `NaN` that no arithmetic produces.
const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The value that says "this series ends here".
#[must_use]
pub fn stale() -> f64 {
    f64::from_bits(STALE_BITS)
}

/// Whether `value` is the staleness marker, and not just any `NaN`.
#[must_use]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// A value at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Milliseconds after the epoch.
    pub at: i64,
    /// The value; may be `NaN`, infinite or the staleness marker.
    pub value: f64,
}

/// One series: labels (the metric is `__name__`) and its points in the order of time.
#[derive(Clone, Debug)]
pub struct Series {
    labels: Labels,
    points: Vec<Point>,
    /// Whether a window has to look for staleness markers at all.
    has_stale: bool,
}

impl Series {
    /// Its labels, metric included.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Its points in the order of time, staleness markers included.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Whether one of its points is a staleness marker.
    #[must_use]
    pub fn has_stale(&self) -> bool {
        self.has_stale
    }
}

/// A sample was older than, or differs from, the newest one of its series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sample of {labels} at {at} ms does not come after its newest one at {newest} ms")]
pub struct OutOfOrder {
    /// The series.
    pub labels: Labels,
    /// Where the sample lies.
    pub at: i64,
    /// Where the newest one lies.
    pub newest: i64,
}

/// Series in memory.
#[derive(Clone, Debug, Default)]
pub struct SeriesSet {
    all: Vec<Series>,
    places: Places,
    /// How many samples have come so far.
    samples: u64,
    /// Where samples lie, each with its number: only those than which none that came later lies earlier.
    arrivals: Vec<(u64, i64)>,
}

impl SeriesSet {
    /// A set without series.
    #[must_use]
    pub fn new() -> Self {
        SeriesSet::default()
    }

    /// The series in the order in which they came.
    #[must_use]
    pub fn all(&self) -> &[Series] {
        &self.all
    }

    /// Adds one sample; a series that is unknown begins with it. The same sample twice counts once.
    ///
    /// # Errors
    /// When the series has a newer sample, or another one at this instant.
    ///
    /// # Panics
    /// With more than four thousand million series.
    pub fn push(&mut self, labels: &Labels, point: Point) -> Result<(), OutOfOrder> {
        let place = self.place_of(labels);
        let series = &mut self.all[place];
        if let Some(newest) = series.points.last().filter(|newest| newest.at >= point.at) {
            let is_the_same = newest.at == point.at && newest.value.to_bits() == point.value.to_bits();
            let refused = || OutOfOrder { labels: labels.clone(), at: point.at, newest: newest.at };
            return if is_the_same { Ok(()) } else { Err(refused()) };
        }
        series.has_stale |= is_stale(point.value);
        series.points.push(point);
        self.note_arrival(point.at);
        Ok(())
    }

    /// How many samples have come so far.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Where the earliest sample lies of those that came after the first `known`; nothing where none did.
    #[must_use]
    pub fn earliest_since(&self, known: u64) -> Option<i64> {
        let later = self.arrivals.partition_point(|(number, _)| *number <= known);
        self.arrivals.get(later).map(|(_, at)| *at)
    }

    fn note_arrival(&mut self, at: i64) {
        self.samples += 1;
        while self.arrivals.last().is_some_and(|(_, last)| *last >= at) {
            self.arrivals.pop();
        }
        self.arrivals.push((self.samples, at));
    }

    /// Adds values as a notation gives them: the first at `start`, each next one `every` milliseconds later.
    ///
    /// # Errors
    /// As [`SeriesSet::push`].
    pub fn load(&mut self, labels: &Labels, values: &[Option<f64>], start: i64, every: i64) -> Result<(), OutOfOrder> {
        let mut at = start;
        for value in values {
            if let Some(value) = *value {
                self.push(labels, Point { at, value })?;
            }
            at += every;
        }
        Ok(())
    }

    fn place_of(&mut self, labels: &Labels) -> usize {
        if let Some(place) = self.places.find(labels, |place| &self.all[place as usize].labels) {
            return place as usize;
        }
        let place = u32::try_from(self.all.len()).expect("fewer than 2^32 series");
        self.all.push(Series { labels: labels.clone(), points: Vec::new(), has_stale: false });
        self.places.insert(place, |place| &self.all[place as usize].labels);
        place as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_series_come_in_the_order_of_time_and_the_same_one_twice_counts_once() {
        let mut set = SeriesSet::new();
        let labels = Labels::new([("__name__", "up")]);
        set.load(&labels, &[Some(1.0), None, Some(stale())], 1000, 500).unwrap();
        let at = |at, value| Point { at, value };
        assert_eq!(set.push(&labels, at(2000, stale())), Ok(()));
        let refused = set.push(&labels, at(2000, 1.0)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a sample of {__name__=\"up\"} at 2000 ms does not come after its newest one at 2000 ms"
        );
        assert!(set.push(&labels, at(0, 1.0)).is_err());
        let [series] = set.all() else { panic!("one series") };
        assert_eq!((series.points()[0], series.points().len(), series.has_stale()), (at(1000, 1.0), 2, true));
    }

    #[test]
    fn what_came_since_is_known_by_where_the_earliest_of_it_lies() {
        let mut set = SeriesSet::new();
        let (one, late) = (Labels::new([("__name__", "one")]), Labels::new([("__name__", "late")]));
        let values: Vec<Option<f64>> = vec![Some(1.0); 5];
        set.load(&one, &values, 0, 10).unwrap();
        assert_eq!((set.samples(), set.earliest_since(0), set.earliest_since(3)), (5, Some(0), Some(30)));
        assert_eq!(set.earliest_since(5), None);
        set.push(&late, Point { at: 25, value: 1.0 }).unwrap();
        assert_eq!([0, 3, 5, 6].map(|known| set.earliest_since(known)), [Some(0), Some(25), Some(25), None]);
    }

    #[test]
    fn the_staleness_marker_is_one_certain_nan() {
        assert!(is_stale(stale()) && stale().is_nan() && !is_stale(f64::NAN) && !is_stale(stale() + 0.0));
    }
}
