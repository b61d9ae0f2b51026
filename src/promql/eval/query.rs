//! A query: an expression made ready to be asked again and again.

use super::expression::Asked;
use super::grouping::{Counted, Groups, nameless, twice};
use super::memo::Memo;
use super::prepare::Prepared;
use super::{Element, EvalError, Options, Remark, Reply, Row, Trouble, Value};
use crate::promql::{Expr, ValueType};
use crate::series::{Point, SeriesSet};
use std::cell::{Cell, RefCell};

/// An expression made ready; it remembers which series its selectors mean, and what its subqueries were worth.
#[derive(Clone, Debug)]
pub struct Query {
    expr: Expr,
    options: Options,
    prepared: Prepared,
    pub(super) memo: Memo,
}

/// The instants of a range query, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The first.
    pub start: i64,
    /// None is later.
    pub end: i64,
    /// How far they are apart; positive.
    pub step: i64,
}

impl Query {
    /// Makes `expr` ready.
    ///
    /// # Errors
    /// When it uses what Prometheus calls experimental, or names a label or a pattern that cannot be one.
    pub fn new(expr: &Expr, options: Options) -> Result<Self, EvalError> {
        Ok(Query { expr: expr.clone(), options, prepared: Prepared::new(expr)?, memo: Memo::new(expr) })
    }

    /// The expression.
    #[must_use]
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// What the expression is worth at `at`, in milliseconds. It has to be asked of one set that only grows; of another one
    /// after [`Query::forget`].
    ///
    /// # Errors
    /// When Prometheus would have no answer either: series that match twice, results with the same labels.
    pub fn instant(&mut self, set: &SeriesSet, at: i64) -> Result<Reply, EvalError> {
        self.look_up(set);
        let steps = Steps { start: at, end: at, step: 1 };
        self.ask(set, steps, |query, asked| query.value(asked, at))
    }

    /// What the expression is worth at each of `steps`; a number is a row without labels.
    ///
    /// # Errors
    /// As [`Query::instant`].
    ///
    /// # Panics
    /// When the step is not positive, or the expression is a text or a range vector, which have no value at an instant.
    pub fn range(&mut self, set: &SeriesSet, steps: Steps) -> Result<Reply<Vec<Row>>, EvalError> {
        assert!(steps.step > 0, "the step of a range query is positive");
        self.look_up(set);
        self.ask(set, steps, |query, asked| {
            let mut rows = Rows::default();
            for at in steps.instants() {
                match query.value(asked, at)? {
                    Value::Scalar(value) => rows.take(vec![Element::new(crate::model::Labels::empty(), value)], at),
                    Value::Vector(elements) => rows.take(elements, at),
                    Value::Text(_) | Value::Matrix(_) => panic!("a range query is asked of numbers"),
                }
            }
            Ok(rows.rows)
        })
    }

    /// Forgets which series were meant, so that another set can be asked.
    pub fn forget(&mut self) {
        self.prepared.selections.iter_mut().for_each(super::select::Selection::reset);
        self.memo.reset();
    }

    fn look_up(&mut self, set: &SeriesSet) {
        self.prepared.selections.iter_mut().for_each(|selection| selection.refresh(set));
        self.memo.refresh(set);
    }

    fn ask<V>(
        &mut self,
        set: &SeriesSet,
        steps: Steps,
        answer: impl FnOnce(&Self, &Asked<'_>) -> Result<V, EvalError>,
    ) -> Result<Reply<V>, EvalError> {
        let memo = std::mem::take(&mut self.memo);
        let asked = Asked {
            prepared: &self.prepared,
            options: self.options,
            text: self.expr.text(),
            set,
            start: steps.start,
            end: steps.end,
            remarks: RefCell::default(),
            samples: Cell::new(0),
            memo: RefCell::new(memo),
        };
        let answered = answer(self, &asked);
        let Asked { memo, remarks, .. } = asked;
        let mut remarks: Vec<Remark> = remarks.into_inner();
        self.memo = memo.into_inner();
        let value = answered?;
        remarks.sort_by_key(|remark| remark.range.start);
        Ok(Reply { value, remarks })
    }

    fn value(&self, asked: &Asked<'_>, at: i64) -> Result<Value, EvalError> {
        let root = self.expr.root();
        Ok(match root.value_type() {
            ValueType::Scalar => Value::Scalar(asked.scalar(root, at)?),
            ValueType::Text => Value::Text(super::prepare::text_of(root).to_owned()),
            ValueType::Vector => Value::Vector(self.cleaned(asked.vector(root, at)?)?),
            ValueType::Matrix => {
                let mut rows = Vec::new();
                asked.windows(root, at, |row| {
                    let labels = if row.loses_name { nameless(row.labels) } else { row.labels.clone() };
                    rows.push(Row { labels, points: row.window.points.to_vec() });
                    Ok(())
                })?;
                Value::Matrix(rows)
            }
        })
    }

    /// Takes the names away that were only kept for `label_replace`, and looks for series that are then the same.
    fn cleaned(&self, mut elements: Vec<Element>) -> Result<Vec<Element>, EvalError> {
        let mut has_changed = false;
        for element in elements.iter_mut().filter(|element| element.loses_name) {
            element.labels = nameless(&element.labels);
            element.loses_name = false;
            has_changed = true;
        }
        let twice = if has_changed { twice(elements.iter().map(|element| &element.labels)) } else { None };
        match twice {
            Some(labels) => Err(Trouble::SameLabels { labels }.at(&self.expr.root().range)),
            None => Ok(elements),
        }
    }
}

impl Steps {
    /// Every instant.
    pub fn instants(self) -> impl Iterator<Item = i64> {
        std::iter::successors(Some(self.start), move |at| at.checked_add(self.step))
            .take_while(move |at| *at <= self.end)
    }
}

/// Rows that grow from instant to instant.
#[derive(Debug)]
pub(super) struct Rows {
    groups: Groups<'static>,
    pub rows: Vec<Row>,
    /// Whether each row's metric name goes at the end.
    pub lose_names: Vec<bool>,
}

impl Default for Rows {
    fn default() -> Self {
        Rows { groups: Groups::new(Counted::All), rows: Vec::new(), lose_names: Vec::new() }
    }
}

impl Rows {
    pub(super) fn take(&mut self, elements: Vec<Element>, at: i64) {
        for element in elements {
            let place = self.groups.number(&element.labels);
            if place == self.rows.len() {
                self.rows.push(Row { labels: element.labels, points: Vec::new() });
                self.lose_names.push(element.loses_name);
            }
            self.rows[place].points.push(Point { at, value: element.value });
        }
    }
}
