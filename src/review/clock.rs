//! Times as people of one zone read them, lengths of time in words, and the periods of reports.

use crate::backtest::median;
use crate::config::{Report, Zone};
use crate::model::{Moment, Span, duration_text};
use jiff::civil::{Date, Time, Weekday};
use jiff::{Timestamp, ToSpan};
use serde::{Serialize, Serializer};

/// When people sleep: from this hour of their own clock on, and until that one.
const NIGHT: (i8, i8) = (22, 7);
/// When people are at work, on Monday to Friday. Outside of it a page is out of hours, as in a backtest.
const WORK: std::ops::Range<i8> = 9..18;

/// An instant, which programs read in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub Moment);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A stretch of time, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Its first instant.
    pub from: At,
    /// The first instant after it.
    pub to: At,
}

/// How often a report comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// From the beginning of the last working day before it: what happened overnight, and over a weekend.
    Daily,
    /// The seven whole days before it, beside the seven before those.
    Weekly,
    /// The whole calendar month before it, beside the one before that.
    Monthly,
}

impl Period {
    /// The period from `from` to `to`.
    #[must_use]
    pub fn new(from: Moment, to: Moment) -> Self {
        Period { from: At(from), to: At(to) }
    }

    /// Whether `at` lies in it.
    #[must_use]
    pub fn holds(self, at: Moment) -> bool {
        self.from.0 <= at && at < self.to.0
    }

    /// What of the time from `from` to `to` lies in it.
    #[must_use]
    pub fn part(self, from: Moment, to: Moment) -> Option<(Moment, Moment)> {
        let (from, to) = (from.max(self.from.0), to.min(self.to.0));
        (from < to).then_some((from, to))
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> Span {
        self.to.0 - self.from.0
    }
}

impl From<Report> for Kind {
    /// The report that a routine asks for.
    fn from(report: Report) -> Self {
        match report {
            Report::Daily => Kind::Daily,
            Report::Weekly => Kind::Weekly,
            Report::Monthly => Kind::Monthly,
        }
    }
}

impl Kind {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Daily => "daily",
            Kind::Weekly => "weekly",
            Kind::Monthly => "monthly",
        }
    }

    /// What a report at `at` tells of, and what it holds it against. Both are whole days of the local calendar; a daily one ends at
    /// its own instant.
    #[must_use]
    pub fn periods(self, at: Moment, zone: &Zone) -> (Period, Period) {
        let today = zone.local(timestamp(at)).date();
        let midnight =
            |date: Date| Moment::from_millis(zone.instant(date.to_datetime(Time::midnight())).as_millisecond());
        let back = |date: Date, days: i32| date.saturating_sub(days.days());
        match self {
            Kind::Daily => {
                let worked = working_day_before(today);
                (Period::new(midnight(worked), at), Period::new(midnight(working_day_before(worked)), midnight(worked)))
            }
            Kind::Weekly => {
                let week = |ends: Date| Period::new(midnight(back(ends, 7)), midnight(ends));
                (week(today), week(back(today, 7)))
            }
            Kind::Monthly => {
                let month =
                    |ends: Date| (Period::new(midnight(month_before(ends)), midnight(ends)), month_before(ends));
                let (this, first) = month(today.first_of_month());
                (this, month(first).0)
            }
        }
    }
}

fn month_before(first: Date) -> Date {
    first.saturating_sub(1.day()).first_of_month()
}

fn working_day_before(date: Date) -> Date {
    let days = match date.weekday() {
        Weekday::Monday => 3,
        Weekday::Sunday => 2,
        _ => 1,
    };
    date.saturating_sub(days.days())
}

/// The instant of the calendar.
#[must_use]
pub fn timestamp(at: Moment) -> Timestamp {
    Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::MAX)
}

/// The clock of one zone.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'z>(pub &'z Zone);

