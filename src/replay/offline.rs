//! A scenario's series as the source of its readings: what a server with these series would answer.

use super::ledger::Ledger;
use super::recorded::{Recorded, records};
use super::scenario::{Blank, Scenario};
use crate::engine::evaluate::identify;
use crate::engine::{Failure, World};
use crate::model::{Answer, Labels, Name, Sample, SeriesTable, Slot, Span};
use crate::promql::Expr;
use crate::promql::eval::Options;
use crate::rules::template::Answers;
use crate::rules::{Group, Record, Rule};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A template may ask in so many rounds; the service allows no more.
const ROUNDS: usize = 4;

/// What templates hear of a scenario that has no series.
const NOBODY: &str = "a scenario without `series` answers no query of a template";

/// A series and its samples on the grid.
pub type Row = (Labels, Vec<(Slot, f64)>);

/// Where queries without answers of their own are asked.
#[derive(Debug)]
pub struct Offline {
    /// Nothing where the scenario has no series.
    ledger: Option<Ledger>,
    recorded: Recorded,
    /// The metrics of the scenario's own series: a rule that records one of them is not played.
    given: BTreeSet<Name>,
}

impl Offline {
    /// The series of `scenario`, if it has some.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let ledger = (!scenario.series.is_empty()).then(|| {
            let mut ledger = Ledger::new(Options { semantics: scenario.semantics, ..Options::default() });
            let begins = scenario.start.millis() - scenario.before.millis();
            for series in &scenario.series {
                ledger.give(series.labels.clone(), &series.values, begins, series.every.millis());
            }
            ledger
        });
        let given = scenario.series.iter().map(|series| series.labels.get("__name__").into()).collect();
        let mut offline = Offline { ledger, recorded: Recorded::default(), given };
        offline.record_past(scenario);
        offline
    }

    /// What recording rules had recorded before the scenario starts, from its first samples on.
    fn record_past(&mut self, scenario: &Scenario) {
        let groups = || scenario.rules.groups.iter();
        let mut slots: Vec<(Slot, usize)> = Vec::new();
        for (number, group) in groups().enumerate().filter(|(_, group)| records(group).next().is_some()) {
            let before = scenario.before.millis() / group.interval.millis();
            slots.extend((1..=before).map(|count| (scenario.start - group.interval.times(count), number)));
        }
        slots.sort_unstable();
        for (slot, number) in slots {
            self.advance(slot.millis());
            let group = &scenario.rules.groups[number];
            records(group).for_each(|(place, record)| self.record((group, place), record, slot));
        }
    }

    /// Lets a recording rule live through a slot. One that goes wrong records nothing, as in the service.
    pub fn record(&mut self, rule: (&Group, usize), record: &Record, slot: Slot) {
        if !self.records(record) {
            return;
        }
        if let Some(ledger) = &mut self.ledger {
            let _ = self.recorded.record(ledger, rule, record, slot.millis());
        }
    }

    /// Whether this rule is played.
    #[must_use]
    pub fn records(&self, record: &Record) -> bool {
        self.answers() && !self.given.contains(&record.record)
    }

    /// Whether there are series to ask.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.ledger.is_some()
    }

    /// Lets time go on until `at`, in milliseconds.
    pub fn advance(&mut self, at: i64) {
        // No metric that was given is recorded, so that what was given cannot come too late.
        let _ = self.ledger.as_mut().map(|ledger| ledger.let_in(at));
    }

    /// Takes series away from `at` until `until`.
    pub fn withhold(&mut self, blank: &Blank, at: i64, until: i64) {
        if let Some(ledger) = &mut self.ledger {
            ledger.withhold(|labels| blank.is_series(labels), at, until);
        }
    }

    /// What `expr` is worth at `at`.
    ///
    /// # Errors
    /// What a server would say instead of an answer.
    pub fn read(&mut self, expr: &Expr, at: Slot, table: &mut SeriesTable) -> Result<Answer, Failure> {
        let Some(ledger) = &mut self.ledger else { return Ok(Answer::default()) };
        let found = ledger.vector(expr, at.millis());
        let found = found.map_err(|message| Failure { message, is_the_sources: false })?;
        let samples = found.into_iter().map(|(labels, value)| Sample { series: table.intern(labels), value });
        Ok(Answer { samples: samples.collect(), ..Answer::default() })
    }

    /// What a range query from `start` on would find on the grid before `slot`.
    pub fn past(&mut self, expr: &Expr, start: Slot, slot: Slot, interval: Span) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let Some(ledger) = &mut self.ledger else { return rows };
        let mut at = start;
        while at < slot {
            for (labels, value) in ledger.vector(expr, at.millis()).unwrap_or_default() {
                let place = *places.entry(labels.clone()).or_insert(rows.len());
                if place == rows.len() {
                    rows.push((labels, Vec::new()));
                }
                rows[place].1.push((at, value));
            }
            at = at + interval;
        }
        rows
    }

    /// The answer to a query of a template.
    pub fn ask(&mut self, query: &str, at: i64) -> Result<Vec<(Labels, f64)>, String> {
        self.ledger.as_mut().map_or_else(|| Err(NOBODY.into()), |ledger| ledger.ask(query, at))
    }

    /// What the label templates of `rules` ask about the series in their answers.
    pub fn lookups<'a>(
        &mut self,
        world: &World,
        rules: impl Iterator<Item = (&'a Arc<Rule>, &'a SeriesTable, &'a Answer)>,
        slot: Slot,
    ) -> Answers {
        let asks = |(rule, ..): &(&Arc<Rule>, &SeriesTable, &Answer)| {
            rule.labels.iter().any(|(_, template)| template.uses_query())
        };
        let mut answers = Answers::new();
        for (rule, table, answer) in rules.filter(asks) {
            for _ in 0..ROUNDS {
                let wants = |sample: &Sample| {
                    identify(world, rule, table.labels(sample.series), sample.value, slot, &answers).err()
                };
                let wanted: Vec<String> = answer.samples.iter().filter_map(wants).flatten().collect();
                for query in wanted {
                    let found = self.ask(&query, slot.millis());
                    answers.insert(query, found);
                }
            }
        }
        answers
    }
}

impl Blank {
    /// Whether it speaks of the series with these labels.
    #[must_use]
    pub fn is_series(&self, labels: &Labels) -> bool {
        match self {
            Blank::Query(..) => false,
            Blank::Series(metric, matchers) => {
                metric.as_ref().is_none_or(|metric| labels.get("__name__") == &**metric) && matchers.matches(labels)
            }
        }
    }

    /// Whether it speaks of this query of `rule`.
    #[must_use]
    pub fn is_query(&self, rule: &Rule, query: usize) -> bool {
        match self {
            Blank::Query(alert, name) => {
                *alert == rule.alert && name.as_ref().is_none_or(|name| *name == rule.queries[query].name)
            }
            Blank::Series(..) => false,
        }
    }
}
