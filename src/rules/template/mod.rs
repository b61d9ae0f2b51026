//! The template language of labels and annotations: Go templates as Prometheus renders them.
//!
//! Rendering is pure: it gives text, or the queries that it still needs.

use crate::model::{Labels, Slot};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A template that parses. Two are equal when their text is.
#[derive(Clone, Debug)]
pub struct Template {
    text: Arc<str>,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The bytes to point at.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
}

/// What a template may speak of.
#[derive(Clone, Debug)]
pub struct Data<'a> {
    /// `$labels`: the labels of the series.
    pub labels: &'a Labels,
    /// `$value`.
    pub value: f64,
    /// `$externalLabels`.
    pub external_labels: &'a Labels,
    /// `$externalURL`.
    pub external_url: &'a str,
    /// `$threshold`: the bound as written, empty for `when`.
    pub threshold: &'a str,
    /// `$severity`: the tier's, empty where none fires.
    pub severity: &'a str,
    /// `$unit`.
    pub unit: &'a str,
    /// `$activeAt`.
    pub active_at: Slot,
    /// The instant of the evaluation: what `now` says.
    pub now: Slot,
}

/// The answers to queries of templates, by query; a failed one has its message.
pub type Answers = HashMap<String, Result<Vec<(Labels, f64)>, String>>;

/// What came of rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// The text.
    Text(String),
    /// It could not go on without the answers to these queries.
    Wants(Vec<String>),
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
