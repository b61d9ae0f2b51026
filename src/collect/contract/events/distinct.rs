//! How many different values there were lately, in a bounded memory.
//!
//! Exact up to a bound. Beyond it every second value is left out, by its fingerprint, and each that stays stands for two;
//! and so on. With the bound below, the estimate is within one per cent or so.

use std::collections::HashMap;

/// How many values are kept. Sixteen bytes each, and a table's room.
const MOST: usize = 65_536;

/// Values, and when each was seen last.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    /// By fingerprint, in seconds since 1970.
    seen: HashMap<u64, u64>,
    /// A value that stays stands for two to the power of this.
    halvings: u32,
}

impl Distinct {
    /// A value was seen at this time.
    pub fn saw(&mut self, fingerprint: u64, at: u64) {
        self.saw_among(fingerprint, at, MOST);
    }

    fn saw_among(&mut self, fingerprint: u64, at: u64, most: usize) {
        if fingerprint.trailing_zeros() < self.halvings {
            return;
        }
        let last = self.seen.entry(fingerprint).or_insert(at);
        *last = at.max(*last);
        while self.seen.len() > most {
            self.halvings += 1;
            let halvings = self.halvings;
            self.seen.retain(|fingerprint, _| fingerprint.trailing_zeros() >= halvings);
        }
    }

    /// How many there were since this time. Older ones are forgotten.
    #[must_use]
    pub fn since(&mut self, time: u64) -> f64 {
        self.seen.retain(|_, last| *last >= time);
        if self.seen.is_empty() {
            self.halvings = 0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a bounded number")]
        let seen = self.seen.len() as f64;
        seen * f64::from(self.halvings).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As evenly spread as a hash, and faster (splitmix64).
    fn fingerprint(number: u32) -> u64 {
        let mixed = u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[test]
    fn values_count_once_while_they_are_in_the_window() {
        let mut distinct = Distinct::default();
        for (value, at) in [(1, 100), (2, 150), (1, 200), (3, 160)] {
            distinct.saw(fingerprint(value), at);
        }
        // Seen out of order, as when the past is read later than the present.
        distinct.saw(fingerprint(1), 90);
        assert!((distinct.since(100) - 3.0).abs() < 1e-9);
        assert!((distinct.since(155) - 2.0).abs() < 1e-9);
        assert!(distinct.since(201) < 1e-9);
    }

    #[test]
    fn a_flood_of_values_is_estimated_in_bounded_memory() {
        let mut distinct = Distinct::default();
        for value in 0..100_000 {
            distinct.saw_among(fingerprint(value), 1, 4096);
        }
        assert!(distinct.seen.len() <= 4096);
        let estimate = distinct.since(0);
        assert!((90_000.0..110_000.0).contains(&estimate), "{estimate}");
        // When all of them are over, small numbers are exact again.
        assert!(distinct.since(2) < 1e-9);
        distinct.saw(fingerprint(7), 3);
        assert!((distinct.since(2) - 1.0).abs() < 1e-9);
    }
}
