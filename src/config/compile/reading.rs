//! Texts of a known kind: times, dates, zones, steps, addresses, label names. One mistake, one finding.

use crate::config::settings::{Step, Zone};
use crate::config::written::{
    AddressText, DateTimeText, Day, Duration, PlainText, StepText, TimeText, Window, ZoneText,
};
use crate::config::{Secret, written};
use crate::diagnostics::{Findings, Place, Spanned, codes, suggest};
use crate::model::{Name, Span, is_plain_name};
use jiff::civil::{DateTime, Time, Weekday};

/// A duration that has to be longer than nothing; `otherwise` where it is not given or not good.
pub(super) fn positive_or(duration: Option<&Duration>, otherwise: Span, findings: &mut Findings) -> Span {
    duration.and_then(|duration| positive(duration, findings)).unwrap_or(otherwise)
}

/// A duration that has to be longer than nothing.
pub(super) fn positive(duration: &Duration, findings: &mut Findings) -> Option<Span> {
    let span = duration.value.0;
    if span.is_zero() {
        findings
            .error(codes::WB108, "this duration has to be longer than nothing")
            .at(duration.place, "no time at all");
    }
    (!span.is_zero()).then_some(span)
}

/// A zone of the IANA database.
pub(super) fn zone(text: &ZoneText, findings: &mut Findings) -> Option<Zone> {
    let problem = match Zone::named(text.as_str()) {
        Ok(zone) => return Some(zone),
        Err(problem) => problem,
    };
    let known: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let places = known.iter().map(String::as_str).filter(|name| name.contains('/'));
    let help = suggest::did_you_mean(text.as_str(), places)
        .unwrap_or_else(|| "write the IANA name of a place with the same clocks, as `Europe/Berlin`, or `UTC`".into());
    findings.error(codes::WB106, problem).at(text.place(), "not a time zone").help(help);
    None
}

/// A time of day: `09:00`.
pub(super) fn time(text: &TimeText, findings: &mut Findings) -> Option<Time> {
    let parsed = parse_time(text.as_str());
    if parsed.is_none() {
        findings
            .error(codes::WB107, format!("`{}` is not a time of day", text.as_str()))
            .at(text.place(), "expected `HH:MM`")
            .help("write hours from 00 to 23 and minutes, as `09:00` or `22:30`");
    }
    parsed
}

fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// A local date and time: `2026-01-05T09:00`.
pub(super) fn date_time(text: &DateTimeText, findings: &mut Findings) -> Option<DateTime> {
    let problem = match parse_date_time(text.as_str()) {
        Ok(at) => return Some(at),
        Err(problem) => problem,
    };
    findings
        .error(codes::WB107, format!("`{}` is not a local date and time: {problem}", text.as_str()))
        .at(text.place(), "expected `YYYY-MM-DDTHH:MM`")
        .help("write for example `2026-01-05T09:00`");
    None
}

fn parse_date_time(text: &str) -> Result<DateTime, &'static str> {
    let Some((date, time)) = text.split_once(['T', ' ']) else {
        return Err("the time of day is missing");
    };
    if time.contains(['Z', 'z', '+', '-', '[']) {
        return Err("its zone is said elsewhere, not in the text");
    }
    let date = date.parse::<jiff::civil::Date>().map_err(|_| "there is no such date")?;
    let time = parse_time(time.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(time));
    Ok(date.to_datetime(time.ok_or("there is no such time of day")?))
}

/// A step on the calendar, longer than nothing: `1w`.
pub(super) fn step(text: &StepText, findings: &mut Findings) -> Option<Step> {
    let digits = text.as_str().bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.as_str().split_at(digits);
    let step = count.parse::<i64>().ok().filter(|count| *count <= 10_000).and_then(|count| match unit {
        "h" => Some((count, Step::Hours(count))),
        "d" => Some((count, Step::Days(count))),
        "w" => Some((count, Step::Days(count * 7))),
        "mo" => Some((count, Step::Months(count))),
        _ => None,
    });
    match step {
        Some((0, _)) => {
            findings
                .error(codes::WB122, "a turn has to be longer than nothing")
                .at(text.place(), "nobody's turn would end");
        }
        Some((_, step)) => return Some(step),
        None => {
            findings
                .error(codes::WB107, format!("`{}` is not a step on the calendar", text.as_str()))
                .at(text.place(), "expected a whole number and `h`, `d`, `w` or `mo`")
                .help("write for example `12h`, `1d`, `2w` or `1mo`");
        }
    }
    None
}

/// Days of the week in their order, all of them where none are named.
pub(super) fn days(written: Option<&Spanned<Vec<Day>>>, findings: &mut Findings) -> Vec<Weekday> {
    let all = Weekday::Monday.cycle_forward().take(7);
    let Some(written) = written else { return all.collect() };
    if written.value.is_empty() {
        findings
            .error(codes::WB114, "`days` names no day")
            .at(written.place, "empty")
            .help("leave `days` away for every day");
    }
    all.filter(|day| written.value.iter().any(|named| weekday(*named) == *day)).collect()
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Mon => Weekday::Monday,
        Day::Tue => Weekday::Tuesday,
        Day::Wed => Weekday::Wednesday,
        Day::Thu => Weekday::Thursday,
        Day::Fri => Weekday::Friday,
        Day::Sat => Weekday::Saturday,
        Day::Sun => Weekday::Sunday,
    }
}

