//! Remedies: which action runs for which alert, how often, and whether it helped. Nothing runs here.
//!
//! A run is owed by a decision, begins when whoever drives the engine says so, and ends with what they found. A remedy is not
//! idempotent as a page is: a run that has begun and of whose end nobody knows is not repeated.

mod decide;
mod job;
mod room;
mod words;

pub use decide::run;
pub use job::{Job, JobCause, JobError, Work, job};
pub use words::words;

use super::Incident;
use crate::engine::transition::Cause;
use crate::model::{AlertId, Labels, Moment, Name, Span};
use std::collections::{BTreeMap, BTreeSet};

/// How many actions run at a time, all together. Each alone runs once at a time.
pub const RUNS_AT_ONCE: usize = 8;
/// So many outcomes stand in a message.
const MOST_TRIED: usize = 3;

/// Which run of which incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    /// The number of the incident.
    pub incident: u64,
    /// The number of the run in it, from 1.
    pub run: u32,
}

/// What an incident knows of its remedies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remedies {
    /// The runs of which something is still to come, by their number.
    pub runs: BTreeMap<u32, Run>,
    /// How many runs there have been, over all generations.
    pub counted: u32,
    /// What need not be run again for an alert while it fires.
    pub spent: BTreeSet<(AlertId, Name)>,
    /// Alerts whose last step was a fall: what was tried for them is not followed by the remedies of a lower tier.
    pub fell: BTreeSet<AlertId>,
    /// What came of the last runs of this generation, in words, by their number.
    pub tried: Vec<(u32, String)>,
    /// How many came before those.
    pub tried_before: usize,
    /// Whether the last of that has not been said yet.
    pub is_news: bool,
}

/// One run of an action for an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The action.
    pub action: Name,
    /// The alert.
    pub alert: AlertId,
    /// The alert's labels, for people.
    pub labels: Labels,
    /// Since when it is owed.
    pub owed: Moment,
    /// Where it stands.
    pub stage: RunStage,
    /// The end of the alert, if it has ended since.
    pub over: Option<Over>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStage {
    /// It has not begun.
    Owed,
    /// It has begun.
    Running,
    /// It has ended well, and the alert has so long to end.
    Verifying {
        /// Until when.
        until: Moment,
    },
}

/// The end of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// When.
    pub at: Moment,
    /// Whether its condition ceased to hold; otherwise nobody knows whether it is well.
    pub by_condition: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Span,
    /// What it said: beginning and end, printable, without secrets.
    pub output: String,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ended well.
    Done,
    /// It ended badly; how, in words.
    Failed(String),
    /// It was given up after its `timeout`, with everything that it had started.
    TimedOut,
    /// It could not be started; why, in words.
    NotStarted(String),
    /// It was ended because Watchbell stopped.
    Stopped,
    /// Nobody knows: Watchbell ended before it did.
    Unknown,
}

/// Whether a run helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The alert ended in time.
    Worked,
    /// It still fires.
    DidNotWork,
    /// It ended, but not because its condition ceased to hold.
    NotKnown,
}

/// What whoever carries out runs has to say of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunNews {
    /// It begins, if it is still owed.
    Begins,
    /// It has ended.
    Ended(Ended),
}

impl Outcome {
    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Failed(_) => "failed",
            Outcome::TimedOut => "timed_out",
            Outcome::NotStarted(_) => "not_started",
            Outcome::Stopped => "stopped",
            Outcome::Unknown => "unknown",
        }
    }
}

impl Ended {
    /// The end of a run that had begun when we ended, and of which nothing else is known.
    #[must_use]
    pub fn unknown() -> Self {
        Ended::at_once(Outcome::Unknown)
    }

    /// The end of a run that took no time and said nothing.
    #[must_use]
    pub fn at_once(outcome: Outcome) -> Self {
        Ended { outcome, took: Span::ZERO, output: String::new() }
    }
}

impl Remedies {
    /// When it has to be looked at next whether a run has helped.
    #[must_use]
    pub fn next_due(&self) -> Option<Moment> {
        let verifying = self.runs.values().filter_map(|run| match run.stage {
            RunStage::Verifying { until } => Some(until),
            RunStage::Owed | RunStage::Running => None,
        });
        verifying.min()
    }

