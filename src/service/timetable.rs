//! When each group's next slot is due. Pure: it is told the time.

use crate::model::{Slot, Span};
use crate::rules::Group;
use std::collections::BTreeSet;

/// The next slot of every group.
#[derive(Clone, Debug, Default)]
pub struct Timetable {
    grids: Vec<Grid>,
    due: BTreeSet<(i64, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Grid {
    interval: Span,
    offset: Span,
    next: Slot,
}

/// A group whose slot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The index of the group.
    pub group: usize,
    /// The slot to evaluate: the latest one that has passed.
    pub slot: Slot,
    /// How many slots before it were never looked at.
    pub missed: u32,
    /// The first of them.
    pub first_missed: Slot,
}

impl Timetable {
    /// A timetable for `groups` from `wall` on. The grid of a group hangs on its source and name, never on a path.
    #[must_use]
    pub fn new<'a>(groups: impl IntoIterator<Item = &'a Group>, wall: i64) -> Self {
        let mut table = Timetable::default();
        for (index, group) in groups.into_iter().enumerate() {
            let offset = group.grid();
            let next = Slot::at_or_before(wall, group.interval, offset) + group.interval;
            table.due.insert((next.millis(), index));
            table.grids.push(Grid { interval: group.interval, offset, next });
        }
        table
    }

    /// A timetable for other groups that goes on where this one was: `same` says which old group a new one is.
    #[must_use]
    pub fn carried_over<'a>(
        &self,
        groups: impl IntoIterator<Item = &'a Group>,
        same: impl Fn(usize) -> Option<usize>,
        wall: i64,
    ) -> Self {
        let mut table = Timetable::new(groups, wall);
        for index in 0..table.grids.len() {
            let old = same(index).and_then(|old| self.grids.get(old)).copied();
            let fresh = table.grids[index];
            if let Some(old) = old.filter(|old| (old.interval, old.offset) == (fresh.interval, fresh.offset)) {
                table.due.remove(&(fresh.next.millis(), index));
                table.due.insert((old.next.millis(), index));
                table.grids[index] = old;
            }
        }
        table
    }

    /// The wall clock, in milliseconds, at which something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The next group whose slot has come by `wall`, if any. Slots that have passed unseen are counted and skipped.
    pub fn take_due(&mut self, wall: i64) -> Option<Due> {
        let (due, group) = *self.due.first().filter(|(due, _)| *due <= wall)?;
        self.due.remove(&(due, group));
        let grid = &mut self.grids[group];
        let first = grid.next;
        let slot = Slot::at_or_before(wall, grid.interval, grid.offset).max(first);
        let missed = (slot - first).millis() / grid.interval.millis();
        grid.next = slot + grid.interval;
        self.due.insert((grid.next.millis(), group));
        Some(Due { group, slot, missed: u32::try_from(missed).unwrap_or(u32::MAX), first_missed: first })
    }

    /// The wall clock was stepped: every group starts from its grid anew.
    pub fn restart(&mut self, wall: i64) {
        self.due.clear();
        for (index, grid) in self.grids.iter_mut().enumerate() {
            grid.next = Slot::at_or_before(wall, grid.interval, grid.offset) + grid.interval;
            self.due.insert((grid.next.millis(), index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, interval: Span) -> Group {
        let (file, source) = ("rules.yaml".into(), "main".into());
        Group { name: name.into(), file, source, interval, query_offset: Span::ZERO, limit: 0, rules: Vec::new() }
    }

    #[test]
    fn a_group_is_due_at_every_grid_point_and_missed_ones_are_counted_not_queued() {
        let chain = group("chain", Span::from_secs(30));
        let mut table = Timetable::new([&chain], 1_000_000);
        let first = table.next_due().unwrap();
        assert!(first > 1_000_000 && first <= 1_030_000);
        assert_eq!(table.take_due(first - 1), None);
        let due = table.take_due(first + 5).unwrap();
        assert_eq!((due.slot.millis(), due.missed), (first, 0));
        let late = table.take_due(first + 95_000).unwrap();
        assert_eq!((late.slot.millis(), late.missed), (first + 90_000, 2));
        assert_eq!(late.first_missed.millis(), first + 30_000);
        assert_eq!(table.next_due(), Some(first + 120_000));
    }

    #[test]
    fn the_grid_of_a_group_hangs_on_its_source_and_name_and_not_on_its_file() {
        let hour = Span::from_hours(1);
        let chain = group("chain", hour);
        let moved = Group { file: "elsewhere/rules.yaml".into(), ..chain.clone() };
        let (renamed, other) = (group("oracle", hour), Group { source: "mimir".into(), ..chain.clone() });
        assert_eq!(chain.grid(), moved.grid());
        assert_ne!(chain.grid(), renamed.grid());
        assert_ne!(chain.grid(), other.grid());
    }

    #[test]
    fn a_reload_does_not_shift_the_slot_of_a_group_that_is_still_there() {
        let (chain, oracle) = (group("chain", Span::from_secs(30)), group("oracle", Span::from_secs(30)));
        let old = Timetable::new([&chain], 1_000_000);
        let next = old.next_due().unwrap();
        // Just after the slot has come, and before it was looked at, the rules are reloaded.
        let new = old.carried_over([&oracle, &chain], |index| (index == 1).then_some(0), next + 10);
        assert!(new.clone().due.contains(&(next, 1)));
    }
}
