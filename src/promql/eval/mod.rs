//! PromQL asked of series in memory, answered as Prometheus answers it, to the last bit where that is deterministic.
//!
//! A [`Query`] is an expression made ready once; [`Query::instant`] and [`Query::range`] ask it of a
//! [`SeriesSet`](crate::series::SeriesSet) as often as one likes, and both run the same code. `expression.rs` is the walk
//! over the tree; each family of functions has a file. Absent on purpose: native histograms and what Prometheus calls
//! experimental, which are refused by name, and any clock. What differs from Prometheus: `docs/promql.md`.

mod aggregate;
mod binary;
mod call;
mod date;
mod error;
mod evaluator;
mod expression;
mod grouping;
mod histogram;
mod label;
mod matching;
mod memo;
mod number;
mod over_time;
mod prepare;
mod query;
mod rate;
mod regression;
mod remark;
mod select;
mod subquery;
mod sum;
mod top;
mod value;

pub use error::{EvalError, Trouble};
pub use evaluator::Evaluator;
pub use query::{Query, Steps};
pub use remark::{Gravity, Remark};
pub use value::{Element, Reply, Row, Value};

use crate::model::Span;

/// How expressions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose meaning of windows.
    pub semantics: Semantics,
    /// When metric names go.
    pub names: Names,
    /// How old a sample may be to count as the present value.
    pub lookback: Span,
    /// The step of a subquery that has none: the evaluation interval.
    pub subquery_step: Span,
}

impl Default for Options {
    fn default() -> Self {
        let (lookback, subquery_step) = (Span::from_secs(300), Span::from_secs(60));
        Options { semantics: Semantics::Prometheus3, names: Names::GoAtOnce, lookback, subquery_step }
    }
}

/// Whose meaning of windows, of the lookback and of the start of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// A window has both of its edges.
    Prometheus2,
    /// A window lacks its left edge.
    Prometheus3,
}

/// When the metric name goes of a result that has another meaning than the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// With the function or operator that changes the meaning; what Prometheus does.
    GoAtOnce,
    /// When all else is done, so that `label_replace` still sees it: Prometheus with `promql-delayed-name-removal`.
    GoAtTheEnd,
}

#[cfg(test)]
mod tests;
