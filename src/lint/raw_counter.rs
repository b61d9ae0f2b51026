//! WB070 · A counter that is compared as it stands, without `rate` or `increase`.

use super::exprs;
use super::files::Files;
use crate::diagnostics::{Findings, Text, codes};
use crate::promql::Expr;
use crate::promql::tree::{Kind, Node, Selector};
use crate::rules::{Checked, Condition};

/// Aggregations whose result is as little a rate as what they are made of.
const KEEP_COUNTING: [&str; 6] = ["sum", "max", "min", "avg", "topk", "bottomk"];

pub(super) fn check(rule: &Checked, files: &Files<'_>, findings: &mut Findings) {
    for (text, expr) in exprs::of_alert(rule) {
        check_expr(text, expr, files, findings);
    }
    let has_bounds = rule.rule.tiers.iter().any(|tier| matches!(tier.condition, Condition::Bound(_)));
    if let Some((text, expr)) = exprs::of_alert(rule).nth(rule.rule.value).filter(|_| has_bounds) {
        tell(text, expr.root(), files, findings);
    }
}

fn check_expr(text: &Text, expr: &Expr, files: &Files<'_>, findings: &mut Findings) {
    expr.root().walk(&mut |node| match &node.kind {
        Kind::Binary(binary) if exprs::compares(binary.operator) => {
            for (side, other) in [(&binary.left, &binary.right), (&binary.right, &binary.left)] {
                // `x_total == 0` asks whether it ever happened, which only the counter itself can say.
                let bound = exprs::number(other, &text.value);
                let asks_whether_ever = bound == Some(0.0) && binary.operator == "==";
                if bound.is_some() && !asks_whether_ever {
                    tell(text, side, files, findings);
                }
            }
        }
        Kind::Call(function, arguments) if matches!(function.name, "delta" | "idelta") => {
            if let Some(Kind::Range(of, _)) = arguments.first().map(|argument| &argument.kind) {
                tell(text, of, files, findings);
            }
        }
        _ => {}
    });
}

fn tell(text: &Text, side: &Node, files: &Files<'_>, findings: &mut Findings) {
    let Some((node, name)) = counter(side, files) else { return };
    findings
        .warn(codes::WB070, format!("`{name}` is a counter, compared as it stands"))
        .at(text.place_of(node.range.clone()), "it only grows, until its process starts anew")
        .help(format!("compare how fast it grows: `rate({name}[5m])`, or `increase({name}[1h])`"));
}

/// The counter that `node` stands for, aggregations and factors aside.
fn counter<'n>(node: &'n Node, files: &Files<'_>) -> Option<(&'n Node, &'n str)> {
    match &node.kind {
        Kind::Selector(selector) => name_of_counter(selector, files).map(|name| (node, name)),
        Kind::Paren(of) | Kind::Unary(_, of) => counter(of, files),
        Kind::Aggregate(aggregate) if KEEP_COUNTING.contains(&aggregate.operation) => counter(&aggregate.of, files),
        _ => None,
    }
}

/// `_total` and `_bucket` say it; `_sum` and `_count` may be gauges, unless some rule takes their rate.
fn name_of_counter<'n>(selector: &'n Selector, files: &Files<'_>) -> Option<&'n str> {
    let name = selector.name()?;
    let says_so = name.ends_with("_total") || name.ends_with("_bucket");
    let is_taken_so = (name.ends_with("_sum") || name.ends_with("_count")) && files.is_rated(name);
    // A recorded one may be anything by now.
    ((says_so || is_taken_so) && !name.contains(':')).then_some(name)
}
