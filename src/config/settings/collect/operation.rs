//! Timers that applications report.

use crate::config::Secret;
use crate::model::Name;

/// The longest name of an operation.
const LONGEST_NAME: usize = 64;

/// What is taken in at `/v1/operations`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operations {
    /// What a reporter has to show; nothing, where there is none.
    pub token: Option<Secret>,
    /// The operations that are known beforehand.
    pub names: Vec<Name>,
    /// How many operations are told apart, those included.
    pub max_names: usize,
    /// How many timers are taken in a second, on average.
    pub per_second: u32,
}

/// Whether `name` can be an operation: a word of a program, and no sentence, address or number of an order.
#[must_use]
pub fn is_operation(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_word)
}
