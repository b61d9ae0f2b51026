//! What strangers send, read field by field, and what is wrong with it in our words: which field, what was found, what is
//! wanted. Pure.
//!
//! A piece is read no deeper than somebody asks, so that what lies in a field that nobody reads costs nothing.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// What is wrong with the shape of something, for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misshapen(pub(super) String);

/// What a piece of JSON is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    /// What `raw` is: its first character says so.
    pub(super) fn of(raw: &RawValue) -> Kind {
        match raw.get().trim_start().as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::Text,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "true or false",
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::List => "a list",
            Kind::Object => "an object",
        }
    }
}

/// The one piece of JSON that `body` is.
pub(super) fn json(body: &[u8]) -> Result<&RawValue, Misshapen> {
    serde_json::from_slice(body).map_err(|cause| Misshapen(format!("this is not JSON: {cause}")))
}

/// The pieces of `raw`, where it is a list.
pub(super) fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// An object, each of whose fields stands there once.
pub(super) struct Object<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    /// What stands before the names of its fields: `tags.`.
    within: &'static str,
}

impl<'a> Object<'a> {
    /// Reads `raw`, which is to be `what`: `a timer`.
    pub(super) fn read(raw: &'a RawValue, what: &str) -> Result<Self, Misshapen> {
        if Kind::of(raw) != Kind::Object {
            return Err(Misshapen(format!("{what} is an object, and this is {}", Kind::of(raw).words())));
        }
        Object::of(raw, "")
    }

    fn of(raw: &'a RawValue, within: &'static str) -> Result<Self, Misshapen> {
        let unreadable = |_| Misshapen("the name of a field cannot be read".into());
        let Fields { fields, twice } = serde_json::from_str(raw.get()).map_err(unreadable)?;
        match twice {
            Some(name) => Err(Misshapen(format!("`{within}{}` stands there twice", shown(&name)))),
            None => Ok(Object { fields, within }),
        }
    }

    /// The field `name`, if there is one. It has to be of one of these kinds: `wanted`, in words.
    pub(super) fn any(&self, name: &str, kinds: &[Kind], wanted: &str) -> Result<Option<&'a RawValue>, Misshapen> {
        let Some(raw) = self.fields.get(name) else { return Ok(None) };
        let found = Kind::of(raw);
        if kinds.contains(&found) { Ok(Some(raw)) } else { Err(self.wrong(name, wanted, found.words())) }
    }

    fn one(&self, name: &str, kind: Kind, wanted: &str) -> Result<&'a RawValue, Misshapen> {
        let found = self.any(name, &[kind], wanted)?;
        found.ok_or_else(|| Misshapen(format!("`{}{name}` is missing; it has to be {wanted}", self.within)))
    }

    /// The text `name`.
    pub(super) fn text(&self, name: &str, wanted: &str) -> Result<String, Misshapen> {
        self.meant(name, self.one(name, Kind::Text, wanted)?, wanted)
    }

    /// The text `name`, if there is one that is not null.
    pub(super) fn text_if_any(&self, name: &str, wanted: &str) -> Result<Option<String>, Misshapen> {
        let found = self.any(name, &[Kind::Text, Kind::Null], wanted)?.filter(|raw| Kind::of(raw) == Kind::Text);
        found.map(|raw| self.meant(name, raw, wanted)).transpose()
    }

    /// The number `name`.
    pub(super) fn number(&self, name: &str, wanted: &str) -> Result<f64, Misshapen> {
        self.meant(name, self.one(name, Kind::Number, wanted)?, wanted)
    }

    /// The object `name`, whose fields are told with `within` before their names.
    pub(super) fn object(&self, name: &str, within: &'static str) -> Result<Object<'a>, Misshapen> {
        Object::of(self.one(name, Kind::Object, "an object")?, within)
    }

    /// That there is a list `name`.
    pub(super) fn list(&self, name: &str, wanted: &str) -> Result<(), Misshapen> {
        self.one(name, Kind::List, wanted).map(drop)
    }

    /// That there is no field beside these.
    pub(super) fn has_only(&self, known: &[&str]) -> Result<(), Misshapen> {
        let foreign = self.fields.keys().find(|name| !known.contains(&name.as_str()));
        foreign.map_or(Ok(()), |name| {
            let known = known.join("`, `");
            Err(Misshapen(format!("`{}{}` is not known here; there are `{known}`", self.within, shown(name))))
        })
    }

    /// A piece of the right kind as a value: a text may have half a character in it, a number may have no end.
    fn meant<T: Deserialize<'a>>(&self, name: &str, raw: &'a RawValue, wanted: &str) -> Result<T, Misshapen> {
        let found = if Kind::of(raw) == Kind::Number { "too large a number" } else { "one that cannot be read" };
        serde_json::from_str(raw.get()).map_err(|_| self.wrong(name, wanted, found))
    }

    /// That the field `name` is `found` and has to be `wanted`.
    pub(super) fn wrong(&self, name: &str, wanted: &str, found: &str) -> Misshapen {
        Misshapen(format!("`{}{name}` has to be {wanted}, and is {found}", self.within))
    }
}

