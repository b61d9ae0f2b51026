//! What one series said at the last slots of its group's grid.
//!
//! History is a function of query and slot: a slot learned late, by [`History::fill`], leaves the same history as one
//! learned in time, so that neither a restart nor a missed slot changes a verdict. Every slot has a cell of eight bytes; the cells are
//! allocated once and used in a ring, so that watching a series for weeks costs what watching it for an hour does.
//!
//! Slots are whole intervals apart. A [`Window`] of length `w` at a slot is the half-open range `(slot − w, slot]`: the slot itself and those
//! before it that are less than `w` away, `⌈w / interval⌉` of them. Five minutes on a grid of thirty seconds are ten slots.

mod window;

pub use window::Window;

use super::{Slot, Span};

/// The samples of one series at the newest slots. Start at [`History::push`] and [`History::window`].
#[derive(Clone, Debug)]
pub struct History {
    interval: Span,
    /// The number of the newest slot that was pushed or filled.
    newest: Option<i64>,
    /// Cell `n mod len` is slot `n`; only the `len` slots up to `newest` are held.
    cells: Box<[Cell]>,
}

/// A sample, or none, in eight bytes.
#[derive(Clone, Copy, Debug)]
struct Cell(u64);

impl Cell {
    /// A NaN that no sample is: those are all stored as the one NaN of `f64::NAN`.
    const EMPTY: Cell = Cell(u64::MAX);

    fn of(value: Option<f64>) -> Self {
        match value {
            None => Cell::EMPTY,
            Some(value) if value.is_nan() => Cell(f64::NAN.to_bits()),
            Some(value) => Cell(value.to_bits()),
        }
    }

    fn value(self) -> Option<f64> {
        (self.0 != Cell::EMPTY.0).then(|| f64::from_bits(self.0))
    }
}

impl History {
    /// An empty history on a grid of `interval` that answers for windows up to `span`, and for the value `span` ago.
    ///
    /// # Panics
    /// When `interval` is not positive; the rule compiler refuses such groups.
    #[must_use]
    pub fn new(interval: Span, span: Span) -> Self {
        assert!(interval > Span::ZERO, "a group's interval is positive");
        History { interval, newest: None, cells: vec![Cell::EMPTY; Self::cells_for(interval, span)].into() }
    }

    /// How many samples a history of `span` holds on a grid of `interval`: what `history_max_samples` counts.
    #[must_use]
    pub fn cells_for(interval: Span, span: Span) -> usize {
        // One more than the window has slots: the value `span` ago stands just outside of it.
        slots_in(span, interval) + 1
    }

    /// Notes what the series said at `slot`; `None` where it said nothing. The oldest slots make room for a newer one.
    pub fn push(&mut self, slot: Slot, value: Option<f64>) {
        let number = self.number(slot);
        self.advance(number);
        if let Some(cell) = self.cell_of(number) {
            self.cells[cell] = Cell::of(value);
        }
    }

    /// Notes what the series said at a slot that was missed. A slot older than this history reaches is none of its concern.
    pub fn fill(&mut self, slot: Slot, value: f64) {
        self.push(slot, Some(value));
    }

    /// The wall clock was stepped back, so that `slot` is now: what is held of later slots is yet to come, and makes room
    /// for what lies before.
    pub fn rewind(&mut self, slot: Slot) {
        let number = self.number(slot);
        let Some(newest) = self.newest.filter(|newest| *newest > number) else { return };
        let too_new = u64::try_from(newest.saturating_sub(number)).unwrap_or(u64::MAX).min(self.cells.len() as u64);
        for step in 0..too_new {
            let cell = self.cell_index(newest.saturating_sub_unsigned(step));
            self.cells[cell] = Cell::EMPTY;
        }
        self.newest = Some(number);
    }

    /// The sample at exactly `slot`.
    #[must_use]
    pub fn at(&self, slot: Slot) -> Option<f64> {
        self.at_number(self.number(slot))
    }

    /// The sample at the newest slot that lies at least `span` before `slot`.
    #[must_use]
    pub fn ago(&self, slot: Slot, span: Span) -> Option<f64> {
        self.at_number(self.number(slot).saturating_sub_unsigned(slots_in(span, self.interval) as u64))
    }

