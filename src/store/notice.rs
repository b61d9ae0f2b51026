//! A notice as the outbox keeps it. Who reads it back gets everything that a channel lays out.

use super::event::parts::{DestinationBody, Id, KeyBody, LabelMap, Number, json, label_map, labels, moment, severity};
use crate::engine::notice::{AlertText, Draft, Notice, NoticeKind, Reason};
use crate::model::{AlertId, DeliveryId, IncidentId, Moment, Name, Severities, Slot};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    id: Id<DeliveryId>,
    destination: DestinationBody,
    kind: KindBody,
    reason: ReasonBody,
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
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReasonBody {
    Opened,
    Reopened,
    Rose,
    Fell,
    Changed,
    Resolved,
}

#[derive(Debug, Serialize, Deserialize)]
struct AlertBody {
    alert: Id<AlertId>,
    name: String,
    labels: LabelMap,
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
        },
        reason: match draft.reason {
            Reason::Opened => ReasonBody::Opened,
            Reason::Reopened => ReasonBody::Reopened,
            Reason::Rose => ReasonBody::Rose,
            Reason::Fell => ReasonBody::Fell,
            Reason::Changed => ReasonBody::Changed,
            Reason::Resolved => ReasonBody::Resolved,
        },
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
    json(&body).to_string()
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
        },
        reason: match body.reason {
            ReasonBody::Opened => Reason::Opened,
            ReasonBody::Reopened => Reason::Reopened,
            ReasonBody::Rose => Reason::Rose,
            ReasonBody::Fell => Reason::Fell,
            ReasonBody::Changed => Reason::Changed,
            ReasonBody::Resolved => Reason::Resolved,
        },
        at: moment(body.at),
        incident: body.incident.0,
        number: body.number,
        key: body.key.read(),
        generation: body.generation,
        page: body.page,
        revision: body.revision,
        pages: body.pages,
        severity: severity(&body.severity, severities),
        opened: Slot::from_millis(body.opened),
        members: Vec::new(),
    };
    let alerts = body.alerts.into_iter().map(|alert| alert.read(severities)).collect();
    Ok(Notice { draft, title: body.title, link: body.link, alerts })
}

impl AlertBody {
    fn new(text: &AlertText) -> Self {
        AlertBody {
            alert: Id(text.alert),
            name: text.name.to_string(),
            labels: label_map(&text.labels),
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
            labels: labels(self.labels),
            annotations: self.annotations.into_iter().map(|(name, text)| (Name::from(name), text)).collect(),
            title: self.title,
            severity: severity(&self.severity, severities),
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
