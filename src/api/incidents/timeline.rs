//! What became of an incident, event by event, and who was told what.

use super::summary;
use crate::api::go;
use crate::engine::command::Actor;
use crate::engine::incident::Ended;
use crate::engine::{EventKind, IncidentEvent};
use crate::model::{Moment, Span};
use crate::notify::text;
use crate::service::report::because;
use crate::store::{Sending, Story};
use serde_json::{Value, json};

/// Something that happened, as people read it.
pub struct Entry<'s> {
    /// When.
    pub at: Moment,
    /// In which generation.
    pub generation: u32,
    /// What, for programs.
    pub kind: &'static str,
    /// What, in words that follow the incident's name.
    pub text: String,
    /// Who did it, where somebody did.
    pub actor: Option<&'s Actor>,
    /// How a run of an action ended, where it did.
    pub ended: Option<&'s Ended>,
}

/// Every event that says something to people, in order, its times by the wall clock, which has `skew` now.
pub fn entries(story: &Story, skew: Span) -> impl Iterator<Item = Entry<'_>> {
    story.events.iter().filter_map(move |event| {
        let EventKind::Incident { generation, event: step, .. } = &event.kind else { return None };
        let (kind, text) = (kind(step)?, words(step, skew)?);
        Some(Entry {
            at: event.moment - skew,
            generation: *generation,
            kind,
            text,
            actor: step.actor(),
            ended: ended(step),
        })
    })
}

/// The same for programs, its times by the wall clock, which has `skew` now.
pub fn of(story: &Story, skew: Span) -> Vec<Value> {
    entries(story, skew)
        .map(|entry| {
            let mut value = json!({
                "at": go::time(entry.at),
                "generation": entry.generation,
                "kind": entry.kind,
                "text": entry.text,
            });
            if let Some(by) = entry.actor {
                value["actor"] = summary::actor(by);
            }
            if let Some(ended) = entry.ended {
                value["outcome"] = json!(ended.outcome.word());
                value["took_seconds"] = json!(ended.took.as_secs_f64());
                value["output"] = json!(ended.output);
            }
            value
        })
        .collect()
}

/// One message and what came of it.
pub fn delivery(sending: &Sending) -> Value {
    let draft = &sending.notice.draft;
    json!({
        "at": go::time(draft.at),
        "to": draft.destination.to_string(),
        "kind": draft.kind.word(),
        "generation": draft.generation,
        "page": draft.page,
        "severity": draft.severity.to_string(),
        "level": draft.level.as_deref(),
        "why": text::reason(&sending.notice),
        "text": text::headline(&sending.notice),
        "status": sending.status,
        "attempts": sending.attempts,
        "trouble": sending.reason,
        "finished": sending.finished.map(go::time),
    })
}

/// The kind of a step, for programs; nothing for steps that are part of another one.
fn kind(step: &IncidentEvent) -> Option<&'static str> {
    Some(match step {
        IncidentEvent::Opened(_) => "opened",
        IncidentEvent::Reopened { .. } => "reopened",
        IncidentEvent::Joined { .. } => "alert_fires",
        IncidentEvent::Left { .. } => "alert_ended",
        IncidentEvent::Severity { .. } => "severity",
        IncidentEvent::Held { .. } => "held_back",
        IncidentEvent::Released => "released",
        IncidentEvent::Reached { .. } => "level",
        IncidentEvent::Told { .. } => "told",
        IncidentEvent::NotTold { .. } => "not_told",
        IncidentEvent::Relabelled { .. } => "relabelled",
        IncidentEvent::Acknowledged(_) => "acknowledged",
        IncidentEvent::Unacknowledged { .. } => "unacknowledged",
        IncidentEvent::Assessed(_) => "assessed",
        IncidentEvent::Communicated { .. } => "update",
        IncidentEvent::Noted { .. } => "note",
        IncidentEvent::Assigned { .. } => "assigned",
        IncidentEvent::Escalated { .. } => "escalated",
        IncidentEvent::Reviewed { .. } => "reviewed",
        IncidentEvent::Missed { .. } => "missed",
        IncidentEvent::WentStale => "went_stale",
        IncidentEvent::Calmed { .. } => "calmed",
        IncidentEvent::Later(_) => "later",
        IncidentEvent::Resolved { .. } => "resolved",
        IncidentEvent::ActionOwed { .. } => "action_owed",
        IncidentEvent::ActionRefused { .. } => "action_refused",
        IncidentEvent::ActionBegan { .. } => "action_began",
        IncidentEvent::ActionDropped { .. } => "action_dropped",
        IncidentEvent::ActionEnded { .. } => "action_ended",
        IncidentEvent::ActionVerified { .. } => "action_verified",
        IncidentEvent::Gathering { .. }
        | IncidentEvent::Planned { .. }
        | IncidentEvent::Paged { .. }
        | IncidentEvent::Climbing { .. }
        | IncidentEvent::UpdateDue { .. }
        | IncidentEvent::UpdateWanted { .. }
        | IncidentEvent::SetAside
        | IncidentEvent::Said
        | IncidentEvent::Forgotten => return None,
    })
}

/// A step in words that follow the incident's name. Logs leave out what a line before has said; a timeline says it all.
fn words(step: &IncidentEvent, skew: Span) -> Option<String> {
    Some(match step {
        IncidentEvent::Opened(opening) => format!("opened at {}", opening.severity),
        IncidentEvent::Reopened { severity, .. } => format!("reopened at {severity}"),
        IncidentEvent::Joined { subject, cause } => {
            format!("{} fires at {}{}", subject.labels, subject.severity, because(cause))
        }
        IncidentEvent::Left { subject, cause, .. } => format!("{} ended{}", subject.labels, because(cause)),
        IncidentEvent::Severity { to } => format!("is {to} now"),
        IncidentEvent::Told { destination, page: Some(page), severity, .. } => {
            format!("pages {destination} at {severity} (page {page})")
        }
        IncidentEvent::Told { destination, page: None, .. } => format!("tells {destination}"),
        IncidentEvent::NotTold { destination, .. } => format!("{destination} refused the page and has not been told"),
        IncidentEvent::Reached { level, nobody: false, round: 0, .. } => format!("reached level {level}"),
        IncidentEvent::ActionOwed { action, labels, .. } => format!("action: {action} is to run for {labels}"),
        other => other.words(skew)?,
    })
}

/// How a run of an action ended, where it did.
fn ended(step: &IncidentEvent) -> Option<&Ended> {
    match step {
        IncidentEvent::ActionEnded { ended, .. } => Some(ended),
        _ => None,
    }
}
