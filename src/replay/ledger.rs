//! Series of a test: what was given, let in as time goes on, and what rules have recorded.

use crate::model::Labels;
use crate::promql::Expr;
use crate::promql::eval::{EvalError, Evaluator, Options, Value};
use crate::series::{OutOfOrder, Point, SeriesSet, stale};
use std::collections::HashSet;

/// One given series; what is before `next` has been let in.
#[derive(Debug)]
struct Given {
    labels: Labels,
    points: Vec<Point>,
    next: usize,
}

/// The series of one test, and the evaluator that answers from them.
#[derive(Debug)]
pub struct Ledger {
    evaluator: Evaluator,
    given: Vec<Given>,
}

impl Ledger {
    /// A ledger without series.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Ledger::over(Evaluator::new(SeriesSet::new(), options))
    }

    /// A ledger over what `evaluator` holds.
    #[must_use]
    pub fn over(evaluator: Evaluator) -> Self {
        Ledger { evaluator, given: Vec::new() }
    }

    /// Gives a series: values `every` milliseconds apart from `start` on. Of the same series twice, the later counts.
    pub fn give(&mut self, labels: Labels, values: &[Option<f64>], start: i64, every: i64) {
        let point = |(step, value): (i64, &Option<f64>)| Some(Point { at: start + step * every, value: (*value)? });
        let points = (0..).zip(values).filter_map(point);
        let given = Given { labels, points: points.collect(), next: 0 };
        self.given.retain(|other| other.labels != given.labels);
        self.given.push(given);
    }

    /// Lets in what lies at or before `at`: the future is not known, as it would not be to a server.
    ///
    /// # Errors
    /// When a rule has recorded something newer, or else, in a series that was given.
    pub fn let_in(&mut self, at: i64) -> Result<(), OutOfOrder> {
        for given in &mut self.given {
            while let Some(point) = given.points.get(given.next).filter(|point| point.at <= at) {
                self.evaluator.record(&given.labels, *point)?;
                given.next += 1;
            }
        }
        Ok(())
    }

    /// Withholds what those given series that are meant would say from `at` until `until`, and ends them there.
    pub fn withhold(&mut self, is_meant: impl Fn(&Labels) -> bool, at: i64, until: i64) {
        for given in self.given.iter_mut().filter(|given| is_meant(&given.labels)) {
            let next = given.next;
            let mut place = 0;
            given.points.retain(|point| {
                place += 1;
                place <= next || !(at..until).contains(&point.at)
            });
            let before = given.points[..next].last().map_or(i64::MIN, |point| point.at);
            if before < at {
                given.points.insert(next, Point { at, value: stale() });
            }
        }
    }

    /// Adds a sample, as a recording rule does.
    ///
    /// # Errors
    /// When its series has a newer one.
    pub fn record(&mut self, labels: &Labels, point: Point) -> Result<(), OutOfOrder> {
        self.evaluator.record(labels, point)
    }

    /// Ends those of `before` that are not among `now`, as a server marks what a rule no longer gives.
    pub fn end_others(&mut self, before: &HashSet<Labels>, now: &HashSet<Labels>, at: i64) {
        for gone in before.difference(now) {
            // Another rule may have written the series since; then it has not ended.
            let _ = self.evaluator.record(gone, Point { at, value: stale() });
        }
    }

    /// What `expr` is worth at `at`, as a rule takes it: a number is one series without labels.
    ///
    /// # Errors
    /// When Prometheus would have no answer either.
    pub fn vector(&mut self, expr: &Expr, at: i64) -> Result<Vec<(Labels, f64)>, String> {
        let told = |error: EvalError| error.to_string();
        match self.evaluator.instant(expr, at).map_err(told)?.value {
            Value::Vector(elements) => {
                Ok(elements.into_iter().map(|element| (element.labels, element.value)).collect())
            }
            Value::Scalar(value) => Ok(vec![(Labels::empty(), value)]),
            Value::Text(_) | Value::Matrix(_) => Err("rule result is not a vector or scalar".into()),
        }
    }

    /// The same for a text that has not been parsed yet.
    ///
    /// # Errors
    /// When it does not parse, too.
    pub fn ask(&mut self, query: &str, at: i64) -> Result<Vec<(Labels, f64)>, String> {
        let expr = Expr::parse(query).map_err(|error| error.to_string())?;
        self.vector(&expr, at)
    }

    /// Whether `expr` names metrics and none of them is here: whatever it asks for, nothing can come.
    #[must_use]
    pub fn has_nothing_for(&self, expr: &Expr) -> bool {
        let metrics = expr.metrics();
        let is_here = |metric: &str| {
            let given = self.given.iter().map(|given| &given.labels);
            let recorded = self.evaluator.set().all().iter().map(crate::series::Series::labels);
            given.chain(recorded).any(|labels| labels.get("__name__") == metric)
        };
        !metrics.is_empty() && !metrics.iter().any(|metric| is_here(metric))
    }
}
