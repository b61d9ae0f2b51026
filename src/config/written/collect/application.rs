//! An application and its endpoints, as written.

use super::{Duration, Entries};
use crate::config::written::SecretOrText;
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// An application that answers HTTP.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Application {
    /// How often to ask.
    #[schemars(extend("default" = "30s"))]
    pub every: Option<Duration>,
    /// The deadline of one request.
    #[schemars(extend("default" = "10s"))]
    pub timeout: Option<Duration>,
    /// Its endpoints, by the name that becomes their label `endpoint`.
    pub endpoints: Entries<Endpoint>,
}

/// Something to ask of an application.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Endpoint {
    /// Its address.
    pub url: Spanned<SecretOrText>,
}
