//! The keys of a mapping, and which of them nobody asked for.
//!
//! Half-broken input is read as far as it goes: what is of the wrong kind is noted at its place and counts as absent.

use super::Notes;
use crate::diagnostics::Place;
use crate::model::{Span, duration_text};
use crate::yaml::{Kind, Node};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A mapping that is being read.
pub(super) struct Fields<'a> {
    node: &'a Node,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The mapping; what is none is noted. Nothing at all counts as an empty one.
    pub fn of(node: &'a Node, what: &str, notes: &mut Notes) -> Option<Self> {
        if !matches!(node.kind, Kind::Mapping(_)) && !node.is_null() {
            let advice = "a mapping belongs here; nothing of it was read";
            notes.left(node.head(), format!("{what} is {}", node.describe()), advice);
            return None;
        }
        Some(Fields { node, asked: RefCell::default() })
    }

    /// Where the mapping begins.
    pub fn place(&self) -> Place {
        self.node.head()
    }

    /// The value of `key`, null included.
    pub fn take(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().insert(key);
        self.node.get(key)
    }

    /// Where `key` stands, or else the mapping.
    pub fn place_of(&self, key: &str) -> Place {
        self.node.entry(key).map_or_else(|| self.place(), |(key, _)| key.place)
    }

    /// A text that is not empty.
    pub fn text(&self, key: &'static str, notes: &mut Notes) -> Option<&'a str> {
        let node = self.take(key)?;
        match node.as_str() {
            Some(text) => Some(text).filter(|text| !text.is_empty()),
            None => {
                notes.left(node.head(), format!("`{key}` is {}", node.describe()), "a text belongs here");
                None
            }
        }
    }

    /// A truth.
    pub fn flag(&self, key: &'static str, notes: &mut Notes) -> Option<bool> {
        let node = self.take(key).filter(|node| !node.is_null())?;
        let flag = node.as_scalar().and_then(crate::yaml::Scalar::as_bool);
        if flag.is_none() {
            notes.left(node.head(), format!("`{key}` is {}", node.describe()), "`true` or `false` belongs here");
        }
        flag
    }

    /// A whole number.
    pub fn number(&self, key: &'static str, notes: &mut Notes) -> Option<i64> {
        let node = self.take(key).filter(|node| !node.is_null())?;
        let number = node.as_scalar().and_then(crate::yaml::Scalar::as_int);
        if number.is_none() {
            notes.left(node.head(), format!("`{key}` is {}", node.describe()), "a whole number belongs here");
        }
        number
    }

    /// A duration in Prometheus's notation.
    pub fn duration(&self, key: &'static str, notes: &mut Notes) -> Option<Span> {
        let text = self.text(key, notes)?;
        match duration_text::parse(text) {
            Ok(span) => Some(span),
            Err(why) => {
                notes.left(self.take(key)?.head(), format!("`{key}`: {why}"), "what holds without it was taken");
                None
            }
        }
    }

    /// The items of a list. What is none is noted.
    pub fn list(&self, key: &'static str, notes: &mut Notes) -> &'a [Node] {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else { return &[] };
        if !matches!(node.kind, Kind::Sequence(_)) {
            notes.left(node.head(), format!("`{key}` is {}", node.describe()), "a list belongs here");
        }
        node.items()
    }

    /// The texts of a list.
    pub fn texts(&self, key: &'static str, notes: &mut Notes) -> Vec<(&'a str, Place)> {
        let mut texts = Vec::new();
        for item in self.list(key, notes) {
            match item.as_str() {
                Some(text) => texts.push((text, item.place)),
                None => notes.left(item.head(), format!("in `{key}`: {}", item.describe()), "a text belongs here"),
            }
        }
        texts
    }

    /// The keys that nobody asked for, with their values.
    pub fn rest(&self) -> Vec<(&'a str, Place)> {
        let asked = self.asked.borrow();
        let entries = self.node.entries().iter().filter(|(_, value)| !value.is_null());
        let named = entries.filter_map(|(key, _)| Some((key.as_str()?, key.place)));
        named.filter(|(key, _)| !asked.contains(key)).collect()
    }

    /// Notes the keys that nobody asked for, all in one line.
    pub fn leave_rest(&self, of: &str, why: &str, advice: &str, notes: &mut Notes) {
        let rest = self.rest();
        let Some((_, place)) = rest.first() else { return };
        let keys: Vec<String> = rest.iter().map(|(key, _)| format!("`{key}`")).collect();
        notes.left(*place, format!("{} of {of}: {why}", keys.join(", ")), advice);
    }
}
