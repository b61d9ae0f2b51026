//! Where label sets are in the list that keeps them.

use super::Labels;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// Finds a label set's place in a list. It holds places alone, four bytes each, and looks into the list for the sets: with many
/// series, a map that held them again would cost several times as much.
#[derive(Clone, Debug, Default)]
pub struct Places {
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Places {
    /// The place of `labels`, if they are in the list; `at` gives the set at a place.
    #[must_use]
    pub fn find<'a>(&self, labels: &Labels, at: impl Fn(u32) -> &'a Labels) -> Option<u32> {
        self.table.find(self.hasher.hash_one(labels), |place| at(*place) == labels).copied()
    }

    /// Notes that the set which `at` gives for `place` is there. It must not have a place already.
    pub fn insert<'a>(&mut self, place: u32, at: impl Fn(u32) -> &'a Labels) {
        let hash = |place: &u32| self.hasher.hash_one(at(*place));
        self.table.insert_unique(hash(&place), place, hash);
    }

    /// Forgets that `labels` are at `place`.
    pub fn remove(&mut self, labels: &Labels, place: u32) {
        if let Ok(found) = self.table.find_entry(self.hasher.hash_one(labels), |known| *known == place) {
            found.remove();
        }
    }

    /// Forgets every place.
    pub fn clear(&mut self) {
        self.table.clear();
    }
}
