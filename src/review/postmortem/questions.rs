//! What the record itself asks: whatever did not go as the configuration wants it.

use super::{Postmortem, Told};
use crate::engine::event::{EventKind, IncidentEvent};
use crate::model::counted;
use crate::review::clock::{At, Clock};
use crate::review::record::{Outcome, Record};
use std::collections::BTreeSet;

/// The questions, in the order of the procedure.
pub(super) fn questions(draft: &Postmortem, record: &Record, clock: Clock<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for stage in draft.stages.iter().filter(|stage| stage.outcome == Outcome::Missed) {
        let due = stage.due.map(|due| clock.second(due.0)).unwrap_or_default();
        let done =
            stage.done.map_or_else(|| "it never was".to_owned(), |At(at)| format!("it was done {}", clock.second(at)));
        all.push(format!("The stage {} was due {due}; {done}. What kept people from it?", stage.stage));
    }
    let lost: BTreeSet<&str> =
        draft.messages.iter().filter(|told| is_lost(told)).map(|told| told.to.as_str()).collect();
    for to in lost {
        all.push(format!("Messages to {to} did not arrive. Has that been mended, and who was meant to hear of it?"));
    }
    for event in &record.events {
        let EventKind::Incident { event: step, .. } = &event.kind else { continue };
        match step {
            IncidentEvent::Reached { level, nobody: true, .. } => {
                all.push(format!("Level {level} reached nobody. Who should have been there?"));
            }
            IncidentEvent::Assessed(assessed) if assessed.severity != assessed.instead_of => all.push(format!(
                "Its severity was corrected from {} to {}. Should the rule say so by itself?",
                assessed.instead_of, assessed.severity
            )),
            _ => {}
        }
    }
    if !record.was_acted_on() && !draft.remedied_by.is_empty() {
        let remedies = draft.remedied_by.join(", ");
        all.push(format!(
            "{remedies} mended it, and nobody had to act. Was it worth waking people before that was known?"
        ));
    } else if !record.was_acted_on() {
        all.push("Nobody acted, and it ended all the same. Did anybody need to hear of it?".into());
    }
    if draft.reopened > 0 {
        let times = counted(draft.reopened, "time");
        all.push(format!("It fired again {times} soon after its end. Was it over too early, or does the rule need a bound to go back below (clear)?"));
    }
    for rule in draft.rules.iter().filter(|rule| rule.group.is_some() && rule.runbook.is_none()) {
        if draft.runbook.is_none() {
            all.push(format!("{} has no runbook. What should the next one on call know?", rule.alert));
        }
    }
    for rule in draft.rules.iter().filter(|rule| rule.group.is_none()) {
        all.push(format!("{} is no longer in the rules. Is what it watched watched by another one?", rule.alert));
    }
    all
}

/// Whether a message did not arrive. One that was withdrawn was overtaken.
pub(super) fn is_lost(told: &Told) -> bool {
    told.status == "refused" || matches!(told.status.as_str(), "queued" | "claimed") && told.trouble.is_some()
}
