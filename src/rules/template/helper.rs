//! Prometheus's template functions.

use super::call::Function;
use super::format::{Shape, quote, write_float};
use super::instant::{Instant, Nanos};
use super::literal::{Refusal, parse_float};
use super::value::{Args, Value};
use super::{Data, builtin, regexp, words};
use std::net::IpAddr;
use std::rc::Rc;

type Answer<T> = Result<T, String>;

/// How deep maps of `args` may stand in each other.
const MAX_ARGS_DEPTH: usize = 32;

/// What Go says when a function asks a sample that is not there.
const NIL_SAMPLE: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Carries out a function of Prometheus's; those of Go's give no value here.
pub(super) fn call<'a>(function: Function, args: Vec<Value<'a>>, data: &'a Data<'a>) -> Answer<Value<'a>> {
    if function == Function::Args {
        return numbered(args);
    }
    let mut args = args.into_iter();
    let (first, second, third) = (args.next(), args.next(), args.next());
    let first = first.unwrap_or(Value::Nil);
    match (function, first, second, third) {
        (Function::First, Value::Vector(vector), ..) => {
            let sample = vector.borrow().first().copied();
            sample.map(Value::Sample).ok_or_else(|| "first() called on vector with no elements".into())
        }
        (Function::SortByLabel, Value::Text(label), Some(Value::Vector(vector)), _) => {
            vector.borrow_mut().sort_by(|a, b| a.0.get(&label).cmp(b.0.get(&label)));
            Ok(Value::Vector(vector))
        }
        (Function::Label, Value::Text(label), Some(Value::Sample(sample)), _) => Ok(Value::text(sample.0.get(&label))),
        (Function::Value, Value::Sample(sample), ..) => Ok(Value::Float(sample.1)),
        (Function::StrValue, Value::Sample(sample), ..) => Ok(Value::text(sample.0.get("__value__"))),
        (Function::Label | Function::Value | Function::StrValue, ..) => Err(NIL_SAMPLE.into()),
        (Function::ReReplaceAll, Value::Text(pattern), Some(Value::Text(by)), Some(Value::Text(text))) => {
            regexp::replace_all(&pattern, &by, &text).map(Value::made)
        }
        (Function::Match, Value::Text(pattern), Some(Value::Text(text)), _) => {
            regexp::matches(&pattern, &text).map(Value::Bool)
        }
        (Function::SafeHtml, Value::Text(text), ..) => Ok(Value::Html(text)),
        (Function::Title, Value::Text(text), ..) => Ok(Value::made(words::title(&text))),
        (Function::ToUpper, Value::Text(text), ..) => Ok(Value::made(words::upper(&text))),
        (Function::ToLower, Value::Text(text), ..) => Ok(Value::made(words::lower(&text))),
        (Function::GraphLink, Value::Text(query), ..) => Ok(Value::made(link(&query, 0))),
        (Function::TableLink, Value::Text(query), ..) => Ok(Value::made(link(&query, 1))),
        (Function::StripPort, Value::Text(host), ..) => Ok(Value::made(strip_port(&host))),
        (Function::StripDomain, Value::Text(host), ..) => Ok(Value::made(strip_domain(&host))),
        (Function::UrlQueryEscape, Value::Text(text), ..) => Ok(Value::made(builtin::query_escape(&text))),
        (Function::ParseDuration, Value::Text(text), ..) => parse_duration(&text).map(Value::Float),
        (Function::Now, ..) => Ok(Value::Float(seconds_of(data.now.millis()))),
        (Function::ExternalUrl, ..) => Ok(Value::text(data.external_url)),
        (Function::PathPrefix, ..) => Ok(Value::text(path_of(data.external_url))),
        (function, number, ..) => with_number(function, &number),
    }
}

/// The functions that take anything that can be a number.
fn with_number<'a>(function: Function, value: &Value<'_>) -> Answer<Value<'a>> {
    let value = to_float(value)?;
    match function {
        Function::Humanize => Ok(Value::made(humanize(value))),
        Function::Humanize1024 => Ok(Value::made(humanize_1024(value))),
        Function::HumanizeDuration => Ok(Value::made(humanize_duration(value))),
        Function::HumanizePercentage => Ok(Value::made(format!("{}%", four_digits(value * 100.0)))),
        Function::HumanizeTimestamp if !value.is_finite() => Ok(Value::made(four_digits(value))),
        Function::HumanizeTimestamp => Ok(Value::made(to_time(value)?.print())),
        Function::ToTime => to_time(value).map(Value::Time),
        Function::ToDuration => Ok(Value::Duration(Nanos { nanos: go_int(value * 1e9), pointer: true })),
        _ => Ok(Value::Nil),
    }
}

