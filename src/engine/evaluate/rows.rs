//! The rows of a rule: one for each series, or for each set of join labels where a rule has several queries.
//!
//! A known series is found by its number alone; its labels are looked at only when it is first seen. Values lie in one
//! flat table of cells, so that a row with no news costs nothing but its comparison.

use crate::model::{Answer, History, Labels, Name, Places, SeriesRef, SeriesTable, Slot, Span, make_room};

/// No row, no alert.
pub(super) const NONE: u32 = u32::MAX;

/// All rows of one rule.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    queries: usize,
    /// The number of this evaluation. Slots would not do: where the wall clock is stepped back, one comes again. With one each
    /// second there are numbers for a hundred years.
    round: u32,
    rows: Vec<Row>,
    cells: Vec<Cell>,
    by_key: Places,
    lookups: Vec<Lookup>,
    free: Vec<u32>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The labels of the series, or those joined on.
    pub key: Labels,
    /// The place of its alert in the rule's list, or [`NONE`].
    pub alert: u32,
    /// The last slot in which any query had it.
    pub seen: Slot,
    /// The labels that people see where this row gives the verdict; kept only where several are folded into one alert.
    pub labels: Option<Labels>,
    in_use: bool,
}

/// The value of one query in one row.
#[derive(Clone, Debug)]
pub struct Cell {
    value: f64,
    /// The evaluation that brought it.
    seen: u32,
    series: u32,
    history: Option<Box<History>>,
}

#[derive(Clone, Debug, Default)]
struct Lookup {
    epoch: u64,
    rows: Vec<u32>,
}

/// Two series of one query that fall on one row, or two rows that are one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The row.
    pub row: u32,
    /// What they have in common: the labels that are joined on, or those of the alert that both would be.
    pub at: Labels,
    /// The labels of one of them, the smaller set.
    pub first: Labels,
    /// The labels of the other.
    pub second: Labels,
}

/// What all rows of a rule have in common.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// The labels on which several queries are joined; `None` where a series is its own row.
    pub join: Option<&'a [Name]>,
    /// How far back each query's samples are kept.
    pub history: &'a [Span],
    /// The grid.
    pub interval: Span,
}

impl Rows {
    /// Rows for a rule with so many queries.
    #[must_use]
    pub fn new(queries: usize) -> Self {
        Rows { queries, lookups: vec![Lookup::default(); queries], ..Rows::default() }
    }

    /// A new evaluation begins: no row has a value yet.
    pub fn begin(&mut self) {
        self.round += 1;
    }

    /// Enters the answer of query `query` for `slot`. Rows that it touches are listed in `touched`, each once an evaluation.
    pub fn enter(
        &mut self,
        (query, table, answer): (usize, &SeriesTable, &Answer),
        slot: Slot,
        shape: Shape<'_>,
        touched: &mut Vec<u32>,
    ) -> Vec<Collision> {
        let mut collisions = Vec::new();
        self.lookups[query].renew(table);
        for sample in &answer.samples {
            let row = match self.lookups[query].rows.get(sample.series.0 as usize) {
                Some(&row) if row != NONE => row,
                _ => self.meet(query, sample.series, table, shape),
            };
            let first_cell = row as usize * self.queries;
            let is_touched =
                self.cells[first_cell..first_cell + self.queries].iter().any(|cell| cell.seen == self.round);
            let cell = &mut self.cells[first_cell + query];
            if cell.seen == self.round {
                let (known, new) = (table.labels(SeriesRef(cell.series)), table.labels(sample.series));
                let (first, second) = (known.min(new).clone(), known.max(new).clone());
                let at = self.rows[row as usize].key.clone();
                collisions.push(Collision { row, at, first, second });
                // Of several, the smallest label set counts: the order of an answer means nothing.
                if new < known {
                    (cell.value, cell.series) = (sample.value, sample.series.0);
                }
                continue;
            }
            (cell.value, cell.seen, cell.series) = (sample.value, self.round, sample.series.0);
            if !is_touched {
                self.rows[row as usize].seen = slot;
                touched.push(row);
            }
        }
        collisions
    }

    /// A series that is not known by its number: finds its row by labels, or makes one.
    fn meet(&mut self, query: usize, series: SeriesRef, table: &SeriesTable, shape: Shape<'_>) -> u32 {
        let labels = table.labels(series);
        let key = shape.join.map_or_else(|| labels.clone(), |join| labels.only(join));
        let row = self.find(&key).unwrap_or_else(|| self.add(key, shape));
        self.lookups[query].set(series, row);
        row
    }

