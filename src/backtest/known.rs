//! Incidents that really happened, as our own journal tells of them: what a change must not miss.

use crate::engine::transition::Origin;
use crate::engine::{EventKind, IncidentEvent};
use crate::model::{Moment, RuleId, Span};
use crate::store::Story;
use std::collections::BTreeSet;

/// A firing that begins or ends so near to a known incident is about it.
const SLACK: Span = Span::from_mins(10);

/// One incident that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The number that people say.
    pub number: u64,
    /// The rules whose alerts were part of it.
    pub rules: BTreeSet<RuleId>,
    /// When its first alert joined it.
    pub from: Moment,
    /// When it was over, if it is.
    pub to: Option<Moment>,
    /// Whether somebody took it for real: acknowledged it, judged its severity, or said how things stand.
    pub is_real: bool,
}

impl Known {
    /// The incident that a story tells of; nothing where it tells of none.
    #[must_use]
    pub fn of(story: &Story) -> Option<Self> {
        let mut known: Option<Known> = None;
        for event in &story.events {
            let EventKind::Incident { number, event: step, .. } = &event.kind else { continue };
            let nothing =
                || Known { number: *number, rules: BTreeSet::new(), from: event.moment, to: None, is_real: false };
            let known = known.get_or_insert_with(nothing);
            match step {
                IncidentEvent::Joined { subject, .. } => {
                    if let Origin::Rule(rule) = subject.origin {
                        known.rules.insert(rule);
                    }
                }
                IncidentEvent::Acknowledged(_) | IncidentEvent::Assessed(_) | IncidentEvent::Communicated { .. } => {
                    known.is_real = true;
                }
                IncidentEvent::Resolved { at, by } => {
                    known.to = Some(*at);
                    known.is_real |= by.is_some();
                }
                IncidentEvent::Reopened { .. } => known.to = None,
                _ => {}
            }
        }
        known
    }

    /// Whether something that fires from `from` to `to` is about it.
    #[must_use]
    pub fn is_met_by(&self, from: Moment, to: Moment) -> bool {
        let end = self.to.unwrap_or(Moment::from_millis(i64::MAX));
        from <= end + SLACK && to + SLACK >= self.from
    }
}
