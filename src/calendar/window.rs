//! Windows of the week.

use super::Zone;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};

/// A part of a day on some days of the week. One that crosses midnight belongs to the day on which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it starts, Monday first.
    pub days: Vec<Weekday>,
    /// Its first instant.
    pub from: Time,
    /// The first instant after it. Equal to `from` it is a whole day.
    pub to: Time,
}

impl Window {
    /// Whether it covers this instant.
    #[must_use]
    pub fn covers(&self, zone: &Zone, at: Timestamp) -> bool {
        self.end(zone.reached(at)).is_some()
    }

    /// The first instant after `at` at which it begins or ends; none where it has no days.
    #[must_use]
    pub fn next_change(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let local = zone.reached(at);
        self.end(local).into_iter().chain(self.next_start(local)).min().map(|change| zone.instant(change))
    }

    /// When the window that holds at `local` ends, if one does. `local` is what a zone has [reached](Zone::reached).
    #[must_use]
    pub fn end(&self, local: DateTime) -> Option<DateTime> {
        let today = local.date();
        let days = [today.yesterday().ok(), Some(today)];
        let mut stretches = days.into_iter().flatten().filter_map(|day| self.on(day));
        stretches.find(|(from, to)| *from <= local && local < *to).map(|(_, to)| to)
    }

    /// When the next window starts, after `local`.
    #[must_use]
    pub fn next_start(&self, local: DateTime) -> Option<DateTime> {
        let days = local.date().series(jiff::Span::new().days(1)).take(8);
        days.filter_map(|day| self.on(day)).map(|(from, _)| from).find(|from| *from > local)
    }

    /// The window that starts on `day`, half open, if one does.
    fn on(&self, day: Date) -> Option<(DateTime, DateTime)> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let last = if self.to <= self.from { day.tomorrow().ok() } else { Some(day) };
        // The calendar ends where there is no tomorrow.
        let to = last.map_or(DateTime::MAX, |last| last.to_datetime(self.to));
        Some((day.to_datetime(self.from), to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Weekday], from: &str, to: &str) -> Window {
        Window { days: days.to_vec(), from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_starts() {
        let friday = window(&[Weekday::Friday], "22:00", "06:00");
        assert_eq!(friday.end(at("2026-01-16T21:59:59")), None);
        assert_eq!(friday.end(at("2026-01-16T22:00")), Some(at("2026-01-17T06:00")));
        assert_eq!(friday.end(at("2026-01-17T05:59:59.999999999")), Some(at("2026-01-17T06:00")));
        assert_eq!(friday.end(at("2026-01-17T06:00")), None);
        assert_eq!(friday.end(at("2026-01-16T05:00")), None, "that would be Thursday's");
        assert_eq!(friday.next_start(at("2026-01-16T22:00")), Some(at("2026-01-23T22:00")));
        assert_eq!(friday.next_start(at("2026-01-17T00:00")), Some(at("2026-01-23T22:00")));
    }

    #[test]
    fn equal_ends_are_a_whole_day_from_that_hour() {
        let days = window(&[Weekday::Saturday, Weekday::Sunday], "09:00", "09:00");
        assert_eq!(days.end(at("2026-01-17T08:59")), None);
        assert_eq!(days.end(at("2026-01-18T08:59")), Some(at("2026-01-18T09:00")));
        assert_eq!(days.end(at("2026-01-18T09:00")), Some(at("2026-01-19T09:00")));
        assert_eq!(days.end(at("2026-01-19T09:00")), None);
    }

    #[test]
    fn at_the_ends_of_the_calendar_there_is_no_next() {
        let all: Vec<_> = Weekday::Monday.cycle_forward().take(7).collect();
        let nights = window(&all, "22:00", "06:00");
        assert_eq!(nights.next_start(DateTime::MAX), None);
        assert_eq!(nights.end(DateTime::MIN), None);
        assert!(nights.next_start(DateTime::MIN).is_some());
    }

    #[test]
    fn a_window_covers_its_days_also_over_midnight_and_over_a_change_of_the_clock() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let night = window(&[Weekday::Saturday], "22:00", "03:00");
        let covers = |at: &str| night.covers(&berlin, at.parse().unwrap());
        // The clocks go forward on Sunday 29 March 2026 at 01:00Z; the night has four hours.
        assert!(!covers("2026-03-28T20:59:59Z") && covers("2026-03-28T21:00:00Z"));
        assert!(covers("2026-03-29T00:59:59Z") && !covers("2026-03-29T01:00:00Z"));
        assert!(!covers("2026-03-29T21:00:00Z"), "Sunday's night is another one");
        let next = |at: &str| night.next_change(&berlin, at.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2026-03-28T21:00:00Z"), "2026-03-29T01:00:00Z");
        assert_eq!(next("2026-03-29T01:00:00Z"), "2026-04-04T20:00:00Z");
    }
}
