//! What share of a service's probes has failed lately.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time that is looked back: that of the rule which reads the figure.
const LATELY: Duration = Duration::from_mins(5);

/// The probes of the last five minutes, of all endpoints of one service.
#[derive(Debug, Default)]
pub(super) struct Failures {
    lately: VecDeque<(Instant, bool)>,
}

impl Failures {
    /// A probe has ended at `now`. Says what share of those of the last five minutes failed, in per cent.
    ///
    /// One failure alone is none: of ten probes in five minutes it would be a tenth, and one lost packet is no error rate.
    pub(super) fn note(&mut self, failed: bool, now: Instant) -> f64 {
        self.lately.push_back((now, failed));
        while self.lately.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= LATELY) {
            self.lately.pop_front();
        }
        let failed = self.lately.iter().filter(|(_, failed)| *failed).count();
        share(if failed == 1 { 0 } else { failed }, self.lately.len())
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53 probes")]
fn share(failed: usize, all: usize) -> f64 {
    100.0 * failed as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share after each of these, one every thirty seconds.
    fn shares(outcomes: &[bool]) -> Vec<f64> {
        let (mut failures, began) = (Failures::default(), Instant::now());
        let at = |number: usize| began + Duration::from_secs(30) * u32::try_from(number).unwrap();
        outcomes.iter().enumerate().map(|(number, failed)| failures.note(*failed, at(number)).round()).collect()
    }

    #[test]
    fn one_lost_probe_is_no_error_rate_and_the_second_one_is() {
        assert_eq!(shares(&[false, true, false, false]), [0.0, 0.0, 0.0, 0.0]);
        assert_eq!(shares(&[false, true, false, true]), [0.0, 0.0, 0.0, 50.0]);
    }

    #[test]
    fn what_is_five_minutes_old_no_longer_counts() {
        let outcomes: Vec<bool> = (0..12).map(|number| number < 2).collect();
        let shares = shares(&outcomes);
        assert_eq!(shares[1..10], [100.0, 67.0, 50.0, 40.0, 33.0, 29.0, 25.0, 22.0, 20.0]);
        assert_eq!(shares[10..], [0.0, 0.0], "one of the two is left, then none");
    }
}