fn numbered(args: Vec<Value<'_>>) -> Answer<Value<'_>> {
    let depth = 1 + args.iter().map(Value::depth).max().unwrap_or(0);
    if depth > MAX_ARGS_DEPTH {
        return Err(format!("args nested deeper than {MAX_ARGS_DEPTH}"));
    }
    let values = args.into_iter().enumerate().map(|(index, value)| (format!("arg{index}"), value)).collect();
    Ok(Value::Args(Rc::new(Args { values, depth })))
}

fn to_float(value: &Value<'_>) -> Answer<f64> {
    match value {
        Value::Float(value) => Ok(*value),
        #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
        Value::Int(value) => Ok(*value as f64),
        Value::Text(text) => parse_float(text).map_err(|refusal| {
            let reason = match refusal {
                Refusal::Syntax => "invalid syntax",
                Refusal::Range => "value out of range",
            };
            format!("strconv.ParseFloat: parsing {}: {reason}", quote(text))
        }),
        Value::Duration(duration) if !duration.pointer => Ok(duration.seconds()),
        value => Err(format!("can't convert {} to float", value.type_name())),
    }
}

/// Go's `%.4g`.
fn four_digits(value: f64) -> String {
    write_float(value, Shape::General, Some(4))
}

/// A float as Go makes an integer of it: what does not fit becomes the least one.
#[expect(clippy::cast_possible_truncation, reason = "this is the conversion that is asked for")]
fn go_int(value: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    if fits { value as i64 } else { i64::MIN }
}

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return four_digits(value);
    }
    let (value, prefix) = if value.abs() >= 1.0 { scaled_down(value, 1000.0, &LARGE) } else { scaled_up(value) };
    format!("{}{prefix}", four_digits(value))
}

fn humanize_1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return four_digits(value);
    }
    let (value, prefix) = scaled_down(value, 1024.0, &["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]);
    format!("{}{prefix}", four_digits(value))
}

fn scaled_down<'p>(mut value: f64, step: f64, prefixes: &[&'p str]) -> (f64, &'p str) {
    let mut prefix = "";
    for larger in prefixes {
        if value.abs() < step {
            break;
        }
        (value, prefix) = (value / step, larger);
    }
    (value, prefix)
}

fn scaled_up(mut value: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for smaller in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        (value, prefix) = (value * 1000.0, smaller);
    }
    (value, prefix)
}

fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return four_digits(value);
    }
    if value == 0.0 {
        return format!("{}s", four_digits(value));
    }
    if value.abs() < 1.0 {
        let (value, prefix) = scaled_up(value);
        return format!("{}{prefix}s", four_digits(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = go_int(value.abs());
    let (seconds, minutes, hours, days) = (whole % 60, whole / 60 % 60, whole / 3600 % 24, whole / 86_400);
    match (days, hours, minutes) {
        // Only below a minute are there digits after the second.
        (0, 0, 0) => format!("{sign}{}s", four_digits(value.abs())),
        (0, 0, minutes) => format!("{sign}{minutes}m {seconds}s"),
        (0, hours, minutes) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        (days, hours, minutes) => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

fn to_time(value: f64) -> Answer<Instant> {
    if !value.is_finite() {
        return Err("value is NaN or Inf".into());
    }
    let nanos = value * 1e9;
    if !(-9_223_372_036_854_775_808.0..=9_223_372_036_854_775_808.0).contains(&nanos) {
        let shown = write_float(value, Shape::General, None);
        return Err(format!("{shown} cannot be represented as a nanoseconds timestamp since it overflows int64"));
    }
    // Prometheus keeps milliseconds.
    Ok(Instant::from_millis(go_int(nanos) / 1_000_000))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch are far below 2^53")]
fn seconds_of(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

fn link(query: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", builtin::query_escape(query))
}

/// The path of a URL.
fn path_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    after.find(['?', '#']).map_or(after, |end| &after[..end])
}

fn strip_port(host_port: &str) -> String {
    split_host_port(host_port).map_or(host_port, |(host, _)| host).to_string()
}

fn strip_domain(host_port: &str) -> String {
    let (host, port) = split_host_port(host_port).unwrap_or((host_port, ""));
    if host.parse::<IpAddr>().is_ok() {
        return host_port.to_string();
    }
    let name = host.split('.').next().unwrap_or(host);
    match port {
        "" => name.to_string(),
        port if name.contains(':') => format!("[{name}]:{port}"),
        port => format!("{name}:{port}"),
    }
}

/// Host and port, as Go's `net.SplitHostPort` tells them apart.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let colon = text.rfind(':')?;
    let port = &text[colon + 1..];
    let host = match text.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')?;
            // The bracket must end right before the last colon.
            if end + 2 != colon {
                return None;
            }
            &rest[..end]
        }
        None if text[..colon].contains(':') => return None,
        None => &text[..colon],
    };
    let brackets = ['[', ']'];
    (!host.contains(brackets) && !port.contains(brackets)).then_some((host, port))
}

/// Units of a duration, the largest first, in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000_000_000),
    ("w", 7 * 86_400_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// The seconds of a duration in Prometheus's notation, refused in Prometheus's words.
fn parse_duration(text: &str) -> Answer<f64> {
    let invalid = || format!("not a valid duration string: {}", quote(text));
    match text {
        "0" => return Ok(0.0),
        "" => return Err("empty duration string".into()),
        _ => {}
    }
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(|byte| !byte.is_ascii_digit()).count();
        let count: u64 = rest[..digits].parse().map_err(|_| invalid())?;
        let unit = &rest[digits..digits + letters];
        if unit.is_empty() {
            return Err(invalid());
        }
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            return Err(format!("unknown unit {} in duration {}", quote(unit), quote(text)));
        }
        let (_, length) = units.find(|(name, _)| *name == unit).ok_or_else(invalid)?;
        let part = count.checked_mul(*length).filter(|part| *part <= 1 << 63);
        total = part.and_then(|part| total.checked_add(part)).ok_or("duration out of range")?;
        rest = &rest[digits + letters..];
    }
    if total > i64::MAX.unsigned_abs() {
        return Err("duration out of range".into());
    }
    #[expect(clippy::cast_precision_loss, reason = "Prometheus converts the same way")]
    Ok(total as f64 / 1e9)
}
