//! The walk over the tree: what each kind of expression is worth at an instant.

use super::grouping::{nameless, twice};
use super::memo::Memo;
use super::prepare::Prepared;
use super::{Element, EvalError, Gravity, Names, Options, Remark, Trouble};
use super::{aggregate, binary, call, select};
use crate::promql::tree::{At, Kind, Node, Selector, Shift, Sign, ValueType};
use crate::series::{Point, SeriesSet};
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// The bound that Prometheus has by default.
const MOST_SAMPLES: usize = 50_000_000;

/// One question: an expression, the series it is asked of, and what was remarked so far.
pub(super) struct Asked<'a> {
    pub prepared: &'a Prepared,
    pub options: Options,
    pub text: &'a str,
    pub set: &'a SeriesSet,
    /// What `start()` and `end()` mean.
    pub start: i64,
    pub end: i64,
    pub remarks: RefCell<Vec<Remark>>,
    /// How many samples were put into memory.
    pub samples: Cell<usize>,
    /// What subqueries were worth at their steps.
    pub memo: RefCell<Memo>,
}

impl Asked<'_> {
    /// The number that `node` is worth at `at`.
    pub(super) fn scalar(&self, node: &Node, at: i64) -> Result<f64, EvalError> {
        match &node.kind {
            Kind::Number(value) => Ok(*value),
            Kind::Paren(of) | Kind::Unary(Sign::Plus, of) => self.scalar(of, at),
            Kind::Unary(Sign::Minus, of) => Ok(-self.scalar(of, at)?),
            Kind::Binary(operation) => {
                let (left, right) = (self.scalar(&operation.left, at)?, self.scalar(&operation.right, at)?);
                Ok(binary::of_numbers(operation.operator, left, right))
            }
            Kind::Call(function, arguments) => call::scalar(self, function.name, arguments, at),
            Kind::Selector(_) | Kind::Range(..) | Kind::Subquery(_) | Kind::Aggregate(_) | Kind::Text(_) => {
                unreachable!("only numbers have the type of one")
            }
        }
    }

    /// The elements that `node` is worth at `at`.
    pub(super) fn vector(&self, node: &Node, at: i64) -> Result<Vec<Element>, EvalError> {
        match &node.kind {
            Kind::Selector(selector) => self.selected(node, selector, at, |point, _| point.value),
            Kind::Paren(of) | Kind::Unary(Sign::Plus, of) => self.vector(of, at),
            Kind::Unary(Sign::Minus, of) => {
                let elements = self.vector(of, at)?;
                self.unique(self.mapped(elements, |value| -value), &node.range)
            }
            Kind::Call(function, arguments) => call::vector(self, node, function.name, arguments, at),
            Kind::Aggregate(aggregate) => aggregate::evaluate(self, aggregate, node, at),
            Kind::Binary(operation) => binary::evaluate(self, operation, node, at),
            Kind::Number(_) | Kind::Text(_) | Kind::Range(..) | Kind::Subquery(_) => {
                unreachable!("only instant vectors have the type of one")
            }
        }
    }

    /// What `value` makes of the point of each series that `selector` means.
    pub(super) fn selected(
        &self,
        node: &Node,
        selector: &Selector,
        at: i64,
        value: impl Fn(Point, i64) -> f64,
    ) -> Result<Vec<Element>, EvalError> {
        let at = self.shifted(selector.time, at);
        let lookback = self.options.lookback.millis();
        let found = &self.prepared.selection(node.range.start).found;
        let mut elements = Vec::with_capacity(found.len());
        for (place, _) in found {
            let series = &self.set.all()[*place];
            if let Some(point) = select::latest(series, at, lookback, self.options.semantics) {
                elements.push(Element::new(series.labels().clone(), value(point, at)));
            }
        }
        self.charge(elements.len(), &node.range)?;
        Ok(elements)
    }

    /// The instant that `time` means, seen from `at`.
    pub(super) fn shifted(&self, time: Shift, at: i64) -> i64 {
        let from = match time.at {
            None => at,
            Some(At::Instant(at)) => at,
            Some(At::Start) => self.start,
            Some(At::End) => self.end,
        };
        from.saturating_sub(time.offset)
    }

    /// The elements with other values, which are of the metric no more.
    pub(super) fn mapped(&self, mut elements: Vec<Element>, value: impl Fn(f64) -> f64) -> Vec<Element> {
        for element in &mut elements {
            element.value = value(element.value);
            self.rename(element);
        }
        elements
    }

    /// Takes the metric name from `element`, now or at the end.
    pub(super) fn rename(&self, element: &mut Element) {
        match self.options.names {
            Names::GoAtOnce => element.labels = nameless(&element.labels),
            Names::GoAtTheEnd => element.loses_name = true,
        }
    }

    /// The elements, where no two have the same labels. With names that go at the end this is asked then.
    pub(super) fn unique(&self, elements: Vec<Element>, range: &Range<usize>) -> Result<Vec<Element>, EvalError> {
        match self.options.names {
            Names::GoAtOnce => unique(elements, range),
            Names::GoAtTheEnd => Ok(elements),
        }
    }

    /// Remarks something, once.
    pub(super) fn remark(&self, gravity: Gravity, message: String, range: &Range<usize>) {
        self.remark_once(Remark::new(gravity, message, range.clone(), self.text));
    }

    pub(super) fn remark_once(&self, remark: Remark) {
        let mut remarks = self.remarks.borrow_mut();
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }

    /// Counts samples, and refuses when there are too many of them.
    pub(super) fn charge(&self, samples: usize, range: &Range<usize>) -> Result<(), EvalError> {
        self.samples.set(self.samples.get() + samples);
        if self.samples.get() > MOST_SAMPLES { Err(Trouble::TooManySamples.at(range)) } else { Ok(()) }
    }

    /// `node` without parentheses around it, as functions see their arguments.
    pub(super) fn bare(node: &Node) -> &Node {
        match &node.kind {
            Kind::Paren(of) => Asked::bare(of),
            _ => node,
        }
    }

    /// Whether `node` is worth one number.
    pub(super) fn is_scalar(node: &Node) -> bool {
        node.value_type() == ValueType::Scalar
    }
}

/// The elements, where no two have the same labels.
pub(super) fn unique(elements: Vec<Element>, range: &Range<usize>) -> Result<Vec<Element>, EvalError> {
    match twice(elements.iter().map(|element| &element.labels)) {
        Some(labels) => Err(Trouble::SameLabels { labels }.at(range)),
        None => Ok(elements),
    }
}