    /// The slots of `(slot − span, slot]`, with their samples.
    #[must_use]
    pub fn window(&self, slot: Slot, span: Span) -> Window<'_> {
        self.window_of(slot, slots_in(span, self.interval))
    }

    /// The slots of `[slot − span, slot]`, both ends included: what a change over `span` looks at.
    #[must_use]
    pub fn closed_window(&self, slot: Slot, span: Span) -> Window<'_> {
        self.window_of(slot, slots_in(span, self.interval) + 1)
    }

    /// How long before `slot` the last sample up to it was taken; `None` where this history knows of none.
    #[must_use]
    pub fn age(&self, slot: Slot) -> Option<Span> {
        let last = self.number(slot);
        let held = self.newest?.min(last);
        // Cells older than the reach at `slot` may still be there, but whether they are is chance.
        let oldest = self.oldest()?.max(last.saturating_sub_unsigned(self.cells.len() as u64 - 1));
        let found = (oldest..=held).rev().find(|number| self.at_number(*number).is_some())?;
        Some(self.interval.times(last - found))
    }

    /// `slots` slots up to `slot`; those that are not held count as slots without a sample.
    fn window_of(&self, slot: Slot, slots: usize) -> Window<'_> {
        let last = self.number(slot);
        let first = last.saturating_sub_unsigned(slots as u64).saturating_add(1);
        let (Some(oldest), Some(newest)) = (self.oldest(), self.newest) else {
            return Window::new(&[], &[], 0, slots, self.interval);
        };
        let (from, to) = (first.max(oldest), last.min(newest));
        let (Some(start), Some(end)) = (self.cell_of(from), self.cell_of(to)) else {
            return Window::new(&[], &[], 0, slots, self.interval);
        };
        let skipped = usize::try_from(from - first).unwrap_or(slots);
        let (older, newer) = match (from <= to, start <= end) {
            (false, _) => (&self.cells[..0], &self.cells[..0]),
            (true, true) => (&self.cells[start..=end], &self.cells[..0]),
            (true, false) => (&self.cells[start..], &self.cells[..=end]),
        };
        Window::new(older, newer, skipped, slots, self.interval)
    }

    /// Makes `number` the newest slot if it is one, and empties the cells of the slots in between.
    fn advance(&mut self, number: i64) {
        let Some(newest) = self.newest else {
            self.newest = Some(number);
            return;
        };
        let capacity = self.cells.len() as u64;
        // A gap longer than the ring empties every cell once.
        for step in 0..u64::try_from(number.saturating_sub(newest)).unwrap_or(0).min(capacity) {
            let cell = self.cell_index(number.saturating_sub_unsigned(step));
            self.cells[cell] = Cell::EMPTY;
        }
        self.newest = Some(newest.max(number));
    }

    fn at_number(&self, number: i64) -> Option<f64> {
        self.cells[self.cell_of(number)?].value()
    }

    /// The cell of slot `number`, if that slot is held.
    fn cell_of(&self, number: i64) -> Option<usize> {
        let held = number <= self.newest? && number >= self.oldest()?;
        held.then(|| self.cell_index(number))
    }

    fn cell_index(&self, number: i64) -> usize {
        let capacity = i64::try_from(self.cells.len()).expect("a ring has fewer than 2^63 cells");
        usize::try_from(number.rem_euclid(capacity)).expect("a remainder is not negative")
    }

    fn oldest(&self) -> Option<i64> {
        Some(self.newest?.saturating_sub_unsigned(self.cells.len() as u64 - 1))
    }

    /// The number of a slot on its grid. A group's offset is the same for all of its slots, so it may drop out here.
    fn number(&self, slot: Slot) -> i64 {
        slot.millis().div_euclid(self.interval.millis())
    }
}

