//! Go's `fmt`: how values print, with and without a format.
//!
//! [`print`], [`println`] and [`printf`] are Go's `Sprint`, `Sprintln` and `Sprintf`. Every oddity here (`%!d(string=x)`,
//! zeros before a padded text) is one of Go's, because annotations that were written for Prometheus show them.

mod float;
mod printer;

use super::value::Value;
use printer::Printer;
use std::fmt::Write as _;

pub(super) use float::{Shape, write_float};

/// Prints one value as an action shows it.
pub(super) fn show(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Text(text) | Value::Html(text) => out.push_str(text),
        Value::Float(float) => out.push_str(&write_float(*float, Shape::General, None)),
        Value::Nil => out.push_str("<no value>"),
        // An action follows a pointer before it prints.
        Value::Sample(_) => Printer::new(out).element(value),
        value => Printer::new(out).argument(value, 'v'),
    }
}

/// Go's `Sprint`: a space between two values of which neither is a text.
pub(super) fn print(values: &[Value<'_>]) -> String {
    let mut out = String::new();
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Text(_) | Value::Html(_));
        if !after_text && !is_text {
            out.push(' ');
        }
        Printer::new(&mut out).argument(value, 'v');
        after_text = is_text;
    }
    out
}

/// Go's `Sprintln`: a space between all values.
pub(super) fn println(values: &[Value<'_>]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        Printer::new(&mut out).argument(value, 'v');
    }
    out.push('\n');
    out
}

/// Go's `Sprintf`.
pub(super) fn printf(format: &str, values: &[Value<'_>]) -> String {
    let mut out = String::new();
    printer::format_into(&mut out, format, values);
    out
}

/// A text in quotes, as Go's `%q` has it.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        escape(&mut out, c, '"', false);
    }
    out.push('"');
    out
}

/// One character as it stands between quotes.
fn escape(out: &mut String, c: char, quote: char, only_ascii: bool) {
    let code = u32::from(c);
    let written = match c {
        c if c == quote || c == '\\' => write!(out, "\\{c}"),
        c if (c.is_ascii() || !only_ascii) && is_printable(c) => write!(out, "{c}"),
        '\x07' => write!(out, "\\a"),
        '\x08' => write!(out, "\\b"),
        '\x0c' => write!(out, "\\f"),
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        '\x0b' => write!(out, "\\v"),
        _ if code < 0x20 || code == 0x7f => write!(out, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    written.expect("writing to a text cannot fail");
}

/// Whether Go prints a character as it is: letters, marks, numbers, punctuation, symbols and the plain space.
pub(super) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // Rust's own escaping asks the same question; a letter before it keeps combining marks from being escaped.
    let mut buffer = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut buffer[1..]).len();
    let pair = std::str::from_utf8(&buffer[..length]).unwrap_or("");
    pair.escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(quote("a\"b\\\n\x01é\u{a0}\u{1f600}e\u{301}"), "\"a\\\"b\\\\\\n\\x01é\\u00a0\u{1f600}e\u{301}\"");
    }

    #[test]
    fn floats_print_as_go_prints_them() {
        let show = |value: f64| print(&[Value::Float(value)]);
        assert_eq!(show(123_456.0), "123456");
        assert_eq!(show(1_234_567.25), "1.23456725e+06");
        assert_eq!(show(0.000_01), "1e-05");
        assert_eq!(show(0.000_1), "0.0001");
        assert_eq!(show(-0.0), "-0");
        assert_eq!(show(f64::INFINITY), "+Inf");
        assert_eq!(show(f64::NAN), "NaN");
        assert_eq!(show(5e-324), "5e-324");
        assert_eq!(show(f64::MAX), "1.7976931348623157e+308");
    }

    #[test]
    fn printf_knows_gos_flags() {
        let float = |format: &str, value: f64| printf(format, &[Value::Float(value)]);
        assert_eq!(float("%.4g", 1234.5678), "1235");
        assert_eq!(float("%.4g", 100_000.0), "1e+05");
        assert_eq!(float("%08.3f|", -1.5), "-001.500|");
        assert_eq!(float("%+.2e", 12345.678), "+1.23e+04");
        assert_eq!(float("%5d", 1.5), "%!d(float64=  1.5)");
        assert_eq!(float("%.0f", 2.5), "2");
        assert_eq!(float("%#g", 1.5), "1.50000");
        assert_eq!(float("%x", 3.5), "0x1.cp+01");
        assert_eq!(
            printf("%05s|%-4d|%x|% X|%q", &["ab".into(), Value::Int(7), "hi".into(), "hi".into(), Value::Int(65)]),
            "000ab|7   |6869|68 69|'A'"
        );
        assert_eq!(printf("%[2]d %[1]d %d %!", &[Value::Int(1), Value::Int(2)]), "2 1 2 %!!(MISSING)");
    }
}
