//! Types that occur all over what people write, declared once with their schema.

use crate::diagnostics::Spanned;
use crate::model::{Span, duration_text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// What a duration looks like, for schemas.
pub const DURATION_PATTERN: &str = r"^(0|(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?)$";

/// A duration in Prometheus's notation: `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationText(pub Span);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = DurationText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<DurationText, E> {
                duration_text::parse(text).map(DurationText).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for DurationText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": DURATION_PATTERN, "x-says": "a duration" })
    }
}

/// A duration forward, or with `-` before it backward: `-1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShiftText(pub Span);

impl<'de> Deserialize<'de> for ShiftText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = ShiftText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration, with `-` before it where it goes back")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ShiftText, E> {
                let (length, sign) = text.strip_prefix('-').map_or((text, 1), |length| (length, -1));
                duration_text::parse(length).map(|span| ShiftText(span.times(sign))).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for ShiftText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Shift".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = DURATION_PATTERN.replacen('^', "^-?", 1);
        json_schema!({ "type": "string", "pattern": pattern, "x-says": "a duration, with `-` before it where it goes back" })
    }
}

/// Either a single value or a list or mapping: `keep` or `{ keep: 10m }`.
///
/// A type of one's own with other shapes is an enum whose variants are renamed to `$scalar`, `$list`, `$mapping` or
/// `$collection`, with `#[schemars(inline, transform = watchbell::yaml::by_shape)]`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[schemars(inline, transform = by_shape)]
pub enum ScalarOr<S, C> {
    /// A single value.
    #[serde(rename = "$scalar")]
    Scalar(S),
    /// A list or a mapping.
    #[serde(rename = "$collection")]
    Collection(C),
}

/// Turns the schema of an enum with shapes for variants into that of what is really written.
pub fn by_shape(schema: &mut Schema) {
    let Some(Value::Array(variants)) = schema.remove("oneOf") else { return };
    let contents = variants.into_iter().filter_map(|mut variant| {
        let properties = variant.get_mut("properties")?.as_object_mut()?;
        properties.values_mut().next().map(Value::take)
    });
    let contents: Vec<Value> = contents.collect();
    schema.insert("anyOf".into(), contents.into());
}

/// A mapping from names of the user's own choice, in the order of the file, each with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<V>(pub Vec<(Spanned<String>, V)>);

impl<V> Entries<V> {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// Names and values, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, (Spanned<String>, V)> {
        self.0.iter()
    }
}

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<'a, V> IntoIterator for &'a Entries<V> {
    type Item = &'a (Spanned<String>, V);
    type IntoIter = std::slice::Iter<'a, (Spanned<String>, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<V> IntoIterator for Entries<V> {
    type Item = (Spanned<String>, V);
    type IntoIter = std::vec::IntoIter<(Spanned<String>, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Pairs<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<V>, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Entries<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("EntriesOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<V>() })
    }
}
