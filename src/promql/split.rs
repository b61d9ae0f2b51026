//! A threshold taken out of an expression, where that changes nothing: `x > 5 and on (a) y` asks `x and on (a) y`, and
//! compares what it answers with 5.
//!
//! A comparison filters, and `and` and `unless` filter too, whatever the order; so the comparison of the value can come
//! last, and last is where a tier makes it. Start at [`Expr::split`]. Whatever cannot be split says why and where.

use super::token;
use super::tree::{Aggregate, Binary, Kind, Node, Sign, ValueType};
use super::{Expr, ValueType as Type};
use std::ops::Range;

/// An expression without its threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What is left to ask, laid out, its comments kept.
    pub query: Expr,
    /// How the value is compared.
    pub comparison: Comparison,
    /// With what.
    pub bound: f64,
    /// The bound as it was written.
    pub written: String,
    /// Whether the value can be no number at all, as far as the expression tells.
    pub can_be_nan: bool,
}

/// How a value is compared with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equals,
    /// `!=`
    Differs,
}

/// Why an expression stays whole, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Whole {
    /// The bytes to point at.
    pub range: Range<usize>,
    /// Why.
    pub why: Why,
}

/// Why an expression stays whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Why {
    /// Nothing compares the value.
    #[error("nothing compares its value")]
    NoComparison,
    /// `or` at the top: each side has its own meaning.
    #[error("`or` joins answers of different kinds")]
    Alternatives,
    /// The comparison answers 0 or 1, and filters nothing.
    #[error("`bool` makes 0 and 1 of it and filters nothing")]
    Bool,
    /// The other side of the comparison is series.
    #[error("it is compared with other series, not with a number")]
    AgainstSeries,
    /// The other side is a number that is not known before it is asked.
    #[error("the number that it is compared with is not constant")]
    NotConstant,
    /// The bound is no number.
    #[error("nothing is met by a bound that is no number")]
    NotANumber,
    /// Series may differ by their name alone, which alerts do not show.
    #[error("its series can differ by their metric name alone, and only the comparison keeps them apart")]
    ManyNames,
}

impl Expr {
    /// Takes the threshold out.
    ///
    /// # Errors
    /// Says why that cannot be done without changing the meaning.
    pub fn split(&self) -> Result<Split, Whole> {
        let mut removed = Vec::new();
        let found = spine(self.root(), &mut removed)?;
        let Found { comparison, value, bound, cut } = found;
        let kept = |why: Why, range: &Range<usize>| Whole { range: range.clone(), why };
        let number = constant(bound).ok_or_else(|| kept(Why::NotConstant, &bound.range))?;
        if number.is_nan() {
            return Err(kept(Why::NotANumber, &bound.range));
        }
        if may_have_many_names(value) {
            return Err(kept(Why::ManyNames, &value.range));
        }
        removed.push(cut);
        // Brackets around the whole value have nothing left to hold together.
        strip_brackets(value, &mut removed);
        let text = self.without(&removed);
        let query = Expr::parse(&text).map_err(|error| kept(Why::NoComparison, &error.range))?;
        let query = Expr::parse(&query.laid_out()).map_err(|error| kept(Why::NoComparison, &error.range))?;
        let written = self.text().get(bound.range.clone()).unwrap_or_default().to_owned();
        Ok(Split { query, comparison, bound: number, written, can_be_nan: can_be_nan(value) })
    }

    /// Whether `name` stands anywhere in it, as a label would.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        token::tokens(self.text()).iter().any(|token| &self.text()[token.range.clone()] == name)
    }

    /// The text with the tokens in `ranges` blanked out; comments among them stay.
    fn without(&self, ranges: &[Range<usize>]) -> String {
        let mut text = self.text().to_string();
        for token in token::tokens(self.text()) {
            let is_removed =
                ranges.iter().any(|range| range.start <= token.range.start && token.range.end <= range.end);
            if is_removed {
                text.replace_range(token.range.clone(), &" ".repeat(token.range.len()));
            }
        }
        text
    }
}

/// The comparison that decides.
struct Found<'a> {
    comparison: Comparison,
    value: &'a Node,
    bound: &'a Node,
    /// The operator and the bound.
    cut: Range<usize>,
}

