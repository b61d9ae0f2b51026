//! Driving the engine over answers of the past, slot by slot, with every timer in between.

use super::past::{Part, is_absent};
use super::plan::Asks;
use super::tally::Tally;
use crate::engine::evaluate::Reading;
use crate::engine::{Engine, Fact, Failure, World};
use crate::model::{Answer, Moment, Sample, SeriesRef, SeriesTable, Slot, Span};
use crate::rules::Rule;
use crate::rules::template::Answers;
use std::sync::Arc;

/// The engine, what its rules ask, and what has come of it so far.
#[derive(Debug)]
pub struct Player {
    engine: Engine,
    asks: Asks,
    /// The series of each question, and what it answers at the present slot.
    answers: Vec<Asked>,
    /// The next slot of each group.
    next: Vec<Slot>,
    /// Since when a group's histories lack something; the earliest slot of all at the start.
    blind_from: Vec<Option<Slot>>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Asked {
    table: SeriesTable,
    /// The number of each column of the present part.
    columns: Vec<SeriesRef>,
    answer: Answer,
    failure: Option<Failure>,
}

impl Player {
    /// A player of the rules of `world` from `from` on. They ask `asks`, of so many questions.
    #[must_use]
    pub fn new(world: Arc<World>, asks: Asks, questions: usize, from: Slot) -> Self {
        let groups = &world.rules.groups;
        let first = |group: &Arc<crate::rules::Group>| {
            let before = Slot::at_or_before(from.millis(), group.interval, group.grid());
            if before == from { before } else { before + group.interval }
        };
        let next = groups.iter().map(first).collect();
        let blind_from = groups.iter().map(|_| Some(Slot::from_millis(i64::MIN))).collect();
        let answers = (0..questions).map(|_| Asked::default()).collect();
        let tally = Tally::new(&world);
        Player { engine: Engine::new(world), asks, answers, next, blind_from, tally }
    }

    /// What has come of it so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The engine as it is after the last slot.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Plays every slot before `until`. `parts` hold the answers, one for each question, in the order of the plan.
    ///
    /// # Panics
    /// When there is not one part for each question.
    pub fn play(&mut self, parts: &[Part], until: Slot) {
        assert_eq!(parts.len(), self.answers.len(), "one part for each question");
        for (asked, part) in self.answers.iter_mut().zip(parts) {
            let intern = |column: &super::Column| asked.table.intern(column.labels.clone());
            asked.columns = part.columns.iter().map(intern).collect();
        }
        while let Some(slot) = self.next.iter().copied().min().filter(|slot| *slot < until) {
            self.let_timers_ring(slot.moment(Span::ZERO));
            for group in self.due(slot) {
                self.evaluate(group, slot, parts);
                self.next[group] = slot + self.engine.world.rules.groups[group].interval;
            }
        }
        self.let_timers_ring(until.moment(Span::ZERO));
    }

    /// Levels, deadlines and whatever else is due before `until`, each at its time.
    fn let_timers_ring(&mut self, until: Moment) {
        while let Some(due) = self.engine.next_due().filter(|due| *due < until) {
            let late = due <= self.engine.state.moment;
            let step = self.engine.advance(Fact::Tick, due);
            self.tally.take(&self.engine, &step);
            // What is due and stays due after its tick waits for something else.
            if late && self.engine.next_due() == Some(due) {
                break;
            }
        }
    }

    /// The groups whose slot this is, by source, name and file.
    fn due(&self, slot: Slot) -> Vec<usize> {
        let groups = &self.engine.world.rules.groups;
        let mut due: Vec<usize> = (0..groups.len()).filter(|group| self.next[*group] == slot).collect();
        due.sort_by_key(|group| {
            let group = &groups[*group];
            (group.source.clone(), group.name.clone(), group.file.clone())
        });
        due
    }

    fn evaluate(&mut self, group: usize, slot: Slot, parts: &[Part]) {
        let world = Arc::clone(&self.engine.world);
        let rules: Vec<&Arc<Rule>> = world.rules.groups[group].alerts().collect();
        let asked_by = std::mem::take(&mut self.asks[group]);
        self.fill(group, &rules, &asked_by, slot, parts);
        for &question in asked_by.iter().flatten() {
            self.answers[question].read(&parts[question], slot);
        }
        if asked_by.iter().flatten().any(|question| self.answers[*question].failure.is_some()) {
            self.blind_from[group].get_or_insert(slot);
        }
        let answers: Vec<Result<Vec<_>, Failure>> = asked_by.iter().map(|asked| vector(&self.answers, asked)).collect();
        let lookups = Answers::new();
        let reading = |answers: &'_ Result<Vec<_>, Failure>| answers.as_ref().map(|_| ()).map_err(Clone::clone);
        let readings: Vec<Result<Reading<'_>, Failure>> = answers
            .iter()
            .map(|answers| {
                reading(answers)?;
                Ok(Reading { answers: answers.as_deref().unwrap_or_default(), lookups: &lookups })
            })
            .collect();
        let fact = Fact::Evaluated { group, slot, readings: &readings };
        let step = self.engine.advance(fact, slot.moment(Span::ZERO));
        self.tally.evaluated(&rules, &readings, &step, world.rules.groups[group].interval);
        self.tally.take(&self.engine, &step);
        self.asks[group] = asked_by;
    }

    /// Fills histories with what is known of the time before, at the start and after slots without an answer.
    fn fill(&mut self, group: usize, rules: &[&Arc<Rule>], asked_by: &[Vec<usize>], slot: Slot, parts: &[Part]) {
        let is_known = asked_by.iter().flatten().all(|question| parts[*question].hole(slot).is_none());
        let Some(from) = self.blind_from[group].take_if(|_| is_known) else { return };
        let world = Arc::clone(&self.engine.world);
        for (rule, asked) in rules.iter().zip(asked_by) {
            for (query, &question) in asked.iter().enumerate() {
                if !rule.queries[query].history.is_zero() {
                    let past = parts[question].before(slot, from);
                    self.engine.state.rule(rule).fill_history(&world, rule, query, &past);
                }
            }
        }
    }
}

impl Asked {
    /// Reads the answer at `slot` out of its columns.
    fn read(&mut self, part: &Part, slot: Slot) {
        self.answer.samples.clear();
        self.failure = part.hole(slot).cloned();
        let Some(place) = part.place(slot) else { return };
        for (column, &series) in part.columns.iter().zip(&self.columns) {
            let value = column.values[place];
            if !is_absent(value) {
                self.answer.samples.push(Sample { series, value });
            }
        }
    }
}

fn vector<'a>(answers: &'a [Asked], asked: &[usize]) -> Result<Vec<(&'a SeriesTable, &'a Answer)>, Failure> {
    let answer = |question: &usize| {
        let asked = &answers[*question];
        asked.failure.clone().map_or(Ok((&asked.table, &asked.answer)), Err)
    };
    asked.iter().map(answer).collect()
}
