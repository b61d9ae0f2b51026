//! Timers that applications report, as written.

use crate::config::written::SecretPlace;
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is taken in at `POST /v1/operations`: how long operations of applications took.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Operations {
    /// What a reporter has to show, as `Authorization: Bearer …`. Nothing, where there is none.
    pub token: Option<SecretPlace>,
    /// Operations that are known beforehand: they are exported from the start.
    pub names: Vec<Spanned<String>>,
    /// How many operations there may be, those of `names` included. What others take is counted as `other`.
    #[schemars(extend("default" = 200), range(min = 1, max = 2000))]
    pub max_names: Option<Spanned<u32>>,
    /// How many timers are taken in a second, on average; what is beyond is refused.
    #[schemars(extend("default" = 1000), range(min = 1, max = 1_000_000))]
    pub per_second: Option<u32>,
}
