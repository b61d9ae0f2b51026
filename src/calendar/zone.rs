//! Time zones: what the clocks on the wall show at an instant, and at which instant they show it first.
//!
//! Clocks go back as well as forward, so that local times alone cannot be compared. [`Zone::reached`] can: a local time has
//! come at an instant exactly when it is not later than what was reached by then.

use crate::model::Name;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

const SMALLEST: SignedDuration = SignedDuration::from_nanos(1);

/// A time zone of the IANA database, which is built in.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Name,
    rules: TimeZone,
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
        let end = if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let instant = offset.to_timestamp(local).unwrap_or(end);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => self.last_change(instant).unwrap_or(instant),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => instant,
        }
    }

    /// What the clocks show at `instant`.
    #[must_use]
    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.rules.to_datetime(instant)
    }

    /// The latest local time whose instant is not after `instant`: for each local time `x`, `x <= reached(t)` exactly when
    /// `instant(x) <= t`.
    ///
    /// That is what the clocks show, but in an hour that they show for the second time: then it is the end of that hour,
    /// all of which has been there before.
    #[must_use]
    pub fn reached(&self, instant: Timestamp) -> DateTime {
        let local = self.local(instant);
        match self.rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Fold { before, after } if self.rules.to_offset(instant) == after => {
                let end = self.last_change(instant).map_or(local, |change| before.to_datetime(change));
                end.checked_sub(SMALLEST).unwrap_or(local)
            }
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => local,
        }
    }

    /// When the clocks changed last, at `instant` or before it.
    fn last_change(&self, instant: Timestamp) -> Option<Timestamp> {
        let after = instant.checked_add(SMALLEST).ok()?;
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
    fn a_missing_local_time_is_the_end_of_the_gap_and_a_doubled_one_is_its_first() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let instant = |text: &str| berlin.instant(text.parse().unwrap()).to_string();
        assert_eq!(instant("2026-03-29T01:59"), "2026-03-29T00:59:00Z");
        assert_eq!(instant("2026-03-29T02:00"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-03-29T02:45"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-03-29T03:00"), "2026-03-29T01:00:00Z");
        assert_eq!(instant("2026-10-25T02:30"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn in_a_repeated_hour_all_of_it_has_been_reached() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let reached = |text: &str| berlin.reached(text.parse().unwrap()).to_string();
        assert_eq!(reached("2026-10-25T00:30:00Z"), "2026-10-25T02:30:00");
        assert_eq!(reached("2026-10-25T00:59:59Z"), "2026-10-25T02:59:59");
        assert_eq!(reached("2026-10-25T01:00:00Z"), "2026-10-25T02:59:59.999999999");
        assert_eq!(reached("2026-10-25T01:59:59Z"), "2026-10-25T02:59:59.999999999");
        assert_eq!(reached("2026-10-25T02:00:00Z"), "2026-10-25T03:00:00");
    }

    #[test]
    fn a_local_time_has_come_exactly_when_it_was_reached() {
        // Clocks that jump by an hour, by half of one, by a day, over midnight, and by odd minutes and seconds.
        for (name, change) in [
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("America/St_Johns", "2006-10-29T02:31:00Z"),
            ("America/Havana", "2026-11-01T05:00:00Z"),
            ("Africa/Monrovia", "1972-01-07T00:44:30Z"),
        ] {
            let (zone, change) = (Zone::named(name).unwrap(), change.parse::<Timestamp>().unwrap());
            let around: Vec<_> = (-200..=200).map(|step| change + SignedDuration::from_secs(step * 607)).collect();
            for instant in around.iter().copied().chain([change, change - SMALLEST]) {
                let reached = zone.reached(instant);
                for local in around.iter().map(|other| zone.local(*other)).chain([zone.local(change)]) {
                    assert_eq!(local <= reached, zone.instant(local) <= instant, "{name}: {local} at {instant}");
                }
            }
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_instants_too() {
        for name in ["UTC", "Pacific/Apia", "America/Los_Angeles", "Europe/Berlin"] {
            let zone = Zone::named(name).unwrap();
            for end in [Timestamp::MIN, Timestamp::MAX] {
                assert!(zone.instant(zone.reached(end)) <= end, "{name}");
            }
            assert_eq!(zone.instant(DateTime::MIN).min(Timestamp::MIN), Timestamp::MIN);
            assert_eq!(zone.instant(DateTime::MAX), Timestamp::MAX);
        }
    }
}
