//! A threshold taken out of an expression, where that changes nothing: `x > 5 and on (a) y` asks `x and on (a) y`, and
//! compares what it answers with 5.
//!
//! A comparison filters, and `and` and `unless` filter too, whatever the order; so the comparison of the value can come
//! last, and last is where a tier makes it. `max` of what is above a bound is what is above it of the `max`, and two bounds
//! of one value (`x < 5 or x > 90`) are one condition. Start at [`Expr::split`]. Whatever cannot be split says why and where.

mod constant;
mod spine;
mod told;

use super::Expr;
use super::token;
use constant::constant;
use std::ops::Range;
use told::{can_be_nan, may_have_many_names};

/// An expression without its threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What is left to ask, laid out, its comments kept.
    pub query: Expr,
    /// What the value has to meet: one of these.
    pub any: Vec<Threshold>,
    /// Whether the value can be no number at all, as far as the expression tells.
    pub can_be_nan: bool,
}

/// A comparison with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// How the value is compared.
    pub comparison: Comparison,
    /// With what.
    pub bound: f64,
    /// The bound as it was written.
    pub written: String,
}

impl Split {
    /// Whether `value` passes, as PromQL compares.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.any.iter().any(|threshold| threshold.comparison.holds(value, threshold.bound))
    }
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
    /// What is compared is computed with afterwards.
    #[error("it is aggregated or computed with after it is compared, and would be another if that came last")]
    Inside,
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

impl Why {
    /// One word for it, for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Why::NoComparison => "no_comparison",
            Why::Alternatives => "alternatives",
            Why::Inside => "inside",
            Why::Bool => "bool",
            Why::AgainstSeries => "against_series",
            Why::NotConstant => "not_constant",
            Why::NotANumber => "not_a_number",
            Why::ManyNames => "many_names",
        }
    }
}

impl Expr {
    /// Takes the threshold out.
    ///
    /// # Errors
    /// Says why that cannot be done without changing the meaning.
    pub fn split(&self) -> Result<Split, Whole> {
        let found = spine::find(self.root(), self.text())?;
        let kept = |why: Why, range: &Range<usize>| Whole { range: range.clone(), why };
        if let Some(bound) = found.any.iter().find(|threshold| threshold.bound.is_nan()) {
            return Err(kept(Why::NotANumber, &bound.range));
        }
        if let Some(value) = found.values.iter().find(|value| may_have_many_names(value)) {
            return Err(kept(Why::ManyNames, &value.range));
        }
        let text = self.without(&found.removed);
        let query = Expr::parse(&text).map_err(|error| kept(Why::NoComparison, &error.range))?;
        let query = Expr::parse(&query.laid_out()).map_err(|error| kept(Why::NoComparison, &error.range))?;
        let written = |range: &Range<usize>| self.text().get(range.clone()).unwrap_or_default().to_owned();
        let any = found.any.iter().map(|one| Threshold {
            comparison: one.comparison,
            bound: one.bound,
            written: written(&one.range),
        });
        Ok(Split { query, any: any.collect(), can_be_nan: found.values.iter().any(|value| can_be_nan(value)) })
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

impl Comparison {
    /// The one that an operator of PromQL is.
    #[must_use]
    pub fn of(operator: &str) -> Option<Self> {
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
    #[must_use]
    pub fn turned(self) -> Self {
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
mod tests;
