//! Parts of a date: values are read as seconds since the epoch, in UTC.

/// The part of `seconds` that the function called `name` asks for.
pub(super) fn part(name: &str, seconds: f64) -> f64 {
    let seconds = whole(seconds);
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    let (year, month, day) = civil(days);
    let part = match name {
        "minute" => of_day / 60 % 60,
        "hour" => of_day / 3600,
        "day_of_week" => (days + 4).rem_euclid(7),
        "day_of_month" => day,
        "day_of_year" => days - days_before(year, 1) + 1,
        "days_in_month" => length(year, month),
        "month" => month,
        "year" => year,
        _ => unreachable!("`{name}` is no part of a date"),
    };
    #[expect(clippy::cast_precision_loss, reason = "a year has few digits")]
    let part = part as f64;
    part
}

/// Without its fraction; what is out of bounds becomes the lowest number, as the processor has it that Prometheus runs on.
#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
fn whole(seconds: f64) -> i64 {
    let is_within = seconds.abs() < 9_223_372_036_854_775_807.0;
    if is_within { seconds as i64 } else { i64::MIN }
}

/// Year, month and day of the day that is so many after the first of January 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from the first of March of a year 0, so that a leap day ends a year, in eras of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// How many days the first of `month` is after the first of January 1970.
fn days_before(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn length(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_before(next_year, next) - days_before(year, month)
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let names = ["year", "month", "day_of_month", "hour", "minute", "day_of_week", "day_of_year", "days_in_month"];
        let parts = |seconds| names.map(|name| part(name, seconds));
        for (seconds, expected) in [
            (0.0, [1970.0, 1.0, 1.0, 0.0, 0.0, 4.0, 1.0, 31.0]),
            (1_709_210_096.9, [2024.0, 2.0, 29.0, 12.0, 34.0, 4.0, 60.0, 29.0]),
            (-1.0, [1969.0, 12.0, 31.0, 23.0, 59.0, 3.0, 365.0, 31.0]),
            (951_782_400.0, [2000.0, 2.0, 29.0, 0.0, 0.0, 2.0, 60.0, 29.0]),
        ] {
            assert_eq!(parts(seconds).map(f64::to_bits), expected.map(f64::to_bits), "{seconds}");
        }
    }
}
