//! The draft of a post-mortem: everything that is on record of one incident, and blanks for what only people know.
//!
//! [`postmortem`] is pure; [`charts`] asks what the values were, where a source can be asked.

mod charts;
mod layout;
mod questions;
mod rules;

pub use charts::{Chart, charts};
pub use rules::RuleFacts;

use super::clock::{At, Clock, lasting};
use super::document::{Document, Line};
use super::past::OneIncident;
use super::record::{Outcome, Record, Round};
use super::words::Words;
use crate::engine::World;
use crate::engine::event::{EventKind, IncidentEvent};
use crate::engine::incident::Stage;
use crate::engine::notice::NoticeKind;
use crate::model::{Moment, Span};
use crate::notify::text;
use crate::store::Sending;
use serde::Serialize;

/// Why there is nothing to draft yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// It goes on.
    #[error(
        "INC-{number} is still open ({severity}, since {since}{hands}); a post-mortem is drafted when it is over. What is known so far: watchbell incidents show INC-{number}"
    )]
    Open {
        /// Its number.
        number: u64,
        /// Its severity.
        severity: String,
        /// Since when.
        since: String,
        /// Who is at it.
        hands: String,
    },
    /// Its number is known, and what happened is not on record any more.
    #[error("of INC-{0} nothing is on record any more")]
    Forgotten(u64),
}

/// A draft.
#[derive(Clone, Debug, Serialize)]
pub struct Postmortem {
    /// The number that people say.
    pub incident: u64,
    /// The name of its alerts.
    pub alert: String,
    /// What else they have in common.
    pub place: String,
    /// What messages called it.
    pub title: String,
    /// What messages said of its alerts, each text once.
    pub summaries: Vec<String>,
    /// The highest severity that it had.
    pub severity: String,
    /// Its severities, from when on each.
    pub severities: Vec<(At, String)>,
    /// Its policy.
    pub policy: String,
    /// When the condition of its first alert began to hold.
    pub active: At,
    /// When it opened.
    pub opened: At,
    /// When somebody was told first.
    pub told: Option<At>,
    /// When it was over.
    pub over: At,
    /// Seconds from its opening to its end.
    pub lasted_seconds: f64,
    /// How often it fired again soon after its end.
    pub reopened: usize,
    /// How many alerts were part of it.
    pub alerts: usize,
    /// Who acknowledged it first.
    pub taken_by: Option<String>,
    /// Who closed it; nobody where its last alert ended.
    pub over_by: Option<String>,
    /// Why its last alert ended, where that says nothing of what it was about (its rule was removed).
    pub over_because: Option<&'static str>,
    /// The remedies after which the alerts that they were for ended in time.
    pub remedied_by: Vec<String>,
    /// Seconds from the first message to the first acknowledgement.
    pub to_acknowledge_seconds: Option<f64>,
    /// Seconds from the opening to the end.
    pub to_resolve_seconds: f64,
    /// The page that says what to do.
    pub runbook: Option<String>,
    /// What happened.
    pub timeline: Vec<Entry>,
    /// Who was told.
    pub messages: Vec<Told>,
    /// The response procedure.
    pub stages: Vec<StageLine>,
    /// The rules, with their bounds and values.
    pub rules: Vec<RuleFacts>,
    /// What the record itself asks.
    pub questions: Vec<String>,
    /// When the review is due.
    pub review_due: Option<At>,
    /// Where the review is, where one is linked already.
    pub review: Option<String>,
    /// The zone of all times for people.
    pub timezone: String,
    #[serde(skip)]
    zone: crate::config::Zone,
    #[serde(skip)]
    place_of_service: String,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When.
    pub at: At,
    /// What.
    pub text: String,
    #[serde(skip)]
    line: Line,
}

