//! How much may come in a time: a bucket that fills up steadily.

use std::time::Instant;

/// What may be owed, in seconds of filling up.
const MOST_OWED: f64 = 3.0;

/// What may be taken now, at most what fills up in a second.
#[derive(Debug)]
pub(super) struct Allowance {
    per_second: f64,
    left: f64,
    filled: Instant,
}

impl Allowance {
    /// A full bucket.
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(per_second);
        Allowance { per_second, left: per_second, filled: now }
    }

    /// Takes of `pieces` as many as may be, and says how many; a request for nothing costs one. If there is anything left, a
    /// list may take more than that, and what is missing is owed: the next one waits the longer, though never longer than
    /// a few seconds, whatever somebody else has sent.
    pub(super) fn take(&mut self, pieces: u32, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.left = (self.left + since * self.per_second).min(self.per_second);
        self.filled = now;
        if self.left < 1.0 {
            return 0;
        }
        let most = self.left + MOST_OWED * self.per_second;
        let taken = f64::from(pieces.max(1)).min(most.floor());
        self.left -= taken;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and from 1 to `pieces`")]
        let taken = taken as u32;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn on_average_no_more_is_taken_than_fills_up_whatever_comes_at_once() {
        let began = Instant::now();
        let mut allowance = Allowance::new(10, began);
        let taken = |allowance: &mut Allowance, pieces, millis| {
            let now = began + Duration::from_millis(millis);
            (0..100).map(|_| allowance.take(pieces, now)).sum::<u32>()
        };
        assert_eq!(taken(&mut allowance, 1, 0), 10);
        assert_eq!(taken(&mut allowance, 1, 500), 5);
        assert_eq!(taken(&mut allowance, 35, 10_000), 35, "a long list is taken once");
        assert_eq!(taken(&mut allowance, 1, 12_000), 0, "and paid for");
        assert_eq!(taken(&mut allowance, 1, 13_000), 5);
    }

    #[test]
    fn the_longest_list_is_paid_for_in_seconds() {
        let began = Instant::now();
        let mut allowance = Allowance::new(2, began);
        assert_eq!(allowance.take(1000, began), 8);
        assert_eq!(allowance.take(1, began + Duration::from_secs(3)), 0);
        assert_eq!(allowance.take(1, began + Duration::from_secs(4)), 1);
    }

    #[test]
    fn an_empty_request_costs_something_and_a_clock_that_stands_fills_nothing() {
        let now = Instant::now();
        let mut allowance = Allowance::new(3, now);
        assert_eq!((0..10).map(|_| allowance.take(0, now)).sum::<u32>(), 3);
    }
}
