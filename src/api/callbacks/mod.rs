//! Requests that come without a token, because each proves in its own way who sends it: Slack and PagerDuty sign the raw
//! body, a link in a message is signed itself.
//!
//! What is signed how, and what a request says, is decided by `notify`, which is pure. Here requests are bounded, counted,
//! known again, and turned into commands for the owner of the engine.

mod link;
mod memory;
mod pagerduty;
mod slack;

use super::Desk;
use crate::engine::command::{Command, Refusal};
use crate::engine::incident::Incident;
use crate::engine::{Engine, State};
use crate::model::IncidentId;
use crate::service::doors::NotDone;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use memory::{Memory, Seen};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// More of a body is not read. PagerDuty drops what is above 256 KB itself; a message of Slack's has at most 50 blocks.
const LARGEST_BODY: usize = 512 * 1024;
/// A body that takes longer is given up: both providers have long stopped waiting then.
const BODY_DEADLINE: Duration = Duration::from_secs(5);
/// So many requests are known again. An hour of a bad day has fewer.
const REMEMBERED: usize = 10_000;

/// What is remembered between requests.
pub(super) struct Callbacks {
    /// Presses of buttons in Slack.
    presses: Mutex<Memory<Seen>>,
    /// Events of PagerDuty.
    events: Mutex<Memory<Seen>>,
    /// The key under which PagerDuty has its incidents from us: its notes name the incident, and not the key.
    keys: Mutex<Memory<String>>,
    /// What goes on after a request was answered; it is waited for at the end.
    work: TaskTracker,
}

/// What came of a request, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// What it asks for was done.
    Done,
    /// A page was shown, or a challenge answered.
    Answered,
    /// It says nothing that changes anything.
    Nothing,
    /// It has been here before.
    Replayed,
    /// It is not signed by whom it should be.
    Forged,
    /// It was signed too long ago, or in the future.
    Late,
    /// It cannot be read.
    Malformed,
    /// It is too large.
    Oversized,
    /// Nobody whom the configuration knows.
    Stranger,
    /// It is about an incident that is not here.
    Unknown,
    /// It is about an earlier generation of an incident.
    OtherGeneration,
    /// It cannot be done as things stand.
    Refused,
    /// Nothing is configured for it.
    NotConfigured,
    /// We cannot, now.
    Failed,
}

/// The incident that a request is about.
enum Subject<'a> {
    /// It is the one.
    Is(&'a Incident),
    /// It has been reopened since.
    Was(Refusal),
    /// There is none.
    Unknown,
}

