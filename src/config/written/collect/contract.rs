//! A contract, as written.

use super::Duration;
use crate::config::written::PlainText;
use schemars::JsonSchema;
use serde::Deserialize;

/// A contract on a chain.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Contract {
    /// Where it lies: `0x` and 40 hexadecimal digits.
    pub address: PlainText,
    /// How often to look.
    #[schemars(extend("default" = "30s"))]
    pub every: Option<Duration>,
}
