//! The body of a webhook.

use crate::engine::command::Actor;
use crate::engine::notice::{AlertText, Notice, NoticeKind, Reason};
use crate::notify::Delivery;
use crate::notify::text::{headline, number, reason, report};
use serde_json::{Map, Value, json};

/// What happened, as JSON.
pub fn body(delivery: Delivery<'_>) -> String {
    let notice = delivery.notice;
    let draft = &notice.draft;
    let links = delivery.links.map(|links| json!({ "show": links.show, "acknowledge": links.acknowledge }));
    let (about, it) = match draft.kind {
        NoticeKind::Letter => ("letter", letter(notice)),
        NoticeKind::Page | NoticeKind::Update | NoticeKind::End => ("incident", incident(notice, links.as_ref())),
    };
    let mut body = json!({
        "type": kind(notice),
        "timestamp": draft.at.to_string(),
        "data": {
            about: it,
            "text": headline(notice),
            "reason": reason(notice),
            "level": draft.level.as_deref(),
            "actor": draft.by.as_ref().map(actor),
            "acknowledged_by": draft.acknowledged_by.as_ref().map(actor),
            "alerts": notice.alerts.iter().map(alert).collect::<Vec<_>>(),
        }
    });
    if draft.reason == Reason::Routine {
        body["data"]["report"] = json!(report(notice).collect::<Vec<_>>().join("\n"));
    }
    body.to_string()
}

/// The incident that it is about.
fn incident(notice: &Notice, links: Option<&Value>) -> Value {
    let draft = &notice.draft;
    json!({
        "id": draft.incident.to_string(),
        "number": draft.number,
        "name": format!("INC-{}", draft.number),
        "generation": draft.generation,
        "page": draft.page,
        "severity": draft.severity.to_string(),
        "policy": &*draft.key.policy,
        "group": draft.key.group,
        "opened_at": draft.opened.to_string(),
        "url": notice.link,
        "links": links,
    })
}

/// What is about no incident has no number of one: what it is, and for when.
fn letter(notice: &Notice) -> Value {
    let draft = &notice.draft;
    json!({
        "id": draft.incident.to_string(),
        "name": &*draft.key.policy,
        "severity": draft.severity.to_string(),
        "at": draft.opened.to_string(),
        "url": notice.link,
    })
}

fn actor(actor: &Actor) -> Value {
    json!({ "name": &*actor.name, "via": actor.via.to_string() })
}

/// The event's type, by what happened; a page that only reaches more people is an escalation.
fn kind(notice: &Notice) -> &'static str {
    match (notice.draft.kind, notice.draft.reason) {
        (NoticeKind::End, _) => "incident.resolved",
        (NoticeKind::Letter, Reason::Digest) => "digest",
        (NoticeKind::Letter, Reason::Routine) => "routine",
        (NoticeKind::Letter, _) => "summary",
        (_, Reason::Acknowledged | Reason::Snoozed) => "incident.acknowledged",
        (_, Reason::Unacknowledged | Reason::AcknowledgementExpired) => "incident.unacknowledged",
        (_, Reason::Assessed) => "incident.assessed",
        (_, Reason::Assigned) => "incident.assigned",
        (_, Reason::Communicated) => "incident.communicated",
        (_, Reason::Overdue(_)) => "incident.overdue",
        (NoticeKind::Page, Reason::Reopened) => "incident.reopened",
        (NoticeKind::Page, Reason::Rose | Reason::Escalated | Reason::Repeated) => "incident.escalated",
        (
            NoticeKind::Page,
            Reason::Opened
            | Reason::Released
            | Reason::Stale
            | Reason::Rested
            | Reason::Digest
            | Reason::SilenceEnds
            | Reason::Routine
            | Reason::Fell
            | Reason::Changed
            | Reason::Calmed
            | Reason::Remedied
            | Reason::Resolved,
        ) => "incident.opened",
        (NoticeKind::Update, _) => "incident.updated",
    }
}

fn alert(alert: &AlertText) -> Value {
    let annotations: Map<String, Value> =
        alert.annotations.iter().map(|(name, text)| (name.to_string(), json!(text))).collect();
    json!({
        "id": alert.alert.to_string(),
        "status": if alert.ended.is_some() { "resolved" } else { "firing" },
        "severity": alert.severity.to_string(),
        "labels": alert.labels,
        "annotations": annotations,
        // JSON has no NaN and no infinities; a text can say them.
        "value": if alert.value.is_finite() { json!(alert.value) } else { json!(number(alert.value)) },
        "unit": alert.unit.as_deref(),
        "threshold": alert.threshold,
        "started_at": alert.since.to_string(),
        "ended_at": alert.ended.map(|at| at.to_string()),
        "note": alert.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sample;

    #[test]
    fn a_routine_a_digest_and_a_summary_are_about_no_incident() {
        for reason in [Reason::Routine, Reason::Digest, Reason::Rested] {
            let mut notice = sample::page(Vec::new());
            (notice.draft.kind, notice.draft.reason, notice.draft.number) = (NoticeKind::Letter, reason, 0);
            notice.draft.key.policy = "routine/look around".into();
            let body: Value = serde_json::from_str(&body(Delivery { notice: &notice, links: None, wall: 0 })).unwrap();
            assert!(body["data"].get("incident").is_none(), "{body}");
            assert!(!body.to_string().contains("INC-"), "{body}");
            assert_eq!(body["data"]["letter"]["name"], "routine/look around", "{body}");
        }
        let body = body(Delivery { notice: &sample::page(Vec::new()), links: None, wall: 0 });
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body["data"]["incident"]["number"].is_u64() && body["data"].get("letter").is_none(), "{body}");
    }
}
