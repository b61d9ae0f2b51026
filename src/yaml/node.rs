//! The tree: every node with its place, scalars with the text that was written.

use crate::diagnostics::{Place, Text};
use crate::model::Name;
use std::sync::Arc;

/// One value of a document and where it stands. What came by an alias keeps the place where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where: for a scalar its text, quotes included; for a collection from its first to its last byte.
    pub place: Place,
    /// What.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; keys are scalars, each occurs once, merge keys are resolved.
    Mapping(Vec<(Node, Node)>),
}

/// A single value as it was written; what it means as a number or a boolean is asked in `scalar.rs`.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text after unquoting and folding; empty for a value that is not there.
    pub text: Name,
    /// How it was written.
    pub style: Style,
    /// The tag written before it, as far as we know it.
    pub tag: Tag,
    /// See [`Text`]; `None` where the text stands in the file as it is.
    pub(super) anchors: Option<Arc<[(u32, u32)]>>,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Bare.
    Plain,
    /// In `'` or `"`.
    Quoted,
    /// After `|` or `>`.
    Block,
}

/// A tag of a scalar. Tags that we do not know are ignored, as Prometheus ignores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// None, or an unknown one.
    None,
    /// `!!str` or `!`.
    Str,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!bool`.
    Bool,
    /// `!!null`.
    Null,
}

/// The size of a tree.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    /// How many nodes it is made of, keys included.
    pub nodes: usize,
    /// How many collections lie inside each other.
    pub height: usize,
}

impl Node {
    /// The scalar, if it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The text of a scalar, empty for null.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(Scalar::as_str)
    }

    /// Whether it is a scalar that means nothing: absent, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// The value of `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Kind::Mapping(entries) = &mut self.kind else { return None };
        entries.iter_mut().find(|(known, _)| known.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// The items of a list, to be changed, after those that are null were left out.
    pub fn items_but_null(&mut self) -> &mut [Node] {
        let Kind::Sequence(items) = &mut self.kind else { return &mut [] };
        items.retain(|item| !item.is_null());
        items
    }

    /// The items of a list; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Sequence(items) => items,
            Kind::Scalar(_) | Kind::Mapping(_) => &[],
        }
    }

    /// The keys and values of a mapping; none for anything else.
    #[must_use]
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            Kind::Scalar(_) | Kind::Sequence(_) => &[],
        }
    }

    /// The key node and the value of `key` in a mapping.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries().iter().find(|(name, _)| name.as_str() == Some(key))
    }

    /// The value of `key` in a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A scalar as a text that knows where each of its bytes stands.
    #[must_use]
    pub fn text(&self) -> Option<Text> {
        let scalar = self.as_scalar()?;
        let whole = || Arc::from([(0, self.place.start)]);
        let value = if scalar.is_null() { Name::new() } else { scalar.text.clone() };
        Some(Text::new(value, self.place, scalar.anchors.clone().unwrap_or_else(whole)))
    }

    /// The place to point at when the node as a whole is meant: for a block of lines only its first key or item.
    #[must_use]
    pub fn head(&self) -> Place {
        match &self.kind {
            Kind::Scalar(_) => self.place,
            Kind::Sequence(items) => items.first().map_or(self.place, Node::head),
            Kind::Mapping(entries) => entries.first().map_or(self.place, |(key, _)| key.place),
        }
    }

    /// What it is, for messages: `a list`, `the number 5`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.describe(),
            Kind::Sequence(_) => "a list".into(),
            Kind::Mapping(_) => "a mapping".into(),
        }
    }

    /// How large it is.
    pub(super) fn measure(&self) -> Measure {
        let leaf = Measure { nodes: 1, height: 0 };
        match &self.kind {
            Kind::Scalar(_) => leaf,
            Kind::Sequence(items) => items.iter().fold(Measure { height: 1, ..leaf }, Measure::around),
            Kind::Mapping(entries) => {
                let inner = entries.iter().flat_map(|(key, value)| [key, value]);
                inner.fold(Measure { height: 1, ..leaf }, Measure::around)
            }
        }
    }
}

impl Measure {
    fn around(self, inner: &Node) -> Measure {
        let inner = inner.measure();
        Measure { nodes: self.nodes + inner.nodes, height: self.height.max(inner.height + 1) }
    }
}
