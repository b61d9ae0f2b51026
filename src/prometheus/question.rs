//! What is asked of a source, and how it is written on the wire.

use crate::model::{Slot, Span};
use std::fmt::Write;

/// Longer questions are posted: servers and proxies cut addresses at some length, and 2 KiB passes everywhere.
const LONGEST_ADDRESS: usize = 2048;

/// One question.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// The value of an expression at one instant.
    Instant {
        /// The expression.
        expression: &'a str,
        /// The instant.
        at: Slot,
    },
    /// Its values on a grid of instants, both ends included.
    Range {
        /// The expression.
        expression: &'a str,
        /// The first instant.
        from: Slot,
        /// The last one.
        to: Slot,
        /// Their distance.
        step: Span,
    },
    /// Who answers here.
    BuildInfo,
    /// What kinds of metrics there are.
    Metadata,
}

impl Question<'_> {
    /// Its path below the source's address.
    pub fn path(&self) -> &'static str {
        match self {
            Question::Instant { .. } => "api/v1/query",
            Question::Range { .. } => "api/v1/query_range",
            Question::BuildInfo => "api/v1/status/buildinfo",
            Question::Metadata => "api/v1/metadata",
        }
    }

    /// Its parameters, encoded as a form, which is also how the query of an address is written.
    pub fn form(&self) -> String {
        match self {
            Question::Instant { expression, at } => {
                format!("query={}&time={}", escaped(expression), seconds(at.millis()))
            }
            Question::Range { expression, from, to, step } => {
                let (from, to, step) = (seconds(from.millis()), seconds(to.millis()), seconds(step.millis()));
                format!("query={}&start={from}&end={to}&step={step}", escaped(expression))
            }
            Question::BuildInfo | Question::Metadata => String::new(),
        }
    }

    /// What tells this question from others of the same source.
    pub fn key(&self) -> &str {
        match self {
            Question::Instant { expression, .. } | Question::Range { expression, .. } => expression,
            Question::BuildInfo => "buildinfo",
            Question::Metadata => "metadata",
        }
    }
}

/// Whether parameters are better sent in a body.
pub fn is_too_long_for_an_address(form: &str) -> bool {
    form.len() > LONGEST_ADDRESS
}

/// Seconds with milliseconds, as Prometheus reads a time.
pub fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let (whole, rest) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
    format!("{sign}{whole}.{rest:03}")
}

/// `text` with everything escaped that has a meaning in a form.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a string takes everything");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_expressions_survive_the_form() {
        let at = Slot::from_millis(1_735_689_600_007);
        let question = Question::Instant { expression: r#"up{job="a&b"} + 1 % 2 # é"#, at };
        assert_eq!(
            question.form(),
            "query=up%7Bjob%3D%22a%26b%22%7D%20%2B%201%20%25%202%20%23%20%C3%A9&time=1735689600.007"
        );
        assert_eq!(seconds(-1_500), "-1.500");
    }
}
