//! The way from the whole down to what is compared, and what can go on that way.

use super::told::are_disjoint;
use super::{Comparison, Whole, Why, constant};
use crate::promql::is_same_text;
use crate::promql::tree::{Aggregate, Binary, Kind, Node, ValueType};
use std::ops::Range;

/// What is compared, with what, and what has to go for it.
pub(super) struct Found<'a> {
    /// The value meets one of these.
    pub any: Vec<Bound>,
    /// Where the value comes from: several where an `or` stays.
    pub values: Vec<&'a Node>,
    /// Comparisons and bounds, and brackets that hold nothing together without them.
    pub removed: Vec<Range<usize>>,
    /// Whether something else filters as well, or changes the value.
    is_bare: bool,
}

/// A comparison with a constant.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub comparison: Comparison,
    pub bound: f64,
    /// The bytes of the number.
    pub range: Range<usize>,
}

/// Follows what gives the value of `node` down to its comparison.
pub(super) fn find<'a>(node: &'a Node, text: &str) -> Result<Found<'a>, Whole> {
    let kept = |why: Why| Err(Whole { range: node.range.clone(), why });
    match &node.kind {
        Kind::Paren(of) => {
            let mut found = find(of, text)?;
            if found.values.len() == 1 {
                found.removed.extend(brackets(node));
            }
            Ok(found)
        }
        Kind::Binary(binary) => match binary.operator {
            "and" | "unless" => Ok(Found { is_bare: false, ..find(&binary.left, text)? }),
            "or" => either(node, binary, text),
            operator => match Comparison::of(operator) {
                Some(comparison) => compared(node, binary, comparison),
                None if has_comparison(&binary.left) || has_comparison(&binary.right) => kept(Why::Inside),
                None => kept(Why::NoComparison),
            },
        },
        Kind::Aggregate(aggregate) => aggregated(node, aggregate, text),
        // Alerts have no order.
        Kind::Call(function, arguments) if matches!(function.name, "sort" | "sort_desc") => {
            match arguments.as_slice() {
                [of] => Ok(Found { is_bare: false, ..find(of, text)? }),
                _ => kept(Why::NoComparison),
            }
        }
        Kind::Call(function, arguments)
            if !function.name.starts_with("absent") && arguments.iter().any(has_comparison) =>
        {
            kept(Why::Inside)
        }
        Kind::Unary(_, of) if has_comparison(of) => kept(Why::Inside),
        _ => kept(Why::NoComparison),
    }
}

/// Whether its answer is filtered by a comparison; those of guards and of what is joined to it do not count.
fn has_comparison(node: &Node) -> bool {
    match &node.kind {
        Kind::Binary(binary) if Comparison::of(binary.operator).is_some() => !binary.returns_bool,
        Kind::Binary(binary) if matches!(binary.operator, "and" | "unless") => has_comparison(&binary.left),
        Kind::Binary(binary) => has_comparison(&binary.left) || has_comparison(&binary.right),
        _ => node.children().into_iter().any(has_comparison),
    }
}

fn compared<'a>(node: &'a Node, binary: &'a Binary, comparison: Comparison) -> Result<Found<'a>, Whole> {
    let kept = |why: Why, range: &Range<usize>| Err(Whole { range: range.clone(), why });
    let (left, right) = (&*binary.left, &*binary.right);
    if binary.returns_bool {
        return kept(Why::Bool, &binary.at);
    }
    let (comparison, value, bound, cut) = match (left.value_type(), right.value_type()) {
        (ValueType::Vector, ValueType::Scalar) => (comparison, left, right, left.range.end..node.range.end),
        // `5 < x` keeps the value of the series, as `x > 5` does.
        (ValueType::Scalar, ValueType::Vector) => {
            (comparison.turned(), right, left, node.range.start..right.range.start)
        }
        _ => return kept(Why::AgainstSeries, &binary.at),
    };
    let Some(number) = constant(bound) else { return kept(Why::NotConstant, &bound.range) };
    let mut removed = vec![cut];
    // Brackets around the whole value have nothing left to hold together.
    strip_brackets(value, &mut removed);
    let any = vec![Bound { comparison, bound: number, range: bound.range.clone() }];
    Ok(Found { any, values: vec![value], removed, is_bare: true })
}

/// `or` joins two answers; what both have, the left one gives. It can be compared last where both sides are compared alike
/// and none of the left can then hide one of the right, or where both compare one value.
fn either<'a>(node: &'a Node, binary: &'a Binary, text: &str) -> Result<Found<'a>, Whole> {
    let kept = Err(Whole { range: node.range.clone(), why: Why::Alternatives });
    if binary.matching.labels.is_some() {
        return kept;
    }
    let (Ok(mut left), Ok(right)) = (find(&binary.left, text), find(&binary.right, text)) else { return kept };
    let is_same = |one: &Node, other: &Node| is_same_text(&text[one.range.clone()], &text[other.range.clone()]);
    let all_pairs = |holds: &dyn Fn(&Node, &Node) -> bool| {
        left.values.iter().all(|one| right.values.iter().all(|other| holds(one, other)))
    };
    if left.is_bare && right.is_bare && all_pairs(&is_same) {
        left.any.extend(right.any);
        left.removed.push(binary.left.range.end..node.range.end);
        return Ok(left);
    }
    let is_hidden_by_none = |one: &Node, other: &Node| is_same(one, other) || are_disjoint(one, other);
    if !are_alike(&left.any, &right.any) || !all_pairs(&is_hidden_by_none) {
        return kept;
    }
    left.values.extend(right.values);
    left.removed.extend(right.removed);
    Ok(Found { is_bare: false, ..left })
}

#[expect(clippy::float_cmp, reason = "another bound is another bound")]
fn are_alike(some: &[Bound], others: &[Bound]) -> bool {
    let is_alike = |(one, other): (&Bound, &Bound)| one.comparison == other.comparison && one.bound == other.bound;
    some.len() == others.len() && some.iter().zip(others).all(is_alike)
}

/// The largest of what is above a bound is above it, or there is none: the same as the largest of all, if it is above.
fn aggregated<'a>(node: &'a Node, aggregate: &'a Aggregate, text: &str) -> Result<Found<'a>, Whole> {
    let kept = |why: Why| Err(Whole { range: node.range.clone(), why });
    if !has_comparison(&aggregate.of) {
        return kept(Why::NoComparison);
    }
    let Ok(mut found) = find(&aggregate.of, text) else { return kept(Why::Inside) };
    let goes_through = match found.any.as_slice() {
        [one] => match one.comparison {
            Comparison::Above | Comparison::AtLeast => aggregate.operation == "max",
            Comparison::Below | Comparison::AtMost => aggregate.operation == "min",
            Comparison::Equals | Comparison::Differs => false,
        },
        _ => false,
    };
    found.values = vec![node];
    if goes_through { Ok(Found { is_bare: false, ..found }) } else { kept(Why::Inside) }
}

fn brackets(node: &Node) -> [Range<usize>; 2] {
    [node.range.start..node.range.start + 1, node.range.end - 1..node.range.end]
}

fn strip_brackets(value: &Node, removed: &mut Vec<Range<usize>>) {
    let Kind::Paren(of) = &value.kind else { return };
    let is_set = matches!(&of.kind, Kind::Binary(binary) if matches!(binary.operator, "and" | "or" | "unless"));
    if !is_set {
        removed.extend(brackets(value));
        strip_brackets(of, removed);
    }
}
