//! The clock by which blocks are old. Pure.
//!
//! The wall clock jumps: somebody sets it, or it was wrong at the start and is corrected, or the machine slept, during which
//! the monotonic clock of the system stood still. So time goes on from an anchor by what really passed, and a new block says
//! which clock it fits where the two differ: it was just made, so its age is small and not negative. A chain that stands
//! still has no new blocks, and its age grows by what really passes, whatever the wall clock does.

use tokio::time::Instant;

/// Clocks that differ by less are the same: what is corrected in small steps is followed.
const SAME_MILLIS: i64 = 2_000;
/// How far ahead of us a maker of blocks may be.
const AHEAD_MILLIS: i64 = 15_000;

/// A clock that new blocks keep right.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// An instant, and the milliseconds since 1970 then.
    anchor: Option<(Instant, i64)>,
}

impl Clock {
    /// Milliseconds since 1970 at `now`, when the wall clock shows `wall`.
    #[must_use]
    pub fn millis(&self, now: Instant, wall: i64) -> i64 {
        let Some((instant, millis)) = self.anchor else { return wall };
        let passed = now.saturating_duration_since(instant).as_millis();
        millis.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// A block stamped `stamp` (milliseconds since 1970) has just arrived. Gives by how much the wall clock turned out to
    /// have been moved for good, where it was.
    pub fn saw(&mut self, stamp: i64, now: Instant, wall: i64) -> Option<i64> {
        let steady = self.millis(now, wall);
        let differ = wall.saturating_sub(steady);
        let misfit = |clock: i64| (clock.saturating_sub(stamp) < -AHEAD_MILLIS, clock.abs_diff(stamp));
        let is_same = differ.abs() < SAME_MILLIS;
        if self.anchor.is_none() || is_same || misfit(wall) < misfit(steady) {
            self.anchor = Some((now, wall));
            return Some(differ).filter(|_| !is_same);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOON: i64 = 1_764_158_400_000;
    const HOUR: i64 = 3_600_000;

    /// A clock that saw a block three seconds after it was made, at noon.
    fn at_noon() -> (Clock, Instant) {
        let (mut clock, now) = (Clock::default(), Instant::now());
        assert_eq!(clock.saw(NOON - 3_000, now, NOON), None);
        (clock, now)
    }

    #[test]
    fn a_wall_clock_that_jumps_makes_no_block_older_or_younger() {
        for jump in [HOUR, -HOUR] {
            let (mut clock, start) = at_noon();
            let later = start + Duration::from_secs(12);
            let wall = NOON + 12_000 + jump;
            assert_eq!(clock.millis(later, wall), NOON + 12_000);
            assert_eq!(clock.saw(NOON + 10_000, later, wall), None, "the block fits the time that passed");
            assert_eq!(clock.millis(later, wall), NOON + 12_000);
        }
    }

    #[test]
    fn a_wall_clock_that_was_wrong_and_is_corrected_is_followed() {
        for wrong in [HOUR, -HOUR] {
            let (mut clock, start) = (Clock::default(), Instant::now());
            clock.saw(NOON - 3_000, start, NOON + wrong);
            let (later, wall) = (start + Duration::from_secs(12), NOON + 12_000);
            assert_eq!(clock.saw(NOON + 9_000, later, wall), Some(-wrong));
            assert_eq!(clock.millis(later, wall), wall);
        }
    }

    #[test]
    fn after_a_sleep_of_the_machine_a_new_block_sets_the_clock_right() {
        let (mut clock, start) = at_noon();
        // The monotonic clock stood still for an hour.
        let (later, wall) = (start + Duration::from_secs(1), NOON + HOUR);
        assert_eq!(clock.saw(NOON + HOUR - 5_000, later, wall), Some(HOUR - 1_000));
        assert_eq!(clock.millis(later, wall), wall);
    }

    #[test]
    fn no_block_is_from_the_future_where_another_clock_has_it_in_the_past() {
        let (mut clock, start) = at_noon();
        let later = start + Duration::from_secs(20);
        // By the time that passed it is 20 seconds old, by the wall clock it will be made in 18.
        assert_eq!(clock.saw(NOON, later, NOON - 18_000), None);
        assert_eq!(clock.millis(later, NOON - 18_000), NOON + 20_000);
    }

    #[test]
    fn a_node_that_is_an_hour_behind_has_old_blocks_by_either_clock() {
        let (mut clock, start) = at_noon();
        let later = start + Duration::from_secs(15);
        assert_eq!(clock.saw(NOON - HOUR, later, NOON + 15_000), None);
        assert_eq!(clock.millis(later, NOON + 15_000) - (NOON - HOUR), HOUR + 15_000);
    }

    #[test]
    fn small_corrections_are_followed_without_a_word() {
        let (mut clock, start) = at_noon();
        let later = start + Duration::from_secs(10);
        assert_eq!(clock.saw(NOON + 8_000, later, NOON + 11_000), None);
        assert_eq!(clock.millis(later, NOON + 11_000), NOON + 11_000);
    }
}
