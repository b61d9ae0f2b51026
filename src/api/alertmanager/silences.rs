//! `/api/v2/silences` and `/api/v2/silence/{id}`: the silences that somebody asked for, and those of the configuration, which
//! nobody can change from here.

use super::filter::Question;
use super::{Refused, is_json, posts, read_time, read_uuid, time, uuid};
use crate::api::access::Caller;
use crate::api::{Desk, ask, reply};
use crate::config::Silence;
use crate::engine::Engine;
use crate::engine::command::{AdHocSilence, Deed, NewSilence, Refusal};
use crate::model::{Labels, Matcher, Matchers, Moment, Operator, SilenceId, Slot};
use crate::service::doors::NotDone;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// A silence as clients write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Written {
    id: Option<String>,
    matchers: Option<Vec<WrittenMatcher>>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    created_by: Option<String>,
    comment: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WrittenMatcher {
    name: Option<String>,
    value: Option<String>,
    is_regex: Option<bool>,
    is_equal: Option<bool>,
}

/// A silence as it is shown.
struct Shown {
    id: SilenceId,
    matchers: Matchers,
    from: Slot,
    until: Slot,
    created_by: String,
    comment: String,
}

/// All silences: those that hold now, those to come, and those that are over and not yet forgotten.
pub async fn list(
    State(desk): State<Desk>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Refused> {
    let question = Question(pairs);
    let (filter, wants) = (question.filter()?, States::wanted(&question));
    let mut found = all(&desk).await?;
    let now = now();
    found.retain(|silence| wants.contains(&silence.state(now)) && filter.matches(&silence.as_labels()));
    // What ends first stands first; of what is over, what ended last.
    found.sort_by_key(|silence| match silence.state(now) {
        "active" => (0, silence.until.millis(), silence.id),
        "pending" => (1, silence.from.millis(), silence.id),
        _ => (2, -silence.until.millis(), silence.id),
    });
    Ok(Json(found.iter().map(|silence| silence.laid_out(now)).collect()))
}

/// One silence.
pub async fn show(desk: State<Desk>, ask::Named(text): ask::Named) -> Result<Response, Refused> {
    let id = in_path(&text)?;
    let found = all(&desk).await?.into_iter().find(|silence| silence.id == id);
    let found = found.map(|silence| Json(silence.laid_out(now())).into_response());
    Ok(found.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response()))
}

/// Makes one, or changes one.
pub async fn add(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refused> {
    is_json(&headers)?;
    let body = posts::whole(body, ask::LONGEST_BODY)?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refused::lacks("silence"));
    }
    let written: Written = serde_json::from_slice(&body)
        .map_err(|cause| Refused::unreadable(format!("parsing silence body failed, because {cause}")))?;
    let new = written.read()?;
    if let Some(old) = new.replaces {
        refuse_configured(&desk, old)?;
    }
    let replaces = new.replaces;
    let command = ask::command(caller, &headers, Deed::Silence(new)).map_err(not_ours)?;
    let made = SilenceId::derive(&[&*command.id]);
    desk.doors.carry_out(command).await.map_err(|why| not_done(&why))?;
    // Where only its time is another it is the old one.
    let is_new = desk.look(move |decider| decider.engine.state.incidents.silences.contains_key(&made)).await;
    let id = replaces.filter(|_| !is_new.unwrap_or(true)).unwrap_or(made);
    Ok(Json(json!({ "silenceID": uuid(id) })))
}

/// Ends one.
pub async fn expire(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    ask::Named(text): ask::Named,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    let id = in_path(&text)?;
    refuse_configured(&desk, id).map_err(said_as_failure)?;
    let command = ask::command(caller, &headers, Deed::Expire(id)).map_err(not_ours)?;
    match desk.doors.carry_out(command).await {
        Ok(_) => Ok(StatusCode::OK),
        // What is over and still shown has ended, which is what was asked for.
        Err(NotDone::Refused(Refusal::NoSuchSilence)) if all(&desk).await?.iter().any(|silence| silence.id == id) => {
            Ok(StatusCode::OK)
        }
        Err(why) => Err(said_as_failure(not_done(&why))),
    }
}

