//! Secrets as written: where the value is found, and, where a key allows it, the value itself.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;

/// Where a secret is found: `{ env: NAME }` or `{ file: PATH }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretPlace {
    /// The variable of the environment.
    Env(String),
    /// The file, read again on each use; line ends at its end are dropped.
    File(String),
}

/// An address or another value that may be secret: the text itself, `{ env: NAME }` or `{ file: PATH }`.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "TextOrSecret", transform = crate::yaml::by_shape)]
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

// Written by hand: as one mapping it has better mistakes than as two forms. That there is one key is told by `from_node`.
impl JsonSchema for SecretPlace {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "x-says": "`{ env: NAME }` or `{ file: PATH }`",
            "description": "Where a secret is found: `{ env: NAME }` or `{ file: PATH }`.",
            "properties": {
                "env": {
                    "type": "string",
                    "pattern": "^[^\\s=${}()]+$",
                    "x-says": "the name of a variable",
                    "description": "The variable of the environment.",
                },
                "file": {
                    "type": "string",
                    "description": "The file, read again on each use; line ends at its end are dropped.",
                },
            },
            "additionalProperties": false,
        })
    }
}
