//! A contract, as meant.

use crate::abi::{Call, Denied, Event, Place};
use crate::model::{Labels, Name, Span};
use alloy_primitives::Address;

/// A contract on a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// Where it lies.
    pub address: Address,
    /// How often to look, at the latest.
    pub every: Span,
    /// Whether gas and outcomes of its transactions are counted.
    pub gas: bool,
    /// What refusals count as attempts to do what one may not; nothing is replayed where there are none.
    pub denied: Option<Denied>,
    /// What is read of it at each look.
    pub views: Vec<View>,
    /// Whether its version is exported.
    pub version: bool,
    /// What is counted.
    pub counted: Vec<Counted>,
}

/// A gauge that is made of answers.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What it is called.
    pub series: Series,
    /// What is asked. Of several, one yes is enough.
    pub asked: Vec<Asked>,
    /// Digits behind the point.
    pub decimals: u8,
}

/// A value, and how it is had.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The call.
    pub call: Call,
    /// Which of its values.
    pub place: Place,
}

/// A metric, as the configuration names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name.
    pub metric: Name,
    /// What it is, for people.
    pub help: String,
    /// Its own labels.
    pub labels: Labels,
}

/// What is counted of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// What it is called.
    pub series: Series,
    /// The events, and the parameter of each that is looked at.
    pub events: Vec<(Event, Option<Place>)>,
    /// What is made of them.
    pub what: What,
    /// After how many further blocks.
    pub confirmations: u64,
}

/// What is made of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// How many there are.
    Count,
    /// The sum of a parameter.
    Sum {
        /// Digits behind the point.
        decimals: u8,
    },
    /// How many different values of a parameter there were.
    Distinct {
        /// How far back.
        over: Span,
    },
}
