//! Where values are in the list that keeps them.

use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash, RandomState};

/// Finds a label set, or an id, in a list. It holds places alone, four bytes each, and looks into the list for the rest: with
/// many series, a map that held them again would cost several times as much.
#[derive(Clone, Debug, Default)]
pub struct Places {
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Places {
    /// The place of `key`, if it is in the list; `at` gives what is at a place.
    #[must_use]
    pub fn find<'a, K: Hash + Eq + 'a>(&self, key: &K, at: impl Fn(u32) -> &'a K) -> Option<u32> {
        self.table.find(self.hasher.hash_one(key), |place| at(*place) == key).copied()
    }

    /// Notes that what `at` gives for `place` is there. It must not have a place already.
    pub fn insert<'a, K: Hash + 'a>(&mut self, place: u32, at: impl Fn(u32) -> &'a K) {
        let hash = |place: &u32| self.hasher.hash_one(at(*place));
        self.table.insert_unique(hash(&place), place, hash);
    }

    /// How many places are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Forgets that `key` is at `place`.
    pub fn remove<K: Hash>(&mut self, key: &K, place: u32) {
        if let Ok(found) = self.table.find_entry(self.hasher.hash_one(key), |known| *known == place) {
            found.remove();
        }
    }

    /// Forgets every place.
    pub fn clear(&mut self) {
        self.table.clear();
    }
}
