//! What machines tried: how often each action ran, what came of it, and which runs came to nothing.

use super::Inputs;
use crate::engine::event::IncidentEvent;
use crate::engine::incident::{Ended, Outcome, Verdict};
use crate::engine::{Event, EventKind};
use crate::model::Name;
use crate::notify::text::{cut, one_line};
use crate::review::clock::{At, Period};
use crate::review::record::Record;
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest word of an output that is told, in characters. The whole of it stands beside the incident.
const LONGEST_WORD: usize = 160;

/// What machines tried in a period.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Remedies {
    /// Each action that ran, was to run or was not let run, by name.
    pub actions: Vec<ActionLine>,
    /// The runs that came to nothing, in order.
    pub failed: Vec<FailedRun>,
}

/// What came of one action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ActionLine {
    /// Its name.
    pub action: String,
    /// Runs that have ended, however.
    pub ran: usize,
    /// Those of them that did not end well, or of whose end nothing is known.
    pub failed: usize,
    /// Runs after which the alert ended in time, where that is asked for.
    pub worked: usize,
    /// Runs after which it still fired.
    pub did_not_work: usize,
    /// Alerts for which it was not run, because of `max_runs`.
    pub refused: usize,
    /// Runs that were owed and not needed any more.
    pub dropped: usize,
}

/// A run that came to nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailedRun {
    /// When it ended.
    pub at: At,
    /// The incident.
    pub number: u64,
    /// The action.
    pub action: String,
    /// The alert that it was for.
    pub labels: String,
    /// `failed`, `timed_out`, `not_started`, `stopped`, `unknown`, or `did_not_work`.
    pub outcome: &'static str,
    /// Why, where it is known: how it ended, and the last that it said.
    pub why: String,
    /// How long it took, in seconds; nothing where it did what it should and the alert went on.
    pub took_seconds: Option<f64>,
}

impl Remedies {
    pub(super) fn of(inputs: &Inputs<'_>, period: Period) -> Self {
        let (mut actions, mut failed) = (BTreeMap::new(), Vec::new());
        for record in &inputs.past.records {
            for event in record.events.iter().filter(|event| period.holds(event.moment)) {
                let EventKind::Incident { event: step, .. } = &event.kind else { continue };
                count(&mut actions, step);
                failed.extend(failure(record, event, step));
            }
        }
        failed.sort_by_key(|run: &FailedRun| (run.at.0, run.number));
        Remedies { actions: actions.into_values().collect(), failed }
    }

    /// How many runs have ended, and how many of those came to nothing.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        self.actions.iter().fold((0, 0), |(ran, failed), one| (ran + one.ran, failed + one.failed + one.did_not_work))
    }
}

fn count(actions: &mut BTreeMap<Name, ActionLine>, step: &IncidentEvent) {
    let mut of = |action: &Name, add: &dyn Fn(&mut ActionLine)| {
        let line = actions.entry(action.clone()).or_default();
        line.action = action.to_string();
        add(line);
    };
    match step {
        IncidentEvent::ActionEnded { action, ended, .. } => of(action, &|line| {
            line.ran += 1;
            line.failed += usize::from(ended.outcome != Outcome::Done);
        }),
        IncidentEvent::ActionVerified { action, verdict, .. } => of(action, &|line| match verdict {
            Verdict::Worked => line.worked += 1,
            Verdict::DidNotWork => line.did_not_work += 1,
            Verdict::NotKnown => {}
        }),
        IncidentEvent::ActionRefused { action, alerts, .. } => of(action, &|line| line.refused += alerts.len()),
        IncidentEvent::ActionDropped { action, .. } => of(action, &|line| line.dropped += 1),
        _ => {}
    }
}

fn failure(record: &Record, event: &Event, step: &IncidentEvent) -> Option<FailedRun> {
    let (action, labels, outcome, why, took) = match step {
        IncidentEvent::ActionEnded { action, labels, ended, .. } if ended.outcome != Outcome::Done => {
            (action, labels, ended.outcome.word(), why(ended), Some(ended.took.as_secs_f64()))
        }
        IncidentEvent::ActionVerified { action, labels, verdict: Verdict::DidNotWork, .. } => {
            (action, labels, "did_not_work", "its alert still fired after `verify_within`".to_owned(), None)
        }
        _ => return None,
    };
    Some(FailedRun {
        at: At(event.moment),
        number: record.number,
        action: action.to_string(),
        labels: labels.to_string(),
        outcome,
        why,
        took_seconds: took,
    })
}

/// How it ended, and the last line of what it said: there programs say what went wrong.
fn why(ended: &Ended) -> String {
    let how = match &ended.outcome {
        Outcome::Failed(why) | Outcome::NotStarted(why) => why.as_str(),
        Outcome::Done => "",
        Outcome::TimedOut => "given up after its `timeout`",
        Outcome::Stopped => "Watchbell stopped",
        Outcome::Unknown => "Watchbell ended before it did",
    };
    let last = ended.output.lines().map(str::trim).rfind(|line| !line.is_empty());
    match last {
        Some(last) => format!("{how} ({})", cut(&one_line(last), LONGEST_WORD)),
        None => how.to_owned(),
    }
}