impl Written {
    fn read(self) -> Result<NewSilence, Refused> {
        let needed = |field: &str, text: Option<String>| text.ok_or_else(|| Refused::lacks(field));
        let reason = needed("comment", self.comment)?;
        let creator = needed("createdBy", self.created_by)?;
        let time = |field: &str, text: Option<String>| {
            let text = needed(field, text)?;
            let bad = |()| Refused::unreadable(format!("{field}: {text:?} is no time as RFC 3339 has it"));
            read_time(&text).map_err(bad)?.ok_or_else(|| Refused::bad(format!("{field}: a silence needs one")))
        };
        let (until, from) = (time("endsAt", self.ends_at)?, time("startsAt", self.starts_at)?);
        let matchers = self.matchers.ok_or_else(|| Refused::lacks("matchers"))?;
        if matchers.is_empty() {
            let message = "matchers in body should have at least 1 items".into();
            return Err(Refused::Coded(StatusCode::UNPROCESSABLE_ENTITY, 612, message));
        }
        let matchers = matchers.into_iter().enumerate().map(|(index, matcher)| matcher.read(index));
        let matchers = Matchers::of(matchers.collect::<Result<_, _>>()?);
        if until < from {
            return Err(Refused::bad("endsAt: start time must be before end time"));
        }
        if until <= now() {
            return Err(Refused::bad("endsAt: end time can't be in the past"));
        }
        let not_found = || Refused::Says(StatusCode::NOT_FOUND, "silence not found".into());
        let id = self.id.filter(|id| !id.is_empty());
        let replaces = id.map(|id| read_uuid(&id).ok_or_else(not_found)).transpose()?;
        let creator = creator.trim();
        let creator = (!creator.is_empty()).then(|| creator.into());
        Ok(NewSilence { matchers, from: Some(from), lasts: until - from, reason, creator, replaces })
    }
}

impl WrittenMatcher {
    fn read(self, index: usize) -> Result<Matcher, Refused> {
        let lacks = |field: &str| Refused::lacks(format_args!("matchers.{index}.{field}"));
        let name = self.name.ok_or_else(|| lacks("name"))?;
        let value = self.value.ok_or_else(|| lacks("value"))?;
        let operator = match (self.is_regex.ok_or_else(|| lacks("isRegex"))?, self.is_equal.unwrap_or(true)) {
            (false, true) => Operator::Equal,
            (false, false) => Operator::NotEqual,
            (true, true) => Operator::Matches,
            (true, false) => Operator::MatchesNot,
        };
        if name.is_empty() {
            return Err(Refused::bad(format!("matchers: invalid label matcher {index}: invalid label name \"\"")));
        }
        let bad = |why| Refused::bad(format!("matchers: invalid label matcher {index}: {why}"));
        Matcher::new(name, operator, value).map_err(bad)
    }
}

impl Shown {
    fn asked_for(silence: &AdHocSilence, engine: &Engine) -> Self {
        let wall = |moment: Moment| moment.slot(engine.skew);
        Shown {
            id: silence.id,
            matchers: silence.matchers.clone(),
            // One that was ended before its begin never began.
            from: wall(silence.from.min(silence.until)),
            until: wall(silence.until),
            created_by: silence.creator.as_ref().unwrap_or(&silence.by.name).to_string(),
            comment: silence.reason.clone(),
        }
    }

    fn configured(silence: &Silence) -> Self {
        Shown {
            id: silence.id(),
            matchers: silence.matchers.clone(),
            from: Slot::from_millis(silence.from.map_or(0, Timestamp::as_millisecond)),
            until: silence.until.into(),
            created_by: format!("{} (configuration)", silence.owner),
            comment: silence.reason.clone(),
        }
    }

    fn state(&self, now: Slot) -> &'static str {
        match (self.until <= now, self.from <= now) {
            (true, _) => "expired",
            (false, true) => "active",
            (false, false) => "pending",
        }
    }

    /// What a filter looks at: each matcher as a label with the value that it compares with.
    fn as_labels(&self) -> Labels {
        Labels::new(self.matchers.iter().map(|matcher| (matcher.name().clone(), matcher.value().clone())))
    }

    fn laid_out(&self, now: Slot) -> Value {
        let matcher = |matcher: &Matcher| {
            let (is_regex, is_equal) = match matcher.operator() {
                Operator::Equal => (false, true),
                Operator::NotEqual => (false, false),
                Operator::Matches => (true, true),
                Operator::MatchesNot => (true, false),
            };
            json!({ "name": &**matcher.name(), "value": &**matcher.value(), "isRegex": is_regex, "isEqual": is_equal })
        };
        json!({
            "id": uuid(self.id),
            "status": { "state": self.state(now) },
            "updatedAt": time(self.from),
            "comment": self.comment,
            "createdBy": self.created_by,
            "startsAt": time(self.from),
            "endsAt": time(self.until),
            "matchers": self.matchers.iter().map(matcher).collect::<Vec<_>>(),
        })
    }
}

/// The states that are wanted.
struct States;

impl States {
    fn wanted(question: &Question) -> Vec<&'static str> {
        ["active", "pending", "expired"].into_iter().filter(|state| question.wants(state)).collect()
    }
}

async fn all(desk: &Desk) -> Result<Vec<Shown>, Refused> {
    let found = desk.look(|decider| {
        let engine = &decider.engine;
        let asked = engine.state.incidents.silences.values().map(|silence| Shown::asked_for(silence, engine));
        let configured = engine.world.settings.silences.iter().map(Shown::configured);
        asked.chain(configured).collect()
    });
    found.await.map_err(|_| Refused::not_now("the service is stopping"))
}

