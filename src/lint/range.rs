//! Between which numbers the values of an expression lie, whatever the data.
//!
//! It errs on the side of "anything": what it rules out cannot be. `NaN` is not among the numbers; it meets no bound anyway.

use super::exprs::{bare, compares, number};
use crate::promql::Node;
use crate::promql::tree::{Aggregate, Binary, Kind, Selector, Sign};
use std::fmt;

/// From the first to the second, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
}

const ANY: Range = Range { low: f64::NEG_INFINITY, high: f64::INFINITY };
const POSITIVE: Range = Range { low: 0.0, high: f64::INFINITY };

/// The values that `node` can have.
pub(super) fn range_of(node: &Node) -> Range {
    match &node.kind {
        Kind::Number(value) => point(*value),
        Kind::Text(_) => ANY,
        Kind::Selector(selector) if selector.name() == Some("up") => Range { low: 0.0, high: 1.0 },
        Kind::Selector(_) => ANY,
        Kind::Range(of, _) | Kind::Paren(of) | Kind::Unary(Sign::Plus, of) => range_of(of),
        Kind::Subquery(subquery) => range_of(&subquery.of),
        Kind::Unary(Sign::Minus, of) => {
            let Range { low, high } = range_of(of);
            Range { low: -high, high: -low }
        }
        Kind::Call(function, arguments) => of_call(function.name, arguments),
        Kind::Aggregate(aggregate) => of_aggregate(aggregate),
        Kind::Binary(binary) => of_binary(binary),
    }
}

fn point(value: f64) -> Range {
    if value.is_nan() { ANY } else { Range { low: value, high: value } }
}

fn of_call(name: &str, arguments: &[Node]) -> Range {
    let first = || arguments.first().map_or(ANY, range_of);
    let constant = |index: usize| arguments.get(index).and_then(number);
    let between = |low, high| Range { low, high };
    match name {
        "absent" | "absent_over_time" | "present_over_time" => point(1.0),
        "count_over_time" => between(1.0, f64::INFINITY),
        "rate" | "irate" | "increase" | "changes" | "resets" | "stddev_over_time" | "stdvar_over_time" | "sqrt"
        | "exp" | "time" | "histogram_count" => POSITIVE,
        "abs" => {
            let Range { low, high } = first();
            between(low.max(-high).max(0.0), high.max(-low))
        }
        "sgn" => between(-1.0, 1.0),
        "day_of_month" => between(1.0, 31.0),
        "day_of_week" => between(0.0, 6.0),
        "day_of_year" => between(1.0, 366.0),
        "days_in_month" => between(28.0, 31.0),
        "hour" => between(0.0, 23.0),
        "minute" => between(0.0, 59.0),
        "month" => between(1.0, 12.0),
        "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" | "first_over_time" | "scalar"
        | "vector" | "label_replace" | "label_join" | "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => {
            first()
        }
        "ceil" => between(first().low.ceil(), first().high.ceil()),
        "floor" => between(first().low.floor(), first().high.floor()),
        "clamp_min" => constant(1).map_or(ANY, |low| between(first().low.max(low), first().high.max(low))),
        "clamp_max" => constant(1).map_or(ANY, |high| between(first().low.min(high), first().high.min(high))),
        _ => ANY,
    }
}

fn of_aggregate(aggregate: &Aggregate) -> Range {
    let inner = range_of(&aggregate.of);
    match aggregate.operation {
        "group" => point(1.0),
        "count" | "count_values" => Range { low: 1.0, high: f64::INFINITY },
        "stddev" | "stdvar" => POSITIVE,
        "min" | "max" | "avg" | "topk" | "bottomk" | "limitk" | "limit_ratio" => inner,
        // At least one value is added up, and none of them takes away.
        "sum" if inner.low >= 0.0 => Range { low: inner.low, high: if inner.high > 0.0 { f64::INFINITY } else { 0.0 } },
        _ => ANY,
    }
}

fn of_binary(binary: &Binary) -> Range {
    let (left, right) = (range_of(&binary.left), range_of(&binary.right));
    match binary.operator {
        operator if compares(operator) && binary.returns_bool => Range { low: 0.0, high: 1.0 },
        // What passes is the side of the series, as it was.
        operator if compares(operator) => {
            if number(&binary.left).is_some() {
                right
            } else {
                left
            }
        }
        "and" | "unless" => left,
        "or" => Range { low: left.low.min(right.low), high: left.high.max(right.high) },
        "/" if adds_up_some_of(&binary.left, &binary.right) => Range { low: 0.0, high: 1.0 },
        "+" => ends([left.low + right.low, left.high + right.high]),
        "-" => ends([left.low - right.high, left.high - right.low]),
        "*" => ends([left.low * right.low, left.low * right.high, left.high * right.low, left.high * right.high]),
        "/" if right.low > 0.0 => {
            ends([left.low / right.low, left.low / right.high, left.high / right.low, left.high / right.high])
        }
        "/" if right.low >= 0.0 && left.low >= 0.0 => POSITIVE,
        _ => ANY,
    }
}

