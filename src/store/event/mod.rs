//! Events as the journal keeps them: a kind, a version and a JSON body.
//!
//! Each kind has a file with a type of its own for its body, so that the engine's types may change while old journals stay
//! readable. A change to a body adds a version and a step in its `decode`; `fixtures/events/` keeps a sample of each.

mod action;
pub(super) mod acts;
mod alert;
mod digest;
mod heartbeat;
mod incident;
pub(super) mod parts;
mod plan;
mod posted;
mod routine;
mod rule;

use crate::engine::{Event, EventKind};
use crate::model::{Moment, Severities, Slot};

/// An event as it is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When, by the engine's clock, in milliseconds.
    pub moment: i64,
    /// The slot whose evaluation led to it.
    pub slot: Option<i64>,
    /// The name of the kind.
    pub kind: String,
    /// The version of the body.
    pub version: u32,
    /// The rule, alert or incident that it is about.
    pub subject: String,
    /// The incident's generation; zero for everything else.
    pub generation: u32,
    /// What it says, as JSON.
    pub body: String,
}

/// Why a row cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// This program is older than the journal.
    #[error(
        "the journal holds an event `{kind}` of version {version}, which this version of Watchbell does not know; run a newer one"
    )]
    Newer {
        /// The kind.
        kind: String,
        /// Its version.
        version: u32,
    },
    /// The body is not what the kind says.
    #[error("cannot read the event `{kind}` of the journal")]
    Body {
        /// The kind.
        kind: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// The kinds of what alerts did. There are many of them, and what people want to know later stands in the incidents.
pub const OF_ALERTS: [&str; 4] = ["alert.changed", "alert.forgotten", "alert.posted", "posted.ended"];

/// Writes an event down.
#[must_use]
pub fn encode(event: &Event) -> Row {
    let (kind, subject, generation, body) = match &event.kind {
        EventKind::AlertChanged { rule, alert } => {
            ("alert.changed", alert.id.to_string(), 0, parts::json(&alert::Changed::new(*rule, alert)))
        }
        EventKind::AlertForgotten { rule, alert } => {
            ("alert.forgotten", alert.to_string(), 0, parts::json(&alert::Forgotten::new(*rule, *alert)))
        }
        EventKind::RuleChanged { rule, failing, empty } => {
            ("rule.changed", rule.to_string(), 0, parts::json(&rule::Changed::new(*rule, *failing, *empty)))
        }
        EventKind::RuleMoved { from, to, alerts } => {
            ("rule.moved", to.to_string(), 0, parts::json(&rule::Moved::new(*from, *to, alerts)))
        }
        EventKind::RuleForgotten { rule } => {
            ("rule.forgotten", rule.to_string(), 0, parts::json(&rule::Forgotten::new(*rule)))
        }
        EventKind::SourceChanged { source, failing } => {
            ("source.changed", source.to_string(), 0, parts::json(&rule::Source::new(source, *failing)))
        }
        EventKind::OwnAlert { subject, fires } => {
            ("own.alert", subject.alert.to_string(), 0, parts::json(&rule::Own::new(subject, *fires)))
        }
        EventKind::HeartbeatChanged { alert, is } => {
            ("heartbeat.changed", alert.to_string(), 0, parts::json(&heartbeat::Changed::new(alert, *is)))
        }
        EventKind::RoutineChanged { routine, is } => {
            ("routine.changed", routine.to_string(), 0, parts::json(&routine::Changed::new(routine, is.as_ref())))
        }
        EventKind::AlertPosted { posted } => {
            ("alert.posted", posted.subject.alert.to_string(), 0, parts::json(&posted::Changed::new(posted)))
        }
        EventKind::PostedEnded { alert } => {
            ("posted.ended", alert.to_string(), 0, parts::json(&posted::Ended::new(*alert)))
        }
        EventKind::SlotsMissed { source, group, first, slots } => {
            ("slots.missed", group.to_string(), 0, parts::json(&rule::Missed::new(source, group, *first, *slots)))
        }
        EventKind::Slept { span } => ("slept", String::new(), 0, parts::json(&rule::Slept::new(*span))),
        EventKind::Incident { key, id, number, generation, event } => {
            ("incident", id.to_string(), *generation, parts::json(&incident::Stepped::new(key, *id, *number, event)))
        }
        EventKind::Silenced { silence } => {
            ("silenced", silence.id.to_string(), 0, parts::json(&acts::Silenced::new(silence)))
        }
        EventKind::SilenceEnded { id, by } => {
            ("silence.ended", id.to_string(), 0, parts::json(&acts::SilenceEnded::new(*id, by.as_ref())))
        }
        EventKind::DigestEntered { digest, number, entry } => {
            let body = digest::Entered::new(digest, *number, entry);
            ("digest.entered", digest.to_string(), 0, parts::json(&body))
        }
        EventKind::DigestSent { digest, at, kept } => {
            ("digest.sent", digest.to_string(), 0, parts::json(&digest::Sent::new(digest, *at, kept)))
        }
        EventKind::IncidentsCounted { last_number, changes } => {
            ("incidents.counted", String::new(), 0, parts::json(&acts::Counted::new(*last_number, changes)))
        }
        EventKind::ActionsCounted { ran } => {
            ("actions.counted", String::new(), 0, parts::json(&action::Counted::new(ran)))
        }
        EventKind::IncidentRestored { incident } => (
            "incident.restored",
            incident.id.to_string(),
            incident.generation,
            parts::json(&incident::Restored::new(incident)),
        ),
        EventKind::MembersRestored { key, id, members } => {
            ("incident.members", id.to_string(), 0, parts::json(&incident::Members::new(key, *id, members)))
        }
    };
    let slot = event.slot.map(Slot::millis);
    let version = version(kind);
    Row { moment: event.moment.millis(), slot, kind: kind.into(), version, subject, generation, body }
}

/// Reads an event back. Severities are stored by name and get the rank that they have now.
///
/// # Errors
/// When the row is newer than this program, or damaged.
pub fn decode(row: &Row, severities: &Severities) -> Result<Event, EventError> {
    let newer = || EventError::Newer { kind: row.kind.clone(), version: row.version };
    if row.version == 0 || row.version > version(&row.kind) {
        return Err(newer());
    }
    let body = row.body.as_str();
    let kind = match row.kind.as_str() {
        "alert.changed" => from_text::<alert::Changed>(body).map(|body| body.read(severities)),
        "alert.forgotten" => from_text::<alert::Forgotten>(body).map(alert::Forgotten::read),
        "rule.changed" => from_text::<rule::Changed>(body).map(rule::Changed::read),
        "rule.moved" => from_text::<rule::Moved>(body).map(rule::Moved::read),
        "rule.forgotten" => from_text::<rule::Forgotten>(body).map(rule::Forgotten::read),
        "source.changed" => from_text::<rule::Source>(body).map(rule::Source::read),
        "own.alert" => from_text::<rule::Own>(body).map(|body| body.read(severities)),
        "heartbeat.changed" => from_text::<heartbeat::Changed>(body).map(heartbeat::Changed::read),
        "routine.changed" => from_text::<routine::Changed>(body).map(routine::Changed::read),
        "alert.posted" => from_text::<posted::Changed>(body).map(|body| body.read(severities)),
        "posted.ended" => from_text::<posted::Ended>(body).map(posted::Ended::read),
        "slots.missed" => from_text::<rule::Missed>(body).map(rule::Missed::read),
        "slept" => from_text::<rule::Slept>(body).map(rule::Slept::read),
        "incident" => from_text::<incident::Stepped>(body).map(|body| body.read(row.generation, severities)),
        "silenced" if row.version == 1 => from_text::<acts::SilencedV1>(body).and_then(acts::SilencedV1::read),
        "silenced" => from_text::<acts::Silenced>(body).and_then(acts::Silenced::read),
        "silence.ended" => from_text::<acts::SilenceEnded>(body).map(acts::SilenceEnded::read),
        "digest.entered" => from_text::<digest::Entered>(body).map(|body| body.read(severities)),
        "digest.sent" => from_text::<digest::Sent>(body).map(|body| body.read(severities)),
        "incidents.counted" => from_text::<acts::Counted>(body).map(acts::Counted::read),
        "actions.counted" => from_text::<action::Counted>(body).map(action::Counted::read),
        "incident.members" => from_text::<incident::Members>(body).map(|body| body.read(severities)),
        "incident.restored" => from_text::<incident::Restored>(body).map(|body| body.read(severities)),
        _ => return Err(newer()),
    };
    let kind = kind.map_err(|source| EventError::Body { kind: row.kind.clone(), source })?;
    Ok(Event { moment: Moment::from_millis(row.moment), slot: row.slot.map(Slot::from_millis), kind })
}

/// The version of the body that is written for a kind.
fn version(kind: &str) -> u32 {
    match kind {
        // The second may begin later, names who wanted it, and is kept for a while when it is over.
        "silenced" => 2,
        _ => 1,
    }
}

fn from_text<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(body)
}
