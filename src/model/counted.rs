//! A number with its noun.

/// So many of something, as people say it: `1 page`, `2 pages`. The noun is one that takes an `s`.
#[must_use]
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// So many alerts, of which people hear that they go on.
#[must_use]
pub fn still_fire(alerts: usize) -> String {
    format!("{} still fire{}", counted(alerts, "alert"), if alerts == 1 { "s" } else { "" })
}
