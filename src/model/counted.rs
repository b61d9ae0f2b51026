//! A number with its noun.

/// So many of something, as people say it: `1 page`, `2 pages`. The noun is one that takes an `s`.
#[must_use]
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
