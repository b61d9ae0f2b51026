//! What an incident waits for that nothing fires in any more.

/// What it waits for, where somebody `has_acted` or nobody has: the same words wherever it stands.
#[must_use]
pub fn waits_for(has_acted: bool) -> &'static str {
    if has_acted { "waits for somebody to close it" } else { "waits for somebody to act" }
}
