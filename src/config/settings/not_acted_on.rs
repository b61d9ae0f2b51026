//! What a configuration asks for and this release only checks. A line is deleted here when its deed is built.

use super::{Escalation, Level, Settings, Store};

impl Settings {
    /// In words for people, what this configuration uses and this release does not act on yet.
    #[must_use]
    pub fn not_acted_on_yet(&self) -> Vec<&'static str> {
        let questions = [
            (self.any_level(|level| level.actions), "`actions` of levels"),
            (!self.actions.is_empty(), "actions"),
            (matches!(self.store, Store::Postgres(_)), "the postgres store"),
            (self.retention != super::Retention::default(), "retention"),
        ];
        questions.into_iter().filter_map(|(used, words)| used.then_some(words)).collect()
    }

    fn any_level(&self, claim: impl Fn(&Level) -> bool) -> bool {
        let ladders = self.policies.values().flat_map(|policy| policy.matrix.values());
        let ladders = ladders.filter_map(|escalation| match escalation {
            Escalation::Ladder(ladder) => Some(ladder),
            Escalation::Digest(digest) => Some(&digest.matrix),
            Escalation::Nobody => None,
        });
        ladders.flat_map(|ladder| &ladder.levels).any(claim)
    }
}
