//! `incident` and `incident.restored`.

use super::parts::{CauseBody, DestinationBody, Id, KeyBody, SubjectBody, moment, severity};
use crate::engine::incident::{Incident, Key, Member, Phase, Told};
use crate::engine::{EventKind, IncidentEvent};
use crate::model::{IncidentId, Moment, Severities, Slot};
use serde::{Deserialize, Serialize};

/// One step of an incident.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stepped {
    key: KeyBody,
    id: Id<IncidentId>,
    step: StepBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepBody {
    Opened { number: u64, slot: i64, severity: String, until: i64 },
    Reopened { until: i64, severity: String },
    Gathering { until: i64 },
    Joined { subject: SubjectBody, cause: CauseBody },
    Left { subject: SubjectBody, cause: CauseBody, at: i64 },
    Severity { to: String },
    Paged { page: u32, severity: String },
    Told { destination: DestinationBody, page: Option<u32>, severity: String, revision: u32, at: i64 },
    NotTold { destination: DestinationBody, page: u32 },
    UpdateDue { at: Option<i64> },
    Said,
    Resolved { at: i64 },
    Forgotten,
}

/// A whole incident.
#[derive(Debug, Serialize, Deserialize)]
pub struct Restored {
    id: Id<IncidentId>,
    number: u64,
    key: KeyBody,
    opened: i64,
    generation: u32,
    phase: PhaseBody,
    severity: String,
    paged: Option<String>,
    page: u32,
    members: Vec<MemberBody>,
    ledger: Vec<ToldBody>,
    last_message: Option<i64>,
    update_due: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PhaseBody {
    Gathering(i64),
    Open,
    Resolved(i64),
}

#[derive(Debug, Serialize, Deserialize)]
struct MemberBody {
    subject: SubjectBody,
    cause: CauseBody,
    ended: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ToldBody {
    destination: DestinationBody,
    pages: Vec<(u32, String)>,
    revision: u32,
}

impl Stepped {
    /// Writes a step down.
    pub fn new(key: &Key, id: IncidentId, event: &IncidentEvent) -> Self {
        Stepped { key: KeyBody::new(key), id: Id(id), step: StepBody::new(event) }
    }

    /// Reads a step back.
    pub fn read(self, generation: u32, severities: &Severities) -> EventKind {
        let id = self.id.0;
        EventKind::Incident { key: self.key.read(), id, generation, event: self.step.read(id, severities) }
    }
}

impl StepBody {
    fn new(event: &IncidentEvent) -> Self {
        match event {
            IncidentEvent::Opened { id: _, number, slot, severity, until } => StepBody::Opened {
                number: *number,
                slot: slot.millis(),
                severity: severity.to_string(),
                until: until.millis(),
            },
            IncidentEvent::Reopened { until, severity } => {
                StepBody::Reopened { until: until.millis(), severity: severity.to_string() }
            }
            IncidentEvent::Gathering { until } => StepBody::Gathering { until: until.millis() },
            IncidentEvent::Joined { subject, cause } => {
                StepBody::Joined { subject: SubjectBody::new(subject), cause: CauseBody::new(cause) }
            }
            IncidentEvent::Left { subject, cause, at } => {
                let (subject, cause) = (SubjectBody::new(subject), CauseBody::new(cause));
                StepBody::Left { subject, cause, at: at.millis() }
            }
            IncidentEvent::Severity { to } => StepBody::Severity { to: to.to_string() },
            IncidentEvent::Paged { page, severity } => StepBody::Paged { page: *page, severity: severity.to_string() },
            IncidentEvent::Told { destination, page, severity, revision, at } => StepBody::Told {
                destination: DestinationBody::new(destination),
                page: *page,
                severity: severity.to_string(),
                revision: *revision,
                at: at.millis(),
            },
            IncidentEvent::NotTold { destination, page } => {
                StepBody::NotTold { destination: DestinationBody::new(destination), page: *page }
            }
            IncidentEvent::UpdateDue { at } => StepBody::UpdateDue { at: at.map(Moment::millis) },
            IncidentEvent::Said => StepBody::Said,
            IncidentEvent::Resolved { at } => StepBody::Resolved { at: at.millis() },
            IncidentEvent::Forgotten => StepBody::Forgotten,
        }
    }

