//! The one place that asks the operating system what time it is.
//!
//! Slots follow the wall clock; moments follow the time that really passed. While both agree the skew is zero. When the
//! wall clock is stepped (by hand, by NTP after a sleep), the monotonic clock says how much time went by, and the
//! difference goes into the skew: timers notice nothing.

use crate::model::{Moment, Span, stepped};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall clock, in milliseconds after the Unix epoch.
#[must_use]
pub fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Wall clock and monotonic clock, compared. Whoever works beside another looks at a clone of its own.
#[derive(Clone, Debug)]
pub struct Clock {
    monotonic: Instant,
    wall: i64,
    skew: Span,
}

/// One look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The wall clock, in milliseconds.
    pub wall: i64,
    /// What has to be added to a slot to get its moment.
    pub skew: Span,
    /// How far the wall clock was stepped since the last look; zero if it was not.
    pub stepped: Span,
}

impl Clock {
    /// Starts comparing. Moments go on from `latest`, the latest one that is on record, where the wall clock is behind it.
    #[must_use]
    pub fn start(latest: Moment) -> Self {
        let wall = wall();
        Clock { monotonic: Instant::now(), wall, skew: skew_to(latest, wall) }
    }

    /// What time it is, and whether the wall clock was stepped meanwhile.
    pub fn look(&mut self) -> Look {
        self.compare(Instant::now(), wall())
    }

    /// What two readings say.
    fn compare(&mut self, monotonic: Instant, now: i64) -> Look {
        let passed = i64::try_from(monotonic.duration_since(self.monotonic).as_millis()).unwrap_or(i64::MAX);
        let stepped = stepped(Span::from_millis(passed), Span::from_millis(now - self.wall));
        self.skew = self.skew - stepped;
        (self.monotonic, self.wall) = (monotonic, now);
        Look { wall: now, skew: self.skew, stepped }
    }
}

#[cfg(test)]
impl Clock {
    /// One that was looked at before the wall clock was set back.
    pub fn set_back(by: Span) -> Self {
        Clock { monotonic: Instant::now(), wall: wall() + by.millis(), skew: Span::ZERO }
    }
}

impl Look {
    /// The engine's time.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment::from_millis(self.wall) + self.skew
    }
}

/// What has to be added to the wall clock so that no moment comes before `latest`.
fn skew_to(latest: Moment, wall: i64) -> Span {
    (latest - Moment::from_millis(wall)).max(Span::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn moments_go_on_by_the_time_that_passed_however_the_wall_clock_is_stepped() {
        let (start, wall) = (Instant::now(), 1_767_603_600_000);
        let mut clock = Clock { monotonic: start, wall, skew: Span::ZERO };
        for (seconds, stepped) in [(1, -3_600), (2, 0), (3, 43_200_000), (4, -43_200_000)] {
            let passed = start + Duration::from_secs(seconds);
            let shows = clock.wall + 1_000 + stepped * 1_000;
            let look = clock.compare(passed, shows);
            assert_eq!((look.wall, look.stepped), (shows, Span::from_secs(stepped)));
            assert_eq!(
                look.moment(),
                Moment::from_millis(wall) + Span::from_secs(i64::try_from(seconds).expect("a few"))
            );
        }
    }

    #[test]
    fn a_start_with_a_clock_that_is_behind_goes_on_where_time_had_come_to() {
        let wall = 1_767_603_600_000;
        assert_eq!(skew_to(Moment::from_millis(wall + 3_600_000), wall), Span::from_hours(1));
        assert_eq!(skew_to(Moment::from_millis(wall - 1), wall), Span::ZERO);
        assert_eq!(skew_to(Moment::default(), wall), Span::ZERO);
    }
}
