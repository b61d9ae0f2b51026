//! The answers of a slot: decided on, measured, and put into the histories of their rules.

use super::Decider;
use crate::engine::evaluate::Reading;
use crate::engine::{Fact, Failure, Step};
use crate::model::{Answer, Moment, Slot, Span};
use crate::service::fetch::{Desk, Filled, Read};
use crate::service::lookups::OfLabels;
use std::sync::Arc;
use std::time::Instant;
use tracing::{error, warn};

impl Decider {
    /// Answers of one slot have come: decide, store, tell. `skew` is what it was when they were asked for. Returns the group's desk
    /// for its next slot.
    pub async fn read(&mut self, group: usize, read: Read, skew: Span) -> Desk {
        let Read { desk, slot, answers, recorded, history, labels, took } = read;
        self.fill_histories(&desk, history);
        let started = Instant::now();
        let step = self.decide(group, &desk, &answers, &labels, slot.moment(skew), slot);
        self.measure(&desk, &answers, &labels, took + started.elapsed().as_secs_f64());
        self.carry_out(step).await;
        if !recorded.is_empty() {
            self.measure_recordings(&desk, &recorded, took);
            let recorded = Fact::Recorded { group, slot, outcomes: &recorded };
            let step = self.engine.advance(recorded, slot.moment(skew));
            self.carry_out(step).await;
        }
        desk
    }

    fn decide(
        &mut self,
        group: usize,
        desk: &Desk,
        answers: &[Result<Answer, Failure>],
        labels: &OfLabels,
        moment: Moment,
        slot: Slot,
    ) -> Step {
        let vectors: Vec<Result<Vec<_>, Failure>> = desk
            .rules()
            .map(|(rule, questions)| {
                if let Some(failure) = labels.failed.get(&rule) {
                    return Err(failure.clone());
                }
                let answer = |&question: &usize| match &answers[question] {
                    Ok(answer) => Ok((desk.table(question), answer)),
                    Err(failure) => Err(failure.clone()),
                };
                questions.iter().map(answer).collect()
            })
            .collect();
        let reading = |vectors: &'_ Result<Vec<_>, Failure>| -> Result<(), Failure> {
            vectors.as_ref().map(|_| ()).map_err(Clone::clone)
        };
        let readings: Vec<Result<Reading<'_>, Failure>> = vectors
            .iter()
            .map(|vectors| {
                reading(vectors)?;
                let answers = vectors.as_ref().map_or(&[][..], Vec::as_slice);
                Ok(Reading { answers, lookups: &labels.answers })
            })
            .collect();
        self.ways_out.metrics.evaluated(&desk.group().name);
        let step = self.engine.advance(Fact::Evaluated { group, slot, readings: &readings }, moment);
        for (rule, queries) in &step.wanted {
            let name = self.engine.world.rule(*rule).map_or_else(|| "?".into(), |rule| rule.alert.clone());
            let queries = queries.join("; ");
            error!(rule.name = %name, queries, "rule {name} was not decided: its labels ask what nobody has asked for them");
        }
        step
    }

    fn fill_histories(&mut self, desk: &Desk, history: Vec<Filled>) {
        let world = Arc::clone(&self.engine.world);
        for (question, series) in history {
            for (rule, questions) in desk.rules() {
                let Some(rule) = world.rule(rule) else { continue };
                for (query, _) in questions.iter().enumerate().filter(|(_, asked)| **asked == question) {
                    self.engine.state.rule(rule).fill_history(&world, rule, query, &series);
                }
            }
        }
    }

    fn measure(&self, desk: &Desk, answers: &[Result<Answer, Failure>], labels: &OfLabels, took: f64) {
        for (id, questions) in desk.rules() {
            let Some(rule) = self.engine.world.rule(id) else { continue };
            let failed = questions.iter().any(|question| answers[*question].is_err());
            let failed = failed || labels.failed.contains_key(&id);
            let series = questions.iter().map(|question| desk.table(*question).len()).sum();
            self.ways_out.metrics.rule(&desk.group().name, &rule.alert, took, series, failed);
        }
    }

    fn measure_recordings(&self, desk: &Desk, recorded: &[Result<usize, Failure>], took: f64) {
        for (recording, outcome) in desk.recordings().zip(recorded) {
            let (group, series) = (&desk.group().name, recording.len());
            self.ways_out.metrics.rule(group, &recording.record().record, took, series, outcome.is_err());
        }
    }

    /// Slots of a group were missed while we ran.
    pub async fn missed(&mut self, group: usize, first: Slot, slots: u32, why: &str, skew: Span) {
        let name = self.engine.world.rules.groups[group].name.clone();
        warn!(group = %name, slots, "missed {slots} slots of group {name}: {why}");
        self.ways_out.metrics.missed(&name, slots);
        let step = self.engine.advance(Fact::Missed { group, first, slots }, first.moment(skew));
        self.carry_out(step).await;
    }
}