/// A part of the week.
pub(super) fn window(written: &Window, findings: &mut Findings) -> Option<crate::config::Window> {
    let days = days(written.days.as_ref(), findings);
    let mut at = |text: Option<&TimeText>| text.map_or(Some(Time::midnight()), |text| time(text, findings));
    let (from, to) = (at(written.from.as_ref()), at(written.to.as_ref()));
    Some(crate::config::Window { days, from: from?, to: to? })
}

/// An address with one of these schemes and a host; a `/` at its end is dropped.
pub(super) fn address(text: &AddressText, schemes: &[&str], findings: &mut Findings) -> Option<String> {
    check_address(text.as_str(), text.place(), schemes, findings)
        .then(|| text.as_str().trim_end_matches('/').to_owned())
}

/// The host of an address, without a port; empty where there is none.
pub(super) fn host(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    place.split(':').next().unwrap_or_default()
}

/// Whether an address names nothing on its host.
pub(super) fn has_no_path(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default().split_once('/').map_or("", |(_, path)| path);
    path.trim_matches('/').is_empty()
}

/// Whether `text` is an address with one of these schemes. It may be secret: the finding does not repeat it.
pub(super) fn check_address(text: &str, place: Place, schemes: &[&str], findings: &mut Findings) -> bool {
    let parts = text.split_once("://").filter(|(scheme, _)| schemes.contains(scheme));
    let host = parts.map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let good =
        host.is_some_and(|host| !host.is_empty() && !host.starts_with(':')) && !text.contains(char::is_whitespace);
    if !good {
        let expected: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect();
        findings
            .error(codes::WB109, "this is not an address")
            .at(place, format!("expected {} and a host", expected.join(" or ")));
    }
    good
}

/// A secret by its place.
pub(super) fn secret(written: &written::SecretPlace) -> Secret {
    match written {
        written::SecretPlace::Env(name) => Secret::Env(name.clone()),
        written::SecretPlace::File(path) => Secret::File(path.into()),
    }
}

/// A text or a secret.
pub(super) fn secret_or_text(written: &written::SecretOrText) -> Secret {
    match written {
        written::SecretOrText::Text(text) => Secret::Inline(text.clone()),
        written::SecretOrText::Place(place) => secret(place),
    }
}

/// An address that may be secret. One that stands in the file is checked.
pub(super) fn secret_address(written: &Spanned<written::SecretOrText>, findings: &mut Findings) -> Secret {
    if let written::SecretOrText::Text(text) = &written.value {
        check_address(text, written.place, &["http", "https"], findings);
    }
    secret_or_text(&written.value)
}

/// A label name as Prometheus has it.
pub(super) fn label_name(written: &Spanned<String>, findings: &mut Findings) -> Option<Name> {
    let text = written.value.as_str();
    let good = is_plain_name(text);
    if !good {
        findings
            .error(codes::WB138, format!("`{text}` is not a label name"))
            .at(written.place, "letters, digits and `_`, not beginning with a digit");
    }
    good.then(|| text.into())
}

/// Label names, each once.
pub(super) fn label_names(written: &[Spanned<String>], findings: &mut Findings) -> Vec<Name> {
    super::names::each_once(written.iter().map(|name| (name.value.as_str(), name.place)), findings);
    written.iter().filter_map(|name| label_name(name, findings)).collect()
}

/// A text that has to say something.
pub(super) fn spoken(text: &PlainText, what: &str, findings: &mut Findings) -> String {
    if text.as_str().trim().is_empty() {
        findings.error(codes::WB144, format!("`{what}` is empty")).at(text.place(), "write a few words");
    }
    text.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_may_have_a_path() {
        for (text, host_of, no_path) in [
            ("http://a", "a", true),
            ("http://a:9090/", "a", true),
            ("https://user:secret@a.example:1?x=/y", "a.example", true),
            ("https://a.example//", "a.example", true),
            ("http://a/api/v1/write", "a", false),
            ("nowhere", "", true),
        ] {
            assert_eq!((host(text), has_no_path(text)), (host_of, no_path), "{text}");
        }
    }

    #[test]
    fn times_and_dates_are_local_and_complete() {
        assert_eq!(parse_time("09:05"), Some(Time::constant(9, 5, 0, 0)));
        for text in ["9:05", "24:00", "09:60", "09:00:00", "9", "", "ab:cd"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(parse_date_time("2026-01-05T09:00").unwrap().to_string(), "2026-01-05T09:00:00");
        assert!(parse_date_time("2026-01-05 09:00").is_ok());
        assert!(parse_date_time("2026-01-05T09:00:00").is_ok());
        for text in ["2026-01-05", "2026-02-30T09:00", "2026-01-05T09:00Z", "2026-01-05T09:00+01:00", "tomorrow", "T"] {
            assert!(parse_date_time(text).is_err(), "{text}");
        }
    }
}
