//! Why an expression that makes sense has no answer over these series.

use crate::model::Labels;
use std::ops::Range;

/// Why there is no answer, and which part of the expression is to blame.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{trouble}")]
pub struct EvalError {
    /// The bytes of the expression to point at.
    pub range: Range<usize>,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong, in Prometheus's words where it has some.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// Both sides have several series with the same matching labels.
    #[error(
        "found duplicate series for the match group {group} on the {side} hand-side of the operation: [{}, {}];\
         many-to-many matching not allowed: matching labels must be unique on one side", series[0], series[1]
    )]
    ManyToMany {
        /// The labels that match.
        group: Labels,
        /// `left` or `right`, the side that ought to have one series.
        side: &'static str,
        /// Two of the series there.
        series: Box<[Labels; 2]>,
    },
    /// Several series of one side match one of the other, and nothing says that this is meant.
    #[error("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")]
    ManyToOne {
        /// The labels of the result that would be there twice.
        labels: Labels,
    },
    /// Several matches come out with the same labels.
    #[error("multiple matches for labels: grouping labels must ensure unique matches")]
    NotUnique {
        /// The labels of the result that would be there twice.
        labels: Labels,
    },
    /// Two series come out with the same labels.
    #[error("vector cannot contain metrics with the same labelset")]
    SameLabels {
        /// These.
        labels: Labels,
    },
    /// How many elements `topk` keeps is no number.
    #[error("Parameter value is NaN")]
    ParameterIsNaN,
    /// How many elements `topk` keeps is beyond counting.
    #[error("Scalar value {0} overflows int64")]
    ParameterTooLarge(f64),
    /// A label cannot have this name.
    #[error("{context}: {name}")]
    InvalidLabelName {
        /// Who says so.
        context: &'static str,
        /// The name.
        name: String,
    },
    /// The pattern of `label_replace` is none.
    #[error("invalid regular expression in label_replace(): {0}")]
    InvalidPattern(String),
    /// Something that Prometheus has, at least behind a flag, and this evaluator has not.
    #[error("`{0}` is experimental in Prometheus and cannot be evaluated offline")]
    Experimental(&'static str),
    /// More than a machine should be asked for.
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
}

impl Trouble {
    pub(super) fn at(self, range: &Range<usize>) -> EvalError {
        EvalError { range: range.clone(), trouble: self }
    }
}
