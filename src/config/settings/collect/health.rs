//! What counts as stale, as meant.

use crate::model::Span;

/// What `watchbell health` calls stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// How old the newest block of a chain may be.
    pub max_block_age: Span,
    /// How old the price of an oracle may be.
    pub max_price_age: Span,
}

impl Default for Health {
    /// Five slots of Ethereum, and the mission's ten minutes.
    fn default() -> Self {
        Health { max_block_age: Span::from_mins(1), max_price_age: Span::from_mins(10) }
    }
}
