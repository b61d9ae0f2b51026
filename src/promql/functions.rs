//! The functions of PromQL: what they take and what they return.

use super::tree::ValueType::{self, Matrix, Scalar, Text, Vector};

/// A function.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: &'static [ValueType],
    /// How many of the last argument: exactly one, or a range.
    pub last: Last,
    /// What it returns.
    pub returns: ValueType,
    /// Whether Prometheus answers it only with `--enable-feature=promql-experimental-functions`.
    pub experimental: bool,
}

/// How often the last argument may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// Once.
    Once,
    /// Not at all or up to so many times.
    UpTo(usize),
    /// As often as one likes, or not at all.
    Any,
}

/// The function called `name`.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok().map(|index| &FUNCTIONS[index])
}

/// The names of all functions, for suggestions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

const fn stable(name: &'static str, takes: &'static [ValueType], last: Last, returns: ValueType) -> Function {
    Function { name, takes, last, returns, experimental: false }
}

const fn experimental(name: &'static str, takes: &'static [ValueType], last: Last, returns: ValueType) -> Function {
    Function { name, takes, last, returns, experimental: true }
}

/// By name.
static FUNCTIONS: [Function; 91] = [
    stable("abs", &[Vector], Last::Once, Vector),
    stable("absent", &[Vector], Last::Once, Vector),
    stable("absent_over_time", &[Matrix], Last::Once, Vector),
    stable("acos", &[Vector], Last::Once, Vector),
    stable("acosh", &[Vector], Last::Once, Vector),
    stable("asin", &[Vector], Last::Once, Vector),
    stable("asinh", &[Vector], Last::Once, Vector),
    stable("atan", &[Vector], Last::Once, Vector),
    stable("atanh", &[Vector], Last::Once, Vector),
    stable("avg_over_time", &[Matrix], Last::Once, Vector),
    stable("ceil", &[Vector], Last::Once, Vector),
    stable("changes", &[Matrix], Last::Once, Vector),
    stable("clamp", &[Vector, Scalar, Scalar], Last::Once, Vector),
    stable("clamp_max", &[Vector, Scalar], Last::Once, Vector),
    stable("clamp_min", &[Vector, Scalar], Last::Once, Vector),
    stable("cos", &[Vector], Last::Once, Vector),
    stable("cosh", &[Vector], Last::Once, Vector),
    stable("count_over_time", &[Matrix], Last::Once, Vector),
    stable("day_of_month", &[Vector], Last::UpTo(1), Vector),
    stable("day_of_week", &[Vector], Last::UpTo(1), Vector),
    stable("day_of_year", &[Vector], Last::UpTo(1), Vector),
    stable("days_in_month", &[Vector], Last::UpTo(1), Vector),
    stable("deg", &[Vector], Last::Once, Vector),
    stable("delta", &[Matrix], Last::Once, Vector),
    stable("deriv", &[Matrix], Last::Once, Vector),
    experimental("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Last::Once, Vector),
    experimental("end", &[], Last::Once, Scalar),
    stable("exp", &[Vector], Last::Once, Vector),
    stable("first_over_time", &[Matrix], Last::Once, Vector),
    stable("floor", &[Vector], Last::Once, Vector),
    stable("histogram_avg", &[Vector], Last::Once, Vector),
    stable("histogram_count", &[Vector], Last::Once, Vector),
    stable("histogram_fraction", &[Scalar, Scalar, Vector], Last::Once, Vector),
    stable("histogram_quantile", &[Scalar, Vector], Last::Once, Vector),
    experimental("histogram_quantiles", &[Vector, Text, Scalar, Scalar], Last::UpTo(9), Vector),
    stable("histogram_stddev", &[Vector], Last::Once, Vector),
    stable("histogram_stdvar", &[Vector], Last::Once, Vector),
    stable("histogram_sum", &[Vector], Last::Once, Vector),
    stable("hour", &[Vector], Last::UpTo(1), Vector),
    stable("idelta", &[Matrix], Last::Once, Vector),
    stable("increase", &[Matrix], Last::Once, Vector),
    experimental("info", &[Vector, Vector], Last::UpTo(1), Vector),
    experimental("integral", &[Matrix, Scalar], Last::UpTo(1), Vector),
    stable("irate", &[Matrix], Last::Once, Vector),
    stable("label_join", &[Vector, Text, Text, Text], Last::Any, Vector),
    stable("label_replace", &[Vector, Text, Text, Text, Text], Last::Once, Vector),
    stable("last_over_time", &[Matrix], Last::Once, Vector),
    stable("ln", &[Vector], Last::Once, Vector),
    stable("log10", &[Vector], Last::Once, Vector),
    stable("log2", &[Vector], Last::Once, Vector),
    experimental("mad_over_time", &[Matrix], Last::Once, Vector),
    experimental("max_of", &[Scalar, Scalar], Last::Once, Scalar),
    stable("max_over_time", &[Matrix], Last::Once, Vector),
    experimental("min_of", &[Scalar, Scalar], Last::Once, Scalar),
    stable("min_over_time", &[Matrix], Last::Once, Vector),
    stable("minute", &[Vector], Last::UpTo(1), Vector),
    stable("month", &[Vector], Last::UpTo(1), Vector),
    stable("pi", &[], Last::Once, Scalar),
    stable("predict_linear", &[Matrix, Scalar], Last::Once, Vector),
    stable("present_over_time", &[Matrix], Last::Once, Vector),
    stable("quantile_over_time", &[Scalar, Matrix], Last::Once, Vector),
    stable("rad", &[Vector], Last::Once, Vector),
    experimental("range", &[], Last::Once, Scalar),
    stable("rate", &[Matrix], Last::Once, Vector),
    stable("resets", &[Matrix], Last::Once, Vector),
    stable("round", &[Vector, Scalar], Last::UpTo(1), Vector),
    stable("scalar", &[Vector], Last::Once, Scalar),
    stable("sgn", &[Vector], Last::Once, Vector),
    stable("sin", &[Vector], Last::Once, Vector),
    stable("sinh", &[Vector], Last::Once, Vector),
    stable("sort", &[Vector], Last::Once, Vector),
    experimental("sort_by_label", &[Vector, Text], Last::Any, Vector),
    experimental("sort_by_label_desc", &[Vector, Text], Last::Any, Vector),
    stable("sort_desc", &[Vector], Last::Once, Vector),
    stable("sqrt", &[Vector], Last::Once, Vector),
    experimental("start", &[], Last::Once, Scalar),
    experimental("start_timestamp", &[Vector], Last::Once, Vector),
    stable("stddev_over_time", &[Matrix], Last::Once, Vector),
    stable("stdvar_over_time", &[Matrix], Last::Once, Vector),
    experimental("step", &[], Last::Once, Scalar),
    stable("sum_over_time", &[Matrix], Last::Once, Vector),
    stable("tan", &[Vector], Last::Once, Vector),
    stable("tanh", &[Vector], Last::Once, Vector),
    stable("time", &[], Last::Once, Scalar),
    stable("timestamp", &[Vector], Last::Once, Vector),
    experimental("ts_of_first_over_time", &[Matrix], Last::Once, Vector),
    experimental("ts_of_last_over_time", &[Matrix], Last::Once, Vector),
    experimental("ts_of_max_over_time", &[Matrix], Last::Once, Vector),
    experimental("ts_of_min_over_time", &[Matrix], Last::Once, Vector),
    stable("vector", &[Scalar], Last::Once, Vector),
    stable("year", &[Vector], Last::UpTo(1), Vector),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched_because_it_is_sorted() {
        assert!(FUNCTIONS.is_sorted_by_key(|function| function.name));
        assert!(find("rate").is_some() && find("year").is_some() && find("rates").is_none());
    }
}
