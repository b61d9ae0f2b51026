//! An oracle, as written.

use super::Duration;
use crate::config::written::NameText;
use schemars::JsonSchema;
use serde::Deserialize;

/// A source of prices.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Oracle {
    /// The contract that is asked, one of the chain's.
    pub contract: NameText,
    /// How often to look.
    #[schemars(extend("default" = "30s"))]
    pub every: Option<Duration>,
}
