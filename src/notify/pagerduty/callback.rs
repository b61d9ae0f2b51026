//! What PagerDuty sends us: <https://developer.pagerduty.com/docs/webhooks/v3-overview/>, and how it proves that it is
//! PagerDuty: <https://developer.pagerduty.com/docs/verifying-webhook-signatures/>. No time is signed, so that a request
//! that was recorded is known by its event's id alone.

use crate::notify::signature;
use serde::Deserialize;

/// So many signatures are tried: each costs a pass over the body, and nobody has proven anything yet.
const MOST_SIGNATURES: usize = 8;

/// Something that happened at PagerDuty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for every attempt at telling it.
    pub id: String,
    /// What happened.
    pub kind: EventKind,
    /// Who did it; nobody, where it was automation.
    pub person: Option<String>,
    /// PagerDuty's own id of its incident.
    pub incident: String,
    /// The key under which we opened it; notes do not say it.
    pub key: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody is at it.
    Acknowledged,
    /// Nobody is at it any more.
    Unacknowledged,
    /// Somebody closed it there.
    Resolved,
    /// Others are to look after it.
    Reassigned(Vec<String>),
    /// Somebody wrote something.
    Annotated(String),
    /// Something that we do nothing about.
    Other,
}

#[derive(Deserialize)]
struct Body {
    event: Written,
}

#[derive(Deserialize)]
struct Written {
    id: String,
    event_type: String,
    agent: Option<Reference>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    id: Option<String>,
    incident_key: Option<String>,
    #[serde(default)]
    assignees: Vec<Reference>,
    incident: Option<Reference>,
    content: Option<String>,
}

/// Whether one of the signatures in `header` (there are several while a secret is changed) is ours. Versions that we do
/// not know are passed over.
#[must_use]
pub fn is_proven(secret: &str, header: &str, body: &[u8]) -> bool {
    let signatures = header.split(',').filter_map(|signature| signature.trim().strip_prefix("v1="));
    signatures.take(MOST_SIGNATURES).any(|hex| signature::is_of(secret, &[body], hex))
}

/// What a request says; `None` where it is none of PagerDuty's.
#[must_use]
pub fn read(body: &[u8]) -> Option<Event> {
    let Body { event } = serde_json::from_slice(body).ok()?;
    let kind = event.event_type.as_str();
    let data = event.data.unwrap_or(Data {
        id: None,
        incident_key: None,
        assignees: Vec::new(),
        incident: None,
        content: None,
    });
    let summaries = |people: Vec<Reference>| people.into_iter().filter_map(|person| person.summary).collect();
    let about = match data.incident {
        Some(incident) => incident.id,
        None => data.id,
    };
    let kind = match kind {
        "incident.acknowledged" => EventKind::Acknowledged,
        "incident.unacknowledged" => EventKind::Unacknowledged,
        "incident.resolved" => EventKind::Resolved,
        "incident.reassigned" => EventKind::Reassigned(summaries(data.assignees)),
        "incident.annotated" => EventKind::Annotated(data.content.unwrap_or_default()),
        _ => EventKind::Other,
    };
    let is_person = |agent: &Reference| agent.kind.as_deref().is_some_and(|kind| kind.starts_with("user"));
    let person = event.agent.filter(is_person).map(|agent| agent.summary.unwrap_or_default());
    Some(Event { id: event.id, kind, person, incident: about.unwrap_or_default(), key: data.incident_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"event":{"id":"e1"}}"#;
    const GOOD: &str = "v1=042ba3d57c6464bcd085dfc8cbdd4d052aec11f5db1853a8bd50f8f46dcb059a";

    #[test]
    fn one_of_several_signatures_is_enough_with_space_around_it_and_other_versions_beside_it() {
        let other = format!("v1={}", "0".repeat(64));
        for header in [GOOD, &format!("{other}, {GOOD}"), &format!(" {GOOD} ,v2=zzz,{other}")] {
            assert!(is_proven("whsec-test", header, BODY), "{header}");
        }
        let last_of_many = format!("{}{GOOD}", format!("{other},").repeat(8));
        for header in
            ["", &other, &last_of_many, &GOOD.replace("v1", "v2"), &GOOD[3..], &format!("{GOOD} {GOOD}"), ",,"]
        {
            assert!(!is_proven("whsec-test", header, BODY), "{header}");
        }
        assert!(!is_proven("whsec-other", GOOD, BODY));
    }

    fn event(kind: &str, agent: &str, data: &str) -> Option<Event> {
        let body = format!(r#"{{"event":{{"id":"e1","event_type":"{kind}","agent":{agent},"data":{data}}}}}"#);
        read(body.as_bytes())
    }

    #[test]
    fn an_event_says_who_did_what_to_which_incident() {
        let person = r#"{"id":"PLH1HKV","summary":"Tenex Engineer","type":"user_reference"}"#;
        let incident = r#"{"id":"PGR0VU2","type":"incident","incident_key":"watchbell/1/2/3","assignees":[{"summary":"User 123"}]}"#;
        let read = event("incident.reassigned", person, incident).unwrap();
        assert_eq!(read.kind, EventKind::Reassigned(vec!["User 123".into()]));
        assert_eq!(read.person.as_deref(), Some("Tenex Engineer"));
        assert_eq!((read.incident.as_str(), read.key.as_deref()), ("PGR0VU2", Some("watchbell/1/2/3")));

        let note = r#"{"incident":{"id":"PGR0VU2","type":"incident_reference"},"id":"P2LA89X","content":"hello","trimmed":false}"#;
        let read = event("incident.annotated", "null", note).unwrap();
        assert_eq!(read.kind, EventKind::Annotated("hello".into()));
        assert_eq!((read.incident.as_str(), read.key, read.person), ("PGR0VU2", None, None));

        let service = r#"{"id":"PXPGF42","summary":"An API","type":"inbound_integration_reference"}"#;
        let read = event("incident.acknowledged", service, incident).unwrap();
        assert_eq!((read.kind, read.person), (EventKind::Acknowledged, None), "an integration is nobody");
        assert_eq!(event("service.updated", "null", "null").unwrap().kind, EventKind::Other);
        assert_eq!(read_nonsense(), [None, None, None]);
    }

    fn read_nonsense() -> [Option<Event>; 3] {
        [read(b""), read(b"{\"event\":{}}"), read(b"[1]")]
    }
}