/// A message, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// When it was owed.
    pub at: At,
    /// To whom.
    pub to: String,
    /// `page`, `update` or `end`.
    pub kind: &'static str,
    /// Why it went out.
    pub why: String,
    /// The level that it was for.
    pub level: Option<String>,
    /// `sent`, `refused`, `withdrawn`, `queued` or `claimed`.
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last trouble with it.
    pub trouble: Option<String>,
    /// Seconds until it was sent.
    pub after_seconds: Option<f64>,
}

/// One stage of the response procedure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageLine {
    /// The generation, from one.
    pub generation: u32,
    /// The stage.
    pub stage: &'static str,
    /// When it was due, where it was asked for.
    pub due: Option<At>,
    /// When it was done, where it was.
    pub done: Option<At>,
    /// By whom.
    pub by: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// Drafts the post-mortem of an incident as it stands at `at`.
///
/// # Errors
/// When it is not over.
pub fn postmortem(world: &World, one: &OneIncident, charts: &[Chart], at: Moment) -> Result<Postmortem, NoDraft> {
    let settings = &world.settings;
    let clock = Clock(&settings.timezone);
    let record = Record::of(&one.story, at, settings).ok_or_else(|| forgotten(one))?;
    let over = record.over().ok_or_else(|| open(&record, clock))?;
    let words = Words { world, moved: &one.moved, clock };
    let pages = || one.sendings.iter().filter(|sending| !sending.notice.alerts.is_empty());
    let subjects = || record.firings.iter().map(|firing| &firing.subject);
    let mut alerts: Vec<_> = subjects().map(|subject| subject.alert).collect();
    alerts.sort_unstable();
    alerts.dedup();
    let entry = |(at, line): (Moment, Line)| Entry { at: At(at), text: line.words(), line };
    let rules = rules::facts(&record, &words, charts);
    let last = record.rounds.last();
    let taken = record.rounds.iter().find_map(Round::to_acknowledge);
    let mut draft = Postmortem {
        incident: record.number,
        alert: record.alert().to_string(),
        place: record.place(),
        title: title(&record, pages().next()),
        summaries: summaries(&one.sendings),
        severity: record.worst.to_string(),
        severities: severities(&record),
        policy: record.key.policy.to_string(),
        active: At(subjects().map(|subject| subject.active).min().unwrap_or(record.opened())),
        opened: At(record.opened()),
        told: record.rounds.iter().find_map(|round| round.told).map(At),
        over: At(over),
        lasted_seconds: (over - record.opened()).as_secs_f64(),
        reopened: record.rounds.len().saturating_sub(1),
        alerts: alerts.len(),
        taken_by: record.taken().map(|(_, by)| by.to_string()),
        over_by: last.and_then(|round| round.over_by.as_ref()).map(ToString::to_string),
        over_because: last.and_then(Round::over_because),
        remedied_by: last.map(Round::remedies).unwrap_or_default(),
        to_acknowledge_seconds: taken.map(Span::as_secs_f64),
        to_resolve_seconds: (over - record.opened()).as_secs_f64(),
        runbook: pages().find_map(|sending| text::runbook(&sending.notice)).map(str::to_owned),
        timeline: words.timeline(&record.events).into_iter().map(entry).collect(),
        messages: one.sendings.iter().map(told).collect(),
        stages: stages(&record),
        rules,
        questions: Vec::new(),
        review_due: last.and_then(|round| round.stages.iter().find(|one| one.stage == Stage::Postmortem)?.due).map(At),
        review: review(&record),
        timezone: settings.timezone.to_string(),
        zone: settings.timezone.clone(),
        place_of_service: settings.external_url.trim_end_matches('/').to_owned(),
    };
    draft.questions = questions::questions(&draft, &record, clock);
    Ok(draft)
}

fn forgotten(one: &OneIncident) -> NoDraft {
    let number = one.story.events.iter().find_map(|event| match &event.kind {
        EventKind::Incident { number, .. } => Some(*number),
        _ => None,
    });
    NoDraft::Forgotten(number.unwrap_or(0))
}

