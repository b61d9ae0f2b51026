//! `GET /api/v2/alerts` and `/api/v2/alerts/groups`: everything that fires, whether it was posted, a rule found it, or
//! Watchbell says it of itself. A policy is what an Alertmanager calls a receiver.

use super::filter::{Question, admits};
use super::{Refused, fingerprint, time, uuid};
use crate::api::{Desk, alerts as of_rules};
use crate::engine::Engine;
use crate::engine::incident::{Holds, Incident};
use crate::engine::notice::shown_labels;
use crate::engine::posted::HOLDS_FOR;
use crate::engine::transition::{Origin, Subject};
use crate::model::{AlertId, Labels, Matchers, Name, Slot};
use axum::Json;
use axum::extract::{Query, State};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is asked for.
struct Wanted {
    labels: Matchers,
    receivers: Matchers,
    /// Of `active`, `silenced`, `inhibited` and `muted` those that are not wanted.
    left_out: Vec<&'static str>,
}

impl Wanted {
    fn read(question: &Question) -> Result<Self, Refused> {
        let kinds = ["active", "silenced", "inhibited", "muted"].into_iter();
        let left_out = kinds.filter(|kind| !question.wants(kind)).collect();
        Ok(Wanted { labels: question.filter()?, receivers: question.receivers()?, left_out })
    }
}

