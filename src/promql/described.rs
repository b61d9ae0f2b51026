//! A series as test files name it: `http_requests_total{job="api"}`.

use super::tree::{Kind, MatchOperator, Selector, Shift};
use super::{PromqlError, parser};
use crate::model::Labels;
use std::fmt::Write;

const NAME: &str = "__name__";

/// The labels that `text` names; `{}` is the series without any.
///
/// # Errors
/// When it is no selector, or selects by something other than equality.
pub fn described(text: &str) -> Result<Labels, PromqlError> {
    let node = parser::parse(text)?;
    let selector = match &node.kind {
        // What is asked for at another time is a question, and names no series.
        Kind::Selector(selector) if selector.time == Shift::default() => selector,
        _ => return Err(PromqlError::new(node.range, "not a series; write for example `up{job=\"api\"}`")),
    };
    if let Some(other) = selector.matchers.iter().find(|matcher| matcher.operator != MatchOperator::Equal) {
        return Err(PromqlError::new(other.range.clone(), "a series has its labels by `=`"));
    }
    let is_named_again = |place: usize| {
        let (before, label) = (&selector.matchers[..place], &selector.matchers[place]);
        before.iter().any(|other| other.name == label.name)
    };
    if let Some(twice) = (0..selector.matchers.len()).find(|place| is_named_again(*place)) {
        let label = &selector.matchers[twice];
        return Err(PromqlError::new(label.range.clone(), format!("the label `{}` is there twice", label.name)));
    }
    let named = selector.metric.iter().map(|metric| (NAME, metric.as_str()));
    Ok(Labels::new(named.chain(selector.matchers.iter().map(|label| (label.name.as_str(), label.value.as_str())))))
}

/// The text that names the series with these labels, which [`described`] reads back.
#[must_use]
pub fn describe(labels: &Labels) -> String {
    let metric = Some(labels.get(NAME)).filter(|metric| !metric.is_empty());
    let others = labels.iter().filter(|(name, _)| &***name != NAME);
    named(metric, others.map(|(name, value)| (&**name, "=", &**value)))
}

impl Selector {
    /// The selector alone, without window, `offset` and `@`.
    #[must_use]
    pub fn bare(&self) -> String {
        let matchers = self.matchers.iter().map(|matcher| {
            let operator = match matcher.operator {
                MatchOperator::Equal => "=",
                MatchOperator::NotEqual => "!=",
                MatchOperator::Matches => "=~",
                MatchOperator::MatchesNot => "!~",
            };
            (matcher.name.as_str(), operator, matcher.value.as_str())
        });
        named(self.metric.as_deref(), matchers)
    }
}

fn named<'a>(metric: Option<&str>, matchers: impl Iterator<Item = (&'a str, &'static str, &'a str)>) -> String {
    let is_plain = metric.is_some_and(|metric| is_plain(metric, true));
    let quoted_metric = metric.filter(|_| !is_plain).map(quoted);
    let matchers = matchers.map(|(name, operator, value)| {
        let name = if self::is_plain(name, false) { name.to_owned() } else { quoted(name) };
        format!("{name}{operator}{}", quoted(value))
    });
    let inside: Vec<String> = quoted_metric.into_iter().chain(matchers).collect();
    match metric.filter(|_| is_plain) {
        Some(metric) if inside.is_empty() => metric.to_owned(),
        Some(metric) => format!("{metric}{{{}}}", inside.join(", ")),
        None => format!("{{{}}}", inside.join(", ")),
    }
}

/// Whether a name is one without quotes; colons are for metrics.
fn is_plain(name: &str, with_colons: bool) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || c == '_' || (with_colons && c == ':');
    name.chars().all(is_good) && name.starts_with(|c: char| !c.is_ascii_digit())
}

/// A text in quotes, with the escapes that PromQL reads.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() || c == '\u{feff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_is_there_twice_names_no_series() {
        let refused = described("up{job=\"a\", job=\"b\"}").unwrap_err();
        assert_eq!(refused.message, "the label `job` is there twice");
    }

    #[test]
    fn a_series_is_named_by_equality_alone() {
        assert_eq!(described("up{b=\"2\", a=\"1\"}").unwrap().to_string(), r#"{__name__="up", a="1", b="2"}"#);
        assert_eq!(described("{}"), Ok(Labels::empty()));
        assert_eq!(described("up{a=~\"x\"}").unwrap_err().range, 3..9);
        assert!(described("rate(x[5m])").is_err() && described("up offset").is_err());
        for asked in ["up[5m]", "up offset 5m", "up{a=\"1\"} offset -1m", "up @ 0", "up @ end()"] {
            let refused = described(asked).unwrap_err();
            assert!(refused.message.starts_with("not a series"), "{asked}: {refused}");
        }
    }

    #[test]
    fn what_names_a_series_is_read_back() {
        let all = [
            Labels::empty(),
            Labels::new([("__name__", "up"), ("job", "a \"b\" \\ \n\u{7}é")]),
            Labels::new([("__name__", "job:up:sum"), ("job", "a")]),
            Labels::new([("__name__", "http.requests"), ("a.b", "1")]),
            Labels::new([("job", "a")]),
        ];
        for labels in all {
            let text = describe(&labels);
            assert_eq!(described(&text).as_ref(), Ok(&labels), "{text}");
        }
        assert_eq!(describe(&Labels::new([("__name__", "up"), ("job", "a")])), "up{job=\"a\"}");
    }
}
