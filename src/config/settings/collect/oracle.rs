//! An oracle, as meant.

use crate::model::{Name, Span};

/// A source of prices.
#[derive(Clone, Debug, PartialEq)]
pub struct Oracle {
    /// The contract that is asked.
    pub contract: Name,
    /// How often to look.
    pub every: Span,
}
