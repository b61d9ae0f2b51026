//! WB074 · A bound in another unit than the value.

use super::{exprs, tier_order};
use crate::diagnostics::{Findings, codes};
use crate::promql::tree::{Kind, Node};
use crate::rules::{Bound, Checked, Condition};

/// What names of metrics end with, and the unit that this says.
const ENDINGS: [(&str, &str); 6] = [
    ("_seconds", "s"),
    ("_milliseconds", "ms"),
    ("_microseconds", "us"),
    ("_nanoseconds", "ns"),
    ("_minutes", "min"),
    ("_hours", "h"),
];

/// A ratio may well be somewhat above one; nobody means more than this.
const NO_RATIO: f64 = 10.0;

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    let Some((text, expr)) = exprs::of_alert(rule).nth(rule.rule.value) else { return };
    if let Some(metric) = metric(expr.root()) {
        declared(rule, metric, findings);
        if metric.ends_with("_ratio") {
            tiers(rule, metric, findings);
        }
    }
    expr.root().walk(&mut |node| {
        let Kind::Binary(binary) = &node.kind else { return };
        let bound = exprs::number(&binary.right).filter(|_| exprs::compares(binary.operator));
        if let Some(name) = metric(&binary.left).filter(|name| name.ends_with("_ratio"))
            && bound.is_some_and(|bound| bound.abs() > NO_RATIO)
        {
            findings
                .warn(codes::WB074, format!("`{name}` is a ratio, compared with a percentage"))
                .at(text.place_of(binary.right.range.clone()), "a ratio is 0 to 1")
                .help("divide the bound by 100");
        }
    });
}

/// The `unit` of a rule against the unit that the name of its metric says.
fn declared(rule: &Checked, metric: &str, findings: &mut Findings) {
    let Some(unit) = &rule.written.unit else { return };
    let said = ENDINGS.iter().find(|(ending, _)| metric.ends_with(ending)).map(|(_, unit)| *unit);
    let is_time = ENDINGS.iter().any(|(_, known)| *known == unit.value);
    if let Some(said) = said.filter(|said| is_time && *said != unit.value) {
        findings
            .warn(codes::WB074, format!("`{metric}` is in `{said}`, and the rule says `{}`", unit.value))
            .at(unit.place, "every bound is read in this unit")
            .help(format!("write `unit: {said}`, or convert the value in the expression"));
    }
}

fn tiers(rule: &Checked, metric: &str, findings: &mut Findings) {
    for tier in rule.rule.tiers.iter().filter(|tier| is_no_ratio(&tier.condition)) {
        let Some((name, written)) = rule.written_tier(tier) else { continue };
        findings
            .warn(codes::WB074, format!("`{metric}` is a ratio, compared with a percentage"))
            .at(tier_order::condition_place(written).unwrap_or(name.place), "a ratio is 0 to 1")
            .help("divide the bound by 100");
    }
}

fn is_no_ratio(condition: &Condition) -> bool {
    use Bound::{Above, AtLeast, AtMost, Below, Between, Differs, Equals, Inside, Outside};
    let Condition::Bound(bound) = condition else { return false };
    match *bound {
        Above(value) | AtLeast(value) | Below(value) | AtMost(value) | Equals(value) | Differs(value) => {
            value.abs() > NO_RATIO
        }
        Outside(low, high) | Inside(low, high) | Between(low, high) => low.abs().max(high.abs()) > NO_RATIO,
    }
}

/// The metric whose unit the value of `node` has: nothing on the way changes it.
fn metric(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Selector(selector) => selector.name(),
        Kind::Paren(of) | Kind::Range(of, _) => metric(of),
        Kind::Aggregate(aggregate) if matches!(aggregate.operation, "avg" | "max" | "min" | "quantile") => {
            metric(&aggregate.of)
        }
        Kind::Call(function, arguments) => match function.name {
            "avg_over_time" | "max_over_time" | "min_over_time" | "last_over_time" => metric(arguments.first()?),
            _ => None,
        },
        _ => None,
    }
}
