//! What applications may send, as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// What applications may send to `/v1/operations`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Operations {
    /// How many operations are told apart; the names beyond are refused.
    #[schemars(extend("default" = 200), range(min = 1, max = 2_000))]
    pub max_names: Option<u32>,
}
