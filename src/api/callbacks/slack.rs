//! `POST /callbacks/slack`: presses of buttons. Slack waits three seconds and does not come again, so that it is answered when
//! what the press asks for is on record, or when most of that time is over; whoever gets no answer sees so, and presses again.

use super::{Outcome, Subject, header, is_in_hands_of, locked, read, refuse, subject};
use crate::api::Desk;
use crate::config::{ChannelKind, Secret, Settings};
use crate::crash::{self, Point};
use crate::engine::command::{Act, Actor, Command, Deed, Via};
use crate::model::Name;
use crate::notify::slack::callback::{self, Callback, Press, Proof, Unproven};
use crate::notify::slack::{Buttons, Slack};
use crate::service::clock::wall;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::warn;

const FROM: &str = "slack";
/// How long the answer waits for the press to be worked on.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long an answer to whoever pressed a button may take.
const WHISPER_DEADLINE: Duration = Duration::from_secs(10);

/// One channel of a bot whose callbacks we take.
#[derive(Clone, Copy)]
struct App<'a> {
    token: &'a Secret,
    api_url: &'a str,
    signing_secret: &'a Secret,
}

/// Takes a request of Slack's.
pub async fn take(State(desk): State<Desk>, request: Request) -> Response {
    let settings = Arc::clone(&desk.doors.settings.borrow());
    let (outcome, answer) = match proven(&settings, request).await {
        Err((status, outcome)) => (outcome, refuse(status, "this is no request of Slack's that we take\n")),
        Ok((body, token)) => match callback::read(&body) {
            None => (Outcome::Malformed, refuse(StatusCode::BAD_REQUEST, "this cannot be read\n")),
            Some(Callback::Challenge(challenge)) => (Outcome::Answered, challenge.into_response()),
            Some(Callback::Other) => (Outcome::Nothing, StatusCode::OK.into_response()),
            Some(Callback::Press(press)) => {
                crash::point(Point::AfterProof);
                // Whoever hangs up or waits too long: the press is worked on all the same.
                let _late = tokio::time::timeout(DEADLINE, work_on(&desk, settings, token, press)).await;
                crash::point(Point::BeforeAnswer);
                return StatusCode::OK.into_response();
            }
        },
    };
    desk.count(FROM, outcome);
    if outcome.is_suspicious() {
        warn!(outcome = outcome.word(), "a request to the callback for Slack was refused: {}", outcome.word());
    }
    answer
}

/// The body, and the token of the app whose secret it was signed with.
async fn proven(settings: &Settings, request: Request) -> Result<(Bytes, Secret), (StatusCode, Outcome)> {
    let apps: Vec<App<'_>> = settings.channels.values().filter_map(|channel| App::of(&channel.kind)).collect();
    if apps.is_empty() {
        return Err((StatusCode::NOT_FOUND, Outcome::NotConfigured));
    }
    let headers = request.headers().clone();
    let body = read(request).await?;
    let proof = Proof {
        signature: header(&headers, "x-slack-signature"),
        timestamp: header(&headers, "x-slack-request-timestamp"),
    };
    let mut worst = (StatusCode::UNAUTHORIZED, Outcome::Forged);
    for app in apps {
        let Ok(secret) = app.signing_secret.reveal() else {
            worst = (StatusCode::SERVICE_UNAVAILABLE, Outcome::Failed);
            continue;
        };
        match callback::prove(secret.expose(), proof, &body, wall().div_euclid(1000)) {
            Ok(()) => return Ok((body, app.token.clone())),
            Err(Unproven::Late) => return Err((StatusCode::UNAUTHORIZED, Outcome::Late)),
            Err(Unproven::Forged) => {}
        }
    }
    Err(worst)
}

