//! The source of a scenario: what each query answers at each slot.

use super::scenario::Feed;
use crate::model::{Answer, Labels, Sample, SeriesTable, Slot, Span};
use crate::rules::Rule;

/// How old the value may be that answers for an instant which the source has not come to: Prometheus's look-back.
const LOOKBACK: Span = Span::from_mins(5);

/// What one query of one rule has been fed, and the series that it has returned.
#[derive(Debug, Default)]
pub struct Source {
    table: SeriesTable,
    answer: Answer,
}

impl Source {
    /// The answer at a slot: for each series the value whose step the slot lies in, if there is one. Of what comes after
    /// `known` nothing is known yet.
    pub fn read(&mut self, feeds: &[&Feed], start: Slot, (slot, known): (Slot, Slot)) -> (&SeriesTable, &Answer) {
        self.answer.samples.clear();
        for feed in feeds {
            if let Some(value) = feed.value(start, slot, known) {
                let series = self.table.intern(feed.labels.clone());
                self.answer.samples.push(Sample { series, value });
            }
        }
        (&self.table, &self.answer)
    }

    /// Takes the answer of whoever was asked; what they say of series goes into the table.
    ///
    /// # Errors
    /// What they say instead of an answer.
    pub fn take<E>(&mut self, ask: impl FnOnce(&mut SeriesTable) -> Result<Answer, E>) -> Result<(), E> {
        self.answer = ask(&mut self.table)?;
        Ok(())
    }

    /// Leaves those series out of the answer.
    pub fn leave_out(&mut self, is_out: impl Fn(&Labels) -> bool) {
        let table = &self.table;
        self.answer.samples.retain(|sample| !is_out(table.labels(sample.series)));
    }

    /// The answer as it was read last.
    #[must_use]
    pub fn last(&self) -> (&SeriesTable, &Answer) {
        (&self.table, &self.answer)
    }
}

impl Feed {
    fn value(&self, start: Slot, slot: Slot, known: Slot) -> Option<f64> {
        let from = slot.min(known);
        if slot - from >= LOOKBACK {
            return None;
        }
        let step = usize::try_from((from - start).millis().div_euclid(self.every.millis())).ok()?;
        self.values.get(step).copied().flatten()
    }

    /// The samples on the grid from one slot on and before another, as a range query would find them.
    #[must_use]
    pub fn past(
        &self,
        start: Slot,
        (from, until): (Slot, Slot),
        known: Slot,
        interval: Span,
    ) -> (Labels, Vec<(Slot, f64)>) {
        let mut samples = Vec::new();
        let mut at = from;
        while at < until {
            samples.extend(self.value(start, at, known).map(|value| (at, value)));
            at = at + interval;
        }
        (self.labels.clone(), samples)
    }
}

/// The feeds of one query of `rule`.
#[must_use]
pub fn of_query<'a>(feeds: &'a [Feed], rule: &Rule, query: usize) -> Vec<&'a Feed> {
    let name = &rule.queries[query].name;
    feeds.iter().filter(|feed| feed.rule == rule.alert && feed.query == *name).collect()
}