/// The routes: method, path and handler. None needs a token.
pub(super) fn routes() -> [(Method, &'static str, MethodRouter<Desk>); 4] {
    [
        (Method::POST, "/callbacks/slack", bounded(post(slack::take))),
        (Method::POST, "/callbacks/pagerduty", bounded(post(pagerduty::take))),
        (Method::GET, "/links/{link}", get(link::show)),
        (Method::POST, "/links/{link}", bounded(post(link::act))),
    ]
}

fn bounded(handler: MethodRouter<Desk>) -> MethodRouter<Desk> {
    handler.layer(DefaultBodyLimit::max(LARGEST_BODY))
}

impl Callbacks {
    /// Nothing is remembered yet.
    pub(super) fn new() -> Self {
        Callbacks {
            presses: Mutex::new(Memory::of(REMEMBERED)),
            events: Mutex::new(Memory::of(REMEMBERED)),
            keys: Mutex::new(Memory::of(REMEMBERED)),
            work: TaskTracker::new(),
        }
    }

    /// Waits for what goes on after requests were answered.
    pub(super) async fn finish(&self) {
        self.work.close();
        self.work.wait().await;
    }
}

impl Desk {
    fn count(&self, from: &str, outcome: Outcome) {
        self.doors.metrics.called_back(from, outcome.word());
    }

    /// Has a command carried out; what came of it, and why not in words for whoever asked.
    async fn carry_out(&self, command: Command) -> (Outcome, Option<String>) {
        match self.doors.carry_out(command).await {
            Ok(_) => (Outcome::Done, None),
            Err(NotDone::Refused(refusal)) => (Outcome::of(&refusal), Some(refusal.to_string())),
            // The same request said something else before: whatever came of that stands.
            Err(NotDone::OtherCommand) => (Outcome::Replayed, None),
            Err(stopping @ NotDone::Stopping) => (Outcome::Failed, Some(stopping.to_string())),
        }
    }
}

impl Outcome {
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::OtherGeneration { .. } => Outcome::OtherGeneration,
            Refusal::NoSuchIncident(_) => Outcome::Unknown,
            Refusal::Resolved(_)
            | Refusal::NotResolved(_)
            | Refusal::Reviewed(_)
            | Refusal::NotAcknowledged(_)
            | Refusal::StillFiring { .. }
            | Refusal::NoLevelLeft(_)
            | Refusal::NoSuchResponder(_)
            | Refusal::NoSuchSilence
            | Refusal::NoSuchRoutine { .. }
            | Refusal::NothingToDo { .. }
            | Refusal::Invalid(_) => Outcome::Refused,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Answered => "answered",
            Outcome::Nothing => "nothing",
            Outcome::Replayed => "replayed",
            Outcome::Forged => "forged",
            Outcome::Late => "late",
            Outcome::Malformed => "malformed",
            Outcome::Oversized => "oversized",
            Outcome::Stranger => "stranger",
            Outcome::Unknown => "unknown",
            Outcome::OtherGeneration => "other_generation",
            Outcome::Refused => "refused",
            Outcome::NotConfigured => "not_configured",
            Outcome::Failed => "failed",
        }
    }

    /// Whether it is worth a line in the log.
    fn is_suspicious(self) -> bool {
        match self {
            Outcome::Done | Outcome::Answered | Outcome::Nothing | Outcome::Replayed | Outcome::Refused => false,
            Outcome::Forged
            | Outcome::Late
            | Outcome::Malformed
            | Outcome::Oversized
            | Outcome::Stranger
            | Outcome::Unknown
            | Outcome::OtherGeneration
            | Outcome::NotConfigured
            | Outcome::Failed => true,
        }
    }
}

/// The incident with this id, if this is still its generation.
fn subject(engine: &Engine, id: IncidentId, generation: u32) -> Subject<'_> {
    let State { incidents, .. } = &engine.state;
    match incidents.by_key.values().find(|incident| incident.id == id) {
        None => Subject::Unknown,
        Some(incident) if incident.generation == generation => Subject::Is(incident),
        Some(incident) => {
            let (number, now) = (incident.number, incident.generation);
            Subject::Was(Refusal::OtherGeneration { number, asked: generation, now })
        }
    }
}

/// Whether `name` is at it already, so that saying so again changes nothing.
fn is_in_hands_of(incident: &Incident, name: &str) -> bool {
    let by = incident.acknowledged.as_ref().map(|acknowledged| &*acknowledged.by.name);
    incident.is_in_hands() && by == Some(name)
}

/// Reads a body, but not too much of it and not for too long.
async fn read(request: Request) -> Result<Bytes, (StatusCode, Outcome)> {
    match tokio::time::timeout(BODY_DEADLINE, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(refused)) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, Outcome::Oversized))
        }
        Ok(Err(refused)) => Err((refused.status(), Outcome::Malformed)),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, Outcome::Malformed)),
    }
}

/// A header's text; nothing where it is missing or no text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What somebody else's name for somebody is shown as: one line, not too long, and never empty.
fn shown_name(name: &str, otherwise: &str) -> String {
    let name = crate::notify::text::cut(crate::notify::text::one_line(name).trim(), 100);
    if name.is_empty() { otherwise.to_owned() } else { name }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is remembered is whole after every step, so that a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refuse(status: StatusCode, words: &'static str) -> Response {
    (status, words).into_response()
}
