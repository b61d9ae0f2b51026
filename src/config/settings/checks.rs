//! What `check` holds this project to, as meant.

use crate::diagnostics::{Code, Spanned};
use crate::model::{Name, Span};

/// What `check` holds the rules of a project to. The default is what holds without a configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {
    /// How often the sources scrape, where it is said.
    pub scrape_interval: Option<Span>,
    /// The annotations that every alert has to have.
    pub annotations: Vec<Name>,
    /// The labels that every alert has to have.
    pub labels: Vec<Name>,
    /// What is not told, each with where that is written.
    pub allow: Vec<Spanned<Code>>,
}
