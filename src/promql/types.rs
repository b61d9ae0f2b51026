//! Whether an expression that reads well also makes sense: arguments of the right type and number, matching where there
//! is something to match.

use super::functions::{Function, Last};
use super::tree::{Aggregate, Binary, Kind, MatchOperator, Node, On, Selector, Subquery, ValueType};
use super::{PromqlError, pattern};
use std::ops::Range;

/// Finds the first thing in `node`, in the order of the text, that does not make sense.
pub(super) fn check(node: &Node) -> Result<(), PromqlError> {
    match &node.kind {
        Kind::Number(_) | Kind::Text(_) => Ok(()),
        Kind::Selector(selector) => check_selector(selector, &node.range),
        Kind::Range(of, _) | Kind::Paren(of) => check(of),
        Kind::Subquery(Subquery { of, .. }) => {
            check(of)?;
            expect(of.value_type() == ValueType::Vector, &node.range, || {
                format!("subquery is only allowed on instant vector, got {} instead", of.value_type().name())
            })
        }
        Kind::Call(function, arguments) => check_call(function, arguments, &node.range),
        Kind::Aggregate(aggregate) => check_aggregate(aggregate),
        Kind::Binary(binary) => check_binary(binary, &node.range),
        Kind::Unary(_, of) => {
            check(of)?;
            expect(matches!(of.value_type(), ValueType::Scalar | ValueType::Vector), &node.range, || {
                let allowed = "unary expression only allowed on expressions of type scalar or instant vector";
                format!("{allowed}, got {:?}", of.value_type().name())
            })
        }
    }
}

fn expect(good: bool, range: &Range<usize>, message: impl FnOnce() -> String) -> Result<(), PromqlError> {
    if good { Ok(()) } else { Err(PromqlError::new(range.clone(), message())) }
}

fn check_selector(selector: &Selector, range: &Range<usize>) -> Result<(), PromqlError> {
    let selects = selector.metric.as_ref().is_some_and(|metric| !metric.is_empty())
        || selector.matchers.iter().any(|matcher| match matcher.operator {
            MatchOperator::Equal => !matcher.value.is_empty(),
            MatchOperator::NotEqual => matcher.value.is_empty(),
            MatchOperator::Matches => !pattern::matches_empty(&matcher.value),
            MatchOperator::MatchesNot => pattern::matches_empty(&matcher.value),
        });
    expect(selects, range, || "vector selector must contain at least one non-empty matcher".into())
}

fn check_call(function: &Function, arguments: &[Node], range: &Range<usize>) -> Result<(), PromqlError> {
    let (takes, found, name) = (function.takes.len(), arguments.len(), function.name);
    let count_error = match function.last {
        Last::Once if found != takes => Some(format!("expected {takes} argument(s)")),
        Last::UpTo(_) | Last::Any if found + 1 < takes => Some(format!("expected at least {} argument(s)", takes - 1)),
        Last::UpTo(most) if found > takes - 1 + most => {
            Some(format!("expected at most {} argument(s)", takes - 1 + most))
        }
        _ => None,
    };
    if let Some(expected) = count_error {
        return Err(PromqlError::new(range.clone(), format!("{expected} in call to {name:?}, got {found}")));
    }
    for (index, argument) in arguments.iter().enumerate() {
        check_argument(function, index, argument)?;
    }
    Ok(())
}

fn check_argument(function: &Function, index: usize, argument: &Node) -> Result<(), PromqlError> {
    // The second argument of `info` selects by labels only, so it may select everything.
    let is_label_selector = function.name == "info" && index == 1 && matches!(argument.kind, Kind::Selector(_));
    if !is_label_selector {
        check(argument)?;
    }
    let wanted = function.takes[index.min(function.takes.len() - 1)];
    expect_type(argument, wanted, || format!("call to function {:?}", function.name))
}

fn expect_type(node: &Node, wanted: ValueType, context: impl FnOnce() -> String) -> Result<(), PromqlError> {
    let found = node.value_type();
    expect(found == wanted, &node.range, || {
        format!("expected type {} in {}, got {}", wanted.name(), context(), found.name())
    })
}

fn check_aggregate(aggregate: &Aggregate) -> Result<(), PromqlError> {
    check(&aggregate.of)?;
    expect_type(&aggregate.of, ValueType::Vector, || "aggregation expression".into())?;
    let Some(parameter) = &aggregate.parameter else { return Ok(()) };
    check(parameter)?;
    let wanted = if aggregate.operation == "count_values" { ValueType::Text } else { ValueType::Scalar };
    expect_type(parameter, wanted, || "aggregation parameter".into())
}

fn check_binary(binary: &Binary, range: &Range<usize>) -> Result<(), PromqlError> {
    check(&binary.left)?;
    check(&binary.right)?;
    let (left, right) = (binary.left.value_type(), binary.right.value_type());
    let operator = binary.operator;
    let compares = matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=");
    let is_set = matches!(operator, "and" | "or" | "unless");
    expect(!binary.returns_bool || compares, &binary.at, || {
        "bool modifier can only be used on comparison operators".into()
    })?;
    let both_scalar = left == ValueType::Scalar && right == ValueType::Scalar;
    expect(!(compares && both_scalar) || binary.returns_bool, &binary.at, || {
        "comparisons between scalars must use BOOL modifier".into()
    })?;
    check_matching(binary)?;
    for operand in [&binary.left, &binary.right] {
        expect(matches!(operand.value_type(), ValueType::Scalar | ValueType::Vector), &operand.range, || {
            "binary expression must contain only scalar and instant vector types".into()
        })?;
    }
    let both_vectors = left == ValueType::Vector && right == ValueType::Vector;
    let matches_labels = binary.matching.labels.as_ref().is_some_and(|(_, labels)| !labels.is_empty());
    expect(both_vectors || !matches_labels, range, || "vector matching only allowed between instant vectors".into())?;
    expect(!(is_set && both_vectors && binary.matching.group.is_some()), range, || {
        format!("no grouping allowed for {operator:?} operation")
    })?;
    expect(both_vectors || !is_set, range, || {
        format!("set operator {operator:?} not allowed in binary scalar expression")
    })
}

fn check_matching(binary: &Binary) -> Result<(), PromqlError> {
    let (Some((On::These, on)), Some((_, include))) = (&binary.matching.labels, &binary.matching.group) else {
        return Ok(());
    };
    match on.iter().find(|label| include.contains(label)) {
        Some(label) => {
            let message = format!("label {label:?} must not occur in ON and GROUP clause at once");
            Err(PromqlError::new(binary.at.clone(), message))
        }
        None => Ok(()),
    }
}
