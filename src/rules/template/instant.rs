//! Instants and durations as Go prints them and as templates ask about them.

use super::value::Value;
use std::fmt::Write as _;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// A `time.Time` in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant {
    /// Seconds after the Unix epoch.
    pub seconds: i64,
    /// Nanoseconds after that.
    pub nanos: u32,
    /// Whether it is Go's `*time.Time`, as all that functions give.
    pub pointer: bool,
}

/// A `time.Duration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nanos {
    /// Its length.
    pub nanos: i64,
    /// Whether it is Go's `*time.Duration`.
    pub pointer: bool,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A day of the calendar and a time of that day.
struct Civil {
    year: i64,
    /// From 1.
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// From 0, Sunday.
    weekday: usize,
    /// From 1.
    year_day: i64,
}

impl Instant {
    /// The instant `millis` milliseconds after the Unix epoch.
    pub fn from_millis(millis: i64) -> Self {
        let nanos = u32::try_from(millis.rem_euclid(1000)).unwrap_or(0) * 1_000_000;
        Instant { seconds: millis.div_euclid(1000), nanos, pointer: true }
    }

    /// The name of its Go type.
    pub fn type_name(self) -> &'static str {
        if self.pointer { "*time.Time" } else { "time.Time" }
    }

    /// As Go's `String` prints it: `2026-01-05 09:00:00.25 +0000 UTC`.
    pub fn print(self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    /// As Go's `%#v` prints it.
    pub fn source(self) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        let month = MONTHS[month - 1];
        format!("time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {}, time.UTC)", self.nanos)
    }

    fn civil(self) -> Civil {
        let days = self.seconds.div_euclid(SECONDS_PER_DAY);
        let second_of_day = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = date_of(days);
        let first = days_before(year, 1, 1);
        Civil {
            year,
            month,
            day,
            hour: second_of_day / 3600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            year_day: days - first + 1,
        }
    }

    /// Its text in a layout, which is written as Go's reference time.
    pub fn format(self, layout: &str) -> String {
        let civil = self.civil();
        let mut out = String::new();
        let mut rest = layout;
        while !rest.is_empty() {
            let (element, length) = layout_element(rest);
            match element {
                Some(element) => self.write_element(&mut out, &civil, element, &rest[..length]),
                None => out.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        out
    }

    fn write_element(self, out: &mut String, civil: &Civil, element: Element, text: &str) {
        let month = MONTHS[civil.month - 1];
        let weekday = WEEKDAYS[civil.weekday];
        let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
        let written = match element {
            Element::LongMonth => write!(out, "{month}"),
            Element::ShortMonth => write!(out, "{}", &month[..3]),
            Element::Month => write!(out, "{}", civil.month),
            Element::Month2 => write!(out, "{:02}", civil.month),
            Element::LongWeekday => write!(out, "{weekday}"),
            Element::ShortWeekday => write!(out, "{}", &weekday[..3]),
            Element::Day => write!(out, "{}", civil.day),
            Element::DaySpaced => write!(out, "{:>2}", civil.day),
            Element::Day2 => write!(out, "{:02}", civil.day),
            Element::YearDaySpaced => write!(out, "{:>3}", civil.year_day),
            Element::YearDay => write!(out, "{:03}", civil.year_day),
            Element::Hour => write!(out, "{:02}", civil.hour),
            Element::Hour12 => write!(out, "{hour12}"),
            Element::Hour12Padded => write!(out, "{hour12:02}"),
            Element::Minute => write!(out, "{}", civil.minute),
            Element::Minute2 => write!(out, "{:02}", civil.minute),
            Element::Second => write!(out, "{}", civil.second),
            Element::Second2 => write!(out, "{:02}", civil.second),
            Element::Year if civil.year < 0 => write!(out, "-{:04}", -civil.year),
            Element::Year => write!(out, "{:04}", civil.year),
            Element::Year2 => write!(out, "{:02}", civil.year.rem_euclid(100)),
            Element::Afternoon => write!(out, "{}", if civil.hour >= 12 { "PM" } else { "AM" }),
            Element::SmallAfternoon => write!(out, "{}", if civil.hour >= 12 { "pm" } else { "am" }),
            Element::Zone => write!(out, "UTC"),
            Element::Offset(z) => write!(out, "{}", if z.starts_with('Z') { "Z" } else { z }),
            Element::Fraction => {
                self.write_fraction(out, text);
                Ok(())
            }
        };
        written.expect("writing to a text cannot fail");
    }

    /// `.000` prints as many digits, `.999` leaves out zeros at the end.
    fn write_fraction(self, out: &mut String, text: &str) {
        let digits = format!("{:09}", self.nanos);
        let mut fraction = &digits[..(text.len() - 1).min(9)];
        if text.ends_with('9') {
            fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() {
                return;
            }
        }
        out.push_str(&text[..1]);
        out.push_str(fraction);
    }

    /// The answer to a method without arguments, if it is one that templates have use for.
    pub fn ask<'a>(self, method: &str) -> Option<Value<'a>> {
        let civil = self.civil();
        let number = |n: usize| i64::try_from(n).unwrap_or(0);
        let nanos = i64::from(self.nanos);
        Some(match method {
            "String" => Value::made(self.print()),
            "UTC" => Value::Time(Instant { pointer: false, ..self }),
            "Unix" => Value::Int(self.seconds),
            "UnixMilli" => Value::Int(self.seconds * 1000 + nanos / 1_000_000),
            "UnixMicro" => Value::Int(self.seconds * 1_000_000 + nanos / 1000),
            "UnixNano" => Value::Int(self.seconds.wrapping_mul(NANOS_PER_SECOND).wrapping_add(nanos)),
            "Year" => Value::Int(civil.year),
            "Month" => Value::Named("time.Month", number(civil.month), MONTHS[civil.month - 1]),
            "Day" => Value::Int(civil.day),
            "Weekday" => Value::Named("time.Weekday", number(civil.weekday), WEEKDAYS[civil.weekday]),
            "YearDay" => Value::Int(civil.year_day),
            "Hour" => Value::Int(civil.hour),
            "Minute" => Value::Int(civil.minute),
            "Second" => Value::Int(civil.second),
            "Nanosecond" => Value::Int(nanos),
            "IsZero" => Value::Bool(self.seconds == days_before(1, 1, 1) * SECONDS_PER_DAY && self.nanos == 0),
            _ => return None,
        })
    }

    /// This instant `duration` later.
    pub fn plus(self, duration: Nanos) -> Self {
        let nanos = i64::from(self.nanos) + duration.nanos % NANOS_PER_SECOND;
        Instant {
            seconds: self.seconds + duration.nanos / NANOS_PER_SECOND + nanos.div_euclid(NANOS_PER_SECOND),
            nanos: u32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).unwrap_or(0),
            pointer: false,
        }
    }

    /// How long after `earlier` this is, as far as a duration reaches.
    pub fn since(self, earlier: Self) -> Nanos {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = seconds * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos) - i128::from(earlier.nanos);
        let limit = if nanos < 0 { i64::MIN } else { i64::MAX };
        Nanos { nanos: i64::try_from(nanos).unwrap_or(limit), pointer: false }
    }
}

