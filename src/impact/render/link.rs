//! Links to the graphs of a source.

use super::Links;
use crate::backtest::RuleReport;
use crate::impact::Turn;
use crate::model::{Moment, Span};
use std::fmt::Write;

/// How much of the time around a stretch of firing the graph shows.
const AROUND: Span = Span::from_mins(30);

/// Where the values of `rule` around `turn` are shown.
pub(super) fn link(links: &Links, rule: &RuleReport, turn: &Turn) -> Option<String> {
    let base = links.get(&rule.source).filter(|base| is_plain(base))?.trim_end_matches('/');
    let shown = turn.shown()?;
    let end = shown.end + AROUND;
    let seconds = (end - (shown.from - AROUND)).as_secs_f64();
    Some(format!(
        "{base}/graph?g0.expr={}&g0.tab=0&g0.range_input={seconds:.0}s&g0.end_input={}",
        encoded(&rule.expr),
        encoded(&date(end))
    ))
}

/// Whether an address can stand in a link without ending it.
fn is_plain(address: &str) -> bool {
    let is_web = address.starts_with("http://") || address.starts_with("https://");
    is_web && !address.contains(|c: char| c.is_whitespace() || c.is_control() || "()<>[]\"'`\\|".contains(c))
}

/// As the page of Prometheus takes an instant.
fn date(at: Moment) -> String {
    let text = crate::backtest::instant(at);
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// Percent-encoded; nothing but letters and digits stays as it is.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_could_end_the_link_is_none() {
        for address in ["javascript:alert(1)", "https://a b", "https://a)", "https://a\"", "ftp://a"] {
            assert!(!is_plain(address), "{address}");
        }
        assert!(is_plain("https://prometheus.example.org/path"));
        assert_eq!(encoded("a > 1 é)"), "a%20%3E%201%20%C3%A9%29");
    }
}
