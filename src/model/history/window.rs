//! What can be computed over the slots of a window.
//!
//! Every answer depends on the samples and their order alone, never on how they came in. Sums are compensated and a mean lies between the
//! extremes, so that a constant series has exactly no deviation, no slope and no score. Where `PromQL` has the same function (`stddev_over_time`,
//! `quantile_over_time`, `min_over_time` …) the meaning is `PromQL`'s.

use super::Cell;
use crate::model::Span;

/// Some neighbouring slots of a [`History`](super::History), oldest first; some have a sample.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    older: &'a [Cell],
    newer: &'a [Cell],
    /// How many slots of the window lie before the first cell.
    skipped: usize,
    slots: usize,
    interval: Span,
}

impl<'a> Window<'a> {
    pub(super) fn new(older: &'a [Cell], newer: &'a [Cell], skipped: usize, slots: usize, interval: Span) -> Self {
        Window { older, newer, skipped, slots, interval }
    }

    /// How many slots there are, with or without a sample.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> impl Iterator<Item = f64> + Clone + use<'a> {
        self.older.iter().chain(self.newer).filter_map(|cell| cell.value())
    }

    /// The samples, oldest first, each with the number of its slot in the window.
    fn numbered(&self) -> impl Iterator<Item = (usize, f64)> + Clone + use<'a> {
        let cells = self.older.iter().chain(self.newer).enumerate();
        let skipped = self.skipped;
        cells.filter_map(move |(number, cell)| Some((number + skipped, cell.value()?)))
    }

    /// How many slots have a sample.
    #[must_use]
    pub fn count(&self) -> usize {
        self.samples().count()
    }

    /// Whether at least half of the slots have a sample.
    #[must_use]
    pub fn is_half_covered(&self) -> bool {
        self.count() * 2 >= self.slots
    }

    /// The sum; zero of nothing.
    #[must_use]
    pub fn sum(&self) -> f64 {
        compensated_sum(self.samples())
    }

    /// The mean, which lies between the extremes whatever is rounded.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = as_number(self.count());
        let (low, high) = (self.min()?, self.max()?);
        let mean = self.sum() / count;
        // A sum of finite samples that overflows is taken in small parts instead.
        let mean = if mean.is_infinite() && low.is_finite() && high.is_finite() {
            compensated_sum(self.samples().map(|value| value / count))
        } else {
            mean
        };
        Some(if mean.is_nan() { mean } else { mean.clamp(low, high) })
    }

    /// The smallest sample; `NaN` only where there is nothing else.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.samples().reduce(f64::min)
    }

    /// The largest sample; `NaN` only where there is nothing else.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.samples().reduce(f64::max)
    }

    /// The standard deviation of these samples as a population.
    #[must_use]
    pub fn stddev(&self) -> Option<f64> {
        let mean = self.mean()?;
        let squares = compensated_sum(self.samples().map(|value| (value - mean) * (value - mean)));
        Some((squares / as_number(self.count())).sqrt())
    }

    /// The `q`-quantile, interpolated between neighbours; `NaN` counts as smallest.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank lies between 0 and the count")]
    #[expect(clippy::float_cmp, reason = "the same is the same to the last bit")]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let mut sorted: Vec<f64> = self.samples().collect();
        let last = sorted.len().checked_sub(1)?;
        sorted.sort_unstable_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
        let rank = q.clamp(0.0, 1.0) * as_number(last);
        let (lower, weight) = (rank.floor() as usize, rank.fract());
        // Infinity times a weight of nothing would be `NaN`, and between two that are the same there is nothing else.
        let exact = weight == 0.0 || lower == last || sorted[lower] == sorted[lower + 1];
        Some(if exact { sorted[lower] } else { sorted[lower] * (1.0 - weight) + sorted[lower + 1] * weight })
    }

    /// The newest sample less the oldest; needs two.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        let oldest = self.samples().next()?;
        let newest = self.samples().skip(1).last()?;
        Some(newest - oldest)
    }

    /// The slope of the least-squares line, per second; needs two samples.
    #[must_use]
    pub fn slope(&self) -> Option<f64> {
        let count = self.count();
        if count < 2 {
            return None;
        }
        let middle = compensated_sum(self.numbered().map(|(number, _)| as_number(number))) / as_number(count);
        let mean = self.mean()?;
        let rise =
            compensated_sum(self.numbered().map(|(number, value)| (as_number(number) - middle) * (value - mean)));
        let run = compensated_sum(self.numbered().map(|(number, _)| (as_number(number) - middle).powi(2)));
        Some(rise / run / self.interval.as_secs_f64())
    }
}