fn refuse_configured(desk: &Desk, id: SilenceId) -> Result<(), Refused> {
    let is_configured = desk.doors.settings.borrow().silences.iter().any(|silence| silence.id() == id);
    if is_configured {
        return Err(Refused::bad("this silence stands in the configuration, and is changed there"));
    }
    Ok(())
}

/// Why a silence is not ended, with the one status of which `amtool` says the words: an Alertmanager answers the same.
fn said_as_failure(refused: Refused) -> Refused {
    match refused {
        Refused::Says(status, says) if status.is_client_error() => {
            Refused::Says(StatusCode::INTERNAL_SERVER_ERROR, says)
        }
        other => other,
    }
}

fn in_path(text: &str) -> Result<SilenceId, Refused> {
    read_uuid(text).ok_or_else(|| Refused::of_form("silenceID in path", "uuid", text))
}

fn now() -> Slot {
    Slot::from_millis(crate::service::clock::wall())
}

/// Whatever our own API refuses of a request (an id that cannot be one), in the other form.
fn not_ours(wrong: reply::Wrong) -> Refused {
    Refused::bad(wrong.words())
}

fn not_done(why: &NotDone) -> Refused {
    match why {
        NotDone::Refused(Refusal::NoSuchSilence) => Refused::Says(StatusCode::NOT_FOUND, "silence not found".into()),
        NotDone::Refused(refusal) => Refused::bad(refusal.to_string()),
        NotDone::OtherCommand => Refused::Says(StatusCode::CONFLICT, why.to_string()),
        NotDone::Stopping => Refused::not_now(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUTURE: &str = r#""startsAt":"2199-01-01T00:00:00Z","endsAt":"2199-01-01T01:00:00Z""#;

    fn read(body: &str) -> Result<NewSilence, (u16, String)> {
        serde_json::from_str::<Written>(body).expect("it is JSON").read().map_err(|refused| match refused {
            Refused::Says(status, says) | Refused::Coded(status, _, says) => (status.as_u16(), says),
        })
    }

    #[test]
    fn a_silence_is_read_with_all_four_operators() {
        let body = format!(
            r#"{{"matchers":[{{"name":"a","value":"x","isRegex":false}},{{"name":"b","value":"y","isRegex":false,"isEqual":false}},
            {{"name":"c","value":"z.*","isRegex":true}},{{"name":"d","value":"","isRegex":true,"isEqual":false}}],{FUTURE},"createdBy":"ann","comment":"work"}}"#
        );
        let new = read(&body).unwrap();
        assert_eq!(new.matchers.to_string(), r#"a="x", b!="y", c=~"z.*", d!~"""#);
        assert_eq!((new.creator.as_deref(), new.reason.as_str(), new.lasts.millis()), (Some("ann"), "work", 3_600_000));
    }

    #[test]
    fn what_lacks_something_or_means_nothing_is_refused_with_alertmanagers_status() {
        let with = |matcher: &str| format!(r#"{{"matchers":[{matcher}],{FUTURE},"createdBy":"a","comment":"c"}}"#);
        let a = r#"{"name":"a","value":"x","isRegex":false}"#;
        for (body, status, why) in [
            ("{}".to_owned(), 422, "comment in body is required"),
            (format!(r#"{{"comment":"c","createdBy":"a","matchers":[{a}]}}"#), 422, "endsAt in body is required"),
            (with(""), 422, "matchers in body should have at least 1 items"),
            (with(r#"{"name":"a","value":"x"}"#), 422, "matchers.0.isRegex in body is required"),
            (with(r#"{"name":"a","value":"(","isRegex":true}"#), 400, "matchers: invalid label matcher 0"),
            (with(r#"{"name":"","value":"x","isRegex":false}"#), 400, "matchers: invalid label matcher 0"),
            (
                format!(
                    r#"{{"matchers":[{a}],"startsAt":"2199-01-01T00:00:00Z","endsAt":"2198-01-01T00:00:00Z","createdBy":"a","comment":"c"}}"#
                ),
                400,
                "endsAt: start time must be before end time",
            ),
            (
                format!(
                    r#"{{"matchers":[{a}],"startsAt":"2020-01-01T00:00:00Z","endsAt":"2021-01-01T00:00:00Z","createdBy":"a","comment":"c"}}"#
                ),
                400,
                "endsAt: end time can't be in the past",
            ),
            (
                format!(r#"{{"id":"nonsense","matchers":[{a}],{FUTURE},"createdBy":"a","comment":"c"}}"#),
                404,
                "silence not found",
            ),
        ] {
            let (is, says) = read(&body).expect_err(&body);
            assert_eq!(is, status, "{body}: {says}");
            assert!(says.starts_with(why), "{body}: {says}");
        }
    }
}
