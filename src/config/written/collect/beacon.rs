//! What browsers may send, as written.

use crate::config::written::AddressText;
use schemars::JsonSchema;
use serde::Deserialize;

/// What browsers may send to `/v1/beacon`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Beacons {
    /// The origins whose pages may send: scheme, host and port, as browsers say them.
    pub origins: Vec<AddressText>,
}
