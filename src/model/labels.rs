//! Label sets: sorted by name, without empty values, cheap to clone and to compare.

use super::recent::{self, Names};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use triomphe::ThinArc;

/// A name or a text that many values share. Its handle is eight bytes, half of `Arc<str>`: label sets are most of what we hold.
pub type Name = arcstr::ArcStr;

/// The label that every alert has. It takes no memory of its own.
pub const ALERTNAME: Name = arcstr::literal!("alertname");

/// An immutable label set. A label with an empty value is no label, as in Prometheus.
///
/// Behind a handle of eight bytes are the values, and the list of names, which it shares with others that have the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels(ThinArc<Names, Name>);

impl Labels {
    /// The set without labels.
    #[must_use]
    pub fn empty() -> Self {
        Labels::sorted(Vec::new())
    }

    /// The set of these pairs; of two with one name the later counts.
    pub fn new<N: Into<Name>, V: Into<Name>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut sorted: Vec<(Name, Name)> = pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        // `dedup_by` keeps the first of a run; the stable sort makes that the earlier pair, so swap in the later one.
        sorted.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(&mut kept.1, &mut later.1);
            }
            same
        });
        sorted.retain(|(_, value)| !value.is_empty());
        Labels::sorted(sorted)
    }

    /// The set of these pairs, which are in order and have no empty value.
    fn sorted(pairs: Vec<(Name, Name)>) -> Self {
        let names = recent::list(pairs.iter().map(|(name, _)| name));
        Labels(ThinArc::from_header_and_iter(names, pairs.into_iter().map(|(_, value)| value)))
    }

    /// The value of label `name`, or the empty text.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.find(name).map_or("", |value| value)
    }

    /// The value of label `name`, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Name> {
        let index = self.names().binary_search_by(|known| known.as_str().cmp(name)).ok()?;
        Some(&self.values()[index])
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Name)> {
        self.names().iter().zip(self.values())
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values().len()
    }

    /// Whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values().is_empty()
    }

    /// This set with `name` set to `value`; an empty value removes it.
    #[must_use]
    pub fn with(&self, name: impl Into<Name>, value: impl Into<Name>) -> Self {
        let (name, value) = (name.into(), value.into());
        if self.find(&name) == Some(&value) {
            return self.clone();
        }
        Labels::new(self.pairs().chain([(name, value)]))
    }

    /// This set with `other` laid over it.
    #[must_use]
    pub fn overlaid(&self, other: &Labels) -> Self {
        Labels::new(self.pairs().chain(other.pairs()))
    }

    /// This set without the label `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Labels::sorted(self.pairs().filter(|(n, _)| &**n != name).collect())
    }

    /// Only those labels that `keep` names.
    #[must_use]
    pub fn only<S: AsRef<str>>(&self, keep: &[S]) -> Self {
        Labels::sorted(self.pairs().filter(|(n, _)| keep.iter().any(|k| k.as_ref() == &**n)).collect())
    }

    /// Only those labels whose names are accepted.
    #[must_use]
    pub fn filtered(&self, accepts: impl Fn(&str) -> bool) -> Self {
        if self.names().iter().all(|name| accepts(name)) {
            return self.clone();
        }
        Labels::sorted(self.pairs().filter(|(name, _)| accepts(name)).collect())
    }

    /// Lets go of its own memory where `other` is the same set.
    pub fn share(&mut self, other: &Labels) {
        if self == other {
            self.clone_from(other);
        }
    }

    /// Whether the two are one in memory.
    #[must_use]
    pub fn shares_with(&self, other: &Labels) -> bool {
        std::ptr::eq(&raw const *self.0, &raw const *other.0)
    }

    fn pairs(&self) -> impl Iterator<Item = (Name, Name)> + '_ {
        self.iter().map(|(name, value)| (name.clone(), value.clone()))
    }

    fn names(&self) -> &[Name] {
        &self.0.header.header.slice
    }

    fn values(&self) -> &[Name] {
        &self.0.slice
    }
}

impl Ord for Labels {
    /// Label by label, as one reads them.
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Labels {
    fn default() -> Self {
        Labels::empty()
    }
}

/// An object of texts, written straight from the set that all share: what is owed or journalled at once may hold thousands.
impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A journal says the labels of thousands of alerts, and most of their values are the same.
        let read = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Labels::new(read.iter().map(|(name, value)| (recent::word(name), recent::word(value)))))
    }
}

impl fmt::Display for Labels {
    /// As Prometheus prints a label set: `{chain="sepolia", job="node"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a label name is one that every Prometheus and every Alertmanager knows, and that needs no quotes:
/// `[a-zA-Z_][a-zA-Z0-9_]*`. Prometheus 3 and Alertmanager 0.27 take any other text as well.
#[must_use]
pub fn is_plain_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_the_later_pair_counts_and_empty_is_absent() {
        let a = Labels::new([("b", "2"), ("a", "1"), ("a", "3"), ("c", "")]);
        let b = Labels::new([("a", "3"), ("b", "2")]);
        assert_eq!(a, b);
        assert_eq!(a.to_string(), r#"{a="3", b="2"}"#);
        assert_eq!(a.with("a", ""), Labels::new([("b", "2")]));
        assert_eq!(a.only(&["b"]), Labels::new([("b", "2")]));
    }

    #[test]
    fn it_comes_back_from_json_as_it_was_and_the_values_of_many_are_made_once() {
        let written = [r#"{"chain":"sepolia","pod":"a"}"#, r#"{"chain":"sepolia","pod":"b"}"#];
        let [a, b] = written.map(|text| serde_json::from_str::<Labels>(text).unwrap());
        assert_eq!([&a, &b].map(|labels| serde_json::to_string(labels).unwrap()), written);
        assert!(Name::ptr_eq(a.find("chain").unwrap(), b.find("chain").unwrap()));
    }

    #[test]
    fn sets_are_ordered_label_by_label() {
        let sets = [vec![], vec![("a", "1")], vec![("a", "1"), ("b", "1")], vec![("a", "2")], vec![("b", "1")]];
        assert!(sets.map(Labels::new).is_sorted());
    }
}
