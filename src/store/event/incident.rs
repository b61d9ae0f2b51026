//! `incident`, `incident.restored` and `incident.members`.

use super::action::{BeganBody, DroppedBody, EndedBody, OwedBody, RefusedBody, RemediesBody, VerifiedBody};
use super::acts::{
    AcknowledgementBody, ActorBody, AssessmentBody, ClimbBody, HeldBody, HoldBody, LaterBody, StageBody,
};
use super::parts::{CauseBody, DestinationBody, Id, KeyBody, SubjectBody, moment};
use super::plan::PlanBody;
use crate::engine::event::Opening;
use crate::engine::incident::{Incident, Key, Member, Phase, Standing, Told};
use crate::engine::{EventKind, IncidentEvent};
use crate::model::{AlertId, IncidentId, Labels, Moment, Name, Severities, Slot};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One step of an incident.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stepped {
    key: KeyBody,
    id: Id<IncidentId>,
    number: u64,
    step: StepBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepBody {
    Opened { slot: i64, severity: String, until: i64, plan: PlanBody },
    Reopened { until: i64, severity: String, plan: PlanBody },
    Gathering { until: i64 },
    Joined { subject: SubjectBody, cause: CauseBody },
    Left { subject: SubjectBody, cause: CauseBody, at: i64 },
    Severity { to: String },
    Held { by: Vec<HoldBody>, at: i64 },
    Released,
    Paged { page: u32, severity: String },
    Climbing { climb: Option<ClimbBody> },
    Reached { level: String, round: u32, climb: ClimbBody, nobody: bool },
    Later(LaterBody),
    Told { destination: DestinationBody, page: Option<u32>, severity: String, revision: u32, at: i64 },
    NotTold { destination: DestinationBody, page: u32 },
    Relabelled { alert: Id<AlertId>, labels: Labels },
    UpdateDue { at: Option<i64> },
    Said,
    Acknowledged(AcknowledgementBody),
    Unacknowledged { by: Option<ActorBody> },
    Assessed(AssessmentBody),
    Communicated { by: ActorBody, text: String, at: i64, next: Option<i64> },
    Noted { by: ActorBody, text: String },
    Assigned { by: ActorBody, to: String },
    Escalated { by: ActorBody },
    Reviewed { by: ActorBody, link: String, at: i64 },
    Missed { stage: StageBody, at: i64 },
    WentStale,
    Planned { plan: PlanBody },
    UpdateWanted { at: Option<i64> },
    Calmed { at: i64 },
    Resolved { at: i64, by: Option<ActorBody> },
    ActionOwed(OwedBody),
    ActionRefused(RefusedBody),
    ActionBegan(BeganBody),
    ActionDropped(DroppedBody),
    ActionEnded(EndedBody),
    ActionVerified(VerifiedBody),
    SetAside,
    Forgotten,
}

/// A whole incident.
#[derive(Debug, Serialize, Deserialize)]
pub struct Restored {
    id: Id<IncidentId>,
    number: u64,
    key: KeyBody,
    plan: PlanBody,
    opened: i64,
    generation: u32,
    phase: PhaseBody,
    severity: String,
    paged: Option<String>,
    page: u32,
    members: Vec<MemberBody>,
    ledger: Vec<ToldBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refused: Vec<DestinationBody>,
    first_message: Option<i64>,
    last_message: Option<i64>,
    update_due: Option<i64>,
    unsaid: bool,
    said: Option<String>,
    climb: Option<ClimbBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left: Vec<(String, ClimbBody)>,
    later: Vec<LaterBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parked: Vec<(String, Vec<LaterBody>)>,
    acknowledged: Option<AcknowledgementBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lapsed: Option<String>,
    held: Option<HeldBody>,
    held_before: Option<HeldBody>,
    calm: Option<i64>,
    assigned: Option<String>,
    assessed: Option<AssessmentBody>,
    stale: bool,
    response: Vec<(StageBody, Option<i64>, Option<i64>)>,
    update_wanted: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remedies: Option<RemediesBody>,
}

/// `incident.members`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Members {
    key: KeyBody,
    id: Id<IncidentId>,
    members: Vec<MemberBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PhaseBody {
    Gathering(i64),
    Open,
    Resolved(i64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MemberBody {
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
    pub fn new(key: &Key, id: IncidentId, number: u64, event: &IncidentEvent) -> Self {
        Stepped { key: KeyBody::new(key), id: Id(id), number, step: StepBody::new(event) }
    }

    /// Reads a step back.
    pub fn read(self, generation: u32, severities: &Severities) -> EventKind {
        let (id, number) = (self.id.0, self.number);
        EventKind::Incident {
            key: self.key.read(),
            id,
            number,
            generation,
            event: self.step.read(id, number, severities),
        }
    }
}

impl StepBody {
    fn new(event: &IncidentEvent) -> Self {
        match event {
            IncidentEvent::Opened(opening) => StepBody::Opened {
                slot: opening.slot.millis(),
                severity: opening.severity.to_string(),
                until: opening.until.millis(),
                plan: PlanBody::new(&opening.plan),
            },
            IncidentEvent::Reopened { until, severity, plan } => {
                StepBody::Reopened { until: until.millis(), severity: severity.to_string(), plan: PlanBody::new(plan) }
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
            IncidentEvent::Held { by, at } => {
                StepBody::Held { by: by.iter().map(HoldBody::new).collect(), at: at.millis() }
            }
            IncidentEvent::Released => StepBody::Released,
            IncidentEvent::Paged { page, severity } => StepBody::Paged { page: *page, severity: severity.to_string() },
            IncidentEvent::Climbing { climb } => StepBody::Climbing { climb: climb.as_ref().map(ClimbBody::new) },
            IncidentEvent::Reached { level, round, climb, nobody } => StepBody::Reached {
                level: level.to_string(),
                round: *round,
                climb: ClimbBody::new(climb),
                nobody: *nobody,
            },
            IncidentEvent::Later(later) => StepBody::Later(LaterBody::new(later)),
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
            IncidentEvent::Relabelled { alert, labels } => {
                StepBody::Relabelled { alert: Id(*alert), labels: labels.clone() }
            }
            IncidentEvent::UpdateDue { at } => StepBody::UpdateDue { at: at.map(Moment::millis) },
            IncidentEvent::Said => StepBody::Said,
            IncidentEvent::Acknowledged(acknowledged) => StepBody::Acknowledged(AcknowledgementBody::new(acknowledged)),
            IncidentEvent::Unacknowledged { by } => StepBody::Unacknowledged { by: by.as_ref().map(ActorBody::new) },
            IncidentEvent::Assessed(assessed) => StepBody::Assessed(AssessmentBody::new(assessed)),
            IncidentEvent::Communicated { by, text, at, next } => StepBody::Communicated {
                by: ActorBody::new(by),
                text: text.clone(),
                at: at.millis(),
                next: next.map(Moment::millis),
            },
            IncidentEvent::Noted { by, text } => StepBody::Noted { by: ActorBody::new(by), text: text.clone() },
            IncidentEvent::Assigned { by, to } => StepBody::Assigned { by: ActorBody::new(by), to: to.to_string() },
            IncidentEvent::Escalated { by } => StepBody::Escalated { by: ActorBody::new(by) },
            IncidentEvent::Reviewed { by, link, at } => {
                StepBody::Reviewed { by: ActorBody::new(by), link: link.clone(), at: at.millis() }
            }
            IncidentEvent::Missed { stage, at } => StepBody::Missed { stage: StageBody::new(*stage), at: at.millis() },
            IncidentEvent::WentStale => StepBody::WentStale,
            IncidentEvent::Planned { plan } => StepBody::Planned { plan: PlanBody::new(plan) },
            IncidentEvent::UpdateWanted { at } => StepBody::UpdateWanted { at: at.map(Moment::millis) },
            IncidentEvent::Calmed { at } => StepBody::Calmed { at: at.millis() },
            IncidentEvent::Resolved { at, by } => {
                StepBody::Resolved { at: at.millis(), by: by.as_ref().map(ActorBody::new) }
            }
            IncidentEvent::ActionOwed { run, action, alert, labels, at } => {
                StepBody::ActionOwed(OwedBody::new(*run, action, *alert, labels, *at))
            }
            IncidentEvent::ActionRefused { action, alerts, max_runs, within } => {
                StepBody::ActionRefused(RefusedBody::new(action, alerts, *max_runs, *within))
            }
            IncidentEvent::ActionBegan { run, action, labels } => {
                StepBody::ActionBegan(BeganBody::new(*run, action, labels))
            }
            IncidentEvent::ActionDropped { run, action, labels, owed } => {
                StepBody::ActionDropped(DroppedBody::new(*run, action, labels, *owed))
            }
            IncidentEvent::ActionEnded { run, action, labels, ended, verify } => {
                StepBody::ActionEnded(EndedBody::new(*run, action, labels, ended, *verify))
            }
            IncidentEvent::ActionVerified { run, action, labels, verdict } => {
                StepBody::ActionVerified(VerifiedBody::new(*run, action, labels, *verdict))
            }
            IncidentEvent::SetAside => StepBody::SetAside,
            IncidentEvent::Forgotten => StepBody::Forgotten,
        }
    }

    fn read(self, id: IncidentId, number: u64, severities: &Severities) -> IncidentEvent {
        let rank = |name: String| severities.placed(&name);
        match self {
            StepBody::Opened { slot, severity, until, plan } => IncidentEvent::Opened(Box::new(Opening {
                id,
                number,
                slot: Slot::from_millis(slot),
                severity: rank(severity),
                until: moment(until),
                plan: plan.read(severities),
            })),
            StepBody::Reopened { until, severity, plan } => {
                IncidentEvent::Reopened { until: moment(until), severity: rank(severity), plan: plan.read(severities) }
            }
            StepBody::Gathering { until } => IncidentEvent::Gathering { until: moment(until) },
            StepBody::Joined { subject, cause } => {
                IncidentEvent::Joined { subject: subject.read(severities), cause: cause.read() }
            }
            StepBody::Left { subject, cause, at } => {
                IncidentEvent::Left { subject: subject.read(severities), cause: cause.read(), at: moment(at) }
            }
            StepBody::Severity { to } => IncidentEvent::Severity { to: rank(to) },
            StepBody::Held { by, at } => {
                IncidentEvent::Held { by: by.into_iter().map(HoldBody::read).collect(), at: moment(at) }
            }
            StepBody::Released => IncidentEvent::Released,
            StepBody::Paged { page, severity } => IncidentEvent::Paged { page, severity: rank(severity) },
            StepBody::Climbing { climb } => IncidentEvent::Climbing { climb: climb.map(ClimbBody::read) },
            StepBody::Reached { level, round, climb, nobody } => {
                IncidentEvent::Reached { level: level.into(), round, climb: climb.read(), nobody }
            }
            StepBody::Later(later) => IncidentEvent::Later(later.read()),
            StepBody::Told { destination, page, severity, revision, at } => IncidentEvent::Told {
                destination: destination.read(),
                page,
                severity: rank(severity),
                revision,
                at: moment(at),
            },
            StepBody::NotTold { destination, page } => IncidentEvent::NotTold { destination: destination.read(), page },
            StepBody::Relabelled { alert, labels } => IncidentEvent::Relabelled { alert: alert.0, labels },
            StepBody::UpdateDue { at } => IncidentEvent::UpdateDue { at: at.map(moment) },
            StepBody::Said => IncidentEvent::Said,
            StepBody::Acknowledged(acknowledged) => IncidentEvent::Acknowledged(acknowledged.read(severities)),
            StepBody::Unacknowledged { by } => IncidentEvent::Unacknowledged { by: by.map(ActorBody::read) },
            StepBody::Assessed(assessed) => IncidentEvent::Assessed(assessed.read(severities)),
            StepBody::Communicated { by, text, at, next } => {
                IncidentEvent::Communicated { by: by.read(), text, at: moment(at), next: next.map(moment) }
            }
            StepBody::Noted { by, text } => IncidentEvent::Noted { by: by.read(), text },
            StepBody::Assigned { by, to } => IncidentEvent::Assigned { by: by.read(), to: to.into() },
            StepBody::Escalated { by } => IncidentEvent::Escalated { by: by.read() },
            StepBody::Reviewed { by, link, at } => IncidentEvent::Reviewed { by: by.read(), link, at: moment(at) },
            StepBody::Missed { stage, at } => IncidentEvent::Missed { stage: stage.read(), at: moment(at) },
            StepBody::WentStale => IncidentEvent::WentStale,
            StepBody::Planned { plan } => IncidentEvent::Planned { plan: plan.read(severities) },
            StepBody::UpdateWanted { at } => IncidentEvent::UpdateWanted { at: at.map(moment) },
            StepBody::Calmed { at } => IncidentEvent::Calmed { at: moment(at) },
            StepBody::Resolved { at, by } => IncidentEvent::Resolved { at: moment(at), by: by.map(ActorBody::read) },
            StepBody::ActionOwed(body) => body.read(),
            StepBody::ActionRefused(body) => body.read(),
            StepBody::ActionBegan(body) => body.read(),
            StepBody::ActionDropped(body) => body.read(),
            StepBody::ActionEnded(body) => body.read(),
            StepBody::ActionVerified(body) => body.read(),
            StepBody::SetAside => IncidentEvent::SetAside,
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
            plan: PlanBody::new(&incident.plan),
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
            members: incident.members.values().map(|member| MemberBody::new(member)).collect(),
            refused: incident.refused.iter().map(DestinationBody::new).collect(),
            ledger: incident
                .ledger
                .iter()
                .map(|(destination, told)| ToldBody {
                    destination: DestinationBody::new(destination),
                    pages: told.pages.iter().map(|(page, severity)| (*page, severity.to_string())).collect(),
                    revision: told.revision,
                })
                .collect(),
            first_message: incident.first_message.map(Moment::millis),
            last_message: incident.last_message.map(Moment::millis),
            update_due: incident.update_due.map(Moment::millis),
            unsaid: incident.unsaid,
            said: incident.said.as_ref().map(ToString::to_string),
            climb: incident.climb.as_ref().map(ClimbBody::new),
            left: incident.left.iter().map(|(severity, climb)| (severity.to_string(), ClimbBody::new(climb))).collect(),
            later: incident.later.iter().map(LaterBody::new).collect(),
            parked: incident
                .parked
                .iter()
                .map(|(severity, later)| (severity.to_string(), later.iter().map(LaterBody::new).collect()))
                .collect(),
            acknowledged: incident.acknowledged.as_ref().map(AcknowledgementBody::new),
            lapsed: incident.lapsed.as_ref().map(ToString::to_string),
            held: incident.held.as_ref().map(HeldBody::new),
            held_before: incident.held_before.as_ref().map(HeldBody::new),
            calm: incident.calm.map(Moment::millis),
            assigned: incident.assigned.as_ref().map(ToString::to_string),
            assessed: incident.assessed.as_ref().map(AssessmentBody::new),
            stale: incident.is_stale,
            response: incident
                .response
                .iter()
                .map(|(stage, standing)| {
                    (StageBody::new(*stage), standing.done.map(Moment::millis), standing.missed.map(Moment::millis))
                })
                .collect(),
            update_wanted: incident.update_wanted.map(Moment::millis),
            remedies: RemediesBody::new(&incident.remedies),
        }
    }

    /// Reads an incident back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let rank = |name: &String| severities.placed(name);
        let members = self.members.into_iter().map(|member| member.read(severities));
        let ledger = self.ledger.into_iter().map(|told| {
            let pages = told.pages.iter().map(|(page, name)| (*page, rank(name))).collect();
            (told.destination.read(), Told { pages, revision: told.revision })
        });
        let incident = Incident {
            id: self.id.0,
            number: self.number,
            key: self.key.read(),
            plan: self.plan.read(severities),
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
            members: members.map(|member| (member.subject.alert, member.into())).collect(),
            ledger: ledger.collect(),
            refused: self.refused.into_iter().map(DestinationBody::read).collect(),
            first_message: self.first_message.map(moment),
            last_message: self.last_message.map(moment),
            update_due: self.update_due.map(moment),
            unsaid: self.unsaid,
            said: self.said.as_ref().map(rank),
            climb: self.climb.map(ClimbBody::read),
            left: severities.place_all(self.left.into_iter().map(|(name, climb)| (name.into(), climb.read()))),
            later: self.later.into_iter().map(LaterBody::read).collect(),
            parked: severities.place_all(
                self.parked
                    .into_iter()
                    .map(|(name, later)| (Name::from(name), later.into_iter().map(LaterBody::read).collect())),
            ),
            acknowledged: self.acknowledged.map(|body| body.read(severities)),
            lapsed: self.lapsed.as_ref().map(rank),
            held: self.held.map(HeldBody::read),
            held_before: self.held_before.map(HeldBody::read),
            calm: self.calm.map(moment),
            assigned: self.assigned.map(Name::from),
            assessed: self.assessed.map(|body| body.read(severities)),
            is_stale: self.stale,
            response: self
                .response
                .into_iter()
                .map(|(stage, done, missed)| {
                    (stage.read(), Standing { done: done.map(moment), missed: missed.map(moment) })
                })
                .collect(),
            update_wanted: self.update_wanted.map(moment),
            remedies: self.remedies.map(RemediesBody::read).unwrap_or_default(),
        };
        EventKind::IncidentRestored { incident: Box::new(incident) }
    }
}

impl Members {
    /// Writes alerts of an incident down.
    pub fn new(key: &Key, id: IncidentId, members: &[Arc<Member>]) -> Self {
        let members = members.iter().map(|member| MemberBody::new(member)).collect();
        Members { key: KeyBody::new(key), id: Id(id), members }
    }

    /// Reads them back.
    pub fn read(self, severities: &Severities) -> EventKind {
        let members = self.members.into_iter().map(|member| member.read(severities).into()).collect();
        EventKind::MembersRestored { key: self.key.read(), id: self.id.0, members }
    }
}

impl MemberBody {
    pub(super) fn new(member: &Member) -> Self {
        MemberBody {
            subject: SubjectBody::new(&member.subject),
            cause: CauseBody::new(&member.cause),
            ended: member.ended.map(Moment::millis),
        }
    }

    pub(super) fn read(self, severities: &Severities) -> Member {
        Member { subject: self.subject.read(severities), cause: self.cause.read(), ended: self.ended.map(moment) }
    }
}
