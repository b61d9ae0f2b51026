//! WB070 · A counter that is compared as it stands, without `rate` or `increase`.

use super::exprs;
use super::files::Files;
use crate::diagnostics::{Findings, Text, codes};
use crate::promql::tree::{Kind, Node, Selector};
use crate::rules::{Checked, Condition};

/// Aggregations whose result is as little a rate as what they are made of.
const KEEP_COUNTING: [&str; 6] = ["sum", "max", "min", "avg", "topk", "bottomk"];

pub(super) fn check(rule: &Checked, files: &Files<'_>, findings: &mut Findings) {
    let is_counter = |selector: &Selector| is_told(selector, files);
    for (text, expr) in exprs::of_alert(rule) {
        for found in compared(expr.root(), &is_counter) {
            tell(text, found, findings);
        }
    }
    let has_bounds = rule.rule.tiers.iter().any(|tier| matches!(tier.condition, Condition::Bound(_)));
    if let Some((text, expr)) = exprs::of_alert(rule).nth(rule.rule.value).filter(|_| has_bounds)
        && let Some(found) = counter(expr.root(), &is_counter)
    {
        tell(text, found, findings);
    }
}

/// The counters that `root` compares with a number as they stand, or takes a `delta` of.
pub(super) fn compared<'n>(root: &'n Node, is_counter: &dyn Fn(&Selector) -> bool) -> Vec<(&'n Node, &'n str)> {
    let mut found = Vec::new();
    root.walk(&mut |node| match &node.kind {
        Kind::Binary(binary) if exprs::compares(binary.operator) => {
            for (side, other) in [(&binary.left, &binary.right), (&binary.right, &binary.left)] {
                // `x_total == 0` asks whether it ever happened, which only the counter itself can say.
                let bound = exprs::number(other);
                let asks_whether_ever = bound == Some(0.0) && binary.operator == "==";
                if bound.is_some() && !asks_whether_ever {
                    found.extend(counter(side, is_counter));
                }
            }
        }
        Kind::Call(function, arguments) if matches!(function.name, "delta" | "idelta") => {
            if let Some(Kind::Range(of, _)) = arguments.first().map(|argument| &argument.kind) {
                found.extend(counter(of, is_counter));
            }
        }
        _ => {}
    });
    found
}

fn tell(text: &Text, (node, name): (&Node, &str), findings: &mut Findings) {
    findings
        .warn(codes::WB070, format!("`{name}` is a counter, compared as it stands"))
        .at(text.place_of(node.range.clone()), "it only grows, until its process starts anew")
        .help(format!("compare how fast it grows: `rate({name}[5m])`, or `increase({name}[1h])`"));
}

/// The counter that `node` stands for, aggregations aside.
fn counter<'n>(node: &'n Node, is_counter: &dyn Fn(&Selector) -> bool) -> Option<(&'n Node, &'n str)> {
    match &node.kind {
        Kind::Selector(selector) if is_counter(selector) => selector.name().map(|name| (node, name)),
        Kind::Paren(of) | Kind::Unary(_, of) => counter(of, is_counter),
        Kind::Aggregate(aggregate) if KEEP_COUNTING.contains(&aggregate.operation) => {
            counter(&aggregate.of, is_counter)
        }
        _ => None,
    }
}

/// Whether the name of a metric says that it is a counter: `_total` and `_bucket` do; `_sum` and `_count` may be gauges, unless
/// some rule takes their rate.
pub(super) fn is_told(selector: &Selector, files: &Files<'_>) -> bool {
    let Some(name) = selector.name() else { return false };
    let says_so = name.ends_with("_total") || name.ends_with("_bucket");
    let is_taken_so = (name.ends_with("_sum") || name.ends_with("_count")) && files.is_rated(name);
    // A recorded one may be anything by now.
    (says_so || is_taken_so) && !name.contains(':')
}
