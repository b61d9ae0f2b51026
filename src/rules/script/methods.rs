//! Every call that a condition can make, by name.

use super::code::{Function, Past, Statistic};
use crate::model::Span;

/// The names that are not a query's.
pub const CONTEXT: [&str; 2] = ["labels", "now"];

/// What a query answers beside its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    Over(Statistic),
    Quantile,
    Delta,
    Ago,
    Age,
    Held,
    Missing,
}

pub const METHODS: [(&str, Method); 16] = [
    ("avg", Method::Over(Statistic::Average)),
    ("min", Method::Over(Statistic::Minimum)),
    ("max", Method::Over(Statistic::Maximum)),
    ("sum", Method::Over(Statistic::Sum)),
    ("stddev", Method::Over(Statistic::Deviation)),
    ("count", Method::Over(Statistic::Count)),
    ("quantile", Method::Quantile),
    ("delta", Method::Delta),
    ("slope", Method::Over(Statistic::Slope)),
    ("drop", Method::Over(Statistic::Drop)),
    ("rise", Method::Over(Statistic::Rise)),
    ("zscore", Method::Over(Statistic::Score)),
    ("held", Method::Held),
    ("missing", Method::Missing),
    ("age", Method::Age),
    ("ago", Method::Ago),
];

/// Functions of numbers, with the least and the greatest number of arguments.
pub const FUNCTIONS: [(&str, Function, usize, usize); 7] = [
    ("abs", Function::Absolute, 1, 1),
    ("min", Function::Minimum, 2, 16),
    ("max", Function::Maximum, 2, 16),
    ("floor", Function::Floor, 1, 1),
    ("ceil", Function::Ceiling, 1, 1),
    ("round", Function::Round, 1, 1),
    ("sqrt", Function::SquareRoot, 1, 1),
];

impl Method {
    /// How it is written, for messages.
    pub fn usage(self, name: &str, query: &str) -> String {
        match self {
            Method::Over(_) | Method::Delta => format!("{query}.{name}(\"5m\")"),
            Method::Ago => format!("{query}.ago(\"1h\")"),
            Method::Quantile => format!("{query}.quantile(0.95, \"1h\")"),
            Method::Held => format!("{query}.held(\"5m\", |v| v < 5)"),
            Method::Missing | Method::Age => format!("{query}.{name}()"),
        }
    }

    /// How many arguments it takes.
    pub fn arguments(self) -> usize {
        match self {
            Method::Missing | Method::Age => 0,
            Method::Over(_) | Method::Delta | Method::Ago => 1,
            Method::Quantile | Method::Held => 2,
        }
    }

    /// The question it asks about `window`, if it is a question for a number that needs nothing else.
    pub fn past(self, window: Span) -> Option<Past> {
        match self {
            Method::Over(statistic) => Some(Past::Over(window, statistic)),
            Method::Delta => Some(Past::Delta(window)),
            Method::Ago => Some(Past::Ago(window)),
            Method::Quantile | Method::Age | Method::Held | Method::Missing => None,
        }
    }
}

/// The entry of `table` with this name.
pub fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}
