//! Values as Go writes them into Prometheus's answers.

use crate::model::{Moment, Span};
use serde_json::{Value, json};

/// `strconv.FormatFloat(value, 'e', -1, 64)`: `1e+00`, `2.5e-03`, `+Inf`.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// Seconds as Go writes a float in JSON: `2`, not `2.0`.
pub fn seconds(span: Span) -> Value {
    let millis = span.millis();
    if millis % 1000 == 0 { json!(millis / 1000) } else { json!(span.as_secs_f64()) }
}

/// A time as `time.RFC3339Nano` has it.
pub fn time(moment: Moment) -> String {
    moment.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, text) in [
            (1.0, "1e+00"),
            (0.0, "0e+00"),
            (-12.5, "-1.25e+01"),
            (0.0025, "2.5e-03"),
            (1e100, "1e+100"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float(value), text);
        }
    }
}