fn open(record: &Record, clock: Clock<'_>) -> NoDraft {
    let hands = match &record.now.acknowledged {
        Some(acknowledged) => format!(", acknowledged by {}", acknowledged.by.name),
        None => ", nobody has acknowledged it".into(),
    };
    let since = record.rounds.last().map_or(record.opened(), |round| round.opened);
    NoDraft::Open { number: record.number, severity: record.now.severity.to_string(), since: clock.whole(since), hands }
}

/// What messages called it; without one, its alerts and what they have in common.
fn title(record: &Record, first: Option<&Sending>) -> String {
    let own = || format!("{} {}", record.alert(), record.place()).trim_end().to_owned();
    first.map_or_else(own, |sending| sending.notice.title.clone())
}

/// What pages said of its alerts, each text once.
fn summaries(sendings: &[Sending]) -> Vec<String> {
    /// More are not read.
    const MOST: usize = 3;
    let mut found: Vec<String> = Vec::new();
    let pages = sendings.iter().filter(|sending| sending.notice.draft.kind == NoticeKind::Page);
    for alert in pages.flat_map(|sending| &sending.notice.alerts) {
        let texts = alert.annotations.iter().filter(|(name, _)| matches!(&**name, "summary" | "description"));
        for (_, text) in texts {
            if found.len() < MOST && !found.contains(text) {
                found.push(text.clone());
            }
        }
    }
    found
}

/// From when on it had which severity.
fn severities(record: &Record) -> Vec<(At, String)> {
    let mut found: Vec<(At, String)> = Vec::new();
    for event in &record.events {
        let EventKind::Incident { event: step, .. } = &event.kind else { continue };
        let severity = match step {
            IncidentEvent::Opened(opening) => &opening.severity,
            IncidentEvent::Reopened { severity, .. } => severity,
            IncidentEvent::Severity { to } => to,
            _ => continue,
        };
        if found.last().is_none_or(|(_, last)| *last != severity.to_string()) {
            found.push((At(event.moment), severity.to_string()));
        }
    }
    found
}

fn told(sending: &Sending) -> Told {
    let draft = &sending.notice.draft;
    let sent = sending.finished.filter(|_| sending.status == "sent");
    Told {
        at: At(draft.at),
        to: draft.destination.to_string(),
        kind: draft.kind.word(),
        why: text::why(&sending.notice),
        level: draft.level.as_ref().map(ToString::to_string),
        status: sending.status.clone(),
        attempts: sending.attempts,
        trouble: sending.reason.clone(),
        after_seconds: sent.map(|sent| (sent - draft.at).max(Span::ZERO).as_secs_f64()),
    }
}

fn stages(record: &Record) -> Vec<StageLine> {
    let line = |round: &Round| {
        let generation = round.generation;
        let lines = round.stages.iter().map(move |deadline| StageLine {
            generation,
            stage: deadline.stage.word(),
            due: deadline.due.map(At),
            done: deadline.done.as_ref().map(|(at, _)| At(*at)),
            by: deadline.done.as_ref().and_then(|(_, by)| by.as_ref()).map(ToString::to_string),
            outcome: deadline.outcome,
        });
        lines.collect::<Vec<_>>()
    };
    record.rounds.iter().flat_map(line).collect()
}

fn review(record: &Record) -> Option<String> {
    record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Incident { event: IncidentEvent::Reviewed { link, .. }, .. } => Some(link.clone()),
        _ => None,
    })
}

impl Postmortem {
    /// The draft as a page.
    #[must_use]
    pub fn document(&self) -> Document {
        layout::document(self)
    }

    /// For a place that takes Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.document().markdown()
    }

    /// One file for a browser.
    #[must_use]
    pub fn html(&self) -> String {
        self.document().html()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_else(|error| error.to_string());
        text.push('\n');
        text
    }

    /// How long it lasted, in words.
    #[must_use]
    pub fn lasted(&self) -> String {
        lasting(self.over.0 - self.opened.0)
    }
}
