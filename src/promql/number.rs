//! Numbers and durations as PromQL writes them.

use crate::model::{Span, duration_text};

/// The value of a number: decimal, hexadecimal, octal with a leading zero, `_` between digits.
pub(super) fn parse(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    if plain.is_empty() || text.ends_with('_') || text.contains("__") {
        return None;
    }
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(to_float);
    }
    let may_be_octal = plain.len() > 1 && plain.starts_with('0') && plain.bytes().all(|digit| digit.is_ascii_digit());
    if may_be_octal && let Ok(octal) = i64::from_str_radix(&plain, 8) {
        return Some(to_float(octal));
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The value of a duration in seconds, which is what it means as a number.
pub(super) fn seconds(text: &str) -> Option<f64> {
    duration_text::parse(text).ok().map(Span::as_secs_f64)
}

/// Whether this looks like a duration: numbers and units by turns. Whether the units are in order is asked later.
pub(super) fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        if digits == 0 || !matches!(&rest[digits..digits + unit], "ms" | "s" | "m" | "h" | "d" | "w" | "y") {
            return false;
        }
        rest = &rest[digits + unit..];
    }
    !text.is_empty()
}

#[expect(clippy::cast_precision_loss, reason = "PromQL has no integers; a literal becomes the nearest float")]
fn to_float(integer: i64) -> f64 {
    integer as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "literals are exact")]
    fn numbers_mean_what_prometheus_means() {
        for (text, value) in [("1", 1.0), (".5", 0.5), ("1e-3", 0.001), ("0x1F", 31.0), ("010", 8.0), ("1_000", 1000.0)]
        {
            assert_eq!(parse(text).unwrap(), value, "{text}");
        }
        for text in ["1e999", "0x", "1__0", "1.2.3", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
