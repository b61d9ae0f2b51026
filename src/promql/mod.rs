//! PromQL as far as rule files need it: parsed at load, so that a typo is found before it is asked.
//!
//! The parser is promql-parser; nobody outside this room knows. Absent on purpose: evaluation.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A PromQL expression that parses. Two are equal when their text is.
#[derive(Clone)]
pub struct Expr {
    text: Arc<str>,
    #[expect(dead_code, reason = "lint and template checks look into it; they are not here yet")]
    parsed: Arc<promql_parser::parser::Expr>,
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

impl Expr {
    /// Parses `text`.
    ///
    /// # Errors
    /// Says what the parser found wrong and, as well as can be told, where.
    pub fn parse(text: &str) -> Result<Self, PromqlError> {
        match promql_parser::parser::parse(text) {
            Ok(parsed) => Ok(Expr { text: text.into(), parsed: Arc::new(parsed) }),
            Err(message) => Err(PromqlError { range: 0..text.len(), message }),
        }
    }

    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
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
