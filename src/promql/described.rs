//! A series as test files name it: `http_requests_total{job="api"}`.

use super::tree::{Kind, MatchOperator};
use super::{PromqlError, parser};
use crate::model::Labels;

/// The labels that `text` names; `{}` is the series without any.
///
/// # Errors
/// When it is no selector, or selects by something other than equality.
pub fn described(text: &str) -> Result<Labels, PromqlError> {
    let node = parser::parse(text)?;
    let Kind::Selector(selector) = &node.kind else {
        return Err(PromqlError::new(node.range, "not a series; write for example `up{job=\"api\"}`"));
    };
    if let Some(other) = selector.matchers.iter().find(|matcher| matcher.operator != MatchOperator::Equal) {
        return Err(PromqlError::new(other.range.clone(), "a series has its labels by `=`"));
    }
    let named = selector.metric.iter().map(|metric| ("__name__", metric.as_str()));
    Ok(Labels::new(named.chain(selector.matchers.iter().map(|label| (label.name.as_str(), label.value.as_str())))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_named_by_equality_alone() {
        assert_eq!(described("up{b=\"2\", a=\"1\"}").unwrap().to_string(), r#"{__name__="up", a="1", b="2"}"#);
        assert_eq!(described("{}"), Ok(Labels::empty()));
        assert_eq!(described("up{a=~\"x\"}").unwrap_err().range, 3..9);
        assert!(described("rate(x[5m])").is_err() && described("up offset").is_err());
    }
}
