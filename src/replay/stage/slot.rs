//! One slot of a group: what its queries are told, and what came before.

use super::Stage;
use crate::engine::evaluate::Reading;
use crate::engine::{Fact, Failure};
use crate::model::{Slot, Span};
use crate::replay::feed::of_query;
use crate::rules::{Entry, Rule};
use std::sync::Arc;

impl Stage<'_> {
    pub(super) fn evaluate(&mut self, group: usize, at: Span) {
        let (slot, now) = (self.clocks.wall(at), self.clocks.moment(at));
        if at < self.missing_until {
            self.blind_from.entry(group).or_insert(slot);
            let step = self.engine.advance(Fact::Missed { group, first: slot, slots: 1 }, now);
            return self.take(step, at);
        }
        let world = Arc::clone(&self.engine.world);
        let rules: Vec<&Arc<Rule>> = world.rules.groups[group].alerts().collect();
        if at < self.failing_until {
            self.blind_from.entry(group).or_insert(slot);
            let failure = || Failure { message: "the scenario makes every query fail".into(), is_the_sources: true };
            let readings: Vec<Result<Reading<'_>, Failure>> = rules.iter().map(|_| Err(failure())).collect();
            let step = self.engine.advance(Fact::Evaluated { group, slot, readings: &readings }, now);
            self.take(step, at);
            return self.look(group, slot);
        }
        self.offline.advance(slot.min(self.clocks.sources(at)).millis());
        self.fill(group, &rules, at);
        let failures = self.read_in_order(group, at);
        let last = |rule: &Arc<Rule>, query: usize| self.sources[&(rule.id, query)].last();
        let values = rules.iter().map(|rule| {
            let (table, answer) = last(rule, rule.value);
            (*rule, table, answer)
        });
        let lookups = self.offline.lookups(&world, values, slot);
        let answers: Vec<Vec<_>> =
            rules.iter().map(|rule| (0..rule.queries.len()).map(|query| last(rule, query)).collect()).collect();
        let readings: Vec<Result<Reading<'_>, Failure>> = answers
            .iter()
            .zip(failures)
            .map(|(answers, failure)| failure.map_or(Ok(Reading { answers, lookups: &lookups }), Err))
            .collect();
        let step = self.engine.advance(Fact::Evaluated { group, slot, readings: &readings }, now);
        self.take(step, at);
        self.look(group, slot);
    }

    /// Reads what each alerting rule asks for, and says why it could not be; in the order of the file, so that a rule sees what one
    /// before it has recorded at this slot.
    fn read_in_order(&mut self, group: usize, at: Span) -> Vec<Option<Failure>> {
        let group_of = Arc::clone(&self.engine.world.rules.groups[group]);
        let slot = self.clocks.wall(at);
        let mut failures = Vec::new();
        for (place, entry) in group_of.rules.iter().enumerate() {
            match entry {
                Entry::Alert(rule) => failures.push(self.read(group, rule, at).err()),
                Entry::Record(record) if record.disabled.is_none() => {
                    self.offline.record((&group_of, place), record, slot);
                }
                Entry::Record(_) => {}
            }
        }
        failures
    }

    fn look(&mut self, group: usize, slot: Slot) {
        if let Some(coverage) = &mut self.coverage {
            coverage.look(&self.engine, group, slot);
        }
    }

    /// Reads the answer to every query of a rule: the scenario's own, or what its series give.
    fn read(&mut self, group: usize, rule: &Arc<Rule>, at: Span) -> Result<(), Failure> {
        let (start, slot, known) = (self.scenario.start, self.clocks.wall(at), self.clocks.sources(at));
        let asked_at = Slot::from_millis(slot.millis() - self.offset(group).millis());
        let mut result = Ok(());
        for query in 0..rule.queries.len() {
            let feeds = of_query(&self.scenario.feeds, rule, query);
            let source = self.sources.entry((rule.id, query)).or_default();
            if feeds.is_empty() && self.offline.answers() {
                let offline = &mut self.offline;
                let read = source.take(|table| offline.read(&rule.queries[query].expr, asked_at, table));
                result = result.and(read);
            } else {
                source.read(&feeds, start, (slot, known));
            }
            for (blank, _) in self.blanks.iter().filter(|(_, until)| at < *until) {
                source
                    .leave_out(|labels| blank.is_query(rule, query) || (!feeds.is_empty() && blank.is_series(labels)));
            }
        }
        result
    }

    fn offset(&self, group: usize) -> Span {
        self.engine.world.rules.groups[group].query_offset
    }

    /// Fills histories with what a range query would find, after a start, a reload, or slots without an answer.
    fn fill(&mut self, group: usize, rules: &[&Arc<Rule>], at: Span) {
        if self.blind_from.remove(&group).is_none() {
            return;
        }
        let world = Arc::clone(&self.engine.world);
        let interval = world.rules.groups[group].interval;
        let (slot, known) = (self.clocks.wall(at), self.clocks.sources(at));
        for rule in rules {
            for query in (0..rule.queries.len()).filter(|query| !rule.queries[*query].history.is_zero()) {
                let feeds = of_query(&self.scenario.feeds, rule, query);
                let start = self.scenario.start;
                let reach = rule.queries[query].history.millis() / interval.millis() + 1;
                let from = slot - interval.times(reach);
                let past: Vec<_> = if feeds.is_empty() {
                    let slots = self.scenario.before.millis() / interval.millis();
                    let first = start - interval.times(slots);
                    self.offline.past(&rule.queries[query].expr, first.max(from), slot, interval)
                } else {
                    feeds.iter().map(|feed| feed.past(start, (start.max(from), slot), known, interval)).collect()
                };
                self.engine.state.rule(rule).fill_history(&world, rule, query, &past);
            }
        }
    }
}
