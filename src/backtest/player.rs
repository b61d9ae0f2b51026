//! Driving the engine over answers of the past, slot by slot, with every timer in between.

use super::past::Part;
use super::plan::Asks;
use super::tally::Tally;
use super::unknown::Unknown;
use crate::engine::evaluate::Reading;
use crate::engine::{Engine, Event, Fact, Failure, Step, World};
use crate::model::{Answer, Moment, Sample, SeriesRef, SeriesTable, Slot, Span};
use crate::rules::Rule;
use crate::rules::template::Answers;
use crate::series::is_stale;
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
    /// What the service did not know at the time.
    unknown: Unknown,
    /// Up to when that has been played.
    until: Moment,
    /// Everything that happened, where somebody wants it.
    journal: Option<Vec<Event>>,
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
        let next = groups.iter().map(|group| Slot::at_or_after(from.millis(), group.interval, group.grid())).collect();
        let blind_from = groups.iter().map(|_| Some(Slot::from_millis(i64::MIN))).collect();
        let answers = (0..questions).map(|_| Asked::default()).collect();
        let tally = Tally::new(&world);
        Player {
            engine: Engine::new(world),
            asks,
            answers,
            next,
            blind_from,
            tally,
            unknown: Unknown::default(),
            until: from.moment(Span::ZERO),
            journal: None,
        }
    }

    /// From now on it knows no more than the service did, whose unknown slots are unknown here as well, and keeps every event, as a
    /// journal does.
    pub fn follow(&mut self, unknown: Unknown) {
        self.unknown = unknown;
        self.journal = Some(Vec::new());
    }

    /// The events that were kept.
    #[must_use]
    pub fn journal(&self) -> &[Event] {
        self.journal.as_deref().unwrap_or_default()
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
            self.come_back(slot.moment(Span::ZERO));
            self.let_timers_ring(slot.moment(Span::ZERO));
            for group in self.due(slot) {
                self.live_through(group, slot, parts);
            }
        }
        self.let_timers_ring(until.moment(Span::ZERO));
    }

    /// The service had been away, and was back before `until`.
    fn come_back(&mut self, until: Moment) {
        let returns: Vec<(Moment, Span)> = self.unknown.returns(self.until, until).collect();
        self.until = until;
        for (back, span) in returns {
            self.let_timers_ring(back - span);
            let blind = Slot::from_millis((back - span).millis());
            self.blind_from.iter_mut().for_each(|from| {
                from.get_or_insert(blind);
            });
            let step = self.engine.advance(Fact::Slept { span }, back);
            self.take(step);
        }
    }

    /// A slot of a group: evaluated, missed, or one at which the service was away.
    fn live_through(&mut self, group: usize, slot: Slot, parts: &[Part]) {
        let world = Arc::clone(&self.engine.world);
        let one = &world.rules.groups[group];
        self.next[group] = slot + one.interval;
        if self.unknown.is_down(slot.moment(Span::ZERO)) {
            return self.tally.unseen(one, 1, "the service was not running then, or nothing is on record");
        }
        let Some(slots) = self.unknown.missed_from((&one.source, &one.name), slot) else {
            return self.evaluate(group, slot, parts);
        };
        self.blind_from[group].get_or_insert(slot);
        self.next[group] = slot + one.interval.times(i64::from(slots));
        self.tally.unseen(one, slots, "the service missed it");
        let step = self.engine.advance(Fact::Missed { group, first: slot, slots }, slot.moment(Span::ZERO));
        self.take(step);
    }

    fn take(&mut self, step: Step) {
        self.tally.take(&self.engine, &step);
        if let Some(journal) = &mut self.journal {
            journal.extend(step.events);
        }
    }

    /// Levels, deadlines and whatever else is due before `until`, each at its time.
    fn let_timers_ring(&mut self, until: Moment) {
        while let Some(due) = self.engine.next_due().filter(|due| *due < until) {
            let late = due <= self.engine.state.moment;
            let step = self.engine.advance(Fact::Tick, due);
            self.take(step);
            // What is due and stays due after its tick waits for something else.
            if late && self.engine.next_due() == Some(due) {
                break;
            }
        }
    }

    /// The groups whose slot this is, by source, name and file.
    fn due(&self, slot: Slot) -> Vec<usize> {
        let groups = &self.engine.world.rules.groups;
        self.engine.world.rules.in_order((0..groups.len()).filter(|group| self.next[*group] == slot))
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
        let fails = |rule: &Arc<Rule>| self.unknown.failed_at(rule.id, slot);
        let failed = || Failure { message: "the service had no answer then".into(), is_the_sources: true };
        if rules.iter().any(|rule| fails(rule)) {
            self.blind_from[group].get_or_insert(slot);
        }
        let answer = |(rule, asked): (&&Arc<Rule>, &Vec<usize>)| {
            if fails(rule) { Err(failed()) } else { vector(&self.answers, asked) }
        };
        let answers: Vec<Result<Vec<_>, Failure>> = rules.iter().zip(&asked_by).map(answer).collect();
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
        self.take(step);
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
            if !is_stale(value) {
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
