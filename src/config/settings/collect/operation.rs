//! What applications may send, as meant.

/// What applications may send to `/v1/operations`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operations {
    /// How many operations are told apart.
    pub max_names: usize,
}
