//! `POST /api/v1/incidents/{number}/{verb}`: what people do with an incident.

use super::number;
use crate::api::access::Caller;
use crate::api::reply::{self, Wrong};
use crate::api::{Desk, ask};
use crate::config::Settings;
use crate::crash::{self, Point};
use crate::engine::command::{Act, Deed};
use crate::engine::incident::recipients;
use crate::model::{Name, Severity, Span, duration_text};
use crate::service::clock::wall;
use crate::service::doors::Done;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// What can be done, each a route of its own.
pub const VERBS: [&str; 10] =
    ["acknowledge", "unacknowledge", "assess", "update", "note", "assign", "snooze", "escalate", "resolve", "review"];

/// What the body may say. Each verb takes its own part of it and refuses the rest.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    generation: Option<u32>,
    severity: Option<String>,
    text: Option<String>,
    to: Option<String>,
    #[serde(rename = "for")]
    lasts: Option<String>,
    link: Option<String>,
}

/// Does `verb` with the incident that the path names.
pub async fn act(
    verb: &'static str,
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    ask::Named(text): ask::Named,
    _: ask::Everything,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Wrong> {
    let number = number(&text).ok_or_else(|| reply::bad_data(format!("`{text}` is no number of an incident")))?;
    let written: Written = ask::body(body)?;
    let generation = written.generation;
    let settings = desk.doors.settings.borrow().clone();
    let act = written.act(verb, &settings).map_err(reply::bad_data)?;
    let mut data = json!({ "number": number, "name": format!("INC-{number}") });
    if let Act::Update(_) = act {
        data["stakeholders"] = json!(stakeholders(&settings));
    }
    let command = ask::command(caller, &headers, Deed::Incident { number, generation, act })?;
    let done = desk.doors.carry_out(command).await.map_err(|why| reply::not_done(&why))?;
    crash::point(Point::BeforeAnswer);
    Ok(carried_out(done, data))
}

/// How many places an update goes to now.
fn stakeholders(settings: &Settings) -> usize {
    let notify = settings.stakeholders.as_ref().map(|stakeholders| stakeholders.notify.as_slice());
    let now = Timestamp::from_millisecond(wall()).unwrap_or(Timestamp::UNIX_EPOCH);
    recipients(settings, notify.unwrap_or_default(), now).len()
}

/// It was done; whether it survives a crash already is said as well.
pub fn carried_out(done: Done, mut data: serde_json::Value) -> Response {
    data["stored"] = json!(done == Done::Stored);
    let status = match done {
        Done::Stored => StatusCode::OK,
        Done::NotYetStored => StatusCode::ACCEPTED,
    };
    reply::success_as(status, data)
}

impl Written {
    fn act(mut self, verb: &str, settings: &Settings) -> Result<Act, String> {
        let act = match verb {
            "unacknowledge" => Act::Unacknowledge,
            "assess" => Act::Assess(severity(&needed(&mut self.severity, "severity", verb)?, settings)?),
            "update" => Act::Update(needed(&mut self.text, "text", verb)?),
            "note" => Act::Note(needed(&mut self.text, "text", verb)?),
            "assign" => Act::Assign(Name::from(needed(&mut self.to, "to", verb)?)),
            "snooze" => Act::Snooze(span(&needed(&mut self.lasts, "for", verb)?)?),
            "escalate" => Act::Escalate,
            "resolve" => Act::Resolve,
            "review" => Act::Review(link(needed(&mut self.link, "link", verb)?)?),
            _ => Act::Acknowledge,
        };
        match self.left_over() {
            Some(field) => Err(format!("`{field}` means nothing to `{verb}`")),
            None => Ok(act),
        }
    }

    fn left_over(&self) -> Option<&'static str> {
        let Written { generation: _, severity, text, to, lasts, link } = self;
        let fields = [("severity", severity), ("text", text), ("to", to), ("for", lasts), ("link", link)];
        fields.into_iter().find(|(_, field)| field.is_some()).map(|(name, _)| name)
    }
}

fn needed(field: &mut Option<String>, name: &str, verb: &str) -> Result<String, String> {
    field.take().ok_or_else(|| format!("`{verb}` needs `{name}`"))
}

fn severity(name: &str, settings: &Settings) -> Result<Severity, String> {
    let known = || settings.severities.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    settings
        .severities
        .find(name)
        .cloned()
        .ok_or_else(|| format!("there is no severity `{name}`; there are {}", known()))
}

/// A link that can be followed, and does nothing else when somebody clicks on it.
fn link(text: String) -> Result<String, String> {
    let url = reqwest::Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(|_| text).ok_or_else(|| "`link` is an address that begins with `https://` or `http://`".into())
}

/// A duration as the files have it.
pub fn span(text: &str) -> Result<Span, String> {
    duration_text::parse(text).map_err(|why| format!("`for` is a duration, for example `30m`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(verb: &str, body: &str) -> Result<Act, String> {
        let written: Written = serde_json::from_str(body).map_err(|cause| cause.to_string())?;
        written.act(verb, &Settings::default())
    }

    #[test]
    fn each_verb_takes_what_it_needs() {
        let high = Settings::default().severities.find("high").cloned().unwrap();
        for (verb, body, act) in [
            ("acknowledge", "{}", Act::Acknowledge),
            ("acknowledge", r#"{"generation":2}"#, Act::Acknowledge),
            ("unacknowledge", "{}", Act::Unacknowledge),
            ("assess", r#"{"severity":"high"}"#, Act::Assess(high)),
            ("update", r#"{"text":"a"}"#, Act::Update("a".into())),
            ("note", r#"{"text":"a"}"#, Act::Note("a".into())),
            ("assign", r#"{"to":"ben"}"#, Act::Assign("ben".into())),
            ("snooze", r#"{"for":"30m"}"#, Act::Snooze(Span::from_mins(30))),
            ("escalate", "{}", Act::Escalate),
            ("resolve", "{}", Act::Resolve),
            ("review", r#"{"link":"https://example.org/1"}"#, Act::Review("https://example.org/1".into())),
        ] {
            assert_eq!(read(verb, body), Ok(act), "{verb}");
        }
    }

    #[test]
    fn what_is_missing_unknown_or_means_nothing_is_refused() {
        for (verb, body, why) in [
            ("assess", "{}", "`assess` needs `severity`"),
            ("assess", r#"{"severity":"huge"}"#, "there is no severity `huge`"),
            ("snooze", r#"{"for":"soon"}"#, "`for` is a duration"),
            ("review", r#"{"link":"javascript:alert(1)"}"#, "`link` is an address"),
            ("acknowledge", r#"{"text":"a"}"#, "`text` means nothing to `acknowledge`"),
            ("note", r#"{"text":"a","to":"b"}"#, "`to` means nothing to `note`"),
            ("note", r#"{"text":"a","by":"root"}"#, "unknown field `by`"),
            ("note", r#"{"text":"a","text":"b"}"#, "duplicate field `text`"),
            ("note", r#"{"text":7}"#, "invalid type"),
            ("acknowledge", r#"{"generation":-1}"#, "invalid value"),
        ] {
            let refused = read(verb, body).expect_err(body);
            assert!(refused.starts_with(why), "{verb} {body}: {refused}");
        }
    }
}
