//! An incident as it is now, for programs.

use crate::api::go;
use crate::engine::command::Actor;
use crate::engine::escalation;
use crate::engine::incident::{Incident, Member, Phase};
use crate::model::{Moment, Span, duration_text};
use serde_json::{Map, Value, json};

/// What a list says of it, its times by the wall clock, which has `skew` now. What is not the case is left out.
pub fn of(incident: &Incident, skew: Span) -> Value {
    let time = |moment: Moment| go::time(moment - skew);
    let mut value = json!({
        "number": incident.number,
        "name": format!("INC-{}", incident.number),
        "id": incident.id.to_string(),
        "title": title(incident),
        "status": status(incident),
        "severity": incident.severity.to_string(),
        "generation": incident.generation,
        "policy": &*incident.key.policy,
        "group": incident.key.group,
        "opened": go::time(Moment::from_millis(incident.opened.millis())),
        "firing": incident.firing().count(),
    });
    let Some(fields) = value.as_object_mut() else { return value };
    if let Some(acknowledged) = &incident.acknowledged {
        let mut by = actor(&acknowledged.by);
        by["since"] = json!(time(acknowledged.at));
        by["severity"] = json!(acknowledged.severity.to_string());
        by["until"] = json!(acknowledged.until.map(time));
        fields.insert("acknowledged".into(), by);
    }
    if let Some(assessed) = &incident.assessed {
        let mut by = actor(&assessed.by);
        by["at"] = json!(time(assessed.at));
        by["severity"] = json!(assessed.severity.to_string());
        fields.insert("assessed".into(), by);
    }
    if let Some(held) = &incident.held {
        let by: Vec<&str> = held.by.iter().map(|hold| hold.what.as_str()).collect();
        fields.insert("held".into(), json!({ "since": time(held.since), "by": by }));
    }
    if let Some(person) = &incident.assigned {
        fields.insert("assigned".into(), json!(&**person));
    }
    if let Some(since) = incident.calm {
        fields.insert("waits_since".into(), json!(time(since)));
    }
    match incident.phase {
        // What is held back has no first message before its release.
        Phase::Gathering { .. } if incident.held.is_some() => {}
        Phase::Gathering { until } => drop(fields.insert("first_message".into(), json!(time(until)))),
        Phase::Resolved { at } => drop(fields.insert("resolved".into(), json!(time(at)))),
        Phase::Open => level(incident, skew, fields),
    }
    value
}

/// The same, with its alerts, and what the response procedure asked for.
pub fn whole(incident: &Incident, skew: Span) -> Value {
    let time = |moment: Moment| go::time(moment - skew);
    let mut value = of(incident, skew);
    value["alerts"] = incident.members.values().map(|member| alert(member, skew)).collect();
    let response = incident.response.iter().map(|(stage, standing)| {
        let standing = json!({ "done": standing.done.map(time), "missed": standing.missed.map(time) });
        (stage.participle().to_owned(), standing)
    });
    value["response"] = Value::Object(response.collect());
    value
}

/// A person as answers name them.
pub fn actor(actor: &Actor) -> Value {
    json!({ "by": &*actor.name, "via": actor.via.to_string() })
}

fn alert(member: &Member, skew: Span) -> Value {
    json!({
        "labels": member.subject.labels,
        "severity": member.subject.severity.to_string(),
        "value": go::float(member.subject.value),
        "since": go::time(member.subject.since - skew),
        "ended": member.ended.map(|ended| go::time(ended - skew)),
    })
}

/// The name of its alerts, where it is one, and what else its group has in common.
pub fn title(incident: &Incident) -> String {
    let group = &incident.key.group;
    let named = group.get("alertname");
    let first = incident.members.values().next().map(|member| member.subject.labels.get("alertname"));
    let name = if named.is_empty() { first.unwrap_or_default() } else { named };
    let rest = group.without("alertname");
    match (name.is_empty(), rest.is_empty()) {
        (false, true) => name.to_owned(),
        (false, false) => format!("{name} {rest}"),
        (true, _) => rest.to_string(),
    }
}

/// Where it stands, in one word.
pub fn status(incident: &Incident) -> &'static str {
    match incident.phase {
        Phase::Resolved { .. } => "resolved",
        Phase::Gathering { .. } | Phase::Open if incident.is_in_hands() => "acknowledged",
        Phase::Gathering { .. } | Phase::Open => "open",
    }
}

/// Where an open incident stands on its ladder.
pub struct Rung {
    /// The level that was reached last.
    pub reached: Option<String>,
    /// The one that is next.
    pub next: Option<String>,
    /// When, where the clock runs.
    pub next_at: Option<Moment>,
    /// Since when the clock stands still, and after how long.
    pub stands_still: Option<(Moment, Span)>,
}

/// Where an open incident stands on its ladder, if it has one.
pub fn rung(incident: &Incident) -> Option<Rung> {
    let (ladder, climb) = incident.ladder().zip(incident.climb)?;
    let name = |number: u32| escalation::rung(ladder, number).map(|rung| rung.level.name.to_string());
    (incident.phase == Phase::Open).then(|| Rung {
        reached: climb.reached.checked_sub(1).and_then(name),
        next: name(climb.reached),
        next_at: if incident.held.is_some() { None } else { climb.next_due(ladder) },
        stands_still: climb.stopped.map(|since| (since, since - climb.started)),
    })
}

fn level(incident: &Incident, skew: Span, fields: &mut Map<String, Value>) {
    let Some(Rung { reached, next, next_at, stands_still }) = rung(incident) else { return };
    let time = |moment: Moment| go::time(moment - skew);
    let stands_still =
        stands_still.map(|(since, passed)| json!({ "since": time(since), "after": duration_text::format(passed) }));
    let next_at = next_at.map(time);
    let level = json!({ "reached": reached, "next": next, "next_at": next_at, "stands_still": stands_still });
    fields.insert("level".into(), level);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Policy;
    use crate::engine::event::Opening;
    use crate::engine::incident::{Held, Key};
    use crate::model::{IncidentId, Labels, Severities, Slot};
    use std::sync::Arc;

    #[test]
    fn an_incident_of_a_clock_that_was_set_back_is_shown_with_the_times_of_the_wall_clock() {
        let (wall, skew) = (Slot::from_millis(1_764_072_000_000), Span::from_hours(1));
        let severity = Severities::default().default_severity().clone();
        let plan = Arc::new(Policy::telling_nobody());
        let until = wall.moment(skew);
        let opening = Opening { id: IncidentId::derive(&["i"]), number: 1, slot: wall, severity, until, plan };
        let mut incident = Incident::open(Key { policy: "p".into(), group: Labels::empty() }, &opening);
        let shown = of(&incident, skew);
        assert_eq!(shown["first_message"], shown["opened"]);
        incident.held = Some(Held { since: until, by: Vec::new() });
        incident.phase = Phase::Resolved { at: until + Span::from_secs(21) };
        let shown = of(&incident, skew);
        assert_eq!([&shown["opened"], &shown["held"]["since"]], ["2025-11-25T12:00:00Z"; 2]);
        assert_eq!(shown["resolved"], "2025-11-25T12:00:21Z");
    }
}
