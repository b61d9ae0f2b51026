//! Layers: whose turn it is, and when that changes.

use super::earlier;
use super::schedule::{Layer, Rotation};
use crate::model::Name;
use jiff::civil::DateTime;

impl Layer {
    /// Whether it counts at `local`.
    pub(super) fn is_active(&self, local: DateTime) -> bool {
        let is_effective = self.rotation.effective_from.is_none_or(|from| from <= local);
        is_effective && self.during.as_ref().is_none_or(|window| window.end(local).is_some())
    }

    /// When its present turn ends, or its window, where it is active at `local`.
    fn end(&self, local: DateTime) -> Option<DateTime> {
        let rotation = &self.rotation;
        let handoff = rotation.handoff(rotation.turn(local).saturating_add(1));
        earlier(handoff, self.during.as_ref().and_then(|window| window.end(local)))
    }

    /// When it becomes active, where it is not at `local`.
    fn start(&self, local: DateTime) -> Option<DateTime> {
        let effective = self.rotation.effective_from.filter(|from| *from > local);
        let Some(window) = &self.during else { return effective };
        match effective {
            // It may become effective in the middle of a window.
            Some(from) if window.end(from).is_some() => Some(from),
            Some(from) => window.next_start(from),
            None => window.next_start(local),
        }
    }
}

impl Rotation {
    /// The local time of handoff `number`. None where the calendar ends.
    pub(super) fn handoff(&self, number: i64) -> Option<DateTime> {
        self.every.from(self.from, number)
    }

    /// The number of the turn at `local`.
    pub(super) fn turn(&self, local: DateTime) -> i64 {
        self.every.count(self.from, local)
    }

    /// Whose turn has this number.
    pub(super) fn responder(&self, number: i64) -> Option<&Name> {
        let count = i64::try_from(self.responders.len()).ok()?;
        let index = number.checked_rem_euclid(count)?;
        self.responders.get(usize::try_from(index).ok()?)
    }
}

/// When another turn or another layer may decide, after `local`. What lies below the layer that decides does not matter.
pub(super) fn next_change(layers: &[Layer], local: DateTime) -> Option<DateTime> {
    let deciding = layers.iter().rposition(|layer| layer.is_active(local));
    let end = deciding.and_then(|index| layers[index].end(local));
    let above = &layers[deciding.map_or(0, |index| index + 1)..];
    above.iter().filter_map(|layer| layer.start(local)).chain(end).min()
}
