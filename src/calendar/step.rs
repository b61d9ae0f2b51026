//! Steps on the calendar, counted without walking.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Weekday};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How far apart two handoffs lie: steps of the wall clock, never of elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hours of the wall clock.
    Hours(i64),
    /// Days; a week is seven.
    Days(i64),
    /// Months, each time counted from the original day and clamped to the end of the month.
    Months(i64),
}

/// The dates on which something recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dates {
    /// On these days of each week.
    Weekly(Vec<Weekday>),
    /// On this day of each month, clamped to its end.
    Monthly(i8),
}

impl Step {
    /// The local time `count` steps after `start`, or before it where `count` is negative. `None` where the calendar ends.
    #[must_use]
    pub fn from(self, start: DateTime, count: i64) -> Option<DateTime> {
        match self {
            Step::Hours(hours) => seconds_from(start, hours.checked_mul(HOUR)?.checked_mul(count)?),
            Step::Days(days) => seconds_from(start, days.checked_mul(DAY)?.checked_mul(count)?),
            Step::Months(months) => months_from(start, months.checked_mul(count)?),
        }
    }

    /// How many whole steps lie between `start` and `at`: the greatest count that does not lead beyond `at`.
    #[must_use]
    pub fn count(self, start: DateTime, at: DateTime) -> i64 {
        match self {
            Step::Hours(hours) => whole(at.duration_since(start), hours * HOUR),
            Step::Days(days) => whole(at.duration_since(start), days * DAY),
            Step::Months(months) => {
                let count = (month(at) - month(start)).div_euclid(months);
                // In the month that it leads to, the day and time of `start` may still be to come.
                if self.from(start, count).is_none_or(|reached| reached > at) { count - 1 } else { count }
            }
        }
    }
}

fn seconds_from(start: DateTime, seconds: i64) -> Option<DateTime> {
    start.checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn whole(span: SignedDuration, step_seconds: i64) -> i64 {
    // The seconds of a span are rounded towards zero; of one that is negative the rest counts as well.
    let seconds = span.as_secs() - i64::from(span.subsec_nanos() < 0);
    seconds.div_euclid(step_seconds)
}

/// Months since the year 0.
fn month(at: DateTime) -> i64 {
    i64::from(at.year()) * 12 + i64::from(at.month()) - 1
}

fn months_from(start: DateTime, months: i64) -> Option<DateTime> {
    let month = month(start).checked_add(months)?;
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let first = Date::new(year, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1).ok()?;
    let date = Date::new(year, first.month(), start.day().min(first.days_in_month())).ok()?;
    Some(date.to_datetime(start.time()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_are_clamped_from_the_original_day_each_time() {
        let start = "2026-01-31T09:00".parse().unwrap();
        let months: Vec<_> =
            (-2..=3).map(|count| Step::Months(1).from(start, count).unwrap().date().to_string()).collect();
        assert_eq!(months, ["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(
            Step::Months(12).from("2024-02-29T00:00".parse().unwrap(), 4).unwrap().to_string(),
            "2028-02-29T00:00:00"
        );
    }

    #[test]
    fn the_calendar_ends_without_a_panic() {
        let start: DateTime = "2026-01-05T09:00".parse().unwrap();
        for step in [Step::Hours(1), Step::Days(10_000), Step::Months(10_000)] {
            for end in [DateTime::MIN, DateTime::MAX] {
                let count = step.count(start, end);
                assert!(step.from(start, count).is_none_or(|reached| reached <= end));
                assert!(step.from(start, count + 1).is_none_or(|reached| reached > end));
            }
            assert_eq!(step.from(start, i64::MAX), None);
            assert_eq!(step.from(start, i64::MIN), None);
        }
    }

    proptest! {
        #[test]
        fn the_count_is_the_greatest_that_does_not_lead_beyond(
            kind in 0..3_usize, length in 1_i64..800, start in -40_000_i64..40_000, at in -4_000_000_i64..4_000_000, nanos in 0..3_i32
        ) {
            // Many months would seldom lead to just the month of `at`, where the day decides.
            let step = [Step::Hours(length), Step::Days(length), Step::Months(length % 24 + 1)][kind];
            let day = Date::constant(2024, 2, 29).to_datetime(jiff::civil::Time::midnight());
            let start = day + SignedDuration::from_mins(start * 37);
            let at = day + SignedDuration::new(at * 61 * 60, nanos);
            let count = step.count(start, at);
            prop_assert!(step.from(start, count).unwrap() <= at);
            prop_assert!(step.from(start, count + 1).unwrap() > at);
        }
    }
}
