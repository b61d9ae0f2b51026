//! `POST /callbacks/pagerduty`: what people do in PagerDuty's app. A refusal of ours (4xx) is final for PagerDuty, and three
//! in a row end the subscription for a day: so that only what is not PagerDuty's is refused, and what we cannot do now is 503.

use super::{Outcome, Seen, Subject, header, is_in_hands_of, locked, read, refuse, shown_name, subject};
use crate::api::Desk;
use crate::config::{ChannelKind, Secret, Settings};
use crate::crash::{self, Point};
use crate::engine::command::{Act, Actor, Command, Deed, Via};
use crate::engine::incident::{Incident, LONGEST_TEXT};
use crate::engine::notice::Draft;
use crate::model::{IncidentId, still_fire};
use crate::notify::pagerduty::callback::{self, Event, EventKind};
use crate::notify::text::cut;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

const FROM: &str = "pagerduty";
/// PagerDuty waits five seconds, and comes again where nothing came.
const DEADLINE: Duration = Duration::from_secs(4);
/// Who did it where nobody is named.
const SOMEBODY: &str = "PagerDuty";
/// A longer id is none of PagerDuty's, and nothing to remember.
const LONGEST_ID: usize = 200;

/// What an event means for us.
struct Meaning {
    /// The incident.
    number: u64,
    /// What to do with it, in this order.
    acts: Vec<Act>,
}

/// Takes a request of PagerDuty's.
pub async fn take(State(desk): State<Desk>, request: Request) -> Response {
    let settings = Arc::clone(&desk.doors.settings.borrow());
    let event = match proven(&settings, request).await {
        Err((status, outcome)) => return answer(&desk, outcome, status),
        Ok(body) => callback::read(&body).filter(|event| event.id.len() <= LONGEST_ID),
    };
    let Some(event) = event else { return answer(&desk, Outcome::Malformed, StatusCode::BAD_REQUEST) };
    crash::point(Point::AfterProof);
    let seen = locked(&desk.callbacks.events).begin(&event.id);
    match seen {
        Some(Seen::Done) => return answer(&desk, Outcome::Replayed, StatusCode::OK),
        // Its first visit may still fail, and then it has to come again.
        Some(Seen::UnderWay) => return answer(&desk, Outcome::Replayed, StatusCode::SERVICE_UNAVAILABLE),
        None => {}
    }
    let working = desk.clone();
    let work = desk.callbacks.work.spawn(async move {
        let id = event.id.clone();
        let outcome = work_on(&working, event).await;
        locked(&working.callbacks.events).end(&id, outcome != Outcome::Failed);
        outcome
    });
    let outcome = match tokio::time::timeout(DEADLINE, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Outcome::Failed,
    };
    crash::point(Point::BeforeAnswer);
    let status = if outcome == Outcome::Failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    answer(&desk, outcome, status)
}

fn answer(desk: &Desk, outcome: Outcome, status: StatusCode) -> Response {
    desk.count(FROM, outcome);
    if outcome.is_suspicious() {
        warn!(outcome = outcome.word(), "a request to the callback for PagerDuty had no effect: {}", outcome.word());
    }
    if status.is_success() { status.into_response() } else { refuse(status, "this is not taken\n") }
}

async fn proven(settings: &Settings, request: Request) -> Result<Bytes, (StatusCode, Outcome)> {
    let secrets: Vec<&Secret> = settings.channels.values().filter_map(|channel| secret_of(&channel.kind)).collect();
    if secrets.is_empty() {
        return Err((StatusCode::NOT_FOUND, Outcome::NotConfigured));
    }
    let headers = request.headers().clone();
    let body = read(request).await?;
    let signatures = header(&headers, "x-pagerduty-signature");
    let mut worst = (StatusCode::UNAUTHORIZED, Outcome::Forged);
    for secret in secrets {
        match secret.reveal() {
            Ok(secret) if callback::is_proven(secret.expose(), signatures, &body) => return Ok(body),
            Ok(_) => {}
            Err(_) => worst = (StatusCode::SERVICE_UNAVAILABLE, Outcome::Failed),
        }
    }
    Err(worst)
}

fn secret_of(kind: &ChannelKind) -> Option<&Secret> {
    if let ChannelKind::PagerDuty { webhook_secret, .. } = kind { webhook_secret.as_ref() } else { None }
}