impl Nanos {
    /// The name of its Go type.
    pub fn type_name(self) -> &'static str {
        if self.pointer { "*time.Duration" } else { "time.Duration" }
    }

    /// Its length in seconds.
    #[expect(clippy::cast_precision_loss, reason = "Go divides the same two parts")]
    pub fn seconds(self) -> f64 {
        (self.nanos / NANOS_PER_SECOND) as f64 + (self.nanos % NANOS_PER_SECOND) as f64 / 1e9
    }

    /// As Go's `String` prints it: `1h0m0.5s`, `1.5ms`.
    pub fn print(self) -> String {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let nanos = self.nanos.unsigned_abs();
        let (unit, scale) = match nanos {
            0 => return "0s".into(),
            1..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => return format!("{sign}{}", long_duration(nanos)),
        };
        format!("{sign}{}{unit}", decimal(nanos, scale))
    }

    /// The answer to a method without arguments.
    #[expect(clippy::cast_precision_loss, reason = "Go divides the same two parts")]
    pub fn ask<'a>(self, method: &str) -> Option<Value<'a>> {
        let in_units = |unit: i64| (self.nanos / unit) as f64 + (self.nanos % unit) as f64 / unit as f64;
        Some(match method {
            "String" => Value::made(self.print()),
            "Seconds" => Value::Float(in_units(NANOS_PER_SECOND)),
            "Minutes" => Value::Float(in_units(60 * NANOS_PER_SECOND)),
            "Hours" => Value::Float(in_units(3600 * NANOS_PER_SECOND)),
            "Milliseconds" => Value::Int(self.nanos / 1_000_000),
            "Microseconds" => Value::Int(self.nanos / 1000),
            "Nanoseconds" => Value::Int(self.nanos),
            "Abs" => Value::Duration(Nanos { nanos: self.nanos.saturating_abs(), pointer: false }),
            _ => return None,
        })
    }
}