    /// What was tried and what came of it, for a message.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let tried: Vec<&str> = self.tried.iter().map(|(_, words)| words.as_str()).collect();
        let before =
            if self.tried_before > 0 { format!("; … and {} more before", self.tried_before) } else { String::new() };
        (!tried.is_empty()).then(|| format!("tried: {}{before}", tried.join("; ")))
    }

    /// Whether `action` has been, or is to be, run for `alert` since it began to fire, or need not be.
    fn knows(&self, alert: AlertId, action: &Name) -> bool {
        let mut runs = self.runs.values();
        self.spent.contains(&(alert, action.clone()))
            || runs.any(|run| run.alert == alert && run.action == *action && run.over.is_none())
    }

    /// Whether anything has been tried for `alert` since it began to fire.
    fn has_tried(&self, alert: AlertId) -> bool {
        self.spent.iter().any(|(spent, _)| *spent == alert)
            || self.runs.values().any(|run| run.alert == alert && run.over.is_none())
    }

    /// An alert has ended: what runs for it goes on, and if it fires again everything may be run again.
    pub(super) fn left(&mut self, alert: AlertId, at: Moment, cause: &Cause) {
        self.spent.retain(|(spent, _)| *spent != alert);
        self.fell.remove(&alert);
        let by_condition = *cause == Cause::Condition;
        for run in self.runs.values_mut().filter(|run| run.alert == alert) {
            run.over.get_or_insert(Over { at, by_condition });
        }
    }

    /// A new generation begins: what goes on is kept, what was said is not.
    pub(super) fn begin_anew(&mut self) {
        self.spent.clear();
        self.fell.clear();
        self.tried.clear();
        self.tried_before = 0;
        self.is_news = false;
    }

    /// An alert has another id since a reload.
    pub(super) fn rename(&mut self, old: AlertId, new: AlertId) {
        self.runs.values_mut().filter(|run| run.alert == old).for_each(|run| run.alert = new);
        let spent = std::mem::take(&mut self.spent).into_iter();
        self.spent = spent.map(|(alert, action)| (if alert == old { new } else { alert }, action)).collect();
        if self.fell.remove(&old) {
            self.fell.insert(new);
        }
    }

    /// The service was not running for so long: nobody could see whether anything helped.
    pub(super) fn sleep(&mut self, span: Span) {
        for run in self.runs.values_mut() {
            if let RunStage::Verifying { until } = &mut run.stage {
                *until = *until + span;
            }
        }
    }

    /// Nothing more comes of a run; for its alert the action is not run again while it fires.
    fn close(&mut self, number: u32) {
        if let Some(run) = self.runs.remove(&number)
            && run.over.is_none()
        {
            self.spent.insert((run.alert, run.action));
        }
    }

    /// What came of a run is said once more: where it has made room for later ones, it is no longer one of those before.
    fn say_again(&mut self, number: u32, words: String, is_news: bool) {
        let is_among_last = self.tried.iter().any(|(known, _)| *known == number);
        self.tried_before = self.tried_before.saturating_sub(usize::from(!is_among_last));
        self.say(number, words, is_news);
    }

    /// Keeps what came of a run for the next messages, in the place of what was known of it before.
    fn say(&mut self, number: u32, words: String, is_news: bool) {
        self.tried.retain(|(known, _)| *known != number || number == 0);
        self.tried.push((number, words));
        let surplus = self.tried.len().saturating_sub(MOST_TRIED);
        self.tried.drain(..surplus);
        self.tried_before += surplus;
        self.is_news |= is_news;
    }
}

impl Incident {
    /// Whether a level at which actions run has been reached, on the ladder of its severity.
    #[must_use]
    pub fn runs_actions(&self) -> bool {
        let (Some(ladder), Some(climb)) = (self.ladder(), self.climb) else { return false };
        ladder.levels.iter().take(climb.reached as usize).any(|level| level.actions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_before_the_last_three_is_counted_once() {
        let mut remedies = Remedies::default();
        for run in 1..=3 {
            remedies.say(run, format!("run {run}"), true);
        }
        assert_eq!(remedies.text().as_deref(), Some("tried: run 1; run 2; run 3"));
        remedies.say(4, "run 4".into(), true);
        remedies.say(0, "one was refused".into(), false);
        assert_eq!(remedies.text().as_deref(), Some("tried: run 3; run 4; one was refused; … and 2 more before"));
        remedies.say_again(4, "run 4 worked".into(), true);
        assert_eq!(
            remedies.text().as_deref(),
            Some("tried: run 3; one was refused; run 4 worked; … and 2 more before")
        );
        remedies.say_again(1, "run 1 worked".into(), true);
        assert_eq!(
            remedies.text().as_deref(),
            Some("tried: one was refused; run 4 worked; run 1 worked; … and 2 more before")
        );
        remedies.begin_anew();
        assert_eq!(remedies.text(), None);
        remedies.say(5, "run 5".into(), true);
        assert_eq!(remedies.text().as_deref(), Some("tried: run 5"), "the next generation counts anew");
    }
}
