//! Who is on call, for programs: instants in UTC, and lists of people, of which nobody is the empty one.

use super::{Listed, Present};
use crate::model::Name;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Each schedule at an instant.
pub(super) fn present(all: &[Present<'_>], at: Timestamp) -> String {
    let schedules: Vec<Value> = all.iter().map(one).collect();
    document(&json!({ "at": utc(at), "schedules": schedules }))
}

fn one(present: &Present<'_>) -> Value {
    let gaps: Vec<Value> = present.gaps.iter().map(|gap| json!({ "from": utc(gap.from), "to": utc(gap.to) })).collect();
    json!({
        "schedule": &**present.of.name,
        "timezone": &**present.of.schedule.timezone.name(),
        "on_call": people(present.responder),
        "until": present.next.map(|next| utc(next.from)),
        "next": present.next.map(|next| people(next.responder)),
        "gaps": gaps,
    })
}

/// The shifts of each schedule.
pub(super) fn listed(all: &[Listed<'_>], (from, to): (Timestamp, Timestamp)) -> String {
    let schedules: Vec<Value> = all.iter().map(list).collect();
    document(&json!({ "from": utc(from), "to": utc(to), "schedules": schedules }))
}

fn list(listed: &Listed<'_>) -> Value {
    let shifts: Vec<Value> = listed
        .shifts
        .iter()
        .map(|shift| json!({ "from": utc(shift.from), "to": utc(shift.to), "on_call": people(shift.responder) }))
        .collect();
    json!({
        "schedule": &**listed.of.name,
        "timezone": &**listed.of.schedule.timezone.name(),
        "shifts": shifts,
    })
}

fn people(responder: Option<&Name>) -> Vec<&str> {
    responder.map(|name| &**name).into_iter().collect()
}

fn utc(at: Timestamp) -> String {
    at.to_string()
}

fn document(value: &Value) -> String {
    format!("{value:#}\n")
}
