//! A bound: a number, or a duration where the unit of the rule is one of time.

use crate::model::{Span, duration_text};
use crate::yaml::DURATION_PATTERN;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A number or a duration, as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A number.
    Number(f64),
    /// A duration, to be converted to the unit of the rule.
    Duration(Span),
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a duration")
            }

            #[expect(clippy::cast_precision_loss, reason = "a bound is compared with floats, so it becomes one")]
            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount::Number(number as f64))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount::Number(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                duration_text::parse(text).map(Amount::Duration).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // The duration comes second: a text that is neither is told about both.
        json_schema!({
            "anyOf": [
                { "type": "number" },
                { "type": "string", "pattern": DURATION_PATTERN, "x-says": "a duration" },
            ]
        })
    }
}