    fn read(self, id: IncidentId, severities: &Severities) -> IncidentEvent {
        let rank = |name: String| severity(&name, severities);
        match self {
            StepBody::Opened { number, slot, severity, until } => IncidentEvent::Opened {
                id,
                number,
                slot: Slot::from_millis(slot),
                severity: rank(severity),
                until: moment(until),
            },
            StepBody::Reopened { until, severity } => {
                IncidentEvent::Reopened { until: moment(until), severity: rank(severity) }
            }
            StepBody::Gathering { until } => IncidentEvent::Gathering { until: moment(until) },
            StepBody::Joined { subject, cause } => {
                IncidentEvent::Joined { subject: subject.read(severities), cause: cause.read() }
            }
            StepBody::Left { subject, cause, at } => {
                IncidentEvent::Left { subject: subject.read(severities), cause: cause.read(), at: moment(at) }
            }
            StepBody::Severity { to } => IncidentEvent::Severity { to: rank(to) },
            StepBody::Paged { page, severity } => IncidentEvent::Paged { page, severity: rank(severity) },
            StepBody::Told { destination, page, severity, revision, at } => IncidentEvent::Told {
                destination: destination.read(),
                page,
                severity: rank(severity),
                revision,
                at: moment(at),
            },
            StepBody::NotTold { destination, page } => IncidentEvent::NotTold { destination: destination.read(), page },
            StepBody::UpdateDue { at } => IncidentEvent::UpdateDue { at: at.map(moment) },
            StepBody::Said => IncidentEvent::Said,
            StepBody::Resolved { at } => IncidentEvent::Resolved { at: moment(at) },
            StepBody::Forgotten => IncidentEvent::Forgotten,
        }
    }
}

impl Restored {
    /// Writes an incident down.
    pub fn new(incident: &Incident) -> Self {
        Restored {
            id: Id(incident.id),
            number: incident.number,
            key: KeyBody::new(&incident.key),
            opened: incident.opened.millis(),
            generation: incident.generation,
            phase: match incident.phase {
                Phase::Gathering { until } => PhaseBody::Gathering(until.millis()),
                Phase::Open => PhaseBody::Open,
                Phase::Resolved { at } => PhaseBody::Resolved(at.millis()),
            },
            severity: incident.severity.to_string(),
            paged: incident.paged.as_ref().map(ToString::to_string),
            page: incident.page,
            members: incident.members.values().map(MemberBody::new).collect(),
            ledger: incident
                .ledger
                .iter()
                .map(|(destination, told)| ToldBody {
                    destination: DestinationBody::new(destination),
                    pages: told.pages.iter().map(|(page, severity)| (*page, severity.to_string())).collect(),
                    revision: told.revision,
                })
                .collect(),
            last_message: incident.last_message.map(Moment::millis),
            update_due: incident.update_due.map(Moment::millis),
        }
    }

    /// Reads an incident back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let rank = |name: &String| severity(name, severities);
        let members = self.members.into_iter().map(|member| member.read(severities));
        let ledger = self.ledger.into_iter().map(|told| {
            let pages = told.pages.iter().map(|(page, name)| (*page, rank(name))).collect();
            (told.destination.read(), Told { pages, revision: told.revision })
        });
        let incident = Incident {
            id: self.id.0,
            number: self.number,
            key: self.key.read(),
            opened: Slot::from_millis(self.opened),
            generation: self.generation,
            phase: match self.phase {
                PhaseBody::Gathering(until) => Phase::Gathering { until: moment(until) },
                PhaseBody::Open => Phase::Open,
                PhaseBody::Resolved(at) => Phase::Resolved { at: moment(at) },
            },
            severity: rank(&self.severity),
            paged: self.paged.as_ref().map(rank),
            page: self.page,
            members: members.map(|member| (member.subject.alert, member)).collect(),
            ledger: ledger.collect(),
            last_message: self.last_message.map(moment),
            update_due: self.update_due.map(moment),
        };
        EventKind::IncidentRestored { incident: Box::new(incident) }
    }
}

impl MemberBody {
    fn new(member: &Member) -> Self {
        MemberBody {
            subject: SubjectBody::new(&member.subject),
            cause: CauseBody::new(&member.cause),
            ended: member.ended.map(Moment::millis),
        }
    }

    fn read(self, severities: &Severities) -> Member {
        Member { subject: self.subject.read(severities), cause: self.cause.read(), ended: self.ended.map(moment) }
    }
}
