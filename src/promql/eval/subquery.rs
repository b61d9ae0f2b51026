//! Windows: the points of each series over a stretch of time, selected or asked for step by step.

use super::expression::Asked;
use super::memo::Step;
use super::query::Rows;
use super::select::{begins_before, between};
use super::{Element, EvalError, Names};
use crate::model::Labels;
use crate::promql::tree::{Kind, Node, Subquery};
use crate::series::Point;

/// The points of one series over a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a> {
    /// In the order of time; at least one.
    pub points: &'a [Point],
    /// Where the stretch begins.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
    /// The instant that is asked about, which `offset` and `@` may have moved away from the end.
    pub at: i64,
}

/// One series and its window.
pub(super) struct WindowOf<'a> {
    /// With the metric.
    pub labels: &'a Labels,
    /// Without it, where that is known already.
    pub nameless: Option<&'a Labels>,
    /// Whether the metric name is no longer true.
    pub loses_name: bool,
    /// The points.
    pub window: Window<'a>,
}

impl Asked<'_> {
    /// Shows every series that has a point in the window that `node` means.
    pub(super) fn windows(
        &self,
        node: &Node,
        at: i64,
        mut show: impl FnMut(WindowOf<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        match &node.kind {
            Kind::Paren(of) => self.windows(of, at, show),
            Kind::Range(of, length) => {
                let Kind::Selector(selector) = &of.kind else { unreachable!("a window is of a selector") };
                let end = self.shifted(selector.time, at);
                let start = end.saturating_sub(*length);
                for (place, nameless) in &self.prepared.selection(of.range.start).found {
                    let series = &self.set.all()[*place];
                    let points = between(series, start, end, self.options.semantics);
                    if points.is_empty() {
                        continue;
                    }
                    self.charge(1, &node.range)?;
                    let window = Window { points: &points, start, end, at };
                    show(WindowOf { labels: series.labels(), nameless: Some(nameless), loses_name: false, window })?;
                }
                Ok(())
            }
            Kind::Subquery(subquery) => {
                let end = self.shifted(subquery.time, at);
                let start = end.saturating_sub(subquery.window);
                let rows = self.rows(subquery, node, start, end)?;
                for (row, loses_name) in rows.rows.iter().zip(&rows.lose_names) {
                    let loses_name = *loses_name && self.options.names == Names::GoAtTheEnd;
                    let window = Window { points: &row.points, start, end, at };
                    show(WindowOf { labels: &row.labels, nameless: None, loses_name, window })?;
                }
                Ok(())
            }
            _ => unreachable!("only range vectors have the type of one"),
        }
    }

    /// The values of `subquery` at the multiples of its step between `start` and `end`.
    fn rows(&self, subquery: &Subquery, node: &Node, start: i64, end: i64) -> Result<Rows, EvalError> {
        let step = subquery.step.unwrap_or(self.options.subquery_step.millis()).max(1);
        let mut at = step * (start / step);
        if !begins_before(start, at, self.options.semantics) {
            at += step;
        }
        // Before the first step: a subquery can have more of them than anybody would wait for.
        self.charge(usize::try_from((end - at) / step + 1).unwrap_or_default(), &node.range)?;
        self.memo.borrow_mut().forget_before(node, at);
        let mut rows = Rows::default();
        while at <= end {
            let elements = self.step(subquery, node, at)?;
            self.charge(elements.len(), &node.range)?;
            rows.take(elements, at);
            at += step;
        }
        Ok(rows)
    }

    /// The elements of `subquery` at one of its steps: remembered, or found out.
    fn step(&self, subquery: &Subquery, node: &Node, at: i64) -> Result<Vec<Element>, EvalError> {
        if let Some(step) = self.memo.borrow().step(node, at) {
            self.charge(step.samples, &node.range)?;
            step.remarks.iter().cloned().for_each(|remark| self.remark_once(remark));
            return Ok(step.elements.clone());
        }
        let (earlier, samples) = (self.remarks.take(), self.samples.get());
        let found = self.vector(&subquery.of, at);
        let remarks = self.remarks.replace(earlier);
        remarks.iter().cloned().for_each(|remark| self.remark_once(remark));
        let elements = found?;
        let samples = self.samples.get() - samples;
        self.memo.borrow_mut().remember(node, at, || Step { elements: elements.clone(), remarks, samples });
        Ok(elements)
    }
}
