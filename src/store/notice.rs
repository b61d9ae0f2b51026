//! A notice as the outbox keeps it. Who reads it back gets everything that a channel lays out.

use super::event::acts::{ActorBody, StageBody};
use super::event::parts::{DestinationBody, Id, KeyBody, Number, json, moment};
use crate::engine::notice::{AlertText, Draft, Notice, NoticeKind, Reason};
use crate::model::{AlertId, DeliveryId, IncidentId, Labels, Moment, Name, Severities, Slot};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    id: Id<DeliveryId>,
    destination: DestinationBody,
    kind: KindBody,
    reason: ReasonBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<ActorBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_by: Option<ActorBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_back: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    at: i64,
    incident: Id<IncidentId>,
    number: u64,
    key: KeyBody,
    generation: u32,
    page: u32,
    revision: u32,
    pages: Vec<u32>,
    severity: String,
    opened: i64,
    title: String,
    link: String,
    alerts: Vec<AlertBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindBody {
    Page,
    Update,
    End,
    Letter,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReasonBody {
    Opened,
    Reopened,
    Rose,
    Fell,
    Changed,
    Escalated,
    Repeated,
    Released,
    Acknowledged,
    Snoozed,
    Unacknowledged,
    AcknowledgementExpired,
    Assessed,
    Assigned,
    Communicated,
    Overdue(StageBody),
    Stale,
    Rested,
    Digest,
    SilenceEnds,
    Routine,
    Calmed,
    Remedied,
    Resolved,
}

#[derive(Debug, Serialize, Deserialize)]
struct AlertBody {
    alert: Id<AlertId>,
    name: String,
    labels: Labels,
    annotations: Vec<(String, String)>,
    title: Option<String>,
    severity: String,
    value: Number,
    unit: Option<String>,
    threshold: String,
    expr: Option<String>,
    since: i64,
    ended: Option<i64>,
    note: Option<String>,
}

/// Writes a notice down.
#[must_use]
pub fn encode(notice: &Notice) -> String {
    let draft = &notice.draft;
    let body = Body {
        id: Id(draft.id),
        destination: DestinationBody::new(&draft.destination),
        kind: match draft.kind {
            NoticeKind::Page => KindBody::Page,
            NoticeKind::Update => KindBody::Update,
            NoticeKind::End => KindBody::End,
            NoticeKind::Letter => KindBody::Letter,
        },
        reason: ReasonBody::new(draft.reason),
        level: draft.level.as_ref().map(ToString::to_string),
        by: draft.by.as_ref().map(ActorBody::new),
        text: draft.text.clone(),
        acknowledged_by: draft.acknowledged_by.as_ref().map(ActorBody::new),
        held_back: notice.held_back.clone(),
        subject: draft.subject.clone(),
        at: draft.at.millis(),
        incident: Id(draft.incident),
        number: draft.number,
        key: KeyBody::new(&draft.key),
        generation: draft.generation,
        page: draft.page,
        revision: draft.revision,
        pages: draft.pages.clone(),
        severity: draft.severity.to_string(),
        opened: draft.opened.millis(),
        title: notice.title.clone(),
        link: notice.link.clone(),
        alerts: notice.alerts.iter().map(AlertBody::new).collect(),
    };
    json(&body)
}

/// Reads a notice back. The members of its draft are not kept: what they said is in the alerts' texts.
///
/// # Errors
/// When the text is not what [`encode`] wrote.
pub fn decode(text: &str, severities: &Severities) -> Result<Notice, serde_json::Error> {
    let body: Body = serde_json::from_str(text)?;
    let draft = Draft {
        id: body.id.0,
        destination: body.destination.read(),
        kind: match body.kind {
            KindBody::Page => NoticeKind::Page,
            KindBody::Update => NoticeKind::Update,
            KindBody::End => NoticeKind::End,
            KindBody::Letter => NoticeKind::Letter,
        },
        reason: body.reason.read(),
        level: body.level.map(Name::from),
        by: body.by.map(ActorBody::read),
        text: body.text,
        acknowledged_by: body.acknowledged_by.map(ActorBody::read),
        held_back: None,
        subject: body.subject,
        at: moment(body.at),
        incident: body.incident.0,
        number: body.number,
        key: body.key.read(),
        generation: body.generation,
        page: body.page,
        revision: body.revision,
        pages: body.pages,
        severity: severities.placed(&body.severity),
        opened: Slot::from_millis(body.opened),
        members: Vec::new(),
    };
    let alerts = body.alerts.into_iter().map(|alert| alert.read(severities)).collect();
    Ok(Notice { draft, title: body.title, link: body.link, held_back: body.held_back, alerts })
}

impl ReasonBody {
    fn new(reason: Reason) -> Self {
        match reason {
            Reason::Opened => ReasonBody::Opened,
            Reason::Reopened => ReasonBody::Reopened,
            Reason::Rose => ReasonBody::Rose,
            Reason::Fell => ReasonBody::Fell,
            Reason::Changed => ReasonBody::Changed,
            Reason::Escalated => ReasonBody::Escalated,
            Reason::Repeated => ReasonBody::Repeated,
            Reason::Released => ReasonBody::Released,
            Reason::Acknowledged => ReasonBody::Acknowledged,
            Reason::Snoozed => ReasonBody::Snoozed,
            Reason::Unacknowledged => ReasonBody::Unacknowledged,
            Reason::AcknowledgementExpired => ReasonBody::AcknowledgementExpired,
            Reason::Assessed => ReasonBody::Assessed,
            Reason::Assigned => ReasonBody::Assigned,
            Reason::Communicated => ReasonBody::Communicated,
            Reason::Overdue(stage) => ReasonBody::Overdue(StageBody::new(stage)),
            Reason::Stale => ReasonBody::Stale,
            Reason::Rested => ReasonBody::Rested,
            Reason::Digest => ReasonBody::Digest,
            Reason::SilenceEnds => ReasonBody::SilenceEnds,
            Reason::Routine => ReasonBody::Routine,
            Reason::Calmed => ReasonBody::Calmed,
            Reason::Remedied => ReasonBody::Remedied,
            Reason::Resolved => ReasonBody::Resolved,
        }
    }

    fn read(self) -> Reason {
        match self {
            ReasonBody::Opened => Reason::Opened,
            ReasonBody::Reopened => Reason::Reopened,
            ReasonBody::Rose => Reason::Rose,
            ReasonBody::Fell => Reason::Fell,
            ReasonBody::Changed => Reason::Changed,
            ReasonBody::Escalated => Reason::Escalated,
            ReasonBody::Repeated => Reason::Repeated,
            ReasonBody::Released => Reason::Released,
            ReasonBody::Acknowledged => Reason::Acknowledged,
            ReasonBody::Snoozed => Reason::Snoozed,
            ReasonBody::Unacknowledged => Reason::Unacknowledged,
            ReasonBody::AcknowledgementExpired => Reason::AcknowledgementExpired,
            ReasonBody::Assessed => Reason::Assessed,
            ReasonBody::Assigned => Reason::Assigned,
            ReasonBody::Communicated => Reason::Communicated,
            ReasonBody::Overdue(stage) => Reason::Overdue(stage.read()),
            ReasonBody::Stale => Reason::Stale,
            ReasonBody::Rested => Reason::Rested,
            ReasonBody::Digest => Reason::Digest,
            ReasonBody::SilenceEnds => Reason::SilenceEnds,
            ReasonBody::Routine => Reason::Routine,
            ReasonBody::Calmed => Reason::Calmed,
            ReasonBody::Remedied => Reason::Remedied,
            ReasonBody::Resolved => Reason::Resolved,
        }
    }
}

impl AlertBody {
    fn new(text: &AlertText) -> Self {
        AlertBody {
            alert: Id(text.alert),
            name: text.name.to_string(),
            labels: text.labels.clone(),
            annotations: text.annotations.iter().map(|(name, text)| (name.to_string(), text.clone())).collect(),
            title: text.title.clone(),
            severity: text.severity.to_string(),
            value: Number(text.value),
            unit: text.unit.as_ref().map(ToString::to_string),
            threshold: text.threshold.clone(),
            expr: text.expr.as_ref().map(ToString::to_string),
            since: text.since.millis(),
            ended: text.ended.map(Moment::millis),
            note: text.note.clone(),
        }
    }

    fn read(self, severities: &Severities) -> AlertText {
        AlertText {
            alert: self.alert.0,
            name: self.name.into(),
            labels: self.labels,
            annotations: self.annotations.into_iter().map(|(name, text)| (Name::from(name), text)).collect(),
            title: self.title,
            severity: severities.placed(&self.severity),
            value: self.value.0,
            unit: self.unit.map(Name::from),
            threshold: self.threshold,
            expr: self.expr.map(Name::from),
            since: moment(self.since),
            ended: self.ended.map(moment),
            note: self.note,
        }
    }
}
