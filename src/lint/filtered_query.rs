//! WB072 · A comparison inside a query whose value tiers look at.

use super::exprs;
use crate::diagnostics::{Findings, codes};
use crate::promql::ValueType;
use crate::promql::tree::{Kind, Node};
use crate::rules::{Checked, Kind as RuleKind};

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    if rule.rule.kind == RuleKind::Plain {
        return;
    }
    for (text, expr) in exprs::of_alert(rule) {
        let Some(filter) = filter(expr.root()) else { continue };
        findings
            .warn(codes::WB072, "the query drops the series that are calm")
            .at(text.place_of(filter.range.clone()), "what does not pass this is no data")
            .help("leave the comparison to the tiers; to count with it, compare with `bool` and use `sum`");
    }
}

/// The comparison that decides whether a series is there at all. Guards (`and …`, `unless …`) are meant so.
fn filter(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Paren(of) => filter(of),
        Kind::Binary(binary) if matches!(binary.operator, "and" | "unless") => filter(&binary.left),
        Kind::Binary(binary) if exprs::compares(binary.operator) => {
            let is_filter = !binary.returns_bool && node.value_type() == ValueType::Vector;
            is_filter.then_some(node)
        }
        Kind::Aggregate(aggregate) if matches!(aggregate.operation, "count" | "sum") => filter(&aggregate.of),
        _ => None,
    }
}
