//! How often looks of the last time found a usable price.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Looks that are kept at most.
const MOST: usize = 10_000;

/// The looks of a window. New blocks bring more looks than the interval: of those within a part of it only one is kept, the
/// worst, so that many good ones do not outweigh an hour of bad ones.
#[derive(Clone, Debug)]
pub(super) struct Window {
    over: Duration,
    /// Looks nearer to each other than this are one.
    step: Duration,
    looks: VecDeque<(Instant, bool)>,
}

impl Window {
    pub(super) fn new(over: Duration, every: Duration) -> Window {
        let finest = over / u32::try_from(MOST).unwrap_or(u32::MAX);
        Window { over, step: (every / 2).max(finest), looks: VecDeque::new() }
    }

    /// Takes in a look.
    pub(super) fn looked(&mut self, is_usable: bool, now: Instant) {
        match self.looks.back_mut() {
            Some((at, was_usable)) if now.saturating_duration_since(*at) < self.step => *was_usable &= is_usable,
            _ => self.looks.push_back((now, is_usable)),
        }
        while self.looks.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > self.over) {
            self.looks.pop_front();
        }
    }

    /// Usable ones, in per cent of all.
    #[expect(clippy::cast_precision_loss, reason = "a bounded number")]
    pub(super) fn availability(&self) -> f64 {
        let usable = self.looks.iter().filter(|(_, is_usable)| *is_usable).count();
        usable as f64 / self.looks.len().max(1) as f64 * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_is_of_the_window_alone_and_bursts_weigh_as_one_look() {
        let (hour, minute) = (Duration::from_hours(1), Duration::from_mins(1));
        let mut window = Window::new(hour, minute);
        let start = Instant::now();
        let mut look = |minutes: u32, seconds: u32, is_usable| {
            window.looked(is_usable, start + minute * minutes + Duration::from_secs(1) * seconds);
            window.availability()
        };
        assert!((look(0, 0, false) - 0.0).abs() < 1e-9);
        assert!((look(1, 0, true) - 50.0).abs() < 1e-9);
        // A burst of good ones is one; a bad one among them is not hidden.
        for second in 0..20 {
            look(2, second, second != 7);
        }
        assert!((look(3, 0, true) - 50.0).abs() < 1e-9);
        assert!((look(61, 0, true) - 75.0).abs() < 1e-9, "the first is over");
    }

    #[test]
    fn a_long_window_of_short_intervals_is_bounded() {
        let mut window = Window::new(Duration::from_hours(30 * 24), Duration::from_millis(100));
        let start = Instant::now();
        for look in 0..40_000 {
            window.looked(true, start + Duration::from_secs(100) * look);
        }
        assert!(window.looks.len() <= MOST + 1, "{}", window.looks.len());
    }
}
