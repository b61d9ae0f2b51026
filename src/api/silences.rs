//! Silences: those of the configuration, and those that somebody asked for.

use super::access::Caller;
use super::incidents::{carried_out, span};
use super::reply::{self, Wrong};
use super::{Desk, ask, go};
use crate::config::Silence;
use crate::engine::command::{AdHocSilence, Deed, NewSilence};
use crate::model::{Matchers, SilenceId, Span};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

/// A silence as somebody asks for it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    #[serde(rename = "match")]
    matchers: String,
    #[serde(rename = "for")]
    lasts: String,
    reason: String,
}

/// All silences that hold now or will.
pub async fn list(State(desk): State<Desk>, _: ask::Everything) -> Result<Response, Wrong> {
    let found = desk.look(|decider| {
        let engine = &decider.engine;
        let asked = engine.state.incidents.silences.values().filter(|silence| !silence.is_over());
        let asked = asked.map(|silence| ad_hoc(silence, engine.skew));
        let now = engine.state.moment.slot(engine.skew).millis();
        let configured = engine.world.settings.silences.iter();
        let configured = configured.filter(|silence| silence.until.as_millisecond() > now).map(configured_one);
        asked.chain(configured).collect::<Vec<_>>()
    });
    Ok(reply::success(json!({ "silences": found.await? })))
}

/// Makes one.
pub async fn add(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    _: ask::Everything,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Wrong> {
    let new = ask::body::<Written>(body)?.read().map_err(reply::bad_data)?;
    let command = ask::command(caller, &headers, Deed::Silence(new))?;
    let id = SilenceId::derive(&[&*command.id]);
    let done = desk.doors.carry_out(command).await.map_err(|why| reply::not_done(&why))?;
    Ok(carried_out(done, json!({ "id": id.to_string() })))
}

/// Ends one.
pub async fn expire(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    ask::Named(text): ask::Named,
    _: ask::Everything,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let id: SilenceId = text.parse().map_err(|_| reply::bad_data(format!("`{text}` is no id of a silence")))?;
    let command = ask::command(caller, &headers, Deed::Expire(id))?;
    let done = desk.doors.carry_out(command).await.map_err(|why| reply::not_done(&why))?;
    Ok(carried_out(done, json!({ "id": id.to_string() })))
}

impl Written {
    fn read(self) -> Result<NewSilence, String> {
        for (name, text) in [("match", &self.matchers), ("for", &self.lasts), ("reason", &self.reason)] {
            if text.trim().is_empty() {
                return Err(format!("a silence needs `{name}`"));
            }
        }
        let matchers = Matchers::parse(&self.matchers).map_err(|why| format!("`match` cannot be read: {why}"))?;
        Ok(NewSilence::from_now(matchers, span(&self.lasts)?, self.reason))
    }
}

fn ad_hoc(silence: &AdHocSilence, skew: Span) -> Value {
    json!({
        "id": silence.id.to_string(),
        "match": silence.matchers.to_string(),
        "from": go::time(silence.from - skew),
        "until": go::time(silence.until - skew),
        "by": &*silence.by.name,
        "via": silence.by.via.to_string(),
        "reason": silence.reason,
    })
}

fn configured_one(silence: &Silence) -> Value {
    json!({
        "match": silence.matchers.to_string(),
        "from": silence.from.map(|from| from.to_string()),
        "until": silence.until.to_string(),
        "by": &*silence.owner,
        "via": "configuration",
        "reason": silence.reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_needs_matchers_a_time_and_a_reason() {
        let read = |body: &str| {
            serde_json::from_str::<Written>(body).map_err(|cause| cause.to_string()).and_then(Written::read)
        };
        assert!(read(r#"{"match":"chain=\"sepolia\"","for":"2h","reason":"node migration"}"#).is_ok());
        for (body, why) in [
            (r#"{"for":"2h","reason":"x"}"#, "a silence needs `match`"),
            (r#"{"match":"a=\"b\"","reason":"x"}"#, "a silence needs `for`"),
            (r#"{"match":"a=\"b\"","for":"2h","reason":" "}"#, "a silence needs `reason`"),
            (r#"{"match":"a=","for":"2h","reason":"x"}"#, "`match` cannot be read"),
            (r#"{"match":"a=\"b\"","for":"2","reason":"x"}"#, "`for` is a duration"),
            (r#"{"match":"a=\"b\"","for":"2h","reason":"x","by":"root"}"#, "unknown field `by`"),
        ] {
            let refused = read(body).expect_err(body);
            assert!(refused.starts_with(why), "{body}: {refused}");
        }
    }
}
