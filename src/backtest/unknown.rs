//! What our own service did not know at the time, as its journal tells: a backtest that is given it knows no more.

use crate::engine::{Event, EventKind};
use crate::model::{Moment, Name, RuleId, Slot, Span};
use std::collections::BTreeMap;

/// Whoever runs notes it every few seconds. So long after the last note nothing is known of it any more.
const NOTED_WITHIN: Span = Span::from_mins(5);

/// From when to when a journal goes, where it tells of anything.
pub type Extent = Option<(Moment, Moment)>;

/// What of `window` nobody has a record of, where a journal goes from the first instant of `extent` to the last at which it was
/// known to run: the time before, and the time after.
#[must_use]
pub fn unrecorded(extent: Extent, window: (Moment, Moment)) -> Vec<(Moment, Moment)> {
    let (from, to) = window;
    let (first, last) = extent.map_or((to, to), |(first, last)| (first, last + NOTED_WITHIN));
    let spans = [(from, first.min(to)), (last.max(from), to)];
    spans.into_iter().filter(|(from, until)| from < until).collect()
}

/// What was not known, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// When the service was not running: from, and until.
    pub down: Vec<(Moment, Moment)>,
    /// Slots of a group (its source and name) that were not evaluated: the first, and how many.
    pub missed: Vec<((Name, Name), Slot, u32)>,
    /// Slots at which a rule's queries failed: the first, and the first that was answered again, if one was.
    pub failed: BTreeMap<RuleId, Vec<(Slot, Option<Slot>)>>,
}

impl Unknown {
    /// What a journal tells of, from its beginning.
    #[must_use]
    pub fn of<'a>(journal: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut unknown = Unknown::default();
        for event in journal {
            match &event.kind {
                EventKind::Slept { span } => unknown.down.push((event.moment - *span, event.moment)),
                EventKind::SlotsMissed { source, group, first, slots } => {
                    unknown.missed.push(((source.clone(), group.clone()), *first, *slots));
                }
                EventKind::RuleChanged { rule, failing, .. } => {
                    let Some(slot) = event.slot else { continue };
                    let spans = unknown.failed.entry(*rule).or_default();
                    match (failing, spans.last_mut()) {
                        (Some(_), Some((_, None))) => {}
                        (Some(_), _) => spans.push((slot, None)),
                        (None, Some((_, until @ None))) => *until = Some(slot),
                        (None, _) => {}
                    }
                }
                _ => {}
            }
        }
        unknown
    }

    /// The same, knowing from when to when the journal goes: what lies before and after it within `window` nobody saw.
    #[must_use]
    pub fn beyond(mut self, extent: Extent, window: (Moment, Moment)) -> Self {
        // The ends of the window lie in it.
        let window = (window.0 - Span::from_millis(1), window.1 + Span::from_millis(1));
        self.down.extend(unrecorded(extent, window));
        self
    }

    /// Whether the service was not running at `at`.
    #[must_use]
    pub fn is_down(&self, at: Moment) -> bool {
        self.down.iter().any(|(from, until)| *from < at && at < *until)
    }

    /// The slots of a group that were missed and begin with `slot`: how many.
    #[must_use]
    pub fn missed_from(&self, group: (&Name, &Name), slot: Slot) -> Option<u32> {
        let is_it = |(name, first, _): &&((Name, Name), Slot, u32)| (&name.0, &name.1) == group && *first == slot;
        self.missed.iter().find(is_it).map(|(_, _, slots)| *slots)
    }

    /// Whether the queries of `rule` failed at `slot`.
    #[must_use]
    pub fn failed_at(&self, rule: RuleId, slot: Slot) -> bool {
        let spans = self.failed.get(&rule).map(Vec::as_slice).unwrap_or_default();
        spans.iter().any(|(first, until)| *first <= slot && until.is_none_or(|until| slot < until))
    }

    /// When the service was back, of what lies after `after` and not after `until`: the moments, and how long it was away.
    pub fn returns(&self, after: Moment, until: Moment) -> impl Iterator<Item = (Moment, Span)> + '_ {
        let spans = self.down.iter().map(|(from, back)| (*back, *back - *from));
        spans.filter(move |(back, _)| after < *back && *back <= until)
    }
}
