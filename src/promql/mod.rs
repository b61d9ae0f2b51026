//! PromQL: parsed at load, so that a typo is found before it is asked, and evaluated offline over series in memory.
//!
//! Start at [`Expr::parse`], then at [`eval::Query`]. The parser is our own, because a mistake must be told where it stands
//! and lint needs a place for every node; a test holds it against promtool. Absent on purpose: asking a server.

mod described;
mod each;
mod escape;
pub mod eval;
mod functions;
mod inline;
mod narrowed;
mod number;
mod parser;
mod pattern;
mod print;
mod provenance;
mod reach;
mod selector;
mod split;
mod token;
pub mod tree;
mod types;

pub use described::{describe, described, quoted};
pub use each::EachInstant;
pub use functions::{Function, Last};
pub use inline::{Recorded, Recordings};
pub use print::is_same_text;
pub use provenance::LabelsOf;
pub use reach::Wanted;
pub use split::{Comparison, Split, Threshold, Whole, Why};
pub use tree::{Node, ValueType};

use crate::model::Name;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use tree::Kind;

/// A PromQL expression that parses. Two are equal when their text is.
#[derive(Clone)]
pub struct Expr {
    text: Name,
    root: Arc<Node>,
}

/// Why a text is no PromQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PromqlError {
    /// The bytes to point at.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
}

impl PromqlError {
    fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        PromqlError { range, message: message.into() }
    }
}

impl Expr {
    /// Parses `text` and checks that it makes sense, as Prometheus 3 does when it loads a rule.
    ///
    /// # Errors
    /// Says the first thing that is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, PromqlError> {
        let root = parser::parse(text)?;
        types::check(&root)?;
        Ok(Expr { text: text.into(), root: Arc::new(root) })
    }

    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &Name {
        &self.text
    }

    /// The expression as a tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// What it is worth.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.root.value_type()
    }

    /// The labels that its result can have.
    #[must_use]
    pub fn labels(&self) -> LabelsOf {
        provenance::labels_of(&self.root, &|_| None)
    }

    /// The labels that its result can have, where `known` says which labels some metrics have.
    #[must_use]
    pub fn labels_knowing(&self, known: &dyn Fn(&str) -> Option<LabelsOf>) -> LabelsOf {
        provenance::labels_of(&self.root, known)
    }

    /// The metrics that it names, in the order of the text, each once.
    #[must_use]
    pub fn metrics(&self) -> Vec<&str> {
        let mut metrics: Vec<&str> = Vec::new();
        self.root.walk(&mut |node| {
            if let Kind::Selector(selector) = &node.kind
                && let Some(name) = selector.name()
                && !metrics.contains(&name)
            {
                metrics.push(name);
            }
        });
        metrics
    }

    /// What Prometheus answers only with experimental functions enabled: the name, and where it stands.
    #[must_use]
    pub fn experimental(&self) -> Option<(&'static str, Range<usize>)> {
        let mut found = None;
        self.root.walk(&mut |node| {
            let name = match &node.kind {
                Kind::Call(function, _) if function.experimental => function.name,
                Kind::Aggregate(aggregate) if aggregate.operation.starts_with("limit") => aggregate.operation,
                _ => return,
            };
            found.get_or_insert((name, node.range.start..node.range.start + name.len()));
        });
        found
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expr {}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
