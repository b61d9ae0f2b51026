//! Series and the queries that are asked of them over and over: what a test run holds.

use super::{EvalError, Options, Query, Reply, Row, Steps};
use crate::model::{Labels, Name};
use crate::promql::Expr;
use crate::series::{OutOfOrder, Point, SeriesSet};
use std::collections::HashMap;

/// Series, and every expression that was ever asked of them, made ready once.
#[derive(Clone, Debug)]
pub struct Evaluator {
    set: SeriesSet,
    options: Options,
    queries: HashMap<Name, Query>,
}

impl Evaluator {
    /// An evaluator over `set`.
    #[must_use]
    pub fn new(set: SeriesSet, options: Options) -> Self {
        Evaluator { set, options, queries: HashMap::new() }
    }

    /// The series.
    #[must_use]
    pub fn set(&self) -> &SeriesSet {
        &self.set
    }

    /// Adds a sample, as a recording rule does.
    ///
    /// # Errors
    /// When its series has a newer one.
    pub fn record(&mut self, labels: &Labels, point: Point) -> Result<(), OutOfOrder> {
        self.set.push(labels, point)
    }

    /// What `expr` is worth at `at`, in milliseconds.
    ///
    /// # Errors
    /// As [`Query::new`] and [`Query::instant`].
    pub fn instant(&mut self, expr: &Expr, at: i64) -> Result<Reply, EvalError> {
        let (query, set) = self.query(expr)?;
        query.instant(set, at)
    }

    /// What `expr` is worth at each of `steps`.
    ///
    /// # Errors
    /// As [`Query::new`] and [`Query::instant`].
    ///
    /// # Panics
    /// As [`Query::range`].
    pub fn range(&mut self, expr: &Expr, steps: Steps) -> Result<Reply<Vec<Row>>, EvalError> {
        let (query, set) = self.query(expr)?;
        query.range(set, steps)
    }

    /// Makes `expr` ready before it is asked, for all clones to come: patterns are costly to compile.
    ///
    /// # Errors
    /// As [`Query::new`].
    pub fn prepare(&mut self, expr: &Expr) -> Result<(), EvalError> {
        self.query(expr).map(drop)
    }

    fn query(&mut self, expr: &Expr) -> Result<(&mut Query, &SeriesSet), EvalError> {
        if !self.queries.contains_key(expr.text()) {
            self.queries.insert(expr.text().clone(), Query::new(expr, self.options)?);
        }
        let query = self.queries.get_mut(expr.text()).expect("it was made ready above");
        Ok((query, &self.set))
    }
}
