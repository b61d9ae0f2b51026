//! Endpoints that are probed over HTTP.

// A method is the same word written and meant.
pub use crate::config::written::collect::HttpMethod;

use crate::config::{Secret, Tls};
use crate::model::{Labels, Name, Span};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A service, and the endpoints by which its users know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// Further labels of all its series.
    pub labels: Labels,
    /// The endpoints.
    pub endpoints: BTreeMap<Name, Endpoint>,
}

/// An endpoint, and how it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The address.
    pub url: Secret,
    /// The method.
    pub method: HttpMethod,
    /// Further headers.
    pub headers: BTreeMap<String, Secret>,
    /// What is sent.
    pub body: Option<Secret>,
    /// How often it is asked.
    pub every: Span,
    /// When it is given up.
    pub timeout: Span,
    /// How many redirects are followed.
    pub redirects: u32,
    /// How many bytes of an answer are read.
    pub largest_answer: usize,
    /// How to trust it, and be trusted.
    pub tls: Tls,
    /// What is expected of its answer.
    pub expect: Expect,
}

/// What is expected of an answer. Everything has to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Its status is one of these; a success (2xx), where there are none.
    pub status: Vec<Statuses>,
    /// Its body has a match of this regular expression.
    pub body: Option<String>,
    /// What its JSON holds.
    pub json: Vec<JsonCheck>,
}

/// Statuses from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl Statuses {
    /// Whether `status` is one of them.
    #[must_use]
    pub fn contains(self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}

/// A value in an answer, and what it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonCheck {
    /// Its JSON pointer.
    pub at: String,
    /// What it is to be.
    pub wanted: Wanted,
}

/// What a value is to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// There at all.
    Something,
    /// Exactly this.
    Value(Value),
    /// A number within bounds.
    Within(Bounds),
}

impl Wanted {
    /// Whether `found` is it.
    #[must_use]
    pub fn is_met_by(&self, found: &Value) -> bool {
        match self {
            Wanted::Something => true,
            Wanted::Value(wanted) => is_same(wanted, found),
            Wanted::Within(bounds) => number(found).is_some_and(|number| bounds.contains(number)),
        }
    }

    /// Whether nothing can be both this and `other`.
    #[must_use]
    pub fn excludes(&self, other: &Wanted) -> bool {
        match (self, other) {
            (Wanted::Value(value), other) | (other, Wanted::Value(value)) => !other.is_met_by(value),
            (Wanted::Within(one), Wanted::Within(other)) => one.and(*other).hold_nothing(),
            (Wanted::Something, _) | (_, Wanted::Something) => false,
        }
    }
}

/// Numbers are the same where their values are: `1` and `1.0`. Whole ones are to the last digit.
fn is_same(wanted: &Value, found: &Value) -> bool {
    if let (Some(wanted), Some(found)) = (whole(wanted), whole(found)) {
        return wanted == found;
    }
    match (wanted.as_f64(), found.as_f64()) {
        (Some(wanted), Some(found)) => wanted.partial_cmp(&found).is_some_and(Ordering::is_eq),
        _ => wanted == found,
    }
}

fn whole(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}

/// A number, or a text that is one: prices are often written so.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number: &f64| !number.is_nan())
}

/// Bounds of a number. Everything has to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// It is larger.
    pub above: Option<f64>,
    /// It is smaller.
    pub below: Option<f64>,
    /// It is no smaller.
    pub at_least: Option<f64>,
    /// It is no larger.
    pub at_most: Option<f64>,
}

impl Bounds {
    /// Whether `number` is within them.
    #[must_use]
    pub fn contains(self, number: f64) -> bool {
        self.above.is_none_or(|bound| number > bound)
            && self.below.is_none_or(|bound| number < bound)
            && self.at_least.is_none_or(|bound| number >= bound)
            && self.at_most.is_none_or(|bound| number <= bound)
    }

    /// Bounds within which all is that is within both.
    #[must_use]
    pub fn and(self, other: Bounds) -> Bounds {
        let tighter = |one: Option<f64>, other: Option<f64>, pick: fn(f64, f64) -> f64| match (one, other) {
            (Some(one), Some(other)) => Some(pick(one, other)),
            (one, other) => one.or(other),
        };
        Bounds {
            above: tighter(self.above, other.above, f64::max),
            below: tighter(self.below, other.below, f64::min),
            at_least: tighter(self.at_least, other.at_least, f64::max),
            at_most: tighter(self.at_most, other.at_most, f64::min),
        }
    }

    /// Whether no number is within them.
    #[must_use]
    pub fn hold_nothing(self) -> bool {
        let apart = |lower: Option<f64>, upper: Option<f64>, fits: fn(&f64, &f64) -> bool| {
            lower.zip(upper).is_some_and(|(lower, upper)| !fits(&lower, &upper))
        };
        let is_last = |bound: f64| bound.is_nan() || bound >= f64::INFINITY;
        let is_first = |bound: f64| bound.is_nan() || bound <= f64::NEG_INFINITY;
        self.above.is_some_and(is_last)
            || self.at_least.is_some_and(is_last)
            || self.below.is_some_and(is_first)
            || self.at_most.is_some_and(is_first)
            || apart(self.above, self.below, f64::lt)
            || apart(self.above, self.at_most, f64::lt)
            || apart(self.at_least, self.below, f64::lt)
            || apart(self.at_least, self.at_most, f64::le)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Wanted};
    use serde_json::json;

    fn bounds(above: Option<f64>, below: Option<f64>, at_least: Option<f64>, at_most: Option<f64>) -> Bounds {
        Bounds { above, below, at_least, at_most }
    }

    #[test]
    fn bounds_hold_nothing_where_they_are_apart_or_meet_in_a_number_that_one_of_them_leaves_out() {
        for (bounds, nothing) in [
            (bounds(Some(3.0), Some(5.0), None, None), false),
            (bounds(Some(5.0), Some(3.0), None, None), true),
            (bounds(Some(5.0), Some(5.0), None, None), true),
            (bounds(Some(5.0), None, None, Some(5.0)), true),
            (bounds(None, Some(5.0), Some(5.0), None), true),
            (bounds(None, None, Some(5.0), Some(5.0)), false),
            (bounds(None, None, Some(5.1), Some(5.0)), true),
            (bounds(Some(f64::NAN), None, None, None), true),
            (bounds(None, None, None, Some(f64::INFINITY)), false),
            (bounds(Some(f64::INFINITY), None, None, None), true),
        ] {
            assert_eq!(bounds.hold_nothing(), nothing, "{bounds:?}");
        }
    }

    #[test]
    fn what_cannot_be_at_one_place_together_excludes_each_other() {
        let within = |above, below| Wanted::Within(bounds(above, below, None, None));
        let seven = || Wanted::Value(json!(7));
        for (one, other, excludes) in [
            (seven(), Wanted::Value(json!(7.0)), false),
            (seven(), Wanted::Value(json!("7")), true),
            (seven(), within(Some(7.0), None), true),
            (Wanted::Value(json!("8.5")), within(Some(7.0), None), false),
            (within(Some(7.0), None), within(None, Some(7.0)), true),
            (within(Some(7.0), None), within(None, Some(8.0)), false),
            (Wanted::Something, seven(), false),
        ] {
            assert_eq!((one.excludes(&other), other.excludes(&one)), (excludes, excludes), "{one:?} and {other:?}");
        }
    }
}