async fn work_on(desk: &Desk, event: Event) -> Outcome {
    let Some((incident, generation)) = ours(desk, &event) else { return Outcome::Unknown };
    let actor = shown_name(event.person.as_deref().unwrap_or_default(), SOMEBODY);
    let (id, by, may_ask) = (event.id.clone(), actor.clone(), words(&event.kind));
    let looked = desk.doors.look(move |decider| match subject(&decider.engine, incident, generation) {
        Subject::Unknown => Err(Outcome::Unknown),
        Subject::Was(_) => Err(Outcome::OtherGeneration),
        Subject::Is(incident) => Ok(meaning(incident, &event, &by)),
    });
    let Meaning { number, acts } = match looked.await {
        None => return Outcome::Failed,
        Some(Err(outcome)) => return outcome,
        Some(Ok(meaning)) => meaning,
    };
    // By what is done and not by its place: when the event comes again, a part may have been done, and is not among them.
    let command = |word: &str, act| Command {
        id: format!("pagerduty/{id}/{word}").into(),
        actor: Actor { name: actor.as_str().into(), via: Via::PagerDuty },
        deed: Deed::Incident { number, generation: Some(generation), act },
    };
    // What it does not ask for now it must not do later, as things stand then: it is put on record as what does nothing.
    let (asked, words): (usize, Vec<&str>) = (acts.len(), acts.iter().map(word).collect());
    let unasked = may_ask.iter().filter(|word| !words.contains(word)).map(|word| command(word, Act::Nothing));
    let commands = acts.into_iter().map(|act| command(word(&act), act)).chain(unasked);
    let mut outcome = Outcome::Nothing;
    for (place, command) in commands.enumerate() {
        let (became, why) = desk.carry_out(command).await;
        match became {
            Outcome::Failed => return became,
            _ if place < asked => outcome = became,
            _ => {}
        }
        if let Some(why) = why {
            warn!(incident = number, "what {actor} did in PagerDuty is not done here: {why}");
        }
    }
    outcome
}

/// The incident that an event is about, by the key that we gave it; a note's by what earlier events said.
fn ours(desk: &Desk, event: &Event) -> Option<(IncidentId, u32)> {
    let mut keys = locked(&desk.callbacks.keys);
    let key = match &event.key {
        Some(key) => {
            let read = Draft::read_page_key(key)?;
            keys.put(&event.incident, key.clone());
            read
        }
        None => Draft::read_page_key(keys.get(&event.incident)?)?,
    };
    Some(key)
}

/// What an event that `by` caused means for its incident, as it stands.
fn meaning(incident: &Incident, event: &Event, by: &str) -> Meaning {
    let is_person = event.person.is_some();
    let firing = incident.firing().count();
    let acts = match &event.kind {
        EventKind::Other => Vec::new(),
        EventKind::Annotated(text) => vec![note(text)],
        EventKind::Reassigned(people) => vec![note(&format!("reassigned in PagerDuty to {}", listed(people)))],
        // It is over, and PagerDuty was told so by us.
        _ if incident.is_resolved() => Vec::new(),
        EventKind::Unacknowledged if incident.acknowledged.is_none() => Vec::new(),
        EventKind::Unacknowledged => vec![Act::Unacknowledge],
        // An integration acknowledges because it was told to: by us, where somebody is at it already.
        EventKind::Acknowledged if is_in_hands_of(incident, by) || (!is_person && incident.is_in_hands()) => Vec::new(),
        EventKind::Acknowledged => vec![Act::Acknowledge],
        EventKind::Resolved if firing == 0 => vec![Act::Resolve],
        // What fires cannot be said to be over; but whoever said so was at it.
        EventKind::Resolved => {
            let note = Act::Note(format!("resolved in PagerDuty, but {}", still_fire(firing)));
            let is_at_it = is_person && !is_in_hands_of(incident, by);
            is_at_it.then_some(Act::Acknowledge).into_iter().chain([note]).collect()
        }
    };
    Meaning { number: incident.number, acts }
}

/// A note, as much of it as one may be long.
fn note(text: &str) -> Act {
    Act::Note(cut(text.trim(), LONGEST_TEXT))
}

/// All that an event of this kind may ask for, as things stand, in the words of [`word`].
fn words(kind: &EventKind) -> &'static [&'static str] {
    match kind {
        EventKind::Acknowledged => &["acknowledge"],
        EventKind::Unacknowledged => &["unacknowledge"],
        EventKind::Resolved => &["resolve", "acknowledge", "note"],
        EventKind::Reassigned(_) | EventKind::Annotated(_) => &["note"],
        EventKind::Other => &[],
    }
}

/// What an act is called in the id of its command. An event asks for each at most once.
fn word(act: &Act) -> &'static str {
    match act {
        Act::Acknowledge => "acknowledge",
        Act::Unacknowledge => "unacknowledge",
        Act::Resolve => "resolve",
        _ => "note",
    }
}

fn listed(people: &[String]) -> String {
    if people.is_empty() { "nobody".into() } else { people.join(", ") }
}
