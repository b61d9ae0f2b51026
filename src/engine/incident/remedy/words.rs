//! What happened to a run, in words for people.

use super::{Ended, Outcome, Verdict};
use crate::engine::event::IncidentEvent;
use crate::model::{Labels, Name, Span, counted, duration_text};

/// The longest word from an output that a line repeats, in characters. The whole of it stands beside the incident.
const LONGEST_WORD: usize = 160;
/// The longest clause in a message, in characters.
const LONGEST_CLAUSE: usize = 400;

/// A step of a run in words that follow an incident's number; nothing where it is no such step, or is only owed.
#[must_use]
pub fn words(event: &IncidentEvent) -> Option<String> {
    match event {
        IncidentEvent::ActionOwed { .. } => None,
        _ => clause(event).map(|clause| format!("action: {clause}")),
    }
}

/// A step of a run in a clause with its action first.
pub(super) fn clause(event: &IncidentEvent) -> Option<String> {
    Some(match event {
        IncidentEvent::ActionOwed { action, labels, .. } => format!("{action} is to run for {labels}"),
        IncidentEvent::ActionRefused { action, alerts, max_runs, within } => {
            let whom = match alerts.as_slice() {
                [(_, labels)] => labels.to_string(),
                alerts => format!("{} alerts", alerts.len()),
            };
            let (runs, within) = (counted(*max_runs as usize, "run"), duration_text::format(*within));
            format!("{action} is not run for {whom}: `max_runs` allows {runs} within {within}, whatever for")
        }
        IncidentEvent::ActionBegan { action, labels, .. } => format!("{action} runs for {labels}"),
        IncidentEvent::ActionDropped { action, labels, .. } => {
            format!("{} need not run any more: its alert has ended", of(action, labels))
        }
        IncidentEvent::ActionEnded { action, labels, ended, .. } => {
            cut(&format!("{} {}", of(action, labels), of_end(ended)), LONGEST_CLAUSE)
        }
        IncidentEvent::ActionVerified { action, labels, verdict, .. } => {
            let verdict = match verdict {
                Verdict::Worked => "worked: its alert has ended",
                Verdict::DidNotWork => "did not work: its alert still fires",
                Verdict::NotKnown => "may have worked: its alert has ended, but nobody knows whether all is well",
            };
            format!("{} {verdict}", of(action, labels))
        }
        _ => return None,
    })
}

/// The action, and what tells its alert from the others.
fn of(action: &Name, labels: &Labels) -> String {
    let place = labels.without("alertname");
    if place.is_empty() { action.to_string() } else { format!("{action} {place}") }
}

fn of_end(ended: &Ended) -> String {
    let took = duration_text::format(rounded(ended.took));
    let said = said(&ended.output);
    match &ended.outcome {
        Outcome::Done => format!("ended well after {took}{said}"),
        Outcome::Failed(why) => format!("failed after {took}: {why}{said}"),
        Outcome::TimedOut => format!("was given up after {took}, with all that it had started{said}"),
        Outcome::NotStarted(why) => format!("could not be run: {why}"),
        Outcome::Stopped => format!("was ended after {took}, because Watchbell stopped{said}"),
        Outcome::Unknown => {
            "had begun when Watchbell ended; how it ended is not known, and it is not run again for this".into()
        }
    }
}

/// The last line of an output: that is where programs say what went wrong.
fn said(output: &str) -> String {
    let last = output.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.map(|line| format!(" ({})", cut(line, LONGEST_WORD))).unwrap_or_default()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Nobody reads milliseconds behind seconds.
fn rounded(span: Span) -> Span {
    if span < Span::from_secs(1) { span } else { Span::from_secs((span.millis() + 500) / 1000) }
}
