//! Endpoints that are probed over HTTP.

// A method is the same word written and meant.
pub use crate::config::written::collect::HttpMethod;

use crate::config::{Secret, Tls};
use crate::model::{Labels, Name, Span};
use serde_json::Value;
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
    /// Its status is one of these; below 500, where there are none.
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
}
