//! How places travel through serde: types with [`Spanned`] and [`Text`] in them are declared once, with `derive`.
//!
//! A deserializer that knows places (`yaml::from_node`) recognises the two names below and hands over a sequence:
//! source, start, end, then the value, and for a text its anchors. Any other deserializer refuses.

use super::{Place, SourceId, Spanned, Text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The newtype name by which [`Spanned`] asks for its place.
pub const SPANNED: &str = "$spanned";
/// The newtype name by which [`Text`] asks for its place and anchors.
pub const TEXT: &str = "$text";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SPANNED, SpannedVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT, TextVisitor)
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place in a file")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let place = place(&mut parts)?;
        Ok(Spanned { value: part(&mut parts)?, place })
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text with its place in a file")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Text, A::Error> {
        let place = place(&mut parts)?;
        let value: String = part(&mut parts)?;
        let anchors: Vec<(u32, u32)> = part(&mut parts)?;
        Ok(Text::new(value, place, anchors))
    }
}

fn place<'de, A: SeqAccess<'de>>(parts: &mut A) -> Result<Place, A::Error> {
    Ok(Place { source: SourceId::at_index(part(parts)?), start: part(parts)?, end: part(parts)? })
}

fn part<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(parts: &mut A) -> Result<T, A::Error> {
    parts.next_element()?.ok_or_else(|| A::Error::custom("the place is not complete"))
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Any scalar is taken as it is written, as Prometheus does with `labels: { n: 1 }`.
        json_schema!({ "type": ["string", "number", "boolean", "null"], "x-says": "a text" })
    }
}
