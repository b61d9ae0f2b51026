//! Every PromQL expression of the files, as typed and as meant.

use crate::diagnostics::Text;
use crate::promql::{Expr, Node};
use crate::rules::written::Query as Written;
use crate::rules::{Checked, Recorded};

/// The expressions of an alerting rule, in the order of its queries.
pub(super) fn of_alert(rule: &Checked) -> impl Iterator<Item = (&Text, &Expr)> {
    rule.rule.queries.iter().filter_map(|query| {
        let named = rule.written.queries.iter().flat_map(|queries| &queries.value);
        let named = named.into_iter().find(|(name, _)| *name.value == *query.name).map(|(_, written)| match written {
            Written::Expr(text) => text,
            Written::Full(full) => &full.expr,
        });
        Some((named.or(rule.written.expr.as_ref())?, &query.expr))
    })
}

/// The expression of a recording rule.
pub(super) fn of_record(rule: &Recorded) -> impl Iterator<Item = (&Text, &Expr)> {
    rule.written.expr.iter().map(|text| (text, &rule.record.expr))
}

/// `node` without the parentheses around it.
pub(super) fn bare(node: &Node) -> &Node {
    match &node.kind {
        crate::promql::tree::Kind::Paren(inner) => bare(inner),
        _ => node,
    }
}

/// The number that `node` is, be it negative.
pub(super) fn number(node: &Node) -> Option<f64> {
    use crate::promql::tree::{Kind, Sign};
    match &node.kind {
        Kind::Number(value) => Some(*value),
        Kind::Paren(inner) => number(inner),
        Kind::Unary(Sign::Plus, inner) => number(inner),
        Kind::Unary(Sign::Minus, inner) => number(inner).map(|value| -value),
        _ => None,
    }
}

/// Whether `operator` compares.
pub(super) fn compares(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | ">" | "<" | ">=" | "<=")
}