impl Clock<'_> {
    /// `2026-01-05 10:12:03`.
    #[must_use]
    pub fn second(self, at: Moment) -> String {
        self.written(at, "%Y-%m-%d %H:%M:%S")
    }

    /// `Mon 2026-01-05 10:12`.
    #[must_use]
    pub fn minute(self, at: Moment) -> String {
        self.written(at, "%a %Y-%m-%d %H:%M")
    }

    /// `Mon 2026-01-05 10:12 CET`; with seconds where there are any.
    #[must_use]
    pub fn whole(self, at: Moment) -> String {
        let zone = self.0.rules().to_offset_info(timestamp(at));
        let is_minute = at.millis().rem_euclid(60_000) < 1_000;
        let local = if is_minute { self.minute(at) } else { self.written(at, "%a %Y-%m-%d %H:%M:%S") };
        format!("{local} {}", zone.abbreviation())
    }

    /// `2026-01-05`.
    #[must_use]
    pub fn day(self, at: Moment) -> String {
        self.written(at, "%Y-%m-%d")
    }

    /// `January 2026`.
    #[must_use]
    pub fn month(self, at: Moment) -> String {
        self.written(at, "%B %Y")
    }

    /// From when to when, in days where both ends are midnights.
    #[must_use]
    pub fn period(self, period: Period) -> String {
        let (from, to) = (period.from.0, period.to.0);
        let is_midnight = |at| self.0.local(timestamp(at)).time() == Time::midnight();
        if is_midnight(from) && is_midnight(to) {
            let last = to - Span::from_secs(1);
            let days = (self.written(from, "%a %Y-%m-%d"), self.written(last, "%a %Y-%m-%d"));
            return if days.0 == days.1 { days.0 } else { format!("{} to {}", days.0, days.1) };
        }
        format!("{} to {}", self.minute(from), self.minute(to))
    }

    /// Whether people are not at work then.
    #[must_use]
    pub fn is_out_of_hours(self, at: Moment) -> bool {
        let local = self.0.local(timestamp(at));
        matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) || !WORK.contains(&local.hour())
    }

    /// The night that `at` lies in, by the day on which it began; nothing where people are awake.
    #[must_use]
    pub fn night(self, at: Moment) -> Option<Date> {
        let local = self.0.local(timestamp(at));
        match local.hour() {
            hour if hour >= NIGHT.0 => Some(local.date()),
            hour if hour < NIGHT.1 => Some(local.date().saturating_sub(1.day())),
            _ => None,
        }
    }

    fn written(self, at: Moment, format: &str) -> String {
        self.0.local(timestamp(at)).strftime(format).to_string()
    }
}

/// A length of time that people can take in: seconds below an hour, minutes below a day, hours from there on.
#[must_use]
pub fn lasting(span: Span) -> String {
    let millis = span.millis().max(0);
    let unit = match millis {
        ..1_000 => 1,
        1_000..3_600_000 => 1_000,
        3_600_000..86_400_000 => 60_000,
        _ => 3_600_000,
    };
    duration_text::format(Span::from_millis(millis / unit * unit))
}

/// A length of time in seconds, in words.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a length of time, in milliseconds")]
pub fn seconds(seconds: f64) -> String {
    lasting(Span::from_millis((seconds * 1000.0).round() as i64))
}

/// The mean and the median of some lengths, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Average {
    /// How many there were.
    pub count: usize,
    /// Their mean.
    pub mean_seconds: f64,
    /// The middle one.
    pub median_seconds: f64,
}

impl Average {
    /// Of these; nothing where there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "so many incidents")]
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Option<Self> {
        let all: Vec<f64> = spans.into_iter().map(Span::as_secs_f64).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        Some(Average { count: all.len(), mean_seconds: mean, median_seconds: median(all)? })
    }

