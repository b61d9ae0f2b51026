//! What an expression tells of its answer: names, numbers and labels.

use super::Comparison;
use crate::promql::tree::{Aggregate, Binary, Grouping, Kind, MatchOperator, Node};
use std::collections::BTreeMap;

/// Whether an answer may hold series that differ by nothing but their names. What drops names fails in Prometheus itself
/// where that makes two series one.
pub(super) fn may_have_many_names(node: &Node) -> bool {
    match &node.kind {
        Kind::Selector(selector) => selector.name().is_none(),
        Kind::Binary(binary) if Comparison::of(binary.operator).is_some() || is_set(binary) => {
            may_have_many_names(&binary.left) || may_have_many_names(&binary.right)
        }
        Kind::Binary(_) | Kind::Number(_) | Kind::Text(_) | Kind::Unary(..) => false,
        Kind::Aggregate(aggregate) if is_choice(aggregate) => may_have_many_names(&aggregate.of),
        Kind::Aggregate(_) => false,
        Kind::Call(function, _) if !keeps_names(function.name) => false,
        _ => node.children().into_iter().any(may_have_many_names),
    }
}

fn is_set(binary: &Binary) -> bool {
    matches!(binary.operator, "and" | "or" | "unless")
}

fn is_choice(aggregate: &Aggregate) -> bool {
    matches!(aggregate.operation, "topk" | "bottomk" | "limitk" | "limit_ratio")
}

fn keeps_names(function: &str) -> bool {
    function.starts_with("sort")
        || function.starts_with("label_")
        || function.ends_with("_over_time")
        || function == "info"
}

/// Whether a value may be no number, as far as the expression tells. Counts never are.
pub(super) fn can_be_nan(node: &Node) -> bool {
    match &node.kind {
        Kind::Paren(of) => can_be_nan(of),
        Kind::Aggregate(aggregate) => !matches!(aggregate.operation, "count" | "group"),
        Kind::Call(function, _) => !matches!(
            function.name,
            "absent"
                | "absent_over_time"
                | "changes"
                | "count_over_time"
                | "present_over_time"
                | "resets"
                | "timestamp"
                | "time"
        ),
        Kind::Binary(binary) if matches!(binary.operator, "and" | "unless") => can_be_nan(&binary.left),
        _ => true,
    }
}

/// Whether no series of one side has the labels of one of the other: a label has one value here and another one there.
pub(super) fn are_disjoint(one: &Node, other: &Node) -> bool {
    let (one, other) = (fixed_labels(one), fixed_labels(other));
    one.iter().any(|(name, value)| other.get(name).is_some_and(|other| other != value))
}

/// Labels that every series of the answer has with one value, as far as the expression tells.
fn fixed_labels(node: &Node) -> BTreeMap<&str, &str> {
    match &node.kind {
        Kind::Selector(selector) => {
            let equal = selector.matchers.iter().filter(|matcher| {
                matcher.operator == MatchOperator::Equal && !matcher.value.is_empty() && matcher.name != "__name__"
            });
            equal.map(|matcher| (matcher.name.as_str(), matcher.value.as_str())).collect()
        }
        Kind::Paren(of) | Kind::Unary(_, of) | Kind::Range(of, _) => fixed_labels(of),
        Kind::Subquery(subquery) => fixed_labels(&subquery.of),
        // Whatever makes labels, or needs more than one series, is not looked into.
        Kind::Call(function, arguments) if is_of_each_series(function.name) => {
            arguments.first().map(fixed_labels).unwrap_or_default()
        }
        Kind::Aggregate(Aggregate { grouping: Grouping::By(kept), of, operation, .. })
            if *operation != "count_values" =>
        {
            let is_kept = |name: &&str| kept.iter().any(|kept| kept == name);
            fixed_labels(of).into_iter().filter(|(name, _)| is_kept(name)).collect()
        }
        Kind::Binary(binary) if matches!(binary.operator, "and" | "unless") => fixed_labels(&binary.left),
        _ => BTreeMap::new(),
    }
}

fn is_of_each_series(function: &str) -> bool {
    let makes_labels = function.starts_with("label_") || function.starts_with("absent") || function == "info";
    !makes_labels && (function.ends_with("_over_time") || matches!(function, "rate" | "irate" | "increase" | "delta"))
}