/// Follows what gives the value down to its comparison; brackets on the way hold nothing together once it is gone.
fn spine<'a>(node: &'a Node, removed: &mut Vec<Range<usize>>) -> Result<Found<'a>, Whole> {
    let kept = |why: Why| Err(Whole { range: node.range.clone(), why });
    match &node.kind {
        Kind::Paren(of) => {
            removed.extend(brackets(node));
            spine(of, removed)
        }
        Kind::Binary(binary) => match binary.operator {
            "and" | "unless" => spine(&binary.left, removed),
            "or" => kept(Why::Alternatives),
            operator => match Comparison::of(operator) {
                Some(comparison) => compared(node, binary, comparison),
                None => kept(Why::NoComparison),
            },
        },
        _ => kept(Why::NoComparison),
    }
}

fn compared<'a>(node: &'a Node, binary: &'a Binary, comparison: Comparison) -> Result<Found<'a>, Whole> {
    let kept = |why: Why| Err(Whole { range: binary.at.clone(), why });
    let (left, right) = (&*binary.left, &*binary.right);
    if binary.returns_bool {
        return kept(Why::Bool);
    }
    match (left.value_type(), right.value_type()) {
        (Type::Vector, ValueType::Scalar) => {
            Ok(Found { comparison, value: left, bound: right, cut: left.range.end..node.range.end })
        }
        // `5 < x` keeps the value of the series, as `x > 5` does.
        (ValueType::Scalar, Type::Vector) => {
            let comparison = comparison.turned();
            Ok(Found { comparison, value: right, bound: left, cut: node.range.start..right.range.start })
        }
        _ => kept(Why::AgainstSeries),
    }
}

fn brackets(node: &Node) -> [Range<usize>; 2] {
    [node.range.start..node.range.start + 1, node.range.end - 1..node.range.end]
}

fn strip_brackets(value: &Node, removed: &mut Vec<Range<usize>>) {
    let Kind::Paren(of) = &value.kind else { return };
    let is_set = matches!(&of.kind, Kind::Binary(binary) if matches!(binary.operator, "and" | "or" | "unless"));
    if !is_set {
        removed.extend(brackets(value));
        strip_brackets(of, removed);
    }
}

