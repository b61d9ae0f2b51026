//! The incident of an alert: who was told, who is told next, and what holds it back.

use super::View;
use crate::config::{Escalation, Target};
use crate::engine::alert::Alert;
use crate::engine::escalation::rung;
use crate::engine::incident::{Incident, Phase, recipients};
use crate::engine::{EventKind, IncidentEvent};
use crate::model::{Moment, Span};
use jiff::Timestamp;
use serde::Serialize;

/// An incident at an instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentStory {
    /// The number that people say; nothing in a replay, whose incidents have other numbers.
    pub number: Option<u64>,
    /// Its policy.
    pub policy: String,
    /// The values that its alerts share.
    pub group: String,
    /// Its severity.
    pub severity: String,
    /// Since when it is open.
    pub opened: String,
    /// When it ended, if it has.
    pub resolved: Option<String>,
    /// What holds new messages back, and since when.
    pub held: Option<String>,
    /// Who has it in hand, since when, and until when.
    pub acknowledged: Option<String>,
    /// Who was told.
    pub told: Vec<ToldStory>,
    /// Who is told next.
    pub next: Option<NextStory>,
    /// Why nobody is told, where that is so.
    pub nobody: Option<String>,
}

/// One message that was owed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldStory {
    /// When.
    pub at: String,
    /// Where.
    pub to: String,
    /// The page that it opened there; nothing for an update or the end.
    pub page: Option<u32>,
    /// The severity that it spoke of.
    pub severity: String,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NextStory {
    /// When.
    pub at: String,
    /// Seconds up to that.
    pub left_seconds: f64,
    /// What: the level that is reached then.
    pub what: String,
    /// Whom it reaches, as the configuration and the schedules have them then.
    pub to: Vec<String>,
}

impl View<'_> {
    pub(super) fn incident_of(&self, alert: &Alert) -> Option<IncidentStory> {
        let has_it = |incident: &&Incident| incident.members.contains_key(&alert.id);
        // Of one that is over and one that is open, the open one is meant.
        let found = self.state.incidents.by_key.values().filter(has_it).max_by_key(|incident| {
            let is_open = !matches!(incident.phase, Phase::Resolved { .. });
            (is_open, incident.number)
        })?;
        let opened = found.opened.moment(Span::ZERO);
        let resolved = if let Phase::Resolved { at } = found.phase { Some(at.to_string()) } else { None };
        let acknowledged = found.acknowledged.as_ref().map(|by| {
            let until = by.until.map(|until| format!(", until {until}")).unwrap_or_default();
            format!("{} since {}{until}", by.by, by.at)
        });
        Some(IncidentStory {
            number: self.is_recorded.then_some(found.number),
            policy: found.key.policy.to_string(),
            group: found.key.group.to_string(),
            severity: found.severity.to_string(),
            opened: opened.to_string(),
            resolved,
            held: found.held.as_ref().map(|held| held.words(Span::ZERO)),
            acknowledged,
            told: self.told(found),
            next: self.next(found),
            nobody: nobody(found),
        })
    }

    fn told(&self, incident: &Incident) -> Vec<ToldStory> {
        let of_incident = self.journal.iter().filter_map(|event| match &event.kind {
            EventKind::Incident { id, generation, event, .. }
                if *id == incident.id && *generation == incident.generation =>
            {
                Some(event)
            }
            _ => None,
        });
        let told = of_incident.filter_map(|event| match event {
            IncidentEvent::Told { destination, page, severity, at, .. } => Some(ToldStory {
                at: at.to_string(),
                to: destination.to_string(),
                page: *page,
                severity: severity.to_string(),
            }),
            _ => None,
        });
        told.collect()
    }

    /// The next message that the ladder owes, nobody having acted.
    fn next(&self, incident: &Incident) -> Option<NextStory> {
        let ladder = incident.ladder()?;
        let next = |at: Moment, what: String, to: Vec<String>| {
            Some(NextStory { at: at.to_string(), left_seconds: -self.seconds_since(at), what, to })
        };
        if incident.is_resolved() || incident.held.is_some() {
            return None;
        }
        if let Phase::Gathering { until } = incident.phase {
            let first = ladder.levels.first()?;
            return next(until, format!("the first message, level {}", first.name), self.whom(&first.notify, until));
        }
        let climb = incident.climb.filter(|climb| climb.stopped.is_none())?;
        let level = climb.next_due(ladder).zip(rung(ladder, climb.reached));
        let later = incident.later.iter().min_by_key(|later| later.at);
        match (level, later) {
            (level, Some(later)) if level.is_none_or(|(at, _)| later.at <= at) => {
                next(later.at, format!("level {}", later.level), vec![later.destination.to_string()])
            }
            (Some((at, rung)), _) => next(at, format!("level {}", rung.level.name), self.whom(&rung.level.notify, at)),
            (None, _) => None,
        }
    }

    /// Whom targets reach at an instant, each with the places where.
    fn whom(&self, targets: &[Target], at: Moment) -> Vec<String> {
        let wall = Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::MAX);
        let say = |target: &Target| {
            let found = recipients(&self.world.settings, std::slice::from_ref(target), wall);
            let places: Vec<String> = found.iter().map(|recipient| recipient.destination.to_string()).collect();
            match (&places[..], target) {
                ([], _) => format!("{target}, who is nobody then"),
                (_, Target::Channel(_)) => places.join(", "),
                _ => format!("{target} ({})", places.join(", ")),
            }
        };
        targets.iter().map(say).collect()
    }
}

/// Why an incident has no ladder, or has come to its end.
fn nobody(incident: &Incident) -> Option<String> {
    if incident.is_resolved() {
        return None;
    }
    let (policy, severity) = (&incident.key.policy, &incident.severity);
    match incident.plan.matrix.get(severity) {
        Some(Escalation::Digest(_)) if !incident.is_stale => Some("a digest lists it".into()),
        Some(Escalation::Nobody) => Some(format!("policy {policy} tells nobody at {severity}")),
        None => Some(format!("policy {policy} has nothing for {severity}")),
        Some(Escalation::Ladder(_) | Escalation::Digest(_)) => {
            let ladder = incident.ladder()?;
            let climb = incident.climb?;
            rung(ladder, climb.reached).is_none().then(|| "every level has been told".into())
        }
    }
}