/// How many slots `(slot − span, slot]` has.
fn slots_in(span: Span, interval: Span) -> usize {
    let (span, interval) = (span.millis().max(0).unsigned_abs(), interval.millis().unsigned_abs());
    usize::try_from(span.div_ceil(interval)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INTERVAL: Span = Span::from_secs(30);

    fn slot(number: i64) -> Slot {
        // An offset of seven seconds, as a group's hash might give.
        Slot::from_millis(number * 30_000 + 7_000)
    }

    fn history(values: &[Option<f64>]) -> History {
        let mut history = History::new(INTERVAL, Span::from_mins(5));
        for (number, value) in (0..).zip(values) {
            history.push(slot(number), *value);
        }
        history
    }

    #[test]
    fn five_minutes_at_thirty_seconds_are_ten_slots_with_the_newest_and_without_the_far_edge() {
        let full: Vec<_> = (0..=10).map(|n| Some(f64::from(n))).collect();
        let history = history(&full);
        let window = history.window(slot(10), Span::from_mins(5));
        assert_eq!(window.slots(), 10);
        assert_eq!(window.samples().collect::<Vec<_>>(), (1..=10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(history.closed_window(slot(10), Span::from_mins(5)).samples().next(), Some(0.0));
        assert_eq!(history.ago(slot(10), Span::from_mins(5)), Some(0.0));
    }

    #[test]
    fn a_span_between_two_slots_counts_the_slot_that_it_reaches_into() {
        let history = history(&[Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(history.window(slot(2), Span::from_secs(45)).slots(), 2);
        assert_eq!(history.ago(slot(2), Span::from_secs(45)), Some(1.0), "at least so long ago, never later");
        assert_eq!(history.ago(slot(2), Span::ZERO), Some(3.0));
    }

    #[test]
    fn what_is_too_old_or_yet_to_come_is_missing() {
        let mut history = history(&[Some(1.0); 12]);
        assert_eq!(history.at(slot(0)), None, "eleven cells hold the slots 1 to 11");
        history.fill(slot(0), 9.0);
        assert_eq!(history.at(slot(0)), None);
        assert_eq!(history.at(slot(11)), Some(1.0), "a late fill beyond reach overwrites nothing");
        assert_eq!(history.window(slot(13), Span::from_mins(1)).samples().count(), 0);
        assert_eq!(history.window(slot(12), Span::from_mins(1)).samples().count(), 1);
        history.push(slot(1_000), Some(5.0));
        assert_eq!(history.window(slot(1_000), Span::from_mins(5)).samples().collect::<Vec<_>>(), [5.0]);
    }

    #[test]
    fn a_clock_that_goes_back_takes_what_is_yet_to_come_with_it_and_what_was_before_can_be_filled_in() {
        for back_to in [8, -500] {
            let mut history = history(&(0..=12).map(|n| Some(f64::from(n))).collect::<Vec<_>>());
            history.rewind(slot(back_to));
            assert_eq!(history.at(slot(12)), None, "that slot has not come yet");
            assert_eq!(history.at(slot(back_to)), (back_to == 8).then_some(8.0), "what is in reach stays");
            for number in back_to - 10..=back_to {
                history.fill(slot(number), 1.0);
            }
            assert_eq!(history.window(slot(back_to), Span::from_mins(5)).samples().count(), 10);
            let same = history.clone();
            history.rewind(slot(back_to + 3));
            assert_eq!(history.window(slot(back_to), Span::from_mins(5)).samples().count(), 10, "{same:?}");
        }
    }

    #[test]
    fn age_counts_from_the_last_sample_and_is_unknown_to_an_empty_history() {
        let history = history(&[Some(1.0), Some(f64::NAN), None, None]);
        assert_eq!(history.age(slot(1)), Some(Span::ZERO));
        assert_eq!(history.age(slot(3)), Some(Span::from_mins(1)));
        assert_eq!(History::new(INTERVAL, Span::ZERO).age(slot(0)), None);
    }

    #[test]
    fn not_a_number_is_a_sample() {
        let history = history(&[Some(-f64::NAN), Some(f64::from_bits(u64::MAX)), None]);
        assert_eq!(history.window(slot(2), Span::from_mins(5)).samples().count(), 2);
    }

    proptest! {
        #[test]
        fn filled_later_and_in_any_order_is_the_same_history(
            said in prop::collection::vec(prop::option::of(-5i32..5), 1..60),
            missed in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            window in 1i64..=10,
        ) {
            let said: Vec<_> = said.into_iter().map(|v| v.map(f64::from)).collect();
            let live = history(&said);
            let mut later: Vec<usize> = missed.iter().map(|index| index.index(said.len())).collect();
            let mut filled = History::new(INTERVAL, Span::from_mins(5));
            for (number, value) in said.iter().enumerate() {
                if !later.contains(&number) {
                    filled.push(slot(i64::try_from(number).unwrap()), *value);
                }
            }
            later.reverse();
            for number in later {
                if let Some(value) = said[number] {
                    filled.fill(slot(i64::try_from(number).unwrap()), value);
                }
            }
            let last = slot(i64::try_from(said.len()).unwrap() - 1);
            let (a, b) = (live.window(last, INTERVAL.times(window)), filled.window(last, INTERVAL.times(window)));
            prop_assert_eq!(a.samples().collect::<Vec<_>>(), b.samples().collect::<Vec<_>>());
            prop_assert_eq!(a.slope(), b.slope());
            prop_assert_eq!(live.age(last), filled.age(last));
            prop_assert_eq!(live.ago(last, INTERVAL.times(window)), filled.ago(last, INTERVAL.times(window)));
        }
    }
}
