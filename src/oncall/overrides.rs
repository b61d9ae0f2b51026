//! Overrides: who stands in for whom.
//!
//! They lie above the layers and each above the one before it. One for everybody hides what is below. One that replaces a
//! person holds while that person is on call by what is below, with two refinements that make it mean what people write:
//!
//! - of two that replace the same person, the later wins, as everywhere;
//! - nobody stands in who is being replaced at that moment, so that two people swap by two overrides, in either order.

use super::schedule::Override;
use crate::model::Name;
use jiff::civil::DateTime;

/// What overrides make of an instant.
pub(super) enum Standing<'s> {
    /// Nobody stands in.
    Nobody,
    /// Somebody does.
    In {
        /// Who.
        responder: &'s Name,
        /// The override that says so.
        index: usize,
    },
}

impl Override {
    fn is_active(&self, local: DateTime) -> bool {
        self.from <= local && local < self.to
    }
}

/// Who stands in at `local`, where the layers have `below` on call.
pub(super) fn stand_in<'s>(overrides: &'s [Override], local: DateTime, below: Option<&'s Name>) -> Standing<'s> {
    // Each stands in for the one before them; the last is on call.
    let mut chain: Vec<(&Name, Option<usize>)> = below.map(|name| (name, None)).into_iter().collect();
    for (index, change) in overrides.iter().enumerate().filter(|(_, change)| change.is_active(local)) {
        let kept = match &change.replace {
            None => 0,
            Some(replaced) => match chain.iter().position(|(name, _)| *name == replaced) {
                Some(at) if chain[..=at].iter().all(|(name, _)| **name != change.responder) => at + 1,
                Some(_) | None => continue,
            },
        };
        chain.truncate(kept);
        chain.push((&change.responder, Some(index)));
    }
    match chain.last() {
        Some((responder, Some(index))) => Standing::In { responder, index: *index },
        Some((_, None)) | None => Standing::Nobody,
    }
}

/// When an override begins or ends, after `local`, and whether anything below the overrides matters until then.
pub(super) fn next_change(overrides: &[Override], local: DateTime) -> (Option<DateTime>, bool) {
    let lid = overrides.iter().rposition(|change| change.replace.is_none() && change.is_active(local));
    let visible = &overrides[lid.unwrap_or(0)..];
    let edges = visible.iter().flat_map(|change| [change.from, change.to]).filter(|edge| *edge > local);
    (edges.min(), lid.is_none())
}