/// The range that these numbers span; infinity times nothing could be anything.
fn ends<const N: usize>(values: [f64; N]) -> Range {
    if values.iter().any(|value| value.is_nan()) {
        return ANY;
    }
    Range {
        low: values.iter().copied().fold(f64::INFINITY, f64::min),
        high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// Whether one side of a division adds up some of what the other adds up: errors of all requests.
fn adds_up_some_of(part: &Node, whole: &Node) -> bool {
    match (&bare(part).kind, &bare(whole).kind) {
        (Kind::Aggregate(part), Kind::Aggregate(whole)) => {
            part.operation == whole.operation
                && (matches!(part.operation, "count") || part.operation == "sum" && is_positive(&whole.of))
                && part.grouping == whole.grouping
                && counts_some_of(&part.of, &whole.of)
        }
        _ => false,
    }
}

/// What never takes away: the rate of a counter, as far as names tell.
fn is_positive(node: &Node) -> bool {
    matches!(&bare(node).kind, Kind::Call(function, _) if super::files::RATES.contains(&function.name))
}

fn counts_some_of(part: &Node, whole: &Node) -> bool {
    match (&bare(part).kind, &bare(whole).kind) {
        (Kind::Selector(part), Kind::Selector(whole)) => selects_some_of(part, whole),
        (Kind::Range(part, window), Kind::Range(whole, other)) => window == other && counts_some_of(part, whole),
        (Kind::Call(part, own), Kind::Call(whole, others)) => {
            part.name == whole.name && matches!((&own[..], &others[..]), ([one], [other]) if counts_some_of(one, other))
        }
        _ => false,
    }
}

fn selects_some_of(part: &Selector, whole: &Selector) -> bool {
    let same = |a: &crate::promql::tree::LabelMatcher, b: &crate::promql::tree::LabelMatcher| {
        a.name == b.name && a.operator == b.operator && a.value == b.value
    };
    part.name().is_some()
        && part.time == whole.time
        && part.name() == whole.name()
        && whole.matchers.iter().all(|matcher| part.matchers.iter().any(|own| same(own, matcher)))
}

impl fmt::Display for Range {
    #[expect(clippy::float_cmp, reason = "a range of one number has equal ends")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A negative zero is no other number to people.
        let (low, high) = (self.low + 0.0, self.high + 0.0);
        match (low.is_finite(), high.is_finite()) {
            (true, true) if low == high => write!(f, "always {low}"),
            (true, true) => write!(f, "from {low} to {high}"),
            (true, false) => write!(f, "at least {low}"),
            (false, true) => write!(f, "at most {high}"),
            (false, false) => f.write_str("anything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Expr;

    #[track_caller]
    fn range(text: &str) -> String {
        range_of(Expr::parse(text).unwrap().root()).to_string()
    }

    #[test]
    fn what_is_known_of_a_value_is_carried_through_the_expression() {
        for (expr, expected) in [
            ("x", "anything"),
            ("count(x)", "at least 1"),
            ("count(x) or vector(0)", "at least 0"),
            ("up", "from 0 to 1"),
            ("avg_over_time(up[5m]) * 100", "from 0 to 100"),
            ("1 - avg(up)", "from 0 to 1"),
            ("absent(x)", "always 1"),
            ("sum(rate(x[5m]))", "at least 0"),
            ("-sum(rate(x[5m]))", "at most 0"),
            ("x > bool 3", "from 0 to 1"),
            ("sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) * 100", "from 0 to 100"),
            ("sum(rate(x_total{a=\"b\"}[1m])) / sum(rate(x_total[5m]))", "at least 0"),
            ("sum(rate(x_total{a=\"b\"}[5m] offset 1h)) / sum(rate(x_total[5m]))", "at least 0"),
            ("sum(x{a=\"b\"}) / sum(x)", "anything"),
            ("rate(x[5m]) - rate(y[5m])", "anything"),
            ("clamp_max(rate(x[5m]), 1)", "from 0 to 1"),
            ("time() - x", "anything"),
        ] {
            assert_eq!(range(expr), expected, "{expr}");
        }
    }
}
