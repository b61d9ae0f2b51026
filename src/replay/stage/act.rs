//! Actions that run against an incident.

use super::Stage;
use crate::engine::Fact;
use crate::engine::incident::{self, RunId, RunNews};
use crate::model::Span;
use crate::replay::remedies;
use std::sync::Arc;

impl Stage<'_> {
    /// Begins every run for which there is room, and lets those end that take no time.
    pub(super) fn begin_runs(&mut self, at: Span) {
        loop {
            let due = self.engine.state.incidents.runs_due();
            if due.is_empty() {
                return;
            }
            for id in due {
                self.begin_run(id, at);
            }
            self.end_runs(at);
            self.deliver(at, self.clocks.moment(at));
        }
    }

    fn begin_run(&mut self, id: RunId, at: Span) {
        self.run(id, &RunNews::Begins, at);
        let (world, now) = (Arc::clone(&self.engine.world), self.clocks.moment(at));
        match incident::job(&world, &self.engine.state.incidents, id, (now, self.clocks.skew())) {
            Ok(job) => {
                self.say(at, format!("   {}", remedies::shown(&job)));
                self.runs.begin(id, &job.action, job.timeout, at);
            }
            Err(error) => self.runs.fail(id, error.to_string(), at),
        }
    }

    pub(super) fn end_runs(&mut self, at: Span) {
        for (id, ended) in self.runs.ended(at) {
            self.run(id, &RunNews::Ended(ended), at);
        }
    }

    pub(super) fn run(&mut self, id: RunId, news: &RunNews, at: Span) {
        let step = self.engine.advance(Fact::Run { id, news }, self.clocks.moment(at));
        self.take(step, at);
    }
}