    fn add(&mut self, key: Labels, shape: Shape<'_>) -> u32 {
        let never = Slot::from_millis(i64::MIN);
        let fresh = Row { key, alert: NONE, seen: never, labels: None, in_use: true };
        let cells = (0..self.queries).map(|query| {
            let span = shape.history.get(query).copied().unwrap_or(Span::ZERO);
            let history = (!span.is_zero()).then(|| Box::new(History::new(shape.interval, span)));
            Cell { value: f64::NAN, seen: 0, series: NONE, history }
        });
        let row = if let Some(row) = self.free.pop() {
            self.rows[row as usize] = fresh;
            for (index, cell) in cells.enumerate() {
                self.cells[row as usize * self.queries + index] = cell;
            }
            row
        } else {
            make_room(&mut self.rows);
            self.rows.push(fresh);
            for cell in cells {
                make_room(&mut self.cells);
                self.cells.push(cell);
            }
            u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 rows of one rule")
        };
        self.by_key.insert(row, |row| &self.rows[row as usize].key);
        row
    }

    fn find(&self, key: &Labels) -> Option<u32> {
        self.by_key.find(key, |row| &self.rows[row as usize].key)
    }

    /// Puts past samples into the history of a query, as a range query found them.
    pub fn fill(&mut self, query: usize, labels: &Labels, samples: &[(Slot, f64)], shape: Shape<'_>) {
        let key = shape.join.map_or_else(|| labels.clone(), |join| labels.only(join));
        let row = self.find(&key).unwrap_or_else(|| self.add(key, shape));
        if let Some(history) = &mut self.cells[row as usize * self.queries + query].history {
            for (slot, value) in samples {
                history.fill(*slot, *value);
            }
        }
    }

    /// Lets every history know what this slot brought, or that it brought nothing.
    pub fn remember(&mut self, slot: Slot) {
        for cell in &mut self.cells {
            if let Some(history) = &mut cell.history {
                history.push(slot, (cell.seen == self.round).then_some(cell.value));
            }
        }
    }

    /// Lets every history know that `slot` is now, and that what it has of later ones is yet to come.
    pub fn rewind(&mut self, slot: Slot) {
        self.cells.iter_mut().filter_map(|cell| cell.history.as_mut()).for_each(|history| history.rewind(slot));
    }

    /// Forgets a row: its series will be met as new ones.
    pub fn forget(&mut self, row: u32) {
        let entry = &mut self.rows[row as usize];
        self.by_key.remove(&entry.key, row);
        (entry.key, entry.alert, entry.labels, entry.in_use) = (Labels::empty(), NONE, None, false);
        for (query, lookup) in self.lookups.iter_mut().enumerate() {
            let series = self.cells[row as usize * self.queries + query].series as usize;
            if let Some(known) = lookup.rows.get_mut(series).filter(|known| **known == row) {
                *known = NONE;
            }
        }
        self.free.push(row);
    }

    /// The row with this number.
    #[must_use]
    pub fn row(&self, row: u32) -> &Row {
        &self.rows[row as usize]
    }

    /// Says which alert a row belongs to.
    pub fn assign(&mut self, row: u32, alert: u32) {
        self.rows[row as usize].alert = alert;
    }

    /// Says how people see the alert of a row where the row gives the verdict.
    pub fn show_as(&mut self, row: u32, labels: Labels) {
        self.rows[row as usize].labels = Some(labels);
    }

    /// How many queries the rule has.
    #[must_use]
    pub fn queries(&self) -> usize {
        self.queries
    }

    /// The value of `query` in `row` in this evaluation, if it had one.
    #[must_use]
    pub fn value(&self, row: u32, query: usize) -> Option<f64> {
        let cell = &self.cells[row as usize * self.queries + query];
        (cell.seen == self.round).then_some(cell.value)
    }

    /// The history of `query` in `row`, if one is kept.
    #[must_use]
    pub fn history(&self, row: u32, query: usize) -> Option<&History> {
        self.cells[row as usize * self.queries + query].history.as_deref()
    }

    /// The numbers of all rows in use.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.rows).filter(|(_, row)| row.in_use).map(|(number, _)| number)
    }

    /// Takes all rows from their alerts, so that the next evaluation assigns them anew.
    pub fn unassign_all(&mut self) {
        for row in &mut self.rows {
            row.alert = NONE;
        }
    }
}

impl Lookup {
    fn renew(&mut self, table: &SeriesTable) {
        if self.epoch != table.epoch() {
            self.rows.clear();
            self.epoch = table.epoch();
        }
    }

    fn set(&mut self, series: SeriesRef, row: u32) {
        let index = series.0 as usize;
        if self.rows.len() <= index {
            self.rows.resize(index + 1, NONE);
        }
        self.rows[index] = row;
    }
}
