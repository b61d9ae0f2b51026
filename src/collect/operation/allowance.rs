//! How much may come in a time: a bucket that fills up steadily.

use std::time::Instant;

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

    /// Takes `pieces`, if there is anything left at all. What is missing then is owed: no list is too long for ever, and the
    /// next one waits the longer.
    pub(super) fn take(&mut self, pieces: u32, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.left = (self.left + since * self.per_second).min(self.per_second);
        self.filled = now;
        let may = self.left >= 1.0;
        if may {
            self.left -= f64::from(pieces.max(1));
        }
        may
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
            (0..100).filter(|_| allowance.take(pieces, now)).count()
        };
        assert_eq!(taken(&mut allowance, 1, 0), 10);
        assert_eq!(taken(&mut allowance, 1, 500), 5);
        assert_eq!(taken(&mut allowance, 35, 10_000), 1, "a long list is taken once");
        assert_eq!(taken(&mut allowance, 1, 12_000), 0, "and paid for");
        assert_eq!(taken(&mut allowance, 1, 13_000), 5);
    }

    #[test]
    fn an_empty_request_costs_something_and_a_clock_that_stands_fills_nothing() {
        let now = Instant::now();
        let mut allowance = Allowance::new(3, now);
        assert_eq!((0..10).filter(|_| allowance.take(0, now)).count(), 3);
    }
}
