//! A tree as the schema validator sees it: JSON, without being converted.

use super::node::{Kind, Node, Scalar};
use super::scalar::Meaning;
use jsonschema::JsonType;
use jsonschema::json::{self, Array, Json, JsonNumber, NodeIdentity, Object};
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::collections::HashSet;

/// Our trees as a representation of JSON.
pub(super) struct Tree;

/// A node, or the name of a key, which the validator wants to treat as one.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    Node(&'a Node),
    Name(&'a str),
}

impl Json for Tree {
    type Node<'a> = View<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(View<'_>) -> T) -> T {
        f(View::Name(string))
    }
}

impl<'a> View<'a> {
    fn scalar(self) -> Option<&'a Scalar> {
        match self {
            View::Node(node) => node.as_scalar(),
            View::Name(_) => None,
        }
    }
}

impl<'a> json::Node<'a, Tree> for View<'a> {
    type Object = &'a [(Node, Node)];
    type Array = &'a [Node];
    type Number = Numeral;

    fn as_object(&self) -> Option<&'a [(Node, Node)]> {
        match self {
            View::Node(Node { kind: Kind::Mapping(entries), .. }) => Some(entries),
            View::Node(_) | View::Name(_) => None,
        }
    }

    fn as_array(&self) -> Option<&'a [Node]> {
        match self {
            View::Node(Node { kind: Kind::Sequence(items), .. }) => Some(items),
            View::Node(_) | View::Name(_) => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            View::Name(name) => Some(Cow::Borrowed(name)),
            View::Node(_) => {
                let scalar = self.scalar().filter(|scalar| scalar.meaning() == Meaning::Text)?;
                Some(Cow::Borrowed(&scalar.text))
            }
        }
    }

    fn as_number(&self) -> Option<Numeral> {
        match self.scalar()?.meaning() {
            Meaning::Int(value) => Some(Numeral::Int(value)),
            Meaning::Float(value) => Some(Numeral::Float(value)),
            Meaning::Null | Meaning::Bool(_) | Meaning::Text => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.scalar()?.meaning() {
            Meaning::Bool(value) => Some(value),
            Meaning::Null | Meaning::Int(_) | Meaning::Float(_) | Meaning::Text => None,
        }
    }

    fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            View::Name(_) => JsonType::String,
            View::Node(node) => match &node.kind {
                Kind::Sequence(_) => JsonType::Array,
                Kind::Mapping(_) => JsonType::Object,
                Kind::Scalar(scalar) => match scalar.meaning() {
                    Meaning::Null => JsonType::Null,
                    Meaning::Bool(_) => JsonType::Boolean,
                    Meaning::Int(_) | Meaning::Float(_) => JsonType::Number,
                    Meaning::Text => JsonType::String,
                },
            },
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match self {
            View::Name(name) => expected.as_str() == Some(name),
            View::Node(node) => value_of(node) == *expected,
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        // Asked for by every error for its own words; ours look at the tree. Nothing is converted for them.
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            View::Node(node) => Some(NodeIdentity::new(std::ptr::from_ref::<Node>(node) as usize)),
            View::Name(_) => None,
        }
    }
}

/// The tree as JSON. Not a number and the infinities, which JSON lacks, become null.
fn value_of(node: &Node) -> Value {
    match &node.kind {
        Kind::Sequence(items) => items.iter().map(value_of).collect(),
        Kind::Mapping(entries) => {
            let entries =
                entries.iter().map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), value_of(value)));
            Value::Object(entries.collect())
        }
        Kind::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => Value::Null,
            Meaning::Bool(value) => value.into(),
            Meaning::Int(value) => value.into(),
            Meaning::Float(value) => value.into(),
            Meaning::Text => Value::from(&*scalar.text),
        },
    }
}

impl<'a> Object<'a, Tree> for &'a [(Node, Node)] {
    type Node = View<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    fn get(&self, key: &Box<str>) -> Option<View<'a>> {
        self.iter().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| View::Node(value))
    }

    fn members(&self) -> Members<'a> {
        Members(self.iter())
    }
}

/// The entries of a mapping.
pub(super) struct Members<'a>(std::slice::Iter<'a, (Node, Node)>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, View<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key.as_str().unwrap_or_default(), View::Node(value)))
    }
}

impl<'a> Array<'a, Tree> for &'a [Node] {
    type Node = View<'a>;
    type ElementsIter = std::iter::Map<std::slice::Iter<'a, Node>, fn(&'a Node) -> View<'a>>;

    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    fn elements(&self) -> Self::ElementsIter {
        self.iter().map(View::Node)
    }

    fn is_unique(&self) -> bool {
        let mut seen = HashSet::new();
        self.iter().all(|item| seen.insert(value_of(item).to_string()))
    }
}

/// A number of a tree.
pub(super) enum Numeral {
    Int(i64),
    Float(f64),
}

impl JsonNumber for Numeral {
    fn as_u64(&self) -> Option<u64> {
        self.as_i64().and_then(|value| value.try_into().ok())
    }

    fn as_i64(&self) -> Option<i64> {
        match self {
            Numeral::Int(value) => Some(*value),
            Numeral::Float(_) => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a bound is compared with the nearest float")]
    fn as_f64(&self) -> Option<f64> {
        match self {
            Numeral::Int(value) => Some(*value as f64),
            Numeral::Float(value) => Some(*value),
        }
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_number().to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        let number = match self {
            Numeral::Int(value) => Some(Number::from(*value)),
            // JSON has no infinity; the greatest number lies on the same side of every bound.
            Numeral::Float(value) => Number::from_f64(value.clamp(f64::MIN, f64::MAX)),
        };
        Cow::Owned(number.unwrap_or_else(|| Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        match self {
            Numeral::Int(_) => true,
            Numeral::Float(value) => value.fract() == 0.0,
        }
    }

    fn is_written_as_integer(&self) -> bool {
        matches!(self, Numeral::Int(_))
    }
}
