//! Two operands and what joins them: numbers with numbers, vectors with numbers, and sets.

use super::expression::Asked;
use super::grouping::{Counted, Groups};
use super::{Element, EvalError, matching, number};
use crate::promql::tree::{Binary, Matching, Node, On};

/// The elements that an operation is worth at `at`.
pub(super) fn evaluate(asked: &Asked<'_>, operation: &Binary, node: &Node, at: i64) -> Result<Vec<Element>, EvalError> {
    let (left, right) = (&operation.left, &operation.right);
    match (Asked::is_scalar(left), Asked::is_scalar(right)) {
        (false, false) => {
            let (left, right) = (asked.vector(left, at)?, asked.vector(right, at)?);
            let elements = match operation.operator {
                "and" | "or" | "unless" => of_sets(operation.operator, &operation.matching, left, right),
                _ => matching::evaluate(asked, operation, node, left, right)?,
            };
            asked.unique(elements, &node.range)
        }
        (false, true) => {
            let (elements, scalar) = (asked.vector(left, at)?, asked.scalar(right, at)?);
            with_number(asked, operation, node, elements, |value| (value, scalar))
        }
        _ => {
            let (scalar, elements) = (asked.scalar(left, at)?, asked.vector(right, at)?);
            with_number(asked, operation, node, elements, |value| (scalar, value))
        }
    }
}

/// Whether the operator filters, where it does not say `bool`.
pub(super) fn compares(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=")
}

/// What `operator` makes of two numbers; a comparison that holds is 1.
pub(super) fn of_numbers(operator: &str, left: f64, right: f64) -> f64 {
    match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "%" => left % right,
        "^" => number::power(left, right),
        "atan2" => left.atan2(right),
        _ => f64::from(u8::from(holds(operator, left, right))),
    }
}

/// Whether a comparison holds.
#[expect(clippy::float_cmp, reason = "`==` of PromQL is exact")]
pub(super) fn holds(operator: &str, left: f64, right: f64) -> bool {
    match operator {
        "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => unreachable!("`{operator}` compares nothing"),
    }
}

fn with_number(
    asked: &Asked<'_>,
    operation: &Binary,
    node: &Node,
    elements: Vec<Element>,
    operands: impl Fn(f64) -> (f64, f64),
) -> Result<Vec<Element>, EvalError> {
    let filters = compares(operation.operator) && !operation.returns_bool;
    let elements = if filters {
        let holds = |element: &Element| {
            let (left, right) = operands(element.value);
            holds(operation.operator, left, right)
        };
        elements.into_iter().filter(holds).collect()
    } else {
        asked.mapped(elements, |value| {
            let (left, right) = operands(value);
            of_numbers(operation.operator, left, right)
        })
    };
    asked.unique(elements, &node.range)
}

/// Which labels have to be equal on both sides.
pub(super) fn counted(matching: &Matching) -> Counted<'_> {
    match &matching.labels {
        Some((On::These, labels)) => Counted::These(labels),
        Some((On::AllBut, labels)) => Counted::AllBut(labels),
        None => Counted::AllBut(&[]),
    }
}

fn of_sets(operator: &str, matching: &Matching, left: Vec<Element>, right: Vec<Element>) -> Vec<Element> {
    let mut there = Groups::new(counted(matching));
    let of = if operator == "or" { &left } else { &right };
    for element in of {
        there.number(&element.labels);
    }
    let is_there = |element: &Element| there.find(&element.labels).is_some();
    match operator {
        "and" => left.into_iter().filter(is_there).collect(),
        "unless" => left.into_iter().filter(|element| !is_there(element)).collect(),
        _ => {
            let others: Vec<Element> = right.into_iter().filter(|element| !is_there(element)).collect();
            left.into_iter().chain(others).collect()
        }
    }
}
