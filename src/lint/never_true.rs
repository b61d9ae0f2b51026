//! WB073 · A condition that can never hold, whatever the data.

use super::range::{Range, range_of};
use super::{exprs, tier_order};
use crate::diagnostics::{Findings, Text, codes};
use crate::promql::Expr;
use crate::promql::tree::{Binary, Kind, MatchOperator, Selector};
use crate::rules::{Bound, Checked, Condition};

pub(super) fn check_tiers(rule: &Checked, findings: &mut Findings) {
    let Some(query) = rule.rule.queries.get(rule.rule.value) else { return };
    let range = range_of(query.expr.root());
    for tier in rule.rule.tiers.iter() {
        let Condition::Bound(bound) = tier.condition else { continue };
        if !is_ever_met(bound, range)
            && let Some((name, written)) = rule.written_tier(tier)
        {
            let place = tier_order::condition_place(written).unwrap_or(name.place);
            findings
                .warn(codes::WB073, format!("tier `{}` can never fire", tier.severity))
                .at(place, format!("the value is {range}"))
                .help("is the bound in another unit than the value, a percentage for example?");
        }
    }
}

pub(super) fn check(text: &Text, expr: &Expr, findings: &mut Findings) {
    expr.root().walk(&mut |node| match &node.kind {
        Kind::Binary(binary) if exprs::compares(binary.operator) => {
            if let Some(range) = never(binary) {
                findings
                    .warn(codes::WB073, "this comparison can never hold")
                    .at(text.place_of(node.range.clone()), format!("the left side is {range}"))
                    .help(help(binary));
            }
        }
        Kind::Selector(selector) => {
            if let Some(label) = contradiction(selector) {
                findings
                    .warn(codes::WB073, "this matches no series, ever")
                    .at(text.place_of(node.range.clone()), format!("no value of `{label}` meets all of it"))
                    .help("for one of several values write `=~\"a|b\"`");
            }
        }
        _ => {}
    });
}

/// The values of the left side, where none of them can pass.
#[expect(clippy::float_cmp, reason = "two numbers of the text are compared as Prometheus does")]
fn never(binary: &Binary) -> Option<Range> {
    let (left, right) = (range_of(&binary.left), range_of(&binary.right));
    let is_never = match binary.operator {
        ">" => left.high <= right.low,
        ">=" => left.high < right.low,
        "<" => left.low >= right.high,
        "<=" => left.low > right.high,
        "==" => left.high < right.low || left.low > right.high,
        "!=" => left.low == left.high && right.low == right.high && left.low == right.low,
        _ => false,
    };
    // Two constants are a switch that somebody turned on purpose.
    let are_constants = left.low == left.high && right.low == right.high && !mentions_series(binary);
    (is_never && !are_constants).then_some(left)
}

fn mentions_series(binary: &Binary) -> bool {
    let mut found = false;
    for side in [&binary.left, &binary.right] {
        side.walk(&mut |node| found |= matches!(node.kind, Kind::Selector(_)));
    }
    found
}

fn help(binary: &Binary) -> &'static str {
    match &exprs::bare(&binary.left).kind {
        Kind::Aggregate(aggregate) if aggregate.operation == "count" => {
            "`count` of nothing is no series at all: use `absent(…)`, or `(count(…) or vector(0))`"
        }
        Kind::Call(function, _) if function.name.starts_with("absent") => {
            "`absent` is 1 or not there at all; where it is there, the condition is met"
        }
        _ => "is the bound in another unit than the value, a percentage for example?",
    }
}

fn contradiction(selector: &Selector) -> Option<&str> {
    let equal = || selector.matchers.iter().filter(|matcher| matcher.operator == MatchOperator::Equal);
    let clash = equal().find(|one| {
        selector.matchers.iter().any(|other| {
            let is_other = other.value != one.value;
            other.name == one.name
                && match other.operator {
                    MatchOperator::Equal => is_other,
                    MatchOperator::NotEqual => !is_other,
                    MatchOperator::Matches | MatchOperator::MatchesNot => false,
                }
        })
    });
    clash.map(|matcher| matcher.name.as_str())
}

fn is_ever_met(bound: Bound, range: Range) -> bool {
    let Range { low, high } = range;
    match bound {
        Bound::Above(bound) => high > bound,
        Bound::AtLeast(bound) => high >= bound,
        Bound::Below(bound) => low < bound,
        Bound::AtMost(bound) => low <= bound,
        Bound::Outside(from, to) => low < from || high > to,
        Bound::Inside(from, to) => high >= from && low <= to,
        Bound::Between(from, to) => high > from && low < to,
        Bound::Equals(value) => low <= value && value <= high,
        Bound::Differs(_) => true,
    }
}
