//! `GET /incidents` and `GET /incidents/{number}`: the same for people with a browser. These are the plain addresses that
//! messages carry; whoever may read over the API may read here, and nothing here acts.

use super::{number, read};
use crate::api::Desk;
use crate::api::ask::Named;
use crate::api::page::{self, Page};
use crate::engine::incident::Destination;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// What is open.
pub async fn look(State(desk): State<Desk>) -> Response {
    match desk.doors.look(|decider| page::list(&decider.engine.state.incidents)).await {
        Some(page) => page::answer(StatusCode::OK, &page),
        None => stopping(),
    }
}

/// One incident: as the engine has it, else as the journal does.
pub async fn look_at(State(desk): State<Desk>, Named(text): Named) -> Response {
    let Some(number) = number(&text) else { return missing(&format!("`{text}` is no number of an incident.")) };
    let record = read::record(&desk.doors, number).await;
    let is_readable = record.is_ok();
    let record = record.unwrap_or_else(|cause| {
        tracing::error!(error = %crate::http::chain(&cause), "the store could not be read for a page");
        None
    });
    let past = record.as_ref().and_then(|(story, _)| story.incident());
    let looked = desk.doors.look(move |decider| {
        let known = decider.engine.state.incidents.numbered(number).or(past.as_ref())?;
        Some((page::of(decider, known, &nobody()), decider.engine.skew))
    });
    match looked.await {
        None => stopping(),
        Some(Some((page, skew))) => page::answer(StatusCode::OK, &page::noted(page, record.as_ref(), skew)),
        Some(None) if is_readable => missing(&format!("There is no incident INC-{number}.")),
        Some(None) => page::answer(
            StatusCode::SERVICE_UNAVAILABLE,
            &Page::saying("Not now", &["It is not open, and the store cannot be read."]),
        ),
    }
}

/// A page is for whoever reads it.
fn nobody() -> Destination {
    Destination { channel: "page".into(), to: None }
}

fn missing(words: &str) -> Response {
    page::answer(StatusCode::NOT_FOUND, &Page::saying("There is nothing here", &[words]))
}

fn stopping() -> Response {
    page::answer(StatusCode::SERVICE_UNAVAILABLE, &Page::saying("Not now", &["Watchbell is stopping."]))
}
