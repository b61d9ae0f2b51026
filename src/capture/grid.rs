//! Samples onto one grid.
//!
//! A sample goes to the first point at or after it. All slots and all borders of windows lie on the grid too, as long as it divides
//! them, so that each slot sees the samples that it saw, and each window holds those that it held: what a window lacks at its left
//! edge (Prometheus 3) it lacks after the move as well.

use crate::model::{Slot, Span};
use crate::series::{is_stale, stale};

/// Distances below this are not taken for a grid of their own accord.
const FINEST: Span = Span::from_secs(1);

/// Points at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The first point.
    pub first: Slot,
    /// Their distance.
    pub every: Span,
    /// How many there are.
    pub points: usize,
}

/// One series on a grid, and what became of its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The value at each point, if there is one; staleness markers where the series was seen to have ended.
    pub values: Vec<Option<f64>>,
    /// How many samples did not lie on the grid.
    pub moved: usize,
    /// How far the furthest of them was moved.
    pub furthest: Span,
    /// How many samples had to go because another one of the series lies nearer to the same point.
    pub lost: usize,
}

impl Grid {
    /// The distance that suits series with these samples, asked about every `interval`: one that divides the interval, at which no
    /// sample is lost, and as coarse as may be without moving samples of a steady scrape unevenly.
    #[must_use]
    pub fn distance<'s>(series: impl Iterator<Item = &'s [(Slot, f64)]>, interval: Span) -> Span {
        let Some(scrape) = series.filter_map(usual_distance).min() else { return interval };
        let common = greatest_common_divisor(interval.millis(), scrape.millis());
        if common >= FINEST.millis() {
            return Span::from_millis(common);
        }
        let divides = |parts: &i64| interval.millis() % parts == 0 && interval.millis() / parts <= scrape.millis();
        let parts = (1..=interval.millis()).find(divides).unwrap_or(1);
        Span::from_millis(interval.millis() / parts)
    }

    /// The instant of a point.
    #[must_use]
    pub fn at(&self, point: usize) -> Slot {
        self.first + self.every.times(i64::try_from(point).unwrap_or(i64::MAX))
    }

    /// The first point at or after `at`; nothing where it lies before the grid or behind it.
    fn point(&self, at: Slot) -> Option<usize> {
        let since = (at - self.first).millis() + self.every.millis() - 1;
        let point = usize::try_from(since.div_euclid(self.every.millis())).ok()?;
        (point < self.points).then_some(point)
    }

    /// Puts samples, in the order of time, onto the grid. `is_there` says whether a server had a value of the series at a point: where
    /// it had none, though it would have looked back to a sample, the series had ended.
    #[must_use]
    pub fn lay(&self, samples: &[(Slot, f64)], lookback: Span, is_there: impl Fn(usize) -> bool) -> Row {
        let mut row = Row { values: vec![None; self.points], moved: 0, furthest: Span::ZERO, lost: 0 };
        for (at, value) in samples {
            let Some(point) = self.point(*at) else { continue };
            let by = self.at(point) - *at;
            row.moved += usize::from(!by.is_zero());
            row.furthest = row.furthest.max(by);
            row.lost += usize::from(row.values[point].replace(*value).is_some());
        }
        self.end(&mut row, lookback, is_there);
        row
    }

    fn end(&self, row: &mut Row, lookback: Span, is_there: impl Fn(usize) -> bool) {
        let mut last: Option<usize> = None;
        for point in 0..self.points {
            if row.values[point].is_some() {
                last = Some(point);
            }
            let would_show = last.is_some_and(|last| self.at(point) - self.at(last) < lookback);
            if would_show && !is_there(point) {
                // One that was scraped and ended before the next point was never seen at any.
                row.lost += usize::from(row.values[point].is_some());
                row.values[point] = Some(stale());
                last = None;
            }
        }
    }
}

/// The points that have a value.
fn places(values: &[Option<f64>]) -> impl Iterator<Item = usize> {
    values.iter().enumerate().filter(|(_, value)| value.is_some()).map(|(place, _)| place)
}

/// Every how many points a series has values, and where the first of them lies, seen from there; nothing for fewer than two.
fn rhythm(values: &[Option<f64>]) -> Option<(usize, usize)> {
    let mut places = places(values);
    let first = places.next()?;
    let common = places.fold(0, |common, place| {
        let (common, distance) = (i64::try_from(common).unwrap_or(1), i64::try_from(place - first).unwrap_or(1));
        usize::try_from(greatest_common_divisor(common, distance)).unwrap_or(1)
    });
    (common > 0).then(|| (common, first % common))
}

/// A grid begins at most so many points earlier than it must.
const MOST_LEAD: usize = 60;

/// How many points before its first one a grid should begin, so that most of the rows that have values every few points have one at its
/// first: then they can be written without the points between.
#[must_use]
pub fn lead(rows: &[&[Option<f64>]]) -> usize {
    let rhythms: Vec<(usize, usize)> = rows.iter().filter_map(|row| rhythm(row)).collect();
    let longest = rhythms.iter().map(|(common, _)| *common).max().unwrap_or(1).min(MOST_LEAD);
    let fits = |lead: usize| rhythms.iter().filter(|(common, first)| (first + lead).is_multiple_of(*common)).count();
    // Of leads that are as good, the shortest.
    (0..longest).rev().max_by_key(|lead| fits(*lead)).unwrap_or(0)
}