/// The value of an expression of constants, where every computer finds the same.
fn constant(node: &Node) -> Option<f64> {
    match &node.kind {
        Kind::Number(value) => Some(*value),
        Kind::Paren(of) => constant(of),
        Kind::Unary(Sign::Minus, of) => constant(of).map(|value| -value),
        Kind::Unary(Sign::Plus, of) => constant(of),
        Kind::Binary(binary) => {
            let (left, right) = (constant(&binary.left)?, constant(&binary.right)?);
            match binary.operator {
                "+" => Some(left + right),
                "-" => Some(left - right),
                "*" => Some(left * right),
                "/" => Some(left / right),
                "^" => whole_power(left, right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A power of whole numbers that a float holds exactly; others differ in their last bit from library to library.
fn whole_power(base: f64, exponent: f64) -> Option<f64> {
    let is_whole = |value: f64| value.fract() == 0.0 && (0.0..64.0).contains(&exponent) && value.abs() < 9.0e15;
    if !is_whole(base) || !is_whole(exponent) {
        return None;
    }
    let mut product = 1.0_f64;
    let mut left = exponent;
    while left >= 1.0 {
        product *= base;
        left -= 1.0;
    }
    (product.abs() < 9.0e15).then_some(product)
}

/// Whether an answer may hold series that differ by nothing but their names. What drops names fails in Prometheus itself
/// where that makes two series one.
fn may_have_many_names(node: &Node) -> bool {
    match &node.kind {
        Kind::Selector(selector) => selector.name().is_none(),
        Kind::Binary(binary) if Comparison::of(binary.operator).is_some() || is_set(binary) => {
            may_have_many_names(&binary.left) || may_have_many_names(&binary.right)
        }
        Kind::Binary(_) | Kind::Number(_) | Kind::Text(_) | Kind::Unary(..) => false,
        Kind::Aggregate(aggregate) if is_choice(aggregate) => may_have_many_names(&aggregate.of),
        Kind::Aggregate(_) => false,
        Kind::Call(function, _) if !keeps_names(function.name) => false,
        _ => node.children().into_iter().any(may_have_many_names),
    }
}

fn is_set(binary: &Binary) -> bool {
    matches!(binary.operator, "and" | "or" | "unless")
}

fn is_choice(aggregate: &Aggregate) -> bool {
    matches!(aggregate.operation, "topk" | "bottomk" | "limitk" | "limit_ratio")
}

fn keeps_names(function: &str) -> bool {
    function.starts_with("sort")
        || function.starts_with("label_")
        || function.ends_with("_over_time")
        || function == "info"
}

/// Whether a value may be no number, as far as the expression tells. Counts never are.
fn can_be_nan(node: &Node) -> bool {
    match &node.kind {
        Kind::Paren(of) => can_be_nan(of),
        Kind::Aggregate(aggregate) => !matches!(aggregate.operation, "count" | "group"),
        Kind::Call(function, _) => !matches!(
            function.name,
            "absent"
                | "absent_over_time"
                | "changes"
                | "count_over_time"
                | "present_over_time"
                | "resets"
                | "timestamp"
                | "time"
        ),
        Kind::Binary(binary) if matches!(binary.operator, "and" | "unless") => can_be_nan(&binary.left),
        _ => true,
    }
}

impl Comparison {
    fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            ">" => Comparison::Above,
            ">=" => Comparison::AtLeast,
            "<" => Comparison::Below,
            "<=" => Comparison::AtMost,
            "==" => Comparison::Equals,
            "!=" => Comparison::Differs,
            _ => return None,
        })
    }

    /// The same comparison seen from the other side.
    fn turned(self) -> Self {
        match self {
            Comparison::Above => Comparison::Below,
            Comparison::AtLeast => Comparison::AtMost,
            Comparison::Below => Comparison::Above,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Equals => Comparison::Equals,
            Comparison::Differs => Comparison::Differs,
        }
    }

    /// Whether `value` meets it with `bound`, as PromQL compares: nothing but `!=` is met by what is no number.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "`==` means exactly that")]
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Above => value > bound,
            Comparison::AtLeast => value >= bound,
            Comparison::Below => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::Equals => value == bound,
            Comparison::Differs => value != bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<(String, Comparison, f64), Why> {
        let expr = Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let split = expr.split().map_err(|whole| whole.why)?;
        Ok((split.query.text().to_string(), split.comparison, split.bound))
    }

    #[test]
    fn the_threshold_comes_out_and_guards_stay() {
        let cases = [
            ("x > 5", "x", Comparison::Above, 5.0),
            ("5 >= x", "x", Comparison::AtMost, 5.0),
            ("0 != count(x)", "count(x)", Comparison::Differs, 0.0),
            ("x == bool 1 == 0", "x == bool 1", Comparison::Equals, 0.0),
            ("x > 5 and on () y > 0", "x and on () y > 0", Comparison::Above, 5.0),
            ("((x > 5) and (y > 1)) unless on (a) z", "x and (y > 1) unless on (a) z", Comparison::Above, 5.0),
            ("(a or b) < -1 and c", "(a or b) and c", Comparison::Below, -1.0),
            ("(a / b) * 100 >= 2 * 1024 ^ 3", "(a / b) * 100", Comparison::AtLeast, 2_147_483_648.0),
            ("((a / b)) > 1h", "a / b", Comparison::Above, 3600.0),
            ("x # the value\n> 5 # the bound\n", "x # the value\n# the bound", Comparison::Above, 5.0),
            ("x > Inf", "x", Comparison::Above, f64::INFINITY),
        ];
        for (text, query, comparison, bound) in cases {
            assert_eq!(split(text), Ok((query.to_owned(), comparison, bound)), "{text}");
        }
    }

    #[test]
    fn what_would_mean_something_else_stays_whole_and_says_why() {
        let cases = [
            ("x", Why::NoComparison),
            ("sum(x > 5)", Why::NoComparison),
            ("absent(x)", Why::NoComparison),
            ("x and y > 5", Why::NoComparison),
            ("x > 5 or y > 5", Why::Alternatives),
            ("x > bool 5", Why::Bool),
            ("x > y", Why::AgainstSeries),
            ("x > scalar(y)", Why::NotConstant),
            ("x > 2 ^ 0.5", Why::NotConstant),
            ("x > NaN", Why::NotANumber),
            ("{job=\"a\"} > 5", Why::ManyNames),
            ("last_over_time({__name__=~\"a.*\"}[5m]) > 5", Why::ManyNames),
        ];
        for (text, why) in cases {
            assert_eq!(split(text), Err(why), "{text}");
        }
        assert!(split("count({job=\"a\"}) > 5").is_ok());
    }
}