/// A name that a stranger chose, made short and harmless.
fn shown(name: &str) -> String {
    name.chars().take(64).flat_map(char::escape_debug).collect()
}

/// Fields by their names, and one that stands there twice.
struct Fields<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    twice: Option<String>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Fields { fields: BTreeMap::new(), twice: None };
                while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    match all.fields.entry(name) {
                        Entry::Vacant(free) => drop(free.insert(raw)),
                        Entry::Occupied(taken) => drop(all.twice.get_or_insert_with(|| taken.key().clone())),
                    }
                }
                Ok(all)
            }
        }

        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        let read = || -> Result<String, Misshapen> {
            let object = Object::read(json(body.as_bytes())?, "a thing")?;
            object.has_only(&["number", "text", "inner"])?;
            let number = object.number("number", "a number of things")?;
            let text = object.text_if_any("text", "its name")?;
            let inner = object.object("inner", "inner.")?.text("name", "a name")?;
            Ok(format!("{number} {text:?} {inner}"))
        };
        read().unwrap_or_else(|wrong| wrong.0)
    }

    #[test]
    fn each_mistake_names_the_field_what_was_found_and_what_is_wanted() {
        for (body, says) in [
            (r#"{"number":5,"text":null,"inner":{"name":"a"}}"#, "5 None a"),
            (r#" {"number" : 5.5e1, "inner":{"name":"a"},"text":"b"}"#, "55 Some(\"b\") a"),
            ("[1]", "a thing is an object, and this is a list"),
            ("7", "a thing is an object, and this is a number"),
            ("null", "a thing is an object, and this is null"),
            (r#"{"number":"5"}"#, "`number` has to be a number of things, and is a text"),
            (r#"{"number":true}"#, "`number` has to be a number of things, and is true or false"),
            (r#"{"number":1e999}"#, "`number` has to be a number of things, and is too large a number"),
            ("{}", "`number` is missing; it has to be a number of things"),
            (r#"{"number":1,"text":["a"]}"#, "`text` has to be its name, and is a list"),
            (r#"{"number":1,"text":"\ud800"}"#, "`text` has to be its name, and is one that cannot be read"),
            (r#"{"number":1,"inner":[]}"#, "`inner` has to be an object, and is a list"),
            (r#"{"number":1,"inner":{"name":{}}}"#, "`inner.name` has to be a name, and is an object"),
            (r#"{"number":1,"number":2}"#, "`number` stands there twice"),
            (r#"{"number":1,"inner":{"name":"a","\u006eame":"b"}}"#, "`inner.name` stands there twice"),
            (r#"{"number":1,"ne\nw":2}"#, r"`ne\nw` is not known here; there are `number`, `text`, `inner`"),
        ] {
            assert_eq!(said(body), says, "{body}");
        }
        assert!(said("{").starts_with("this is not JSON: "));
    }
}
