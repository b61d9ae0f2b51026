//! Putting series together by some of their labels.

use crate::model::{Labels, Name};
use hashbrown::HashTable;
use std::hash::{Hash, Hasher};

/// The labels that say what a metric is: they go when an operation makes something else of it.
pub(super) fn is_of_the_metric(name: &str) -> bool {
    matches!(name, "__name__" | "__type__" | "__unit__")
}

/// `labels` without those that say what the metric is.
pub(super) fn nameless(labels: &Labels) -> Labels {
    labels.filtered(|name| !is_of_the_metric(name))
}

/// Which labels count when series are put together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counted<'a> {
    /// All of them.
    All,
    /// `by` and `on`.
    These(&'a [String]),
    /// `without` and `ignoring`; the metric name does not count either.
    AllBut(&'a [String]),
    /// What the buckets of one classic histogram have in common.
    AllButBound,
}

impl<'c> Counted<'c> {
    pub(super) fn has(self, label: &str) -> bool {
        match self {
            Counted::All => true,
            Counted::These(names) => names.iter().any(|name| name == label),
            Counted::AllBut(names) => label != "__name__" && names.iter().all(|name| name != label),
            Counted::AllButBound => label != "le",
        }
    }

    /// `labels` as far as they count.
    pub(super) fn of(self, labels: &Labels) -> Labels {
        labels.filtered(|name| self.has(name))
    }

    fn pairs<'l>(self, labels: &'l Labels) -> impl Iterator<Item = (&'l Name, &'l Name)> + use<'l, 'c> {
        labels.iter().filter(move |(name, _)| self.has(name))
    }

    fn hash(self, labels: &Labels) -> u64 {
        let mut hasher = rapidhash::fast::RapidHasher::default();
        self.pairs(labels).for_each(|pair| pair.hash(&mut hasher));
        hasher.finish()
    }
}

/// Groups of series, numbered in the order in which they are met.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    counted: Counted<'a>,
    table: HashTable<u32>,
    /// A series of each group.
    firsts: Vec<Labels>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(counted: Counted<'a>) -> Self {
        Groups { counted, table: HashTable::new(), firsts: Vec::new() }
    }

    /// The group that `labels` belong to, if there is one.
    pub(super) fn find(&self, labels: &Labels) -> Option<usize> {
        // Without labels there is one group at most, and nothing to compare.
        if let Counted::These([]) = self.counted {
            return (!self.firsts.is_empty()).then_some(0);
        }
        let hash = self.counted.hash(labels);
        self.table.find(hash, |group| self.is_alike(&self.firsts[*group as usize], labels)).map(|group| *group as usize)
    }

    /// The group that `labels` belong to, a new one where there is none.
    pub(super) fn number(&mut self, labels: &Labels) -> usize {
        if let Some(group) = self.find(labels) {
            return group;
        }
        let group = self.firsts.len();
        self.firsts.push(labels.clone());
        let Groups { counted, table, firsts } = self;
        let number = u32::try_from(group).expect("fewer than 2^32 groups");
        table.insert_unique(counted.hash(labels), number, |group| counted.hash(&firsts[*group as usize]));
        group
    }

    fn is_alike(&self, a: &Labels, b: &Labels) -> bool {
        match self.counted {
            Counted::All => a == b,
            counted => counted.pairs(a).eq(counted.pairs(b)),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.firsts.len()
    }
}

/// Labels that two of these have, if there are any.
pub(super) fn twice<'l>(mut labels: impl ExactSizeIterator<Item = &'l Labels>) -> Option<Labels> {
    if labels.len() < 2 {
        return None;
    }
    let mut groups = Groups::new(Counted::All);
    labels
        .find(|labels| {
            let before = groups.len();
            groups.number(labels) < before
        })
        .cloned()
}
