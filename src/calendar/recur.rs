//! On which instants something comes up that recurs on dates, at a local time.

use super::step::{Dates, Step};
use super::zone::Zone;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan};

impl Dates {
    /// The last time at or before `now` at which it comes up. `None` where the calendar ends, or where there are no days.
    #[must_use]
    pub fn last(&self, time: Time, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        self.around(time, zone, now).into_iter().filter(|at| *at <= now).max()
    }

    /// The first time after `now` at which it comes up. `None` where the calendar ends, or where there are no days.
    #[must_use]
    pub fn next(&self, time: Time, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        self.around(time, zone, now).into_iter().filter(|at| *at > now).min()
    }

    /// The times at which it comes up shortly before and after `now`, each side with at least one.
    fn around(&self, time: Time, zone: &Zone, now: Timestamp) -> Vec<Timestamp> {
        let today = zone.local(now).date();
        let dates: Vec<Date> = match self {
            Dates::Weekly(days) => {
                let near = (-8..=8).filter_map(|days| today.checked_add(i64::from(days).days()).ok());
                near.filter(|date| days.contains(&date.weekday())).collect()
            }
            Dates::Monthly(day) => {
                // Counted from a month of 31 days, so that each month is clamped from the day as written.
                let start = Date::constant(2000, 1, 1).with().day(*day).build().ok().map(|date| date.at(0, 0, 0, 0));
                let months = i64::from(today.year() - 2000) * 12 + i64::from(today.month()) - 1;
                let near = (-1..=1).filter_map(|month| Step::Months(1).from(start?, months + month));
                near.map(DateTime::date).collect()
            }
        };
        dates.into_iter().map(|date| zone.instant(date.to_datetime(time))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Weekday;

    fn around(dates: &Dates, time: &str, now: &str) -> (String, String) {
        let zone = Zone::named("Europe/Berlin").expect("it is a zone");
        let (time, now) = (time.parse().expect("a time"), now.parse().expect("an instant"));
        let words = |at: Option<Timestamp>| at.map(|at| zone.local(at).to_string()).unwrap_or_default();
        (words(dates.last(time, &zone, now)), words(dates.next(time, &zone, now)))
    }

    fn pair(last: &str, next: &str) -> (String, String) {
        (last.to_owned(), next.to_owned())
    }

    #[test]
    fn on_days_of_the_week_the_weekend_is_passed_over_and_the_instant_itself_is_the_last() {
        let work = Dates::Weekly(vec![Weekday::Monday, Weekday::Tuesday, Weekday::Friday]);
        let friday = pair("2026-01-09T09:00:00", "2026-01-12T09:00:00");
        assert_eq!(around(&work, "09:00", "2026-01-11T12:00:00Z"), friday);
        assert_eq!(around(&work, "09:00", "2026-01-09T08:00:00Z"), friday, "it is nine there");
        assert_eq!(around(&work, "09:00", "2026-01-09T07:59:59Z"), pair("2026-01-06T09:00:00", "2026-01-09T09:00:00"));
        let sunday = Dates::Weekly(vec![Weekday::Sunday]);
        assert_eq!(
            around(&sunday, "00:00", "2026-01-10T22:59:59Z"),
            pair("2026-01-04T00:00:00", "2026-01-11T00:00:00")
        );
    }

    #[test]
    fn a_day_that_a_month_does_not_have_is_its_last_and_a_time_that_a_day_does_not_have_the_first_after_it() {
        let end = Dates::Monthly(31);
        assert_eq!(around(&end, "10:00", "2026-02-28T08:00:00Z"), pair("2026-01-31T10:00:00", "2026-02-28T10:00:00"));
        assert_eq!(around(&end, "10:00", "2026-03-01T08:00:00Z"), pair("2026-02-28T10:00:00", "2026-03-31T10:00:00"));
        let sunday = Dates::Weekly(vec![Weekday::Sunday]);
        // Clocks go from two to three on this day.
        assert_eq!(
            around(&sunday, "02:30", "2026-03-29T00:59:59Z"),
            pair("2026-03-22T02:30:00", "2026-03-29T03:00:00")
        );
        assert_eq!(
            around(&sunday, "02:30", "2026-03-29T01:00:00Z"),
            pair("2026-03-29T03:00:00", "2026-04-05T02:30:00")
        );
    }

    #[test]
    fn no_day_is_never() {
        let (zone, now) = (Zone::utc(), Timestamp::UNIX_EPOCH);
        assert_eq!(Dates::Weekly(Vec::new()).next(Time::midnight(), &zone, now), None);
    }
}
