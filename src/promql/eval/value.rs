//! What an expression is worth.

use super::Remark;
use crate::model::Labels;
use crate::series::Point;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<V = Value> {
    /// What the expression is worth.
    pub value: V,
    /// What Prometheus would remark about it.
    pub remarks: Vec<Remark>,
}

/// What an expression is worth at an instant.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// A text.
    Text(String),
    /// A number for each of some series, in the order of Prometheus.
    Vector(Vec<Element>),
    /// Samples over a window, for each of some series.
    Matrix(Vec<Row>),
}

/// One number of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Whose it is.
    pub labels: Labels,
    /// The number.
    pub value: f64,
    /// Whether the metric name is no longer true, and goes at the end.
    pub(super) loses_name: bool,
}

/// One series of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose points they are.
    pub labels: Labels,
    /// In the order of time.
    pub points: Vec<Point>,
}

impl Element {
    pub(super) fn new(labels: Labels, value: f64) -> Self {
        Element { labels, value, loses_name: false }
    }
}
