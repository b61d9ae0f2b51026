//! What rules record: appended to the series that there are, and ended where a rule no longer gives it.

use super::ledger::Ledger;
use crate::model::{Labels, Name};
use crate::rules::{Entry, Group, Record};
use crate::series::Point;
use std::collections::{HashMap, HashSet};

/// A rule of a group, by the names and places of both.
pub type RulePlace = (Name, Name, usize);

/// The series that each rule gave last.
#[derive(Debug, Default)]
pub struct Recorded {
    written: HashMap<RulePlace, HashSet<Labels>>,
}

impl Recorded {
    /// Lets a recording rule live through `at`, in milliseconds.
    ///
    /// # Errors
    /// What went wrong, as a server says it.
    pub fn record(
        &mut self,
        ledger: &mut Ledger,
        (group, place): (&Group, usize),
        record: &Record,
        at: i64,
    ) -> Result<(), String> {
        let at = at - group.query_offset.millis();
        let found = ledger.vector(&record.expr, at)?;
        let given: Vec<(Labels, f64)> = found.iter().map(|(labels, value)| (record.series(labels), *value)).collect();
        let unique: HashSet<&Labels> = given.iter().map(|(labels, _)| labels).collect();
        if unique.len() < given.len() {
            return Err("vector contains metrics with the same labelset after applying rule labels".into());
        }
        within(group.limit, given.len(), "series")?;
        self.append(ledger, (group, place), given, at)
    }

    /// Appends what a rule gives at `at`, and ends what it gave before.
    ///
    /// # Errors
    /// When a series has a newer sample.
    pub fn append(
        &mut self,
        ledger: &mut Ledger,
        (group, place): (&Group, usize),
        given: Vec<(Labels, f64)>,
        at: i64,
    ) -> Result<(), String> {
        let mut now = HashSet::new();
        let mut first_error = Ok(());
        for (labels, value) in given {
            let appended = ledger.record(&labels, Point { at, value }).map_err(|error| error.to_string());
            first_error = first_error.and(appended);
            now.insert(labels);
        }
        let rule = (group.file.clone(), group.name.clone(), place);
        if let Some(before) = self.written.get(&rule) {
            ledger.end_others(before, &now, at);
        }
        self.written.insert(rule, now);
        first_error
    }
}

/// The recording rules of a group that are switched on, with their places in it.
pub fn records(group: &Group) -> impl Iterator<Item = (usize, &Record)> {
    group.rules.iter().enumerate().filter_map(|(place, entry)| match entry {
        Entry::Record(record) => record.disabled.is_none().then_some((place, &**record)),
        Entry::Alert(_) => None,
    })
}

/// Whether a rule that gives so many keeps within the `limit` of its group.
///
/// # Errors
/// When it does not.
pub fn within(limit: usize, count: usize, what: &str) -> Result<(), String> {
    if limit == 0 || count <= limit {
        return Ok(());
    }
    Err(format!("exceeded limit of {limit} with {count} {what}"))
}
