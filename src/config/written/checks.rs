//! What `check` is to hold this project to, as written.

use super::{Duration, PlainText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// What `watchbell check` holds the rules of this project to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Checks {
    /// How often the sources scrape. A `rate` needs a window of four scrapes to survive one that fails.
    #[schemars(extend("default" = "15s"))]
    pub scrape_interval: Option<Duration>,
    /// What every alert has to have.
    pub require: Option<Require>,
    /// What is not to be told in this project.
    pub allow: Vec<Allowed>,
}

/// What every alert has to have.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Require {
    /// Annotations, its tiers' included: `runbook_url`, for example.
    pub annotations: Vec<Spanned<String>>,
    /// Labels, its group's included: `team`, for example.
    pub labels: Vec<Spanned<String>>,
}

/// A finding that is not to be told.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Allowed {
    /// Its code.
    #[schemars(regex(pattern = r"^WB\d{3}$"))]
    pub code: Spanned<String>,
    /// Why.
    pub because: PlainText,
}
