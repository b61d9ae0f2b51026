//! From trees to typed values: a serde deserializer over [`Node`].
//!
//! Null stands for "not written", as in Prometheus: `None`, an empty text, list or mapping. A field that wants a text takes
//! any scalar. An enum is a text (unit variant), a mapping with one key (the variant), or told by its shape: variants named
//! `$scalar`, `$list`, `$mapping` or `$collection` get the node itself, which spares us `untagged` and its messages.

use super::node::{Kind, Node, Scalar};
use super::scalar::Meaning;
use crate::diagnostics::{Place, SPANNED, TEXT, suggest};
use serde::de::value::{SeqDeserializer, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use std::fmt::{self, Display};

/// Why a tree is not a value of a type: the first reason found, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LowerError {
    /// Where.
    pub place: Place,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
}

/// Makes a value of `node`.
///
/// # Errors
/// The first thing that does not fit.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, LowerError> {
    T::deserialize(Lower(node)).map_err(|misfit| {
        let place = misfit.place.unwrap_or_else(|| node.head());
        LowerError { place, message: misfit.message }
    })
}

/// A [`LowerError`] that does not know its place yet.
#[derive(Debug)]
pub(super) struct Misfit {
    place: Option<Place>,
    message: String,
}

impl Misfit {
    /// It is at `place`, unless something nearer has said so already.
    fn or_at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Misfit { place: None, message: message.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Misfit::custom(format_args!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Misfit::custom(format_args!("expected {expected}, found {found}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Misfit::custom(unknown("key", field, expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Misfit::custom(unknown("value", variant, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Misfit::custom(format_args!("the key `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Misfit::custom(format_args!("the key `{field}` occurs twice"))
    }
}

fn unknown(what: &str, word: &str, expected: &[&str]) -> String {
    match suggest::did_you_mean(word, expected.iter().copied()) {
        Some(suggestion) => format!("unknown {what} `{word}`: {suggestion}"),
        None => format!("unknown {what} `{word}`: expected {}", one_of(expected)),
    }
}

/// `` `a`, `b` or `c` ``
pub(super) fn one_of<T: Display>(words: &[T]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

#[derive(Clone, Copy)]
struct Lower<'a>(&'a Node);

impl Lower<'_> {
    fn expected(self, what: impl Display) -> Misfit {
        let message = format!("expected {what}, found {}", self.0.describe());
        Misfit { place: Some(self.0.head()), message }
    }

    /// The result of a visit, placed here if it is placed nowhere.
    fn here<T>(self, outcome: Result<T, Misfit>) -> Result<T, Misfit> {
        outcome.map_err(|misfit| misfit.or_at(self.0.head()))
    }

    fn whole_number(self) -> Result<i64, Misfit> {
        let number = self.0.as_scalar().and_then(Scalar::as_int);
        number.ok_or_else(|| self.expected("a whole number"))
    }

    fn number<N: TryFrom<i64>>(self) -> Result<N, Misfit> {
        let number = self.whole_number()?;
        let range = if number < 0 { "a number that is not negative" } else { "a smaller number" };
        N::try_from(number).map_err(|_| self.expected(range))
    }
}

/// The methods for whole numbers, one for each width.
macro_rules! whole_numbers {
    ($($method:ident => $visit:ident,)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
                self.here(self.number().and_then(|number| visitor.$visit(number)))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Lower<'_> {
    type Error = Misfit;

    whole_numbers! {
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let outcome = match &self.0.kind {
            Kind::Sequence(_) => return self.deserialize_seq(visitor),
            Kind::Mapping(_) => return self.deserialize_map(visitor),
            Kind::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => visitor.visit_unit(),
                Meaning::Bool(value) => visitor.visit_bool(value),
                Meaning::Int(value) => visitor.visit_i64(value),
                Meaning::Float(value) => visitor.visit_f64(value),
                Meaning::Text => visitor.visit_str(&scalar.text),
            },
        };
        self.here(outcome)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let value = self.0.as_scalar().and_then(Scalar::as_bool);
        self.here(value.ok_or_else(|| self.expected("`true` or `false`")).and_then(|value| visitor.visit_bool(value)))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let value = self.0.as_scalar().and_then(Scalar::as_float);
        self.here(value.ok_or_else(|| self.expected("a number")).and_then(|value| visitor.visit_f64(value)))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let text = self.0.as_str().ok_or_else(|| self.expected("a text"));
        self.here(text.and_then(|text| visitor.visit_str(text)))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::custom("bytes cannot be written in YAML here").or_at(self.0.head()))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.here(if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { self.here(visitor.visit_unit()) } else { Err(self.expected("nothing")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        let outcome = match name {
            SPANNED => visitor.visit_seq(Parts { node: self.0, next: 0, is_text: false }),
            TEXT if self.0.as_scalar().is_none() => return Err(self.expected("a text")),
            TEXT => visitor.visit_seq(Parts { node: self.0, next: 0, is_text: true }),
            _ => visitor.visit_newtype_struct(self),
        };
        self.here(outcome)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let items = match &self.0.kind {
            Kind::Sequence(items) => items.as_slice(),
            Kind::Scalar(scalar) if scalar.is_null() => &[],
            Kind::Scalar(_) | Kind::Mapping(_) => return Err(self.expected("a list")),
        };
        self.here(visitor.visit_seq(Items(items.iter())))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.items().len() == length {
            self.deserialize_seq(visitor)
        } else {
            Err(self.expected(format_args!("a list of {length}")))
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let entries = match &self.0.kind {
            Kind::Mapping(entries) => entries.as_slice(),
            Kind::Scalar(scalar) if scalar.is_null() => &[],
            Kind::Scalar(_) | Kind::Sequence(_) => return Err(self.expected("a mapping")),
        };
        self.here(visitor.visit_map(Pairs { entries: entries.iter(), value: None }))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let variant = if variants.iter().any(|name| name.starts_with('$')) {
            self.by_shape(variants)?
        } else {
            self.by_name(variants)?
        };
        self.here(visitor.visit_enum(variant))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }
}

impl<'a> Lower<'a> {
    fn by_shape(self, variants: &[&'static str]) -> Result<Variant<'a>, Misfit> {
        let shapes: &[&str] = match self.0.kind {
            Kind::Scalar(_) => &["$scalar"],
            Kind::Sequence(_) => &["$list", "$collection"],
            Kind::Mapping(_) => &["$mapping", "$collection"],
        };
        let found = variants.iter().find(|variant| shapes.contains(variant));
        let name = found.ok_or_else(|| {
            let words: Vec<&str> = variants.iter().map(|variant| in_words(variant)).collect();
            self.expected(words.join(" or "))
        })?;
        Ok(Variant { name: Name::Known(name), content: Some(self.0) })
    }

    fn by_name(self, variants: &[&'static str]) -> Result<Variant<'a>, Misfit> {
        match &self.0.kind {
            Kind::Scalar(scalar) if !scalar.is_null() => Ok(Variant { name: Name::Written(self.0), content: None }),
            Kind::Mapping(entries) if entries.len() == 1 => {
                Ok(Variant { name: Name::Written(&entries[0].0), content: Some(&entries[0].1) })
            }
            Kind::Mapping(entries) if entries.len() > 1 => {
                let message = format!("expected only one key: {}", one_of(variants));
                Err(Misfit { place: Some(entries[1].0.place), message })
            }
            _ => Err(self.expected(one_of(variants))),
        }
    }
}

fn in_words(shape: &str) -> &str {
    match shape {
        "$scalar" => "a single value",
        "$list" => "a list",
        "$mapping" => "a mapping",
        "$collection" => "a list or a mapping",
        other => other,
    }
}

/// A node as [`SPANNED`] and [`TEXT`] want it: source, start, end, value, and for a text its anchors.
struct Parts<'a> {
    node: &'a Node,
    next: u8,
    is_text: bool,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let number = |number: u32| -> U32Deserializer<Misfit> { number.into_deserializer() };
        let place = self.node.place;
        self.next += 1;
        let part = match self.next {
            1 => seed.deserialize(number(place.source.index())),
            2 => seed.deserialize(number(place.start)),
            3 => seed.deserialize(number(place.end)),
            4 => seed.deserialize(Lower(self.node)),
            5 if self.is_text => {
                let text = self.node.text();
                let anchors = text.as_ref().map_or(&[][..], |text| text.anchors());
                seed.deserialize(SeqDeserializer::new(anchors.iter().map(|(value, file)| Pair(*value, *file))))
            }
            _ => return Ok(None),
        };
        part.map(Some)
    }
}

struct Pair(u32, u32);

impl IntoDeserializer<'_, Misfit> for Pair {
    type Deserializer = SeqDeserializer<std::array::IntoIter<u32, 2>, Misfit>;

    fn into_deserializer(self) -> Self::Deserializer {
        SeqDeserializer::new([self.0, self.1].into_iter())
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        self.0.next().map(|item| Lower(item).here(seed.deserialize(Lower(item)))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Pairs<'a> {
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Misfit;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        Lower(key).here(seed.deserialize(Lower(key))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let value = self.value.take().ok_or_else(|| Misfit::custom("a value was asked for before its key"))?;
        Lower(value).here(seed.deserialize(Lower(value)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A chosen variant: its name, and what it holds unless it is a bare word.
struct Variant<'a> {
    name: Name<'a>,
    content: Option<&'a Node>,
}

enum Name<'a> {
    Written(&'a Node),
    Known(&'static str),
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a> {
    type Error = Misfit;
    type Variant = VariantContent<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, VariantContent<'a>), Misfit> {
        match self.name {
            Name::Written(node) => {
                let variant = Lower(node).here(seed.deserialize(Lower(node)))?;
                Ok((variant, VariantContent { content: self.content, at: node.place }))
            }
            Name::Known(name) => {
                let at = self.content.map(|content| content.place);
                let variant = seed.deserialize(name.into_deserializer())?;
                Ok((variant, VariantContent { content: self.content, at: at.ok_or_else(|| Misfit::custom(name))? }))
            }
        }
    }
}

struct VariantContent<'a> {
    content: Option<&'a Node>,
    at: Place,
}

impl<'a> VariantContent<'a> {
    fn content(&self) -> Result<Lower<'a>, Misfit> {
        let missing = || Misfit::custom("a bare word is not enough here: expected a mapping of it").or_at(self.at);
        self.content.map(Lower).ok_or_else(missing)
    }
}

impl<'de> VariantAccess<'de> for VariantContent<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.content {
            Some(content) if !content.is_null() => Err(Lower(content).expected("nothing behind this word")),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misfit> {
        let content = self.content()?;
        content.here(seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.content()?.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.content()?.deserialize_map(visitor)
    }
}
