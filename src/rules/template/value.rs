//! What a template computes with: the Go values that Prometheus gives it, by the names of their Go types.

use super::Data;
use super::instant::{Instant, Nanos};
use crate::model::Labels;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// One sample of the answer to a query.
pub(super) type Sample = (Labels, f64);

/// A value, borrowing from the template and its data where it can.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// No value: what Go calls nil or an invalid value.
    Nil,
    Bool(bool),
    Int(i64),
    /// One byte of a text, which is what `index` gives.
    Byte(u8),
    Float(f64),
    Complex(f64, f64),
    Text(Cow<'a, str>),
    /// A text that `safeHtml` marked: a type of its own in Go.
    Html(Cow<'a, str>),
    Labels(&'a Labels),
    /// What `args` builds.
    Args(Rc<Args<'a>>),
    Sample(&'a Sample),
    NilSample,
    /// The answer to a query. `sortByLabel` sorts it in place, also for other variables that hold it.
    Vector(Rc<RefCell<Vec<&'a Sample>>>),
    Time(Instant),
    Duration(Nanos),
    /// A number with a name, such as a month.
    Named(&'static str, i64, &'static str),
    /// The dot that a template starts with.
    Root(&'a Data<'a>),
}

/// A map of anything, by `arg0`, `arg1` and so on.
#[derive(Debug)]
pub(super) struct Args<'a> {
    pub values: BTreeMap<String, Value<'a>>,
    /// How many maps stand in each other, which is bounded.
    pub depth: usize,
}

/// The kinds that Go compares and orders by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Complex,
    Text,
}

/// The dot's Go type.
pub(super) const ROOT_TYPE: &str =
    "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }";

impl<'a> Value<'a> {
    /// A text that lives as long as the template or its data.
    pub fn text(text: &'a str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }

    /// A text made while rendering.
    pub fn made(text: impl Into<String>) -> Self {
        Value::Text(Cow::Owned(text.into()))
    }

    /// The name of its Go type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Byte(_) => "uint8",
            Value::Float(_) => "float64",
            Value::Complex(..) => "complex128",
            Value::Text(_) => "string",
            Value::Html(_) => "template.HTML",
            Value::Labels(_) => "map[string]string",
            Value::Args(_) => "map[string]interface {}",
            Value::Sample(_) | Value::NilSample => "*template.sample",
            Value::Vector(_) => "template.queryResult",
            Value::Time(time) => time.type_name(),
            Value::Duration(duration) => duration.type_name(),
            Value::Named(type_name, ..) => type_name,
            Value::Root(_) => ROOT_TYPE,
        }
    }

    /// Whether `if` takes it for true: whether it is not the zero of its type.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil | Value::NilSample => false,
            Value::Bool(value) => *value,
            Value::Int(value) | Value::Named(_, value, _) => *value != 0,
            Value::Byte(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Value::Text(text) | Value::Html(text) => !text.is_empty(),
            Value::Labels(labels) => !labels.is_empty(),
            Value::Args(args) => !args.values.is_empty(),
            Value::Vector(vector) => !vector.borrow().is_empty(),
            // A pointer that points somewhere, or a struct.
            Value::Sample(_) | Value::Time(_) | Value::Root(_) => true,
            Value::Duration(duration) => duration.pointer || duration.nanos != 0,
        }
    }

    /// Its basic kind, if it has one.
    pub fn basic(&self) -> Option<Basic> {
        match self {
            Value::Bool(_) => Some(Basic::Bool),
            Value::Int(_) | Value::Named(..) => Some(Basic::Int),
            Value::Byte(_) => Some(Basic::Uint),
            Value::Float(_) => Some(Basic::Float),
            Value::Complex(..) => Some(Basic::Complex),
            Value::Text(_) | Value::Html(_) => Some(Basic::Text),
            Value::Duration(duration) if !duration.pointer => Some(Basic::Int),
            _ => None,
        }
    }

    /// How many maps stand in each other in it.
    pub fn depth(&self) -> usize {
        if let Value::Args(args) = self { args.depth } else { 0 }
    }

    /// It as an integer, where its kind is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(value) | Value::Named(_, value, _) => Some(*value),
            Value::Byte(value) => Some(i64::from(*value)),
            Value::Duration(duration) if !duration.pointer => Some(duration.nanos),
            _ => None,
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::text(text)
    }
}
