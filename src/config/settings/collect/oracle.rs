//! An oracle, as meant.

use super::Asked;
use crate::abi::{Call, Place};
use crate::model::{Labels, Name, Span};
use alloy_primitives::Address;
use std::collections::BTreeMap;

/// Something that gives a price.
#[derive(Clone, Debug, PartialEq)]
pub struct Oracle {
    /// How its price is had.
    pub feed: Feed,
    /// How old a price may be to be usable.
    pub max_age: Span,
    /// How often to look, at the latest.
    pub every: Span,
    /// The time over which availability is measured.
    pub over: Span,
    /// How its confidence is had, and the digits behind its point.
    pub confidence: Option<(Asked, u8)>,
    /// What the price is made of.
    pub sources: Sources,
    /// Further labels.
    pub labels: Labels,
}

/// How a price is had.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The contract that is asked.
    pub address: Address,
    /// What it is asked.
    pub call: Call,
    /// Which of the values is the price.
    pub price: Place,
    /// Which of them says when it was made.
    pub timestamp: Place,
    /// Digits behind the point of the price.
    pub decimals: u8,
}

/// What a price is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Sources {
    /// Nothing that we know of: it is a source itself.
    Itself,
    /// What a function of the oracle's contract lists.
    Listed(Box<Listed>),
    /// Feeds of their own, by name.
    Each(BTreeMap<Name, Feed>),
}

/// A function that lists prices, and where in an entry they stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The function.
    pub call: Call,
    /// The list, in what comes back.
    pub list: Place,
    /// In an entry: the price.
    pub price: Place,
    /// When it was made.
    pub timestamp: Place,
    /// How sure the source is, if it says so.
    pub confidence: Option<Place>,
    /// What the source is called.
    pub name: Place,
    /// Digits behind the point of the price.
    pub decimals: u8,
    /// Digits behind the point of the confidence.
    pub confidence_decimals: u8,
    /// The sources that have to be there.
    pub expected: Vec<Name>,
}
