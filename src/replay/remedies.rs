//! Runs of actions as a scenario has them: it says what an action does, and nothing is ever executed.

use crate::engine::incident::{Ended, Job, Outcome, RunId, Work};
use crate::model::{Name, Span};
use std::collections::HashMap;

/// What an action does from some time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// How it ends.
    pub does: Does,
    /// After how long.
    pub takes: Span,
    /// What it prints.
    pub says: String,
}

/// How an action ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Well.
    Works,
    /// Badly.
    Fails,
    /// Not before it is given up.
    Hangs,
    /// It cannot be started.
    IsMissing,
}

/// What runs, and what is known of what will.
#[derive(Debug, Default)]
pub struct Runs {
    scripts: HashMap<Name, Script>,
    running: Vec<(Span, RunId, Ended)>,
}

impl Runs {
    /// From now on `action` does this.
    pub fn say(&mut self, action: &Name, script: &Script) {
        self.scripts.insert(action.clone(), script.clone());
    }

    /// A run begins at `at`. Of what the scenario says nothing, it ends well at once.
    pub fn begin(&mut self, id: RunId, action: &Name, timeout: Span, at: Span) {
        let ended = match self.scripts.get(action) {
            None => Ended::at_once(Outcome::Done),
            Some(script) => script.end(timeout),
        };
        self.running.push((at + ended.took, id, ended));
    }

    /// A run could not be begun.
    pub fn fail(&mut self, id: RunId, why: String, at: Span) {
        self.running.push((at, id, Ended::at_once(Outcome::NotStarted(why))));
    }

    /// The runs that have ended by `at`, in the order in which they did.
    pub fn ended(&mut self, at: Span) -> Vec<(RunId, Ended)> {
        let (mut over, running) =
            std::mem::take(&mut self.running).into_iter().partition::<Vec<_>, _>(|run| run.0 <= at);
        self.running = running;
        over.sort_by_key(|(until, id, _)| (*until, *id));
        over.into_iter().map(|(_, id, ended)| (id, ended)).collect()
    }

    /// When the next one ends.
    pub fn next(&self) -> Option<Span> {
        self.running.iter().map(|(until, ..)| *until).min()
    }

    /// The service is killed: nobody hears any more how what runs will end.
    pub fn lose(&mut self) {
        self.running.clear();
    }
}

impl Script {
    fn end(&self, timeout: Span) -> Ended {
        let (outcome, took) = match self.does {
            Does::IsMissing => {
                return Ended::at_once(Outcome::NotStarted("No such file or directory".into()));
            }
            Does::Hangs => (Outcome::TimedOut, timeout),
            Does::Works | Does::Fails if self.takes >= timeout => (Outcome::TimedOut, timeout),
            Does::Works => (Outcome::Done, self.takes),
            Does::Fails => (Outcome::Failed("exit status 1".into()), self.takes),
        };
        Ended { outcome, took, output: self.says.clone() }
    }
}

/// What would have been done, for the story. Addresses may be secrets.
pub fn shown(job: &Job) -> String {
    match &job.work {
        Work::Webhook { .. } => "a request to its webhook".into(),
        Work::Exec { program, arguments, .. } => {
            let arguments = arguments.iter().map(|argument| format!(" {argument:?}"));
            format!("{program}{}", arguments.collect::<String>())
        }
    }
}