/// The sum by Neumaier's method: what addition rounds off is carried along.
fn compensated_sum(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, carried) = values.fold((0.0_f64, 0.0), |(sum, carried), value| {
        let next = sum + value;
        let lost = if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        (next, carried + lost)
    });
    // Beside an infinity the carried part is `NaN` and means nothing.
    if sum.is_finite() { sum + carried } else { sum }
}

#[expect(clippy::cast_precision_loss, reason = "no window has 2^53 slots")]
fn as_number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these answers are exact")]
mod tests {
    use super::*;

    fn cells(values: &[f64]) -> Vec<Cell> {
        values.iter().map(|value| if *value == 99.0 { Cell::EMPTY } else { Cell::of(Some(*value)) }).collect()
    }

    fn over<T>(values: &[f64], ask: impl Fn(Window<'_>) -> T) -> T {
        let cells = cells(values);
        ask(Window::new(&cells, &[], 0, cells.len(), Span::from_secs(30)))
    }

    #[test]
    fn a_constant_series_has_no_deviation_and_no_slope_whatever_its_value() {
        for value in [0.1, 1.0 / 3.0, 1e300, -7.3e-9, 123_456_789.123] {
            let values = [value; 49];
            assert_eq!(over(&values, |w| w.mean()), Some(value));
            assert_eq!(over(&values, |w| w.stddev()), Some(0.0));
            assert_eq!(over(&values, |w| w.slope()), Some(0.0));
        }
    }

    #[test]
    fn small_deviations_on_a_large_base_are_not_lost() {
        let values = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
        assert_eq!(over(&values, |w| w.stddev()), Some(22.5_f64.sqrt()));
        assert_eq!(over(&[1e100, 1.0, -1e100], |w| w.sum()), 1.0);
        assert_eq!(over(&[f64::MAX, f64::MAX], |w| w.mean()), Some(f64::MAX));
    }

    #[test]
    fn quantiles_are_interpolated_and_infinity_is_no_poison() {
        assert_eq!(over(&[4.0, 1.0, 3.0, 2.0], |w| w.quantile(0.5)), Some(2.5));
        assert_eq!(over(&[4.0, 1.0, 3.0, 2.0], |w| w.quantile(0.75)), Some(3.25));
        assert_eq!(over(&[1.0, f64::INFINITY], |w| w.quantile(0.0)), Some(1.0));
        assert_eq!(over(&[1.0, f64::INFINITY], |w| w.quantile(1.0)), Some(f64::INFINITY));
        // 3 × 0.8 + 3 × 0.2 is a little more than 3.
        assert_eq!(over(&[3.0, 3.0], |w| w.quantile(0.2)), Some(3.0));
        assert_eq!(over(&[], |w| w.quantile(0.5)), None);
    }

    #[test]
    fn infinity_and_not_a_number_go_where_ieee_sends_them() {
        assert_eq!(over(&[1.0, f64::INFINITY], |w| w.mean()), Some(f64::INFINITY));
        assert!(over(&[f64::NEG_INFINITY, f64::INFINITY], |w| w.mean()).unwrap().is_nan());
        assert!(over(&[1.0, f64::INFINITY], |w| w.stddev()).unwrap().is_nan());
        assert_eq!(over(&[f64::NAN, 2.0, 1.0], |w| (w.min(), w.max())), (Some(1.0), Some(2.0)));
        assert!(over(&[f64::NAN, 2.0], |w| w.mean()).unwrap().is_nan());
    }

    #[test]
    fn slope_is_per_second_and_a_gap_does_not_bend_it() {
        assert_eq!(over(&[0.0, 30.0, 60.0], |w| w.slope()), Some(1.0));
        assert_eq!(over(&[0.0, 99.0, 60.0, 99.0, 120.0], |w| w.slope()), Some(1.0), "two slots have no sample");
        assert_eq!(over(&[5.0], |w| w.slope()), None);
        assert_eq!(over(&[5.0, 99.0, 2.0], |w| w.change()), Some(-3.0));
        assert_eq!(over(&[5.0], |w| w.change()), None);
    }

    #[test]
    fn half_of_the_slots_is_enough() {
        assert!(over(&[99.0, 1.0], |w| w.is_half_covered()));
        assert!(!over(&[99.0, 99.0, 1.0], |w| w.is_half_covered()));
    }
}
