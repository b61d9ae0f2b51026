//! The template language of labels and annotations: Go templates as Prometheus renders them, byte for byte.
//!
//! Rendering is pure: it gives text, or the queries that it still needs. The caller gets those answered and renders
//! again. Nothing here reads a clock or a network, and everything is bounded: a template of any shape ends soon, with a
//! text or with an error.
//!
//! A text becomes a tree ([`parse`] from the words of [`token`]), and [`run`] carries the tree out. What Go would do at
//! each step, and what it would say of a mistake, is the specification; the crates that render Go templates in Rust know
//! neither the types of Prometheus's values nor Go's messages, which is why there is an engine here.
//! `fixtures/templates` holds what the real promtool made of many templates, and `tests/templates.rs` compares.
//!
//! Start at [`Template::parse`] and [`Template::render`]. Absent on purpose: `tmpl` and the HTML of console templates.

mod builtin;
mod call;
mod format;
mod helper;
mod instant;
mod literal;
mod method;
mod parse;
mod regexp;
mod run;
mod token;
mod tree;
mod uses;
mod value;
mod words;

use crate::model::{Labels, Name, Slot};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The longest text that is rendered, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// What Prometheus puts before a template, on the same line. Its messages count columns from there.
const PREAMBLE: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
                        {{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// A template that parses. Two are equal when their text is.
#[derive(Clone)]
pub struct Template {
    text: Name,
    /// Nothing to do for a text without actions, which most labels are.
    program: Option<Arc<Program>>,
}

#[derive(Debug)]
struct Program {
    parsed: parse::Parsed,
    uses: uses::Uses,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The bytes to point at.
    pub range: Range<usize>,
    /// The line on which the parser noticed, from 1.
    pub line: usize,
    /// What is wrong, in the words of Go's parser.
    pub message: String,
}

/// A label that a template reads by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelUse {
    /// The label.
    pub name: Name,
    /// Where it is named.
    pub range: Range<usize>,
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
    /// `$externalURL`, without a slash at its end, as Prometheus keeps it.
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

/// Why a template could not be rendered on some data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at <{context}>: {message}")]
pub struct RenderError {
    /// The byte of the template at which the engine was busy.
    pub offset: usize,
    /// The part of the template at which it was busy.
    pub context: String,
    /// The `define` in which that part stands.
    pub template: Option<Name>,
    /// What went wrong, in Go's words.
    pub message: String,
}

impl Template {
    /// Parses `text`.
    ///
    /// # Errors
    /// What Prometheus refuses when it loads rules: a mistake of grammar, a function or a variable that is not known.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let program = if text.contains("{{") {
            let parsed = parse::parse(text).map_err(TemplateError::from)?;
            let uses = uses::uses(&parsed, text);
            Some(Arc::new(Program { parsed, uses }))
        } else {
            None
        };
        Ok(Template { text: text.into(), program })
    }

    /// The template as written.
    #[must_use]
    pub fn text(&self) -> &Name {
        &self.text
    }

    /// The text that it always renders to, if it has no actions.
    #[must_use]
    pub fn constant(&self) -> Option<&str> {
        if self.program.is_none() { Some(&self.text) } else { None }
    }

    /// Whether it calls `query`, so that rendering may want answers.
    #[must_use]
    pub fn uses_query(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.uses.queries)
    }

    /// The labels of the series that it reads by name, in the order in which they stand; nothing can be said (`None`) when
    /// it prints or hands on the whole set. Labels of samples that `query` gave are not among them.
    #[must_use]
    pub fn labels_used(&self) -> Option<&[LabelUse]> {
        match &self.program {
            None => Some(&[]),
            Some(program) if program.uses.whole_set => None,
            Some(program) => Some(&program.uses.labels),
        }
    }

    /// Renders it on `data`.
    ///
    /// # Errors
    /// What made Prometheus write `<error expanding template: …>`: a query that failed, a wrong type, and texts or loops
    /// beyond our bounds.
    pub fn render(&self, data: &Data<'_>, answers: &Answers) -> Result<Rendered, RenderError> {
        let Some(program) = &self.program else { return Ok(Rendered::Text(self.text.to_string())) };
        match run::run(&program.parsed, data, answers) {
            Ok(Ok(text)) => Ok(Rendered::Text(text)),
            Ok(Err(wants)) => Ok(Rendered::Wants(wants)),
            Err(failure) => Err(failure.told()),
        }
    }

    /// Renders it on `data` for the alert named `alert`; what cannot be rendered becomes the text that Prometheus sends in
    /// its place.
    #[must_use]
    pub fn render_or_error_text(&self, alert: &str, data: &Data<'_>, answers: &Answers) -> Rendered {
        self.render(data, answers).unwrap_or_else(|error| Rendered::Text(error.replacement(&self.text, alert)))
    }
}

/// The name of every function that a template may call.
#[must_use]
pub fn function_names() -> &'static [&'static str] {
    call::Function::NAMES
}

impl TemplateError {
    /// The message as promtool words it for the alert named `alert`.
    #[must_use]
    pub fn as_prometheus(&self, alert: &str) -> String {
        let name = format!("__alert_{alert}");
        format!("template: {name}:{}: {}", self.line, self.message.replacen("{name}", &name, 1))
    }
}

impl From<parse::Mistake> for TemplateError {
    fn from(mistake: parse::Mistake) -> Self {
        TemplateError { range: mistake.range, line: mistake.line, message: mistake.message }
    }
}

impl RenderError {
    /// The text that Prometheus puts in the place of a template that it could not render.
    ///
    /// `text` is that template's, `alert` the name of the alert.
    #[must_use]
    pub fn replacement(&self, text: &str, alert: &str) -> String {
        let name = format!("__alert_{alert}");
        let before = &text[..text.floor_char_boundary(self.offset)];
        let (line, column) = match before.rfind('\n') {
            Some(newline) => (1 + before.matches('\n').count(), self.offset - newline - 1),
            None => (1, PREAMBLE.len() + self.offset),
        };
        let template = format::quote(self.template.as_deref().unwrap_or(&name));
        let RenderError { context, message, .. } = self;
        format!(
            "<error expanding template: error executing template {name}: \
             template: {name}:{line}:{column}: executing {template} at <{context}>: {message}>"
        )
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Template {}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests;
