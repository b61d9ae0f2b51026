//! Durations as Prometheus writes them: `1h30m`, `250ms`, `0`.

use super::Span;

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest that can be written: Prometheus counts nanoseconds in 64 bits, which hold a little more than 292 years.
pub const LONGEST: Span = Span::from_millis(i64::MAX / 1_000_000);

/// Reads a duration of Prometheus's notation: whole numbers with units in falling order, each unit at most once.
///
/// # Errors
/// Says, for a person, what the text lacks.
pub fn parse(text: &str) -> Result<Span, String> {
    if text == "0" {
        return Ok(Span::ZERO);
    }
    if text.is_empty() {
        return Err("a duration cannot be empty; write for example `5m`".into());
    }
    let mut rest = text;
    let mut total: i64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = &rest[digits..digits + letters];
        let factor = units.find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let (Ok(count), Some(factor)) = (rest[..digits].parse::<i64>(), factor) else {
            return Err(format!("`{text}` is not a duration; write for example `30s`, `5m` or `1h30m`"));
        };
        let part = count.checked_mul(factor).and_then(|part| total.checked_add(part));
        let part = part.filter(|part| *part <= LONGEST.millis());
        total = part.ok_or_else(|| format!("the duration `{text}` is too long; 292 years are the most"))?;
        rest = &rest[digits + letters..];
    }
    Ok(Span::from_millis(total))
}

/// Writes a span in Prometheus's notation, as `model.Duration` prints itself; a negative one gets a minus sign.
#[must_use]
pub fn format(span: Span) -> String {
    if span.is_zero() {
        return "0s".into();
    }
    let mut rest = span.millis().unsigned_abs();
    let mut text = String::new();
    if span.millis() < 0 {
        text.push('-');
    }
    for (unit, factor) in UNITS {
        let factor = factor.unsigned_abs();
        // Years and weeks only stand where nothing smaller follows, so that `90d` stays `90d`.
        let exact_only = unit == "y" || unit == "w";
        if rest >= factor && (!exact_only || rest.is_multiple_of(factor)) {
            text.push_str(&(rest / factor).to_string());
            text.push_str(unit);
            rest %= factor;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_prints_as_it_was_written() {
        for text in ["5m", "1h30m", "250ms", "90d", "1d2h3m4s5ms", "1w", "1y"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(format(parse("0").unwrap()), "0s");
        assert_eq!(format(parse("106751d").unwrap()), "106751d");
        assert_eq!(format(parse("90m").unwrap()), "1h30m");
    }

    #[test]
    fn what_prometheus_refuses_is_refused() {
        for text in ["", "5", "m", "1.5h", "5m1h", "5m5m", "5 m", "-5m", "1mo", "106752d", "99999999999y"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