    /// `4m12s (median 3m, of 7)`.
    #[must_use]
    pub fn words(&self) -> String {
        let (mean, median) = (seconds(self.mean_seconds), seconds(self.median_seconds));
        if self.count == 1 { format!("{mean} (of 1)") } else { format!("{mean} (median {median}, of {})", self.count) }
    }
}

/// Time that is covered by at least one of some stretches, without overlaps.
#[must_use]
pub fn union(mut spans: Vec<(Moment, Moment)>) -> Vec<(Moment, Moment)> {
    spans.sort_unstable();
    let mut joined: Vec<(Moment, Moment)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut().filter(|(_, until)| from <= *until) {
            Some((_, until)) => *until = (*until).max(to),
            None => joined.push((from, to)),
        }
    }
    joined
}

/// How long some stretches are that do not overlap.
#[must_use]
pub fn total(spans: &[(Moment, Moment)]) -> Span {
    spans.iter().fold(Span::ZERO, |all, (from, to)| all + (*to - *from))
}

/// What of `spans` lies in none of `without`; neither overlaps in itself.
#[must_use]
pub fn outside(spans: &[(Moment, Moment)], without: &[(Moment, Moment)]) -> Vec<(Moment, Moment)> {
    let mut left = Vec::new();
    for &(mut from, to) in spans {
        for &(begin, end) in without {
            if begin > from && begin < to {
                left.push((from, begin));
            }
            if begin < to {
                from = from.max(end);
            }
        }
        if from < to {
            left.push((from, to));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind, at: &str) -> String {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let at: Timestamp = at.parse().unwrap();
        let (now, before) = kind.periods(Moment::from_millis(at.as_millisecond()), &zone);
        format!("{} | {}", Clock(&zone).period(now), Clock(&zone).period(before))
    }

    #[test]
    fn a_daily_report_reaches_back_to_the_last_working_day() {
        let monday = "2026-01-05T08:00:00Z";
        assert_eq!(shown(Kind::Daily, monday), "Fri 2026-01-02 00:00 to Mon 2026-01-05 09:00 | Thu 2026-01-01");
        assert_eq!(
            shown(Kind::Daily, "2026-01-06T08:00:00Z"),
            "Mon 2026-01-05 00:00 to Tue 2026-01-06 09:00 | Fri 2026-01-02 to Sun 2026-01-04"
        );
        // Just after a local midnight the day before it is the day.
        assert_eq!(shown(Kind::Daily, "2026-01-06T23:00:00Z"), "Tue 2026-01-06 | Mon 2026-01-05");
    }

    #[test]
    fn weeks_and_months_are_whole_local_days_also_where_the_clocks_change() {
        assert_eq!(
            shown(Kind::Weekly, "2026-03-30T10:00:00Z"),
            "Mon 2026-03-23 to Sun 2026-03-29 | Mon 2026-03-16 to Sun 2026-03-22"
        );
        assert_eq!(
            shown(Kind::Monthly, "2026-03-31T22:30:00Z"),
            "Sun 2026-03-01 to Tue 2026-03-31 | Sun 2026-02-01 to Sat 2026-02-28"
        );
        let zone = Zone::named("Europe/Berlin").unwrap();
        let at: Timestamp = "2026-04-01T08:00:00Z".parse().unwrap();
        let (march, _) = Kind::Monthly.periods(Moment::from_millis(at.as_millisecond()), &zone);
        assert_eq!(march.length(), Span::from_hours(31 * 24 - 1));
    }

    #[test]
    fn stretches_are_joined_and_cut() {
        let at = Moment::from_millis;
        let joined = union(vec![(at(5), at(9)), (at(0), at(2)), (at(2), at(3)), (at(6), at(7))]);
        assert_eq!(joined, [(at(0), at(3)), (at(5), at(9))]);
        assert_eq!(total(&joined).millis(), 7);
        assert_eq!(outside(&joined, &[(at(1), at(6)), (at(8), at(20))]), [(at(0), at(1)), (at(6), at(8))]);
    }
}
