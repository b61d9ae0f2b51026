//! Aggregations: one number for each group of series.

use super::expression::Asked;
use super::grouping::{Counted, Groups};
use super::prepare::text_of;
use super::sum::{Mean, Sum};
use super::{Element, EvalError, number, top};
use crate::model::Labels;
use crate::promql::tree::{Aggregate, Grouping, Node};

/// What `aggregate` is worth at `at`.
pub(super) fn evaluate(
    asked: &Asked<'_>,
    aggregate: &Aggregate,
    node: &Node,
    at: i64,
) -> Result<Vec<Element>, EvalError> {
    let parameter = aggregate.parameter.as_deref().filter(|parameter| Asked::is_scalar(parameter));
    let number = parameter.map_or(Ok(0.0), |parameter| asked.scalar(parameter, at))?;
    let elements = asked.vector(&aggregate.of, at)?;
    let counted = counted(&aggregate.grouping);
    match aggregate.operation {
        "topk" | "bottomk" => top::evaluate(aggregate.operation, elements, number, counted, &node.range),
        "count_values" => {
            let label = aggregate.parameter.as_deref().map_or("", text_of);
            Ok(count_values(elements, label, &aggregate.grouping))
        }
        operation => {
            if let Some(parameter) = parameter.filter(|_| operation == "quantile") {
                asked.warn_of_quantile(number, parameter);
            }
            Ok(by_group(operation, elements, number, counted))
        }
    }
}

fn counted(grouping: &Grouping) -> Counted<'_> {
    match grouping {
        Grouping::By(labels) => Counted::These(labels),
        Grouping::Without(labels) => Counted::AllBut(labels),
    }
}

/// A group on its way.
struct Group {
    labels: Labels,
    loses_name: bool,
    state: State,
}

/// What has to be known of the values so far.
enum State {
    Sum(Sum),
    Mean(Mean),
    Least(f64),
    Most(f64),
    Count(f64),
    One,
    /// Count, mean, and the sum of squares around it.
    Squares(f64, f64, f64),
    Values(Vec<f64>),
}

fn by_group(operation: &str, elements: Vec<Element>, parameter: f64, counted: Counted<'_>) -> Vec<Element> {
    let mut numbers = Groups::new(counted);
    let mut groups: Vec<Group> = Vec::new();
    for element in elements {
        let place = numbers.number(&element.labels);
        if place == groups.len() {
            let (labels, state) = (counted.of(&element.labels), State::first(operation, element.value));
            groups.push(Group { labels, loses_name: element.loses_name, state });
            continue;
        }
        let group = &mut groups[place];
        group.loses_name |= element.loses_name;
        group.state.take(element.value);
    }
    let finished = groups.into_iter().map(|group| {
        let value = group.state.finish(operation, parameter);
        Element { labels: group.labels, value, loses_name: group.loses_name }
    });
    finished.collect()
}

impl State {
    fn first(operation: &str, value: f64) -> State {
        match operation {
            "sum" => State::Sum(Sum::of(value)),
            "avg" => State::Mean(Mean::of(value)),
            "min" => State::Least(value),
            "max" => State::Most(value),
            "count" => State::Count(1.0),
            "group" => State::One,
            "stddev" | "stdvar" => State::Squares(1.0, value, if value.is_finite() { 0.0 } else { f64::NAN }),
            "quantile" => State::Values(vec![value]),
            _ => unreachable!("`{operation}` is refused as experimental"),
        }
    }

    fn take(&mut self, value: f64) {
        match self {
            State::Sum(sum) => *sum = sum.plus(value),
            State::Mean(mean) => *mean = mean.plus(value),
            State::Least(least) if *least > value || least.is_nan() => *least = value,
            State::Most(most) if *most < value || most.is_nan() => *most = value,
            State::Count(count) => *count += 1.0,
            State::Squares(count, mean, squares) => {
                *count += 1.0;
                let delta = value - *mean;
                *mean += delta / *count;
                *squares += delta * (value - *mean);
            }
            State::Values(values) => values.push(value),
            State::Least(_) | State::Most(_) | State::One => {}
        }
    }

    fn finish(self, operation: &str, parameter: f64) -> f64 {
        match self {
            State::Sum(sum) => sum.total(),
            State::Mean(mean) => mean.total(),
            State::Least(value) | State::Most(value) | State::Count(value) => value,
            State::One => 1.0,
            State::Squares(count, _, squares) if operation == "stddev" => (squares / count).sqrt(),
            State::Squares(count, _, squares) => squares / count,
            State::Values(mut values) => number::quantile(parameter, &mut values),
        }
    }
}

/// How often each value is there, told apart by the label `label`.
fn count_values(elements: Vec<Element>, label: &str, grouping: &Grouping) -> Vec<Element> {
    let named;
    let counted = match grouping {
        Grouping::By(labels) => {
            named = [labels.clone(), vec![label.to_owned()]].concat();
            Counted::These(&named)
        }
        Grouping::Without(labels) => Counted::AllBut(labels),
    };
    let mut numbers = Groups::new(counted);
    let mut counts: Vec<Element> = Vec::new();
    for element in elements {
        let labels = element.labels.with(label, number::text(element.value));
        let place = numbers.number(&labels);
        if place == counts.len() {
            counts.push(Element::new(counted.of(&labels), 0.0));
        }
        counts[place].value += 1.0;
    }
    counts
}
