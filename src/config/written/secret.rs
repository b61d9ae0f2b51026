//! Secrets as written: where the value is found, and, where a key allows it, the value itself.

use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// Where a secret is found: `{ env: NAME }` or `{ file: PATH }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum SecretPlace {
    /// The variable of the environment.
    Env(String),
    /// The file, read again on each use; one newline at its end is dropped.
    File(String),
}

/// An address or another value that may be secret: the text itself, `{ env: NAME }` or `{ file: PATH }`.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline, transform = crate::yaml::by_shape)]
pub enum SecretOrText {
    /// The text itself.
    #[serde(rename = "$scalar")]
    Text(String),
    /// Where it is found.
    #[serde(rename = "$mapping")]
    Place(SecretPlace),
}

impl fmt::Debug for SecretOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretOrText::Text(_) => f.write_str("<redacted>"),
            SecretOrText::Place(place) => place.fmt(f),
        }
    }
}
