//! The numbers that a condition holds a query to, for those who draw lines.
//!
//! `tps.held("5m", |v| v < 5)` holds the value of `tps` to *below 5*. Only what by itself makes the condition true counts, so nothing
//! inside `&&` or `!` does: a line where nothing happens would be a lie.

use super::Script;
use super::code::{Comparison, Held, Number, Past, Statistic, Test};
use crate::rules::Bound;

impl Script {
    /// The bounds of the value of the query at `index` that make the condition true by themselves, in the order of the text.
    #[must_use]
    pub fn bounds(&self, index: usize) -> Vec<Bound> {
        let mut bounds = Vec::new();
        collect(&self.test, index, None, &mut bounds);
        bounds
    }

    /// The bounds of the query's `zscore`, also where more is asked for: how unusual is unusual.
    #[must_use]
    pub fn score_bounds(&self, index: usize) -> Vec<Bound> {
        let mut bounds = Vec::new();
        collect_scores(&self.test, index, &mut bounds);
        bounds
    }
}

fn collect(test: &Test, index: usize, held: Option<usize>, bounds: &mut Vec<Bound>) {
    match test {
        Test::Compare(left, comparison, right) => {
            let is_ours = |number: &Number| match number {
                Number::Value(query) => *query == index,
                Number::Sample => held == Some(index),
                _ => false,
            };
            bounds.extend(compared(left, *comparison, right, is_ours));
        }
        Test::Any(tests) => tests.iter().for_each(|test| collect(test, index, held, bounds)),
        Test::Held(inner) => {
            let Held { query, test, .. } = &**inner;
            collect(test, index, Some(*query), bounds);
        }
        Test::Constant(_)
        | Test::Within { .. }
        | Test::Among(..)
        | Test::Texts(..)
        | Test::Missing(_)
        | Test::Firing(_)
        | Test::Not(_)
        | Test::All(_) => {}
    }
}

fn collect_scores(test: &Test, index: usize, bounds: &mut Vec<Bound>) {
    match test {
        Test::Compare(left, comparison, right) => {
            let is_score = |number: &Number| matches!(number, Number::Past(query, Past::Over(_, Statistic::Score)) if *query == index);
            bounds.extend(compared(left, *comparison, right, is_score));
        }
        Test::Any(tests) | Test::All(tests) => tests.iter().for_each(|test| collect_scores(test, index, bounds)),
        _ => {}
    }
}

/// `value > 5`, or `5 < value`.
fn compared(
    left: &Number,
    comparison: Comparison,
    right: &Number,
    is_value: impl Fn(&Number) -> bool,
) -> Option<Bound> {
    let (comparison, bound) = match (constant(left), constant(right)) {
        (None, Some(bound)) if is_value(left) => (comparison, bound),
        (Some(bound), None) if is_value(right) => (turned(comparison), bound),
        _ => return None,
    };
    Some(match comparison {
        Comparison::Less => Bound::Below(bound),
        Comparison::AtMost => Bound::AtMost(bound),
        Comparison::More => Bound::Above(bound),
        Comparison::AtLeast => Bound::AtLeast(bound),
        Comparison::Equal => Bound::Equals(bound),
        Comparison::Differs => Bound::Differs(bound),
    })
}

fn constant(number: &Number) -> Option<f64> {
    match number {
        Number::Constant(value) => Some(*value),
        Number::Negated(inner) => constant(inner).map(|value| -value),
        _ => None,
    }
}

fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::More,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::More => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same @ (Comparison::Equal | Comparison::Differs) => same,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Readable, Scope};
    use super::*;
    use crate::model::Span;

    fn bounds(text: &str) -> (Vec<Bound>, Vec<Bound>) {
        let queries = vec![("tps", Span::from_hours(24)), ("gas", Span::from_hours(24))];
        let scope = Scope { queries, labels: Readable::Any, interval: Span::from_secs(30) };
        let script = Script::compile(text, &scope).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        (script.bounds(0), script.score_bounds(0))
    }

    #[test]
    fn what_makes_a_condition_true_by_itself_is_a_bound_and_what_is_only_part_of_it_is_none() {
        let table: [(&str, &[Bound], &[Bound]); 7] = [
            (r#"tps.held("5m", |v| v < 5)"#, &[Bound::Below(5.0)], &[]),
            ("tps > 0 || gas > 0.5", &[Bound::Above(0.0)], &[]),
            ("gas > 100 || 7 >= tps", &[Bound::AtMost(7.0)], &[]),
            ("tps < 5 && gas > 100", &[], &[]),
            ("!(tps < 5)", &[], &[]),
            ("tps < -1", &[Bound::Below(-1.0)], &[]),
            (r#"tps.zscore("1d") > 4 && tps > 1000000"#, &[], &[Bound::Above(4.0)]),
        ];
        for (text, value, score) in table {
            assert_eq!(bounds(text), (value.to_vec(), score.to_vec()), "{text}");
        }
    }
}