/// Everything that fires.
pub async fn alerts(
    State(desk): State<Desk>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Refused> {
    let wanted = Wanted::read(&Question(pairs))?;
    let found = desk.look(move |decider| View::of(&decider.engine).alerts(&wanted)).await;
    found.map(Json).map_err(|_| Refused::not_now("the service is stopping"))
}

/// The same, by incident.
pub async fn groups(
    State(desk): State<Desk>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Refused> {
    let wanted = Wanted::read(&Question(pairs))?;
    let found = desk.look(move |decider| View::of(&decider.engine).groups(&wanted)).await;
    found.map(Json).map_err(|_| Refused::not_now("the service is stopping"))
}

/// What an engine knows, at the instant of a question.
struct View<'a> {
    engine: &'a Engine,
    holds: Holds<'a>,
    wall: Slot,
}

impl<'a> View<'a> {
    fn of(engine: &'a Engine) -> Self {
        let wall = crate::service::clock::wall();
        let at = Timestamp::from_millisecond(wall).unwrap_or(Timestamp::MAX);
        let holds = Holds::at(&engine.world, &engine.state.incidents, at);
        View { engine, holds, wall: Slot::from_millis(wall) }
    }

    fn open(&self) -> impl Iterator<Item = &'a Incident> {
        self.engine.state.incidents.by_key.values().filter(|incident| !incident.is_resolved())
    }

    fn alerts(&self, wanted: &Wanted) -> Value {
        let of_alert = &self.engine.state.incidents.of_alert;
        let in_incidents = self.open().flat_map(|incident| {
            incident.firing().map(move |member| (&member.subject, Some((&incident.key.policy, incident.number))))
        });
        // A heartbeat opens no incident, and is posted all the same.
        let posted = self.engine.state.posted.values().map(|posted| &posted.subject);
        let others = posted.filter(|subject| !of_alert.contains_key(&subject.alert)).map(|subject| (subject, None));
        let mut found: Vec<(String, Value)> =
            in_incidents.chain(others).filter_map(|(subject, place)| self.alert(subject, place, wanted)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found.into_iter().map(|(_, alert)| alert).collect()
    }

    fn groups(&self, wanted: &Wanted) -> Value {
        let group = |incident: &Incident| {
            let place = Some((&incident.key.policy, incident.number));
            let members = incident.firing().filter_map(|member| self.alert(&member.subject, place, wanted));
            let alerts: Vec<Value> = members.map(|(_, alert)| alert).collect();
            let receiver = json!({ "name": &*incident.key.policy });
            (!alerts.is_empty())
                .then(|| json!({ "labels": incident.key.group, "receiver": receiver, "alerts": alerts }))
        };
        self.open().filter_map(group).collect()
    }

    /// One alert with its fingerprint, where it is wanted.
    fn alert(&self, subject: &Subject, place: Option<(&Name, u64)>, wanted: &Wanted) -> Option<(String, Value)> {
        let labels = self.labels(subject);
        let receiver = place.map_or("", |(policy, _)| policy);
        if !wanted.labels.matches(&labels) || !admits(&wanted.receivers, receiver) {
            return None;
        }
        let held = self.holds.on(subject);
        let is_active = held.silences.is_empty() && held.inhibitors.is_empty() && held.maintenance.is_empty();
        let is = [
            ("active", is_active),
            ("silenced", !held.silences.is_empty()),
            ("inhibited", !held.inhibitors.is_empty()),
            ("muted", !held.maintenance.is_empty()),
        ];
        let is_wanted = !is.iter().any(|(kind, holds)| *holds && wanted.left_out.contains(kind));
        let fingerprint = fingerprint::of(&labels);
        let receivers: Vec<Value> = place.iter().map(|(policy, _)| json!({ "name": &***policy })).collect();
        is_wanted.then(|| {
            let status = json!({
                "state": if is_active { "active" } else { "suppressed" },
                "silencedBy": held.silences.into_iter().map(uuid).collect::<Vec<_>>(),
                "inhibitedBy": held.inhibitors.iter().filter_map(|alert| self.fingerprint(*alert)).collect::<Vec<_>>(),
                "mutedBy": held.maintenance,
            });
            let alert = self.laid_out(subject, place, &labels);
            let alert = alert.with("fingerprint", json!(fingerprint)).with("receivers", json!(receivers));
            (fingerprint, alert.with("status", status).0)
        })
    }

    /// The labels that are listed: of what was posted exactly those, because they are how its sender knows it.
    fn labels(&self, subject: &Subject) -> Labels {
        match subject.origin {
            Origin::Posted { .. } => subject.labels.clone(),
            Origin::Rule(_) | Origin::Watchbell(_) => shown_labels(&self.engine.world, subject),
        }
    }

    fn fingerprint(&self, alert: AlertId) -> Option<String> {
        let incidents = &self.engine.state.incidents;
        let member = incidents.by_key.get(incidents.of_alert.get(&alert)?)?.members.get(&alert)?;
        Some(fingerprint::of(&self.labels(&member.subject)))
    }

    /// What does not depend on who asks.
    fn laid_out(&self, subject: &Subject, place: Option<(&Name, u64)>, labels: &Labels) -> Fields {
        let posted = self.engine.state.posted.get(&subject.alert);
        let since = subject.since.slot(self.engine.skew);
        let (starts, ends, heard) = match posted {
            Some(posted) => (posted.starts, posted.ends, posted.heard),
            // What a rule fires is said anew as long as it fires.
            None => (since, self.wall + HOLDS_FOR, self.wall),
        };
        let base = self.engine.world.settings.external_url.trim_end_matches('/');
        let own_page =
            || place.map_or_else(|| format!("{base}/incidents"), |(_, number)| format!("{base}/incidents/{number}"));
        let origin = posted.map_or(&subject.origin, |posted| &posted.subject.origin);
        let (annotations, url) = match origin {
            Origin::Posted { annotations, url } => (json!(annotations), url.to_string()),
            Origin::Watchbell(summary) => (json!({ "summary": summary }), own_page()),
            Origin::Rule(rule) => (json!(of_rules::annotations_of(self.engine, *rule, subject.alert)), own_page()),
        };
        Fields(json!({
            "labels": labels,
            "annotations": annotations,
            "startsAt": time(starts),
            "endsAt": time(ends),
            "updatedAt": time(heard),
            "generatorURL": url,
        }))
    }
}

/// An object that is being filled.
struct Fields(Value);

impl Fields {
    fn with(mut self, name: &str, value: Value) -> Self {
        self.0[name] = value;
        self
    }
}