fn long_duration(nanos: u64) -> String {
    let (seconds, minutes) = (nanos % 60_000_000_000, nanos / 60_000_000_000);
    let seconds = decimal(seconds, 1_000_000_000);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn decimal(value: u64, scale: u64) -> String {
    let digits = scale.ilog10() as usize;
    let fraction = format!("{:0digits$}", value % scale);
    let fraction = if digits == 0 { "" } else { fraction.trim_end_matches('0') };
    if fraction.is_empty() { format!("{}", value / scale) } else { format!("{}.{fraction}", value / scale) }
}

/// A part of a layout that stands for a part of the time.
#[derive(Clone, Copy)]
enum Element {
    LongMonth,
    ShortMonth,
    Month,
    Month2,
    LongWeekday,
    ShortWeekday,
    Day,
    DaySpaced,
    Day2,
    YearDaySpaced,
    YearDay,
    Hour,
    Hour12,
    Hour12Padded,
    Minute,
    Minute2,
    Second,
    Second2,
    Year,
    Year2,
    Afternoon,
    SmallAfternoon,
    Zone,
    /// The text of an offset of zero.
    Offset(&'static str),
    Fraction,
}

/// Longer texts stand before those that they start with.
const LAYOUT: [(&str, Element); 38] = [
    ("January", Element::LongMonth),
    ("Jan", Element::ShortMonth),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::ShortWeekday),
    ("MST", Element::Zone),
    ("2006", Element::Year),
    ("002", Element::YearDay),
    ("01", Element::Month2),
    ("02", Element::Day2),
    ("03", Element::Hour12Padded),
    ("04", Element::Minute2),
    ("05", Element::Second2),
    ("06", Element::Year2),
    ("15", Element::Hour),
    ("1", Element::Month),
    ("__2", Element::YearDaySpaced),
    ("_2006", Element::Year),
    ("_2", Element::DaySpaced),
    ("2", Element::Day),
    ("3", Element::Hour12),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::Afternoon),
    ("pm", Element::SmallAfternoon),
    ("-07:00:00", Element::Offset("+00:00:00")),
    ("-070000", Element::Offset("+000000")),
    ("-07:00", Element::Offset("+00:00")),
    ("-0700", Element::Offset("+0000")),
    ("-07", Element::Offset("+00")),
    ("Z07:00:00", Element::Offset("Z")),
    ("Z070000", Element::Offset("Z")),
    ("Z07:00", Element::Offset("Z")),
    ("Z0700", Element::Offset("Z")),
    ("Z07", Element::Offset("Z")),
    (".0", Element::Fraction),
    (",0", Element::Fraction),
    (".9", Element::Fraction),
    (",9", Element::Fraction),
];

/// The element at the start of `layout` and how long it is, or no element and how much is plain text.
fn layout_element(layout: &str) -> (Option<Element>, usize) {
    let found = LAYOUT.iter().find(|(text, _)| layout.starts_with(text));
    match found {
        // `_2006` is an underscore before a year.
        Some(("_2006", _)) => (None, 1),
        // `Jan` must not start a longer word, as in `Janet`.
        Some(("Jan" | "Mon", _)) if layout[3..].starts_with(|c: char| c.is_ascii_lowercase()) => (None, 3),
        Some((text, Element::Fraction)) => fraction_element(layout, text),
        Some((text, element)) => (Some(*element), text.len()),
        None => (None, layout.chars().next().map_or(0, char::len_utf8)),
    }
}

/// A fraction is a point and one digit, repeated, with no other digit after it.
fn fraction_element(layout: &str, start: &str) -> (Option<Element>, usize) {
    let digit = start.as_bytes()[1];
    let digits = layout.bytes().skip(1).take_while(|byte| *byte == digit).count();
    let another = layout.as_bytes().get(1 + digits).is_some_and(u8::is_ascii_digit);
    if another { (None, 1) } else { (Some(Element::Fraction), 1 + digits) }
}

/// Year, month and day of the day that is `days` after the first of January 1970, in the Gregorian calendar.
fn date_of(days: i64) -> (i64, usize, i64) {
    // Years are counted from March, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day)
}

/// How many days lie between the first of January 1970 and this date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_go_prints_them() {
        assert_eq!(Instant::from_millis(1_767_603_600_250).print(), "2026-01-05 09:00:00.25 +0000 UTC");
        assert_eq!(Instant::from_millis(-1_500).print(), "1969-12-31 23:59:58.5 +0000 UTC");
        assert_eq!(
            Instant::from_millis(0).format("Jan _2 3:04PM Mon, 02 2006 .000 Z07:00"),
            "Jan  1 12:00AM Thu, 01 1970 .000 Z"
        );
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        let print = |nanos| Nanos { nanos, pointer: true }.print();
        assert_eq!(print(5_400_500_000_000), "1h30m0.5s");
        assert_eq!(print(-1_500_000), "-1.5ms");
        assert_eq!(print(90), "90ns");
    }

    #[test]
    fn a_date_is_the_inverse_of_its_day() {
        for days in [-800_000, -719_468, -1, 0, 59, 11_016, 20_457, 2_932_896] {
            let (year, month, day) = date_of(days);
            assert_eq!(days_before(year, i64::try_from(month).unwrap(), day), days);
        }
    }
}