/// Every how many points the values lie, from the first point on, and the values there, without what is empty at the end.
#[must_use]
pub fn thinned(values: &[Option<f64>]) -> (usize, Vec<Option<f64>>) {
    let every = rhythm(values).map_or(1, |(common, first)| if first == 0 { common } else { 1 });
    let mut thin: Vec<Option<f64>> = values.iter().step_by(every).copied().collect();
    while thin.pop_if(|value| value.is_none()).is_some() {}
    (every, thin)
}

/// The usual distance of a series' samples: the median, in whole seconds where it is near to some.
fn usual_distance(samples: &[(Slot, f64)]) -> Option<Span> {
    let mut distances: Vec<i64> = samples.windows(2).map(|pair| (pair[1].0 - pair[0].0).millis()).collect();
    distances.sort_unstable();
    let median = *distances.get(distances.len() / 2)?;
    let whole = (median + 500) / 1000 * 1000;
    let is_near = whole > 0 && (median - whole).abs() * 20 <= median;
    Some(Span::from_millis(if is_near { whole } else { median.max(1) }))
}

/// The greatest whole number that divides both; the other one where one is zero.
pub(super) fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Whether a series never changes: what can be left out first.
#[must_use]
pub fn is_constant(values: &[Option<f64>]) -> bool {
    let mut known = values.iter().flatten().filter(|value| !is_stale(**value)).map(|value| value.to_bits());
    let first = known.next();
    known.all(|bits| Some(bits) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTES: Span = Span::from_mins(5);

    fn at(seconds: i64) -> Slot {
        Slot::from_millis(seconds * 1000)
    }

    fn grid(every: i64, points: usize) -> Grid {
        Grid { first: at(0), every: Span::from_secs(every), points }
    }

    fn samples(all: &[(i64, f64)]) -> Vec<(Slot, f64)> {
        all.iter().map(|(millis, value)| (Slot::from_millis(*millis), *value)).collect()
    }

    #[test]
    fn a_sample_goes_to_the_next_point_so_that_each_slot_and_window_has_what_it_had() {
        let row = grid(15, 4).lay(&samples(&[(-20_000, 9.0), (0, 1.0), (100, 2.0), (30_000, 3.0)]), MINUTES, |_| true);
        assert_eq!(row.values, [Some(1.0), Some(2.0), Some(3.0), None]);
        assert_eq!((row.moved, row.furthest, row.lost), (1, Span::from_millis(14_900), 0));
    }

    #[test]
    fn of_two_samples_of_one_point_the_later_stays_and_the_other_is_counted() {
        let row = grid(15, 2).lay(&samples(&[(1_000, 1.0), (14_000, 2.0)]), MINUTES, |_| true);
        assert_eq!((row.values, row.lost), (vec![None, Some(2.0)], 1));
    }

    #[test]
    fn a_series_that_a_server_no_longer_shows_has_ended_there_and_one_that_it_forgets_has_not() {
        let row = grid(60, 9).lay(&samples(&[(0, 1.0), (60_000, 2.0)]), MINUTES, |point| point < 2);
        assert!(is_stale(row.values[2].unwrap()) && row.values[3].is_none(), "{row:?}");
        let row = grid(60, 9).lay(&samples(&[(0, 1.0), (60_000, 2.0)]), MINUTES, |point| point < 6);
        assert_eq!(row.values[2..], [None; 7], "five minutes after its last sample it is not looked back to");
    }

    #[test]
    fn the_distance_is_the_coarsest_that_loses_nothing_and_divides_the_interval() {
        let every = |scrape: i64, interval: i64| {
            let all: Vec<(Slot, f64)> = (0..9).map(|n| (Slot::from_millis(n * scrape + n % 2), 1.0)).collect();
            Grid::distance(std::iter::once(&all[..]), Span::from_millis(interval)).millis()
        };
        assert_eq!(every(15_000, 30_000), 15_000);
        assert_eq!(every(60_000, 30_000), 30_000);
        assert_eq!(every(25_000, 60_000), 5_000);
        assert_eq!(every(300, 1_000), 250, "below a second a divisor of the interval has to do");
        assert_eq!(Grid::distance(std::iter::empty(), Span::from_secs(30)), Span::from_secs(30));
    }

    #[test]
    fn a_series_with_values_every_few_points_is_written_without_the_points_between() {
        let values = [None, Some(1.0), None, None, Some(2.0), None, None, Some(3.0), None];
        let lead = lead(&[&values]);
        let shifted: Vec<_> = std::iter::repeat_n(None, lead).chain(values).collect();
        assert_eq!((lead, thinned(&shifted)), (2, (3, vec![None, Some(1.0), Some(2.0), Some(3.0)])));
        assert_eq!(thinned(&values).0, 1, "where its first value lies elsewhere, no point can be left out");
    }
}
