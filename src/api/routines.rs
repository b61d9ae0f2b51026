//! Routines: what is to be done, since when, and by whom; and that it was.

use super::access::Caller;
use super::incidents::carried_out;
use super::reply::{self, Wrong};
use super::{Desk, ask, go};
use crate::config::Routine;
use crate::engine::Engine;
use crate::engine::command::Deed;
use crate::engine::routine::TickedOff;
use crate::model::Slot;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// What there is to say about a routine that was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    note: String,
}

/// All routines, as the configuration has them.
pub async fn list(State(desk): State<Desk>, _: ask::Everything) -> Result<Response, Wrong> {
    let found = desk.look(|decider| {
        let engine = &decider.engine;
        let wall = engine.state.moment.slot(engine.skew).millis();
        let now = Timestamp::from_millisecond(wall).unwrap_or_default();
        let routines = engine.world.settings.routines.iter();
        routines.map(|routine| one(engine, routine, now)).collect::<Vec<Value>>()
    });
    Ok(reply::success(json!({ "routines": found.await? })))
}

/// Ticks one off.
pub async fn done(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    ask::Named(name): ask::Named,
    _: ask::Everything,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Wrong> {
    let Written { note } = ask::body(body)?;
    let command = ask::command(caller, &headers, Deed::TickOff { routine: name.as_str().into(), note })?;
    let done = desk.doors.carry_out(command).await.map_err(|why| reply::not_done(&why))?;
    Ok(carried_out(done, json!({ "routine": name })))
}

fn one(engine: &Engine, routine: &Routine, now: Timestamp) -> Value {
    let known = engine.state.routines.get(&routine.name);
    let open = known.and_then(|known| known.open);
    let due = known.and_then(|known| known.overdue_at(routine));
    let overdue = due.is_some_and(|due| due.millis() <= now.as_millisecond());
    let next = routine.dates.next(routine.at, &routine.timezone, now);
    let done = known.and_then(|known| known.done.as_ref());
    json!({
        "name": &*routine.name,
        "owner": &*routine.owner,
        "severity": routine.severity.to_string(),
        "report": routine.report.map(crate::config::Report::word),
        "state": if overdue { "overdue" } else if open.is_some() { "open" } else { "done" },
        "openSince": open.map(instant),
        "due": due.map(instant),
        "next": next.map(|next| next.to_string()),
        "lastDone": done.map(|TickedOff { by, at, note }| {
            json!({ "by": &*by.name, "via": by.via.to_string(), "at": go::time(*at - engine.skew), "note": note })
        }),
    })
}

fn instant(at: Slot) -> String {
    at.to_string()
}
