//! What a source answered over a stretch of time: one column of values for each series, on the grid of its group.

use crate::engine::Failure;
use crate::model::{Labels, Slot, Span};
use crate::series::is_stale;

/// The answers to one question at some slots in a row.
#[derive(Clone, Debug)]
pub struct Part {
    /// The first slot.
    pub first: Slot,
    /// How far apart they lie.
    pub step: Span,
    /// How many.
    pub slots: usize,
    /// The series, by labels.
    pub columns: Vec<Column>,
    /// Where nothing is known.
    pub holes: Vec<Hole>,
}

/// One series.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its labels, metric name included.
    pub labels: Labels,
    /// Its value at each slot, the staleness marker (which no answer ever holds) where there is none.
    pub values: Vec<f64>,
}

/// Slots of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The first of them.
    pub first: Slot,
    /// The last of them.
    pub last: Slot,
    /// Why.
    pub why: Failure,
}

impl Part {
    /// A part without any answer yet.
    #[must_use]
    pub fn empty(first: Slot, step: Span, slots: usize) -> Self {
        Part { first, step, slots, columns: Vec::new(), holes: Vec::new() }
    }

    /// The place of `slot` in the columns, if it is one of theirs.
    #[must_use]
    pub fn place(&self, slot: Slot) -> Option<usize> {
        let since = (slot - self.first).millis();
        let place = usize::try_from(since / self.step.millis()).ok()?;
        (since >= 0 && since % self.step.millis() == 0 && place < self.slots).then_some(place)
    }

    /// Why nothing is known of `slot`, if nothing is.
    #[must_use]
    pub fn hole(&self, slot: Slot) -> Option<&Failure> {
        self.holes.iter().find(|hole| hole.first <= slot && slot <= hole.last).map(|hole| &hole.why)
    }

    /// The samples before `slot` and not before `from`, series by series, as histories take them.
    #[must_use]
    pub fn before(&self, slot: Slot, from: Slot) -> Vec<(Labels, Vec<(Slot, f64)>)> {
        let known = |(place, value): (usize, &f64)| {
            let at = self.first + self.step.times(i64::try_from(place).ok()?);
            (at >= from && at < slot && !is_stale(*value)).then_some((at, *value))
        };
        let past =
            |column: &Column| -> Vec<(Slot, f64)> { column.values.iter().enumerate().filter_map(known).collect() };
        self.columns.iter().map(|column| (column.labels.clone(), past(column))).collect()
    }
}
