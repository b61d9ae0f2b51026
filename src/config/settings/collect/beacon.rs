//! What browsers may send, as meant.

/// What browsers may send to `/v1/beacon`.
#[derive(Clone, Debug, PartialEq)]
pub struct Beacons {
    /// The origins whose pages may send.
    pub origins: Vec<String>,
}
