//! What counts as stale, as written.

use super::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

/// What `watchbell health` calls stale.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Health {
    /// How old the newest block of a chain may be.
    #[schemars(extend("default" = "1m"))]
    pub max_block_age: Option<Duration>,
    /// How old the price of an oracle may be.
    #[schemars(extend("default" = "10m"))]
    pub max_price_age: Option<Duration>,
}
