//! The bodies of requests: <https://docs.opsgenie.com/docs/alert-api#create-alert>, with the limit of each field.

use crate::config::OpsgenieResponder;
use crate::engine::notice::Draft;
use crate::notify::Delivery;
use crate::notify::fit::{Fit, characters};
use crate::notify::text::{cut, headline, one_line, reason};
use serde_json::{Map, Value, json};

const MESSAGE: usize = 130;
const DESCRIPTION: usize = 15_000;
const NOTE: usize = 25_000;
const SOURCE: usize = 100;
const ENTITY: usize = 512;
const TAG: usize = 50;
/// All details together have at most 8000 characters; so many are used, so much of one.
const DETAILS: usize = 7000;
const DETAIL: usize = 1600;
/// So much is said of one alert.
const ALERT: usize = 1000;

const FIT: Fit = Fit { measure: characters, escape, around: ("", "") };

/// What an alert is known by. It stands in the path of requests, so it has no `/`.
pub fn alias(draft: &Draft, page: u32) -> String {
    draft.page_key(page).replace('/', "-")
}

/// Opens an alert.
pub fn create(delivery: Delivery<'_>, responder: Option<&OpsgenieResponder>) -> Value {
    let notice = delivery.notice;
    let draft = &notice.draft;
    let labels = notice.alerts.first().map(|alert| alert.labels.clone()).unwrap_or_default();
    let entity = ["instance", "chain", "service", "job"].into_iter().find_map(|name| labels.find(name));
    let tags = [draft.severity.to_string(), draft.key.policy.to_string()].map(|tag| cut(&one_line(&tag), TAG));
    let mut body = json!({
        "message": cut(&headline(notice), MESSAGE),
        "alias": alias(draft, draft.page),
        "description": description(delivery),
        "tags": tags,
        "details": details(delivery),
        "priority": priority(draft.severity.rank()),
        "source": cut("Watchbell", SOURCE),
    });
    if let Some(entity) = entity {
        body["entity"] = json!(cut(&one_line(entity), ENTITY));
    }
    if let Some(OpsgenieResponder { kind, name }) = responder {
        let key = if *kind == "user" { "username" } else { "name" };
        body["responders"] = json!([{ "type": kind, key: name }]);
    }
    body
}

/// Says why something is done about it.
pub fn note(delivery: Delivery<'_>) -> Value {
    let notice = delivery.notice;
    let note = format!("{}: {}", headline(notice), one_line(&reason(notice)));
    json!({ "source": cut("Watchbell", SOURCE), "note": cut(&note, NOTE) })
}

fn description(delivery: Delivery<'_>) -> String {
    let reason = FIT.cut(&one_line(&reason(delivery.notice)), ALERT);
    let left = DESCRIPTION.saturating_sub(characters(&reason) + 1);
    let lines = FIT.lines(delivery.notice, ALERT, left);
    std::iter::once(reason).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Where to go, and the labels of the first alert as far as there is room.
fn details(delivery: Delivery<'_>) -> Map<String, Value> {
    let mut left = DETAILS;
    let mut details = Map::new();
    let ways = delivery.ways().into_iter().map(|(words, address)| (words, address.to_owned()));
    let labels = delivery.notice.alerts.first().map(|alert| alert.labels.clone()).unwrap_or_default();
    let labels = labels.iter().map(|(name, value)| (name.to_string(), cut(&one_line(value), DETAIL)));
    for (name, value) in ways.chain(labels.collect::<Vec<_>>()) {
        let Some(rest) = left.checked_sub(characters(&name) + characters(&value)) else { continue };
        if !details.contains_key(&name) {
            left = rest;
            details.insert(name, json!(value));
        }
    }
    details
}

/// Opsgenie has five priorities, ours are configured: the highest is P1.
fn priority(rank: u8) -> &'static str {
    match rank {
        0 => "P1",
        1 => "P2",
        2 => "P3",
        3 => "P4",
        _ => "P5",
    }
}

/// A description is shown as HTML: what would begin a tag does not.
fn escape(_: &str, c: char, after: &str) -> String {
    let begins_a_tag = c == '<' && after.starts_with(|next: char| next.is_alphabetic() || matches!(next, '/' | '!'));
    if begins_a_tag { "<\u{200b}".into() } else { c.into() }
}
