//! A contract, as meant.

use crate::model::Span;

/// A contract on a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// Where it lies, as written.
    pub address: String,
    /// How often to look.
    pub every: Span,
}
