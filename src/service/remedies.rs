//! Runs of actions under way: each in a task of its own, begun only when its beginning is on record.
//!
//! A run that began without a record would be made again by the next start, and a remedy is not idempotent. So what cannot be
//! put on record waits; people are told all the same.

use super::clock::wall;
use super::decider::Decider;
use crate::engine::incident::{Ended, Job, Outcome, RunId};
use crate::model::Moment;
use crate::remedy::Hands;
use std::collections::HashMap;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

/// The runs under way.
pub struct Remedies {
    hands: Hands,
    /// Begun in memory; the store does not know it yet.
    waiting: Vec<Job>,
    /// Whether it has been said that some wait.
    is_said: bool,
    running: JoinSet<Ended>,
    /// Which run a task is: known also of one that panics.
    tasks: HashMap<task::Id, RunId>,
    stop: CancellationToken,
}

impl Remedies {
    /// Nothing runs yet.
    #[must_use]
    pub fn new(hands: Hands) -> Self {
        let (running, tasks) = (JoinSet::new(), HashMap::new());
        Remedies { hands, waiting: Vec::new(), is_said: false, running, tasks, stop: CancellationToken::new() }
    }

    /// Begins what is owed and for which there is room, and starts what has begun on record.
    pub async fn start_due(&mut self, decider: &mut Decider, now: Moment) {
        if decider.is_remembering() {
            for id in decider.engine.state.incidents.runs_due() {
                match decider.begin_run(id, now).await {
                    Some(Ok(job)) => self.waiting.push(job),
                    Some(Err(why)) => {
                        let ended = Ended::at_once(Outcome::NotStarted(why.to_string()));
                        decider.run_ended(id, ended, now).await;
                    }
                    None => {}
                }
            }
        }
        if decider.is_remembering() {
            for job in std::mem::take(&mut self.waiting) {
                self.start(job);
            }
        } else if !self.waiting.is_empty() && !std::mem::replace(&mut self.is_said, true) {
            let runs = self.waiting.len();
            warn!(runs, "{runs} runs of actions wait, because their beginning cannot be put on record");
        }
        self.is_said &= !self.waiting.is_empty();
    }

    fn start(&mut self, job: Job) {
        let (hands, stop, id) = (self.hands.clone(), self.stop.clone(), job.id);
        let task = self.running.spawn(async move { hands.carry_out(&job, wall(), stop).await }).id();
        self.tasks.insert(task, id);
    }

    /// The next run that has ended, and how. Nothing where none is under way.
    pub async fn next(&mut self) -> Option<(RunId, Ended)> {
        let (task, ended) = match self.running.join_next_with_id().await? {
            Ok(done) => done,
            Err(cause) => {
                error!(error = %cause, "a task that ran an action ended abnormally");
                (cause.id(), Ended::at_once(Outcome::Failed("the task that ran it ended abnormally".into())))
            }
        };
        self.tasks.remove(&task).map(|id| (id, ended))
    }

    /// Ends everything that runs. What has begun in memory only will not be started any more; that is said.
    pub async fn stop(&mut self, decider: &mut Decider, now: Moment) {
        self.stop.cancel();
        for job in std::mem::take(&mut self.waiting) {
            decider.run_ended(job.id, Ended::at_once(Outcome::NotStarted("Watchbell stopped".into())), now).await;
        }
    }

    /// Whether nothing runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }
}
