//! A command as the inbox keeps it, and what came of it. Types of their own, as for events: the engine's may change while
//! what was submitted before stays readable.

use super::StoreError;
use super::event::acts::ActorBody;
use super::event::parts::{Id, json};
use crate::engine::command::{Act, Command, Deed, NewSilence, Refusal};
use crate::model::{Matchers, Name, Severities, SilenceId, Slot, Span};
use serde::{Deserialize, Serialize};

/// The version of the body that is written.
pub const VERSION: u32 = 1;

/// What came of a command: nothing to say, or why it was refused.
pub type Outcome = Result<(), Refusal>;

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    actor: ActorBody,
    deed: DeedBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DeedBody {
    Incident { number: u64, generation: Option<u32>, act: ActBody },
    Silence(SilenceBody),
    Expire { id: Id<SilenceId> },
    TickOff { routine: String, note: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct SilenceBody {
    matchers: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    lasts: i64,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<Id<SilenceId>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActBody {
    Acknowledge,
    Unacknowledge,
    Assess { severity: String },
    Update { text: String },
    Note { text: String },
    Assign { to: String },
    Snooze { lasts: i64 },
    Escalate,
    Resolve,
    Review { link: String },
    Nothing,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeBody {
    CarriedOut,
    Refused(RefusalBody),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefusalBody {
    NoSuchIncident(u64),
    OtherGeneration { number: u64, asked: u32, now: u32 },
    Resolved(u64),
    NotResolved(u64),
    Reviewed(u64),
    NotAcknowledged(u64),
    StillFiring { number: u64, firing: usize },
    NoLevelLeft(u64),
    NoSuchResponder(String),
    NoSuchSilence,
    NoSuchRoutine { name: String, known: String },
    NothingToDo { name: String, next: String },
    Invalid(String),
}

/// Writes down what is asked for, and by whom. Two commands are the same where this is.
#[must_use]
pub fn encode(command: &Command) -> String {
    json(&Body { actor: ActorBody::new(&command.actor), deed: DeedBody::new(&command.deed) })
}

/// Reads a command back. Severities are stored by name and get the rank that they have now.
///
/// # Errors
/// When it was written by a newer program, or is damaged.
pub fn decode(id: &str, version: u32, body: &str, severities: &Severities) -> Result<Command, StoreError> {
    if version != VERSION {
        return Err(StoreError::NewerCommand { version });
    }
    let body: Body = serde_json::from_str(body).map_err(StoreError::Command)?;
    Ok(Command { id: id.into(), actor: body.actor.read(), deed: body.deed.read(severities)? })
}

/// Writes down what came of a command.
#[must_use]
pub fn encode_outcome(outcome: &Outcome) -> String {
    let body = match outcome {
        Ok(()) => OutcomeBody::CarriedOut,
        Err(refusal) => OutcomeBody::Refused(RefusalBody::new(refusal)),
    };
    json(&body)
}

/// Reads back what came of a command.
///
/// # Errors
/// When it is damaged.
pub fn decode_outcome(text: &str) -> Result<Outcome, StoreError> {
    Ok(match serde_json::from_str(text).map_err(StoreError::Command)? {
        OutcomeBody::CarriedOut => Ok(()),
        OutcomeBody::Refused(refusal) => Err(refusal.read()),
    })
}

impl DeedBody {
    fn new(deed: &Deed) -> Self {
        match deed {
            Deed::Incident { number, generation, act } => {
                DeedBody::Incident { number: *number, generation: *generation, act: ActBody::new(act) }
            }
            Deed::Silence(new) => DeedBody::Silence(SilenceBody::new(new)),
            Deed::Expire(id) => DeedBody::Expire { id: Id(*id) },
            Deed::TickOff { routine, note } => DeedBody::TickOff { routine: routine.to_string(), note: note.clone() },
        }
    }

    fn read(self, severities: &Severities) -> Result<Deed, StoreError> {
        Ok(match self {
            DeedBody::Incident { number, generation, act } => {
                Deed::Incident { number, generation, act: act.read(severities) }
            }
            DeedBody::Silence(new) => Deed::Silence(new.read()?),
            DeedBody::Expire { id } => Deed::Expire(id.0),
            DeedBody::TickOff { routine, note } => Deed::TickOff { routine: routine.into(), note },
        })
    }
}

impl SilenceBody {
    fn new(new: &NewSilence) -> Self {
        SilenceBody {
            matchers: new.matchers.to_string(),
            from: new.from.map(Slot::millis),
            lasts: new.lasts.millis(),
            reason: new.reason.clone(),
            creator: new.creator.as_ref().map(ToString::to_string),
            replaces: new.replaces.map(Id),
        }
    }

    fn read(self) -> Result<NewSilence, StoreError> {
        use serde::de::Error;
        let matchers = Matchers::parse(&self.matchers);
        Ok(NewSilence {
            matchers: matchers.map_err(|cause| StoreError::Command(serde_json::Error::custom(cause)))?,
            from: self.from.map(Slot::from_millis),
            lasts: Span::from_millis(self.lasts),
            reason: self.reason,
            creator: self.creator.map(Name::from),
            replaces: self.replaces.map(|id| id.0),
        })
    }
}

impl ActBody {
    fn new(act: &Act) -> Self {
        match act {
            Act::Acknowledge => ActBody::Acknowledge,
            Act::Unacknowledge => ActBody::Unacknowledge,
            Act::Assess(severity) => ActBody::Assess { severity: severity.to_string() },
            Act::Update(text) => ActBody::Update { text: text.clone() },
            Act::Note(text) => ActBody::Note { text: text.clone() },
            Act::Assign(to) => ActBody::Assign { to: to.to_string() },
            Act::Snooze(span) => ActBody::Snooze { lasts: span.millis() },
            Act::Escalate => ActBody::Escalate,
            Act::Resolve => ActBody::Resolve,
            Act::Review(link) => ActBody::Review { link: link.clone() },
            Act::Nothing => ActBody::Nothing,
        }
    }

    fn read(self, severities: &Severities) -> Act {
        match self {
            ActBody::Acknowledge => Act::Acknowledge,
            ActBody::Unacknowledge => Act::Unacknowledge,
            ActBody::Assess { severity: name } => Act::Assess(severities.placed(&name)),
            ActBody::Update { text } => Act::Update(text),
            ActBody::Note { text } => Act::Note(text),
            ActBody::Assign { to } => Act::Assign(to.into()),
            ActBody::Snooze { lasts } => Act::Snooze(Span::from_millis(lasts)),
            ActBody::Escalate => Act::Escalate,
            ActBody::Resolve => Act::Resolve,
            ActBody::Review { link } => Act::Review(link),
            ActBody::Nothing => Act::Nothing,
        }
    }
}

impl RefusalBody {
    fn new(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NoSuchIncident(number) => RefusalBody::NoSuchIncident(*number),
            Refusal::OtherGeneration { number, asked, now } => {
                RefusalBody::OtherGeneration { number: *number, asked: *asked, now: *now }
            }
            Refusal::Resolved(number) => RefusalBody::Resolved(*number),
            Refusal::NotResolved(number) => RefusalBody::NotResolved(*number),
            Refusal::Reviewed(number) => RefusalBody::Reviewed(*number),
            Refusal::NotAcknowledged(number) => RefusalBody::NotAcknowledged(*number),
            Refusal::StillFiring { number, firing } => RefusalBody::StillFiring { number: *number, firing: *firing },
            Refusal::NoLevelLeft(number) => RefusalBody::NoLevelLeft(*number),
            Refusal::NoSuchResponder(name) => RefusalBody::NoSuchResponder(name.to_string()),
            Refusal::NoSuchSilence => RefusalBody::NoSuchSilence,
            Refusal::NoSuchRoutine { name, known } => {
                RefusalBody::NoSuchRoutine { name: name.to_string(), known: known.clone() }
            }
            Refusal::NothingToDo { name, next } => {
                RefusalBody::NothingToDo { name: name.to_string(), next: next.clone() }
            }
            Refusal::Invalid(why) => RefusalBody::Invalid(why.clone()),
        }
    }

    fn read(self) -> Refusal {
        match self {
            RefusalBody::NoSuchIncident(number) => Refusal::NoSuchIncident(number),
            RefusalBody::OtherGeneration { number, asked, now } => Refusal::OtherGeneration { number, asked, now },
            RefusalBody::Resolved(number) => Refusal::Resolved(number),
            RefusalBody::NotResolved(number) => Refusal::NotResolved(number),
            RefusalBody::Reviewed(number) => Refusal::Reviewed(number),
            RefusalBody::NotAcknowledged(number) => Refusal::NotAcknowledged(number),
            RefusalBody::StillFiring { number, firing } => Refusal::StillFiring { number, firing },
            RefusalBody::NoLevelLeft(number) => Refusal::NoLevelLeft(number),
            RefusalBody::NoSuchResponder(name) => Refusal::NoSuchResponder(Name::from(name)),
            RefusalBody::NoSuchSilence => Refusal::NoSuchSilence,
            RefusalBody::NoSuchRoutine { name, known } => Refusal::NoSuchRoutine { name: name.into(), known },
            RefusalBody::NothingToDo { name, next } => Refusal::NothingToDo { name: name.into(), next },
            RefusalBody::Invalid(why) => Refusal::Invalid(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::{Actor, Via};

    fn command(deed: Deed) -> Command {
        Command { id: "a".into(), actor: Actor { name: "anna".into(), via: Via::Slack }, deed }
    }

    fn about_an_incident(act: Act) -> Deed {
        Deed::Incident { number: 41, generation: Some(2), act }
    }

    #[test]
    fn every_command_is_read_back_as_it_was_written() {
        let severities = Severities::default();
        let high = severities.find("high").cloned().expect("it is one of the four");
        let matchers = Matchers::parse(r#"chain=~"a|b", x!="\"y\"""#).expect("these are matchers");
        let acts = [
            Act::Acknowledge,
            Act::Unacknowledge,
            Act::Assess(high),
            Act::Update("it is <better>".into()),
            Act::Note("\u{0} and ü".into()),
            Act::Assign("ben".into()),
            Act::Snooze(Span::from_mins(30)),
            Act::Escalate,
            Act::Resolve,
            Act::Review("https://example.org/review".into()),
            Act::Nothing,
        ];
        let silence = NewSilence::from_now(matchers, Span::from_hours(2), "work".into());
        let other = NewSilence {
            from: Some(Slot::from_millis(7)),
            creator: Some("Ann, of ops".into()),
            replaces: Some(SilenceId::derive(&["old"])),
            ..silence.clone()
        };
        let tick_off = Deed::TickOff { routine: "review-overnight".into(), note: "nothing \u{0} new".into() };
        let expire = Deed::Expire(SilenceId::derive(&["a"]));
        let deeds = acts.into_iter().map(about_an_incident);
        for deed in deeds.chain([Deed::Silence(silence), Deed::Silence(other), expire, tick_off]) {
            let command = command(deed);
            let read = decode("a", VERSION, &encode(&command), &severities).expect("it was just written");
            assert_eq!(read, command);
        }
    }

    #[test]
    fn every_outcome_is_read_back_as_it_was_written() {
        let refusals = [
            Refusal::NoSuchIncident(41),
            Refusal::OtherGeneration { number: 41, asked: 1, now: 2 },
            Refusal::Resolved(41),
            Refusal::NotResolved(41),
            Refusal::NotAcknowledged(41),
            Refusal::StillFiring { number: 41, firing: 3 },
            Refusal::NoLevelLeft(41),
            Refusal::NoSuchResponder("x".into()),
            Refusal::NoSuchSilence,
            Refusal::NoSuchRoutine { name: "a".into(), known: "b, c".into() },
            Refusal::NothingToDo { name: "a".into(), next: "2026-01-05 09:00 CET".into() },
            Refusal::Invalid("no".into()),
        ];
        for outcome in refusals.into_iter().map(Err).chain([Ok(())]) {
            assert_eq!(decode_outcome(&encode_outcome(&outcome)).expect("it was just written"), outcome);
        }
    }

    #[test]
    fn a_command_of_a_newer_program_is_refused_by_name() {
        let refused = decode("a", VERSION + 1, "{}", &Severities::default()).expect_err("nobody knows it");
        assert!(refused.to_string().contains("run a newer one"), "{refused}");
    }
}
