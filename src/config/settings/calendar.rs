//! Wall-clock words: zones, windows of the week, and steps on the calendar.
//!
//! A value of these types is proof that the text was understood: a [`Zone`] exists, a [`Step`] is longer than nothing.

use crate::model::Name;
use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::fmt;

/// A time zone of the IANA database, which is built in.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Name,
    rules: TimeZone,
}

/// How far apart two handoffs lie: steps of the calendar, not of elapsed time, except for hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hours of the wall clock.
    Hours(i64),
    /// Days; a week is seven.
    Days(i64),
    /// Months, each time counted from the original day and clamped to the end of the month.
    Months(i64),
}

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

/// The dates on which something recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dates {
    /// On these days of each week.
    Weekly(Vec<Weekday>),
    /// On this day of each month, clamped to its end.
    Monthly(i8),
}

impl Window {
    /// Whether it covers this instant. A window that crosses midnight belongs to the day on which it starts.
    #[must_use]
    pub fn covers(&self, zone: &Zone, at: Timestamp) -> bool {
        self.around(zone, at, 0).any(|(from, to)| from <= at && at < to)
    }

    /// The first instant after `at` at which it begins or ends; none where it has no days.
    #[must_use]
    pub fn next_change(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        self.around(zone, at, 8).flat_map(|(from, to)| [from, to]).filter(|change| *change > at).min()
    }

    /// Its intervals that start on the day before `at` or later, up to so many days after it.
    fn around(&self, zone: &Zone, at: Timestamp, days: i64) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = zone.rules.to_datetime(at).date();
        (-1..=days).filter_map(move |offset| {
            let date = today.checked_add(jiff::Span::new().days(offset)).ok()?;
            let end = if self.to <= self.from { date.tomorrow().ok()? } else { date };
            let is_day = self.days.contains(&date.weekday());
            is_day.then(|| (zone.instant(date.to_datetime(self.from)), zone.instant(end.to_datetime(self.to))))
        })
    }
}

impl Zone {
    /// The zone that needs no database.
    #[must_use]
    pub fn utc() -> Self {
        Zone { name: "UTC".into(), rules: TimeZone::UTC }
    }

    /// The zone of this IANA name, in any case of letters.
    ///
    /// Offsets (`+02:00`) and abbreviations (`EST`) are no zones: they do not say when clocks change.
    ///
    /// # Errors
    /// Says, for a person, what the text is instead.
    pub fn named(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("utc") {
            return Ok(Zone::utc());
        }
        if text.starts_with(['+', '-']) || text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("`{text}` is an offset, which does not know when clocks change"));
        }
        // The database knows some names without a region (`EST`, `CET`, `Cuba`), for the sake of old systems only.
        if !text.contains('/') {
            return Err(format!("`{text}` is not the IANA name of a region and place"));
        }
        let rules = TimeZone::get(text).map_err(|_| format!("there is no time zone `{text}`"))?;
        let name = rules.iana_name().unwrap_or(text).into();
        Ok(Zone { name, rules })
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The instant of a local time. One that does not exist is the first instant after the gap; one that exists twice is
    /// its first occurrence.
    #[must_use]
    pub fn instant(&self, local: DateTime) -> Timestamp {
        let ambiguous = self.rules.to_ambiguous_timestamp(local);
        let offset = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        // Only dates at the very ends of the calendar have no instant.
        let instant = offset.to_timestamp(local).unwrap_or(Timestamp::MAX);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => self.last_change(instant).unwrap_or(instant),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => instant,
        }
    }

    /// When the clocks changed last, at `instant` or before it.
    fn last_change(&self, instant: Timestamp) -> Option<Timestamp> {
        let after = instant.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
        self.rules.preceding(after).next().map(|change| change.timestamp())
    }

    /// Its rules, for arithmetic.
    #[must_use]
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_places_and_utc_are_zones() {
        for (text, expected) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(&**Zone::named(text).unwrap().name(), expected);
        }
        for text in ["EST", "CET", "Cuba", "+02:00", "-5", "2", "Europe/Berln", "", "Local"] {
            assert!(Zone::named(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_covers_its_days_also_over_midnight_and_over_a_change_of_the_clock() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let time = |text: &str| text.parse::<Time>().unwrap();
        let night = Window { days: vec![Weekday::Saturday], from: time("22:00"), to: time("03:00") };
        let covers = |at: &str| night.covers(&berlin, at.parse().unwrap());
        // The clocks go forward on Sunday 29 March 2026 at 01:00Z; the night has four hours.
        assert!(!covers("2026-03-28T20:59:59Z") && covers("2026-03-28T21:00:00Z"));
        assert!(covers("2026-03-29T00:59:59Z") && !covers("2026-03-29T01:00:00Z"));
        assert!(!covers("2026-03-29T21:00:00Z"), "Sunday's night is another one");
        let next = |at: &str| night.next_change(&berlin, at.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2026-03-28T21:00:00Z"), "2026-03-29T01:00:00Z");
        assert_eq!(next("2026-03-29T01:00:00Z"), "2026-04-04T20:00:00Z");
    }

    #[test]
    fn a_missing_local_time_is_the_end_of_the_gap_and_a_doubled_one_is_its_first() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let instant = |text: &str| berlin.instant(text.parse().unwrap()).to_string();
        assert_eq!(instant("2026-03-29T01:59"), "2026-03-29T00:59:00Z");
        assert_eq!(instant("2026-03-29T02:00"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-03-29T02:45"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-03-29T03:00"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-10-25T02:30"), "2026-10-25T00:30:00Z");
    }
}
