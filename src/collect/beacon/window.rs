//! The median of the last five minutes, in bounded memory.
//!
//! The window is cut into slices. A slice keeps every value while there are few, and a fair sample of them when there are
//! many; in the median each kept value stands for as many as its slice has seen for it. With up to
//! [`MOST_KEPT`] values in each half a minute it is exact.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back the median looks.
pub(super) const WINDOW: Duration = Duration::from_mins(5);
const SLICE: Duration = Duration::from_secs(30);
/// How many values a slice keeps.
const MOST_KEPT: usize = 64;

#[derive(Debug)]
struct Slice {
    began: Duration,
    /// When the last value came, kept or not.
    newest: Duration,
    seen: u64,
    kept: Vec<(Duration, f64)>,
}

/// The values of the last five minutes.
#[derive(Debug, Default)]
pub(super) struct Window {
    slices: VecDeque<Slice>,
}

/// A median, and when the newest value that it speaks of came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Median {
    pub(super) value: f64,
    pub(super) newest: Duration,
}

impl Window {
    /// Takes a value in. `draw` is a fresh random number in `[0, 1)`.
    pub(super) fn add(&mut self, now: Duration, value: f64, draw: f64) {
        self.forget(now);
        if self.slices.back().is_none_or(|slice| now.saturating_sub(slice.began) >= SLICE) {
            self.slices.push_back(Slice { began: now, newest: now, seen: 0, kept: Vec::new() });
        }
        if let Some(slice) = self.slices.back_mut() {
            slice.add(now, value, draw);
        }
    }

    /// The median at `now`; none where nothing came in time.
    pub(super) fn median(&mut self, now: Duration) -> Option<Median> {
        self.forget(now);
        let mut values: Vec<(f64, f64)> = Vec::new();
        let mut newest = Duration::ZERO;
        for slice in &self.slices {
            let weight = slice.weight();
            for (_, value) in slice.kept.iter().filter(|(at, _)| now.saturating_sub(*at) < WINDOW) {
                values.push((*value, weight));
                newest = newest.max(slice.newest);
            }
        }
        weighted_median(values).map(|value| Median { value, newest })
    }

    fn forget(&mut self, now: Duration) {
        while self.slices.front().is_some_and(|slice| now.saturating_sub(slice.began) >= WINDOW + SLICE) {
            self.slices.pop_front();
        }
    }
}

impl Slice {
    /// Reservoir sampling: after `seen` values each of them is kept with the same probability.
    fn add(&mut self, now: Duration, value: f64, draw: f64) {
        (self.seen, self.newest) = (self.seen + 1, now);
        if self.kept.len() < MOST_KEPT {
            self.kept.push((now, value));
            return;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place among those seen"
        )]
        let place = (draw * self.seen as f64) as usize;
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = (now, value);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody loads 2^53 pages in half a minute")]
    fn weight(&self) -> f64 {
        self.seen as f64 / self.kept.len() as f64
    }
}

/// The value in the middle of `(value, weight)`, or between the two that share it.
fn weighted_median(mut values: Vec<(f64, f64)>) -> Option<f64> {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut passed = 0.0;
    for (at, (value, weight)) in values.iter().enumerate() {
        passed += weight;
        if passed > half || at + 1 == values.len() {
            return Some(*value);
        }
        #[expect(clippy::float_cmp, reason = "equal weights sum up to exactly half; others need no mean")]
        if passed == half {
            return Some(f64::midpoint(*value, values[at + 1].0));
        }
    }
    None
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "a median is one of the values, or the middle of two")]
mod tests {
    use super::{MOST_KEPT, Median, Window};
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn few_values_have_their_exact_median_and_old_ones_leave_it() {
        let mut window = Window::default();
        assert_eq!(window.median(at(0)), None);
        for (second, value) in [(0, 900.0), (10, 100.0), (200, 300.0), (290, 200.0)] {
            window.add(at(second), value, 0.5);
        }
        assert_eq!(window.median(at(299)), Some(Median { value: 250.0, newest: at(290) }));
        assert_eq!(window.median(at(300)), Some(Median { value: 200.0, newest: at(290) }), "the first one has left");
        assert_eq!(window.median(at(590)), None);
    }

    #[test]
    fn a_busy_slice_weighs_as_much_as_it_has_seen() {
        let mut window = Window::default();
        for _ in 0..1000 {
            window.add(at(0), 100.0, 0.0);
        }
        for _ in 0..MOST_KEPT {
            window.add(at(60), 5000.0, 0.0);
        }
        assert_eq!(window.median(at(61)).unwrap().value, 100.0);
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_the_median_lies_among_the_values(
            steps in prop::collection::vec((0_u64..40_000, 1.0_f64..10_000.0, 0.0_f64..1.0), 1..2000)
        ) {
            let (mut window, mut now) = (Window::default(), Duration::ZERO);
            for (step, value, draw) in &steps {
                now += Duration::from_millis(step / 40);
                window.add(now, *value, *draw);
            }
            prop_assert!(window.slices.iter().all(|slice| slice.kept.len() <= MOST_KEPT));
            prop_assert!(window.slices.len() <= 11);
            let median = window.median(now).unwrap();
            prop_assert!(steps.iter().any(|(_, value, _)| *value <= median.value));
            prop_assert!(steps.iter().any(|(_, value, _)| *value >= median.value));
            prop_assert_eq!(median.newest, now);
        }

        #[test]
        fn with_few_values_it_is_the_median_of_all(values in prop::collection::vec(1.0_f64..10_000.0, 1..60)) {
            let mut window = Window::default();
            for value in &values {
                window.add(at(1), *value, 0.3);
            }
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
            prop_assert_eq!(window.median(at(2)).unwrap().value, f64::midpoint(low, high));
        }
    }
}