/// Works on a press in a task of its own; one that has been here is left alone. What is given back ends when that is done,
/// before anything is said to whoever pressed.
fn work_on(desk: &Desk, settings: Arc<Settings>, token: Secret, press: Press) -> oneshot::Receiver<()> {
    let (done, wait) = oneshot::channel();
    let id = format!("slack/{}/{}/{}", press.action_ts, press.user, press.bound);
    if locked(&desk.callbacks.presses).begin(&id).is_some() {
        desk.count(FROM, Outcome::Replayed);
        return wait;
    }
    let desk = desk.clone();
    let tracker = desk.callbacks.work.clone();
    tracker.spawn(async move {
        let (outcome, words) = press_for(&desk, &settings, &token, &press, &id).await;
        locked(&desk.callbacks.presses).end(&id, outcome != Outcome::Failed);
        desk.count(FROM, outcome);
        drop(done);
        if let Some(words) = words {
            warn!(slack.user = press.user, outcome = outcome.word(), "a button pressed in Slack did nothing: {words}");
            whisper(&settings, &token, &press, &words).await;
        }
    });
    wait
}

/// Does what a press asks for. Where it does not, what to say to whoever pressed.
async fn press_for(
    desk: &Desk,
    settings: &Settings,
    token: &Secret,
    press: &Press,
    id: &str,
) -> (Outcome, Option<String>) {
    let Some(name) = responder(settings, token, &press.user).cloned() else {
        return (Outcome::Stranger, Some(words_for_a_stranger(&press.user)));
    };
    let (bound, act, by) = (press.bound, press.button.act(), name.clone());
    let looked = desk.doors.look(move |decider| match subject(&decider.engine, bound.incident, bound.generation) {
        Subject::Unknown => Err((Outcome::Unknown, Some("this incident was closed too long ago".to_owned()))),
        Subject::Was(refusal) => Err((Outcome::of(&refusal), Some(refusal.to_string()))),
        Subject::Is(incident) if act == Act::Acknowledge && is_in_hands_of(incident, &by) => {
            Err((Outcome::Nothing, Some(format!("INC-{} is yours already", incident.number))))
        }
        Subject::Is(incident) => Ok((incident.number, act)),
    });
    let (number, act) = match looked.await {
        None => return (Outcome::Failed, Some("Watchbell is stopping; press again in a moment".into())),
        Some(Err(answer)) => return answer,
        Some(Ok(found)) => found,
    };
    let deed = Deed::Incident { number, generation: Some(bound.generation), act };
    desk.carry_out(Command { id: id.into(), actor: Actor { name, via: Via::Slack }, deed }).await
}

/// The person whose `reach` names this user in the app with this token.
fn responder<'s>(settings: &'s Settings, token: &Secret, user: &str) -> Option<&'s Name> {
    let is_of_app = |channel: &Name| match settings.channels.get(channel).map(|channel| &channel.kind) {
        Some(ChannelKind::Slack { token: own, .. }) => own == token,
        Some(_) | None => false,
    };
    let mut people = settings.responders.iter();
    let is_them = |reach: &crate::config::Reach| reach.to.as_deref() == Some(user) && is_of_app(&reach.via);
    people.find(|(_, person)| person.reach.iter().any(is_them)).map(|(name, _)| name)
}

fn words_for_a_stranger(user: &str) -> String {
    format!(
        "Only responders may do this. If you are one, your `reach` in watchbell.yaml has to name you as `to: {user}`."
    )
}

/// Says something to whoever pressed, and to nobody else. What cannot be said is only logged: nothing depends on it.
async fn whisper(settings: &Settings, token: &Secret, press: &Press, words: &str) {
    let app = settings.channels.values().filter_map(|channel| App::of(&channel.kind)).find(|app| app.token == token);
    let Some(app) = app else { return };
    let slack = match Slack::new(app.token.clone(), None, app.api_url.to_owned(), Buttons::None) {
        Ok(slack) => slack,
        Err(cause) => return warn!(error = %cause, "cannot answer in Slack"),
    };
    match tokio::time::timeout(WHISPER_DEADLINE, slack.whisper(press, words)).await {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => warn!(error = %cause, "cannot answer in Slack"),
        Err(_) => warn!("cannot answer in Slack: no answer within 10 s"),
    }
}

impl<'a> App<'a> {
    fn of(kind: &'a ChannelKind) -> Option<Self> {
        let ChannelKind::Slack { token, api_url, signing_secret: Some(signing_secret), .. } = kind else { return None };
        Some(App { token, api_url, signing_secret })
    }
}
