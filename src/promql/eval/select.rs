//! Which series a selector means, and which of their points.

use super::Semantics;
use super::grouping::nameless;
use crate::model::{Labels, Regexp};
use crate::promql::PromqlError;
use crate::promql::tree::{MatchOperator, Selector};
use crate::series::{Point, Series, SeriesSet, is_stale};
use std::borrow::Cow;

/// A selector made ready, and the series that it was found to mean.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// Where the selector begins in the text, by which it is found again.
    pub start: usize,
    conditions: Vec<Condition>,
    /// How many series of the set were looked at already; series are never taken away.
    seen: usize,
    /// The series meant: their places, and their labels without the metric.
    pub found: Vec<(usize, Labels)>,
}

#[derive(Clone, Debug)]
struct Condition {
    label: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Is(String),
    IsNot(String),
    Matches(Regexp),
    MatchesNot(Regexp),
}

impl Selection {
    pub(super) fn new(selector: &Selector, start: usize) -> Result<Self, PromqlError> {
        let metric = selector
            .metric
            .iter()
            .map(|metric| Ok(Condition { label: "__name__".into(), test: Test::Is(metric.clone()) }));
        let others = selector.matchers.iter().map(|matcher| {
            let compiled =
                || Regexp::whole(&matcher.value).map_err(|reason| PromqlError::new(matcher.range.clone(), reason));
            let test = match matcher.operator {
                MatchOperator::Equal => Test::Is(matcher.value.clone()),
                MatchOperator::NotEqual => Test::IsNot(matcher.value.clone()),
                MatchOperator::Matches => Test::Matches(compiled()?),
                MatchOperator::MatchesNot => Test::MatchesNot(compiled()?),
            };
            Ok(Condition { label: matcher.name.clone(), test })
        });
        let conditions = metric.chain(others).collect::<Result<_, _>>()?;
        Ok(Selection { start, conditions, seen: 0, found: Vec::new() })
    }

    /// Looks at the series that have come since the last time.
    pub(super) fn refresh(&mut self, set: &SeriesSet) {
        let from = self.seen;
        for (place, series) in set.all().iter().enumerate().skip(from) {
            if self.conditions.iter().all(|condition| condition.holds(series.labels())) {
                self.found.push((place, nameless(series.labels())));
            }
        }
        self.seen = set.all().len();
    }

    /// Forgets what was found, because the next question is about another set.
    pub(super) fn reset(&mut self) {
        self.seen = 0;
        self.found.clear();
    }
}

impl Condition {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        match &self.test {
            Test::Is(expected) => value == expected,
            Test::IsNot(expected) => value != expected,
            Test::Matches(regex) => regex.is_match(value),
            Test::MatchesNot(regex) => !regex.is_match(value),
        }
    }
}

/// The point of `series` that counts as its value at `at`, if one is young enough and the series has not ended.
pub(super) fn latest(series: &Series, at: i64, lookback: i64, semantics: Semantics) -> Option<Point> {
    let after = series.points().partition_point(|point| point.at <= at);
    let point = series.points()[..after].last()?;
    (begins_before(at - lookback, point.at, semantics) && !is_stale(point.value)).then_some(*point)
}

/// Whether a window that starts at `start` has what lies at `at`, seen from this edge alone.
pub(super) fn begins_before(start: i64, at: i64, semantics: Semantics) -> bool {
    match semantics {
        Semantics::Prometheus2 => start <= at,
        Semantics::Prometheus3 => start < at,
    }
}

/// The points of `series` in the window from `start` to `end`, without staleness markers.
pub(super) fn between(series: &Series, start: i64, end: i64, semantics: Semantics) -> Cow<'_, [Point]> {
    let points = series.points();
    let from = points.partition_point(|point| !begins_before(start, point.at, semantics));
    let to = points.partition_point(|point| point.at <= end).max(from);
    let points = &points[from..to];
    if series.has_stale() && points.iter().any(|point| is_stale(point.value)) {
        return points.iter().copied().filter(|point| !is_stale(point.value)).collect();
    }
    Cow::Borrowed(points)
}
