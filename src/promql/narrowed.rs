//! The same question about fewer series: conditions put into every selector, the text otherwise as it was written.

use super::tree::{Kind, Node};
use super::{Expr, PromqlError};

impl Expr {
    /// The same expression, asking only for series that meet `conditions` as well: `chain="sepolia", job=~"a|b"`.
    ///
    /// # Errors
    /// When what comes out is no PromQL: the conditions are none, or a comment stands where one has to go.
    pub fn narrowed(&self, conditions: &str) -> Result<Expr, PromqlError> {
        let mut text = self.text().to_string();
        let mut selectors: Vec<&Node> = Vec::new();
        self.root().walk(&mut |node| {
            if matches!(node.kind, Kind::Selector(_)) {
                selectors.push(node);
            }
        });
        selectors.sort_by_key(|node| std::cmp::Reverse(node.range.start));
        for node in selectors {
            let Kind::Selector(selector) = &node.kind else { continue };
            // Behind the braces may stand an `offset` and `@`, which have none.
            let written = &text[node.range.clone()];
            match written.rfind('}') {
                Some(close) => {
                    let is_first = selector.matchers.is_empty() && !written[..close].contains('"');
                    let has_comma = written[..close].trim_end().ends_with(',');
                    let comma = if is_first || has_comma { "" } else { ", " };
                    text.insert_str(node.range.start + close, &format!("{comma}{conditions}"));
                }
                None => {
                    let name = selector.metric.as_ref().map_or(0, String::len);
                    text.insert_str(node.range.start + name, &format!("{{{conditions}}}"));
                }
            }
        }
        Expr::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_go_into_every_selector_and_nothing_else_changes() {
        let table = [
            ("up", r#"up{a="b"}"#),
            ("max by (x) (up{job=\"api\"})  > 1", r#"max by (x) (up{job="api", a="b"})  > 1"#),
            ("rate(x[5m] offset 1h) / y{}", r#"rate(x{a="b"}[5m] offset 1h) / y{a="b"}"#),
            ("x{c=\"d\",}", r#"x{c="d",a="b"}"#),
            (r#"{"http.requests"}"#, r#"{"http.requests", a="b"}"#),
            ("x offset 5m or vector(1)", r#"x{a="b"} offset 5m or vector(1)"#),
            ("avg_over_time(rate(x[1m])[1h:])", r#"avg_over_time(rate(x{a="b"}[1m])[1h:])"#),
        ];
        for (text, wanted) in table {
            let narrowed = Expr::parse(text).and_then(|expr| expr.narrowed(r#"a="b""#));
            assert_eq!(narrowed.map(|expr| expr.text().to_string()), Ok(wanted.to_owned()));
        }
    }
}
