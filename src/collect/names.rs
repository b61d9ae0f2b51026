//! Label values out of what strangers send: configured ones, or the first few that come; the rest is `other`.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The value of what has no label of its own.
pub(super) const OTHER: &str = "other";

/// A label value, and whether it was never used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) value: Arc<str>,
    pub(super) is_new: bool,
}

/// The values of one label.
#[derive(Debug)]
pub(super) struct Names {
    known: BTreeSet<Arc<str>>,
    /// How many may become known by coming.
    room: usize,
    other: Arc<str>,
}

impl Names {
    /// Only these.
    pub(super) fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = names.into_iter().map(Arc::from).collect();
        Names { known, room: 0, other: OTHER.into() }
    }

    /// The first `most` that come.
    pub(super) fn first(most: usize) -> Self {
        Names { known: BTreeSet::new(), room: most, other: OTHER.into() }
    }

    /// The same, where so many in all may be known: those that are stay so.
    pub(super) fn make_room(&mut self, most: usize) {
        self.room = most.saturating_sub(self.known.len());
    }

    /// How many may be known in all.
    pub(super) fn most(&self) -> usize {
        self.known.len() + self.room
    }

    /// Whether every name that is not known is `other` from now on.
    pub(super) fn are_full(&self) -> bool {
        self.room == 0
    }

    /// The label value of `name`.
    pub(super) fn of(&mut self, name: &str) -> Label {
        if let Some(known) = self.known.get(name) {
            return Label { value: Arc::clone(known), is_new: false };
        }
        if self.room == 0 || name == OTHER {
            return Label { value: Arc::clone(&self.other), is_new: false };
        }
        self.room -= 1;
        let value: Arc<str> = name.into();
        self.known.insert(Arc::clone(&value));
        Label { value, is_new: true }
    }

    /// How many there are, the rest among them.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.known.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn ten_thousand_values_are_the_first_few_and_other() {
        let mut names = Names::first(3);
        let mut values: Vec<_> = (0..10_000).map(|number| names.of(&format!("n{number}")).value).collect();
        values.dedup();
        assert_eq!(values.iter().map(|value| &**value).collect::<Vec<_>>(), ["n0", "n1", "n2", "other"]);
        assert_eq!(names.count(), 4);
    }

    #[test]
    fn where_names_are_configured_no_other_becomes_one() {
        let mut names = Names::only(["buy"]);
        assert_eq!(&*names.of("buy").value, "buy");
        assert_eq!(&*names.of("sell").value, "other");
    }

    #[test]
    fn a_name_is_new_once_and_other_is_never_one() {
        let mut names = Names::first(3);
        assert!(names.of("a").is_new && !names.of("a").is_new && !names.of("other").is_new);
        assert_eq!(names.count(), 2);
    }
}
