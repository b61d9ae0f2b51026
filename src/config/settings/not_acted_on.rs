//! What a configuration asks for and this release only checks. A line is deleted here when its deed is built.

use super::{Settings, Store};

impl Settings {
    /// In words for people, what this configuration uses and this release does not act on yet.
    #[must_use]
    pub fn not_acted_on_yet(&self) -> Vec<&'static str> {
        let questions = [(matches!(self.store, Store::Postgres(_)), "the postgres store")];
        questions.into_iter().filter_map(|(used, words)| used.then_some(words)).collect()
    }
}
