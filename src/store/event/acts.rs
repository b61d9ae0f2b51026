//! What people do and what holds them up, as bodies of events keep it; and `silenced`, `silence.ended`, `incidents.counted`.

use super::parts::{DestinationBody, Id, moment};
use crate::engine::EventKind;
use crate::engine::command::{Actor, AdHocSilence, SilencePhase, Via};
use crate::engine::escalation::Climb;
use crate::engine::incident::{Acknowledgement, Assessment, Held, Hold, HoldKind, Later, Stage};
use crate::model::{AlertId, Matchers, Moment, Severities, SilenceId};
use serde::{Deserialize, Serialize};

/// [`Actor`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct ActorBody {
    name: String,
    via: ViaBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ViaBody {
    Api,
    Slack,
    PagerDuty,
    Link,
    Scenario,
}

impl ActorBody {
    /// Writes an actor down.
    pub fn new(actor: &Actor) -> Self {
        let via = match actor.via {
            Via::Api => ViaBody::Api,
            Via::Slack => ViaBody::Slack,
            Via::PagerDuty => ViaBody::PagerDuty,
            Via::Link => ViaBody::Link,
            Via::Scenario => ViaBody::Scenario,
        };
        ActorBody { name: actor.name.to_string(), via }
    }

    /// Reads an actor back.
    pub fn read(self) -> Actor {
        let via = match self.via {
            ViaBody::Api => Via::Api,
            ViaBody::Slack => Via::Slack,
            ViaBody::PagerDuty => Via::PagerDuty,
            ViaBody::Link => Via::Link,
            ViaBody::Scenario => Via::Scenario,
        };
        Actor { name: self.name.into(), via }
    }
}

/// [`Climb`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClimbBody {
    started: i64,
    reached: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
}

impl ClimbBody {
    /// Writes a climb down.
    pub fn new(climb: &Climb) -> Self {
        ClimbBody {
            started: climb.started.millis(),
            reached: climb.reached,
            stopped: climb.stopped.map(Moment::millis),
            not_before: climb.not_before.map(Moment::millis),
        }
    }

    /// Reads a climb back.
    pub fn read(self) -> Climb {
        Climb {
            started: moment(self.started),
            reached: self.reached,
            stopped: self.stopped.map(moment),
            not_before: self.not_before.map(moment),
        }
    }
}

/// [`Later`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct LaterBody {
    at: i64,
    destination: DestinationBody,
    level: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    quiet: bool,
}

impl LaterBody {
    /// Writes it down.
    pub fn new(later: &Later) -> Self {
        let destination = DestinationBody::new(&later.destination);
        LaterBody { at: later.at.millis(), destination, level: later.level.to_string(), quiet: later.is_quiet }
    }

    /// Reads it back.
    pub fn read(self) -> Later {
        let destination = self.destination.read();
        Later { at: moment(self.at), destination, level: self.level.into(), is_quiet: self.quiet }
    }
}

/// [`Acknowledgement`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct AcknowledgementBody {
    by: ActorBody,
    at: i64,
    severity: String,
    until: Option<i64>,
}

impl AcknowledgementBody {
    /// Writes it down.
    pub fn new(acknowledged: &Acknowledgement) -> Self {
        AcknowledgementBody {
            by: ActorBody::new(&acknowledged.by),
            at: acknowledged.at.millis(),
            severity: acknowledged.severity.to_string(),
            until: acknowledged.until.map(Moment::millis),
        }
    }

    /// Reads it back.
    pub fn read(self, severities: &Severities) -> Acknowledgement {
        Acknowledgement {
            by: self.by.read(),
            at: moment(self.at),
            severity: severities.placed(&self.severity),
            until: self.until.map(moment),
        }
    }
}

/// [`Assessment`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct AssessmentBody {
    severity: String,
    instead_of: String,
    by: ActorBody,
    at: i64,
}

impl AssessmentBody {
    /// Writes it down.
    pub fn new(assessed: &Assessment) -> Self {
        AssessmentBody {
            severity: assessed.severity.to_string(),
            instead_of: assessed.instead_of.to_string(),
            by: ActorBody::new(&assessed.by),
            at: assessed.at.millis(),
        }
    }

    /// Reads it back.
    pub fn read(self, severities: &Severities) -> Assessment {
        Assessment {
            severity: severities.placed(&self.severity),
            instead_of: severities.placed(&self.instead_of),
            by: self.by.read(),
            at: moment(self.at),
        }
    }
}

/// [`Hold`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct HoldBody {
    kind: HoldKindBody,
    what: String,
    until: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HoldKindBody {
    Silence,
    Maintenance,
    Inhibition,
    Flapping,
}

impl HoldBody {
    /// Writes it down.
    pub fn new(hold: &Hold) -> Self {
        let kind = match hold.kind {
            HoldKind::Silence => HoldKindBody::Silence,
            HoldKind::Maintenance => HoldKindBody::Maintenance,
            HoldKind::Inhibition => HoldKindBody::Inhibition,
            HoldKind::Flapping => HoldKindBody::Flapping,
        };
        HoldBody { kind, what: hold.what.clone(), until: hold.until.map(Moment::millis) }
    }

    /// Reads it back.
    pub fn read(self) -> Hold {
        let kind = match self.kind {
            HoldKindBody::Silence => HoldKind::Silence,
            HoldKindBody::Maintenance => HoldKind::Maintenance,
            HoldKindBody::Inhibition => HoldKind::Inhibition,
            HoldKindBody::Flapping => HoldKind::Flapping,
        };
        Hold { kind, what: self.what, until: self.until.map(moment) }
    }
}

/// [`Held`] as written.
#[derive(Debug, Serialize, Deserialize)]
pub struct HeldBody {
    since: i64,
    by: Vec<HoldBody>,
}

impl HeldBody {
    /// Writes it down.
    pub fn new(held: &Held) -> Self {
        HeldBody { since: held.since.millis(), by: held.by.iter().map(HoldBody::new).collect() }
    }

    /// Reads it back.
    pub fn read(self) -> Held {
        Held { since: moment(self.since), by: self.by.into_iter().map(HoldBody::read).collect() }
    }
}

/// [`Stage`] as written.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageBody {
    /// See [`Stage::Acknowledge`].
    Acknowledge,
    /// See [`Stage::Assess`].
    Assess,
    /// See [`Stage::Communicate`].
    Communicate,
    /// See [`Stage::Resolve`].
    Resolve,
    /// See [`Stage::Postmortem`].
    Postmortem,
}

impl StageBody {
    /// Writes a stage down.
    pub fn new(stage: Stage) -> Self {
        match stage {
            Stage::Acknowledge => StageBody::Acknowledge,
            Stage::Assess => StageBody::Assess,
            Stage::Communicate => StageBody::Communicate,
            Stage::Resolve => StageBody::Resolve,
            Stage::Postmortem => StageBody::Postmortem,
        }
    }

    /// Reads a stage back.
    pub fn read(self) -> Stage {
        match self {
            StageBody::Acknowledge => Stage::Acknowledge,
            StageBody::Assess => Stage::Assess,
            StageBody::Communicate => Stage::Communicate,
            StageBody::Resolve => Stage::Resolve,
            StageBody::Postmortem => Stage::Postmortem,
        }
    }
}

/// `silenced`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Silenced {
    id: Id<SilenceId>,
    matchers: String,
    from: i64,
    until: i64,
    by: ActorBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    reason: String,
    phase: SilencePhaseBody,
}

/// `silenced` in its first version: it held from the start.
#[derive(Debug, Deserialize)]
pub struct SilencedV1 {
    id: Id<SilenceId>,
    matchers: String,
    from: i64,
    until: i64,
    by: ActorBody,
    reason: String,
    warned: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SilencePhaseBody {
    Pending,
    Holds,
    Warned,
    Over,
}

impl Silenced {
    /// Writes it down.
    pub fn new(silence: &AdHocSilence) -> Self {
        Silenced {
            id: Id(silence.id),
            matchers: silence.matchers.to_string(),
            from: silence.from.millis(),
            until: silence.until.millis(),
            by: ActorBody::new(&silence.by),
            creator: silence.creator.as_ref().map(ToString::to_string),
            reason: silence.reason.clone(),
            phase: match silence.phase {
                SilencePhase::Pending => SilencePhaseBody::Pending,
                SilencePhase::Holds => SilencePhaseBody::Holds,
                SilencePhase::Warned => SilencePhaseBody::Warned,
                SilencePhase::Over => SilencePhaseBody::Over,
            },
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When its matchers cannot be read.
    pub fn read(self) -> Result<EventKind, serde_json::Error> {
        use serde::de::Error;
        let silence = AdHocSilence {
            id: self.id.0,
            matchers: Matchers::parse(&self.matchers).map_err(serde_json::Error::custom)?,
            from: moment(self.from),
            until: moment(self.until),
            by: self.by.read(),
            creator: self.creator.map(Into::into),
            reason: self.reason,
            phase: match self.phase {
                SilencePhaseBody::Pending => SilencePhase::Pending,
                SilencePhaseBody::Holds => SilencePhase::Holds,
                SilencePhaseBody::Warned => SilencePhase::Warned,
                SilencePhaseBody::Over => SilencePhase::Over,
            },
        };
        Ok(EventKind::Silenced { silence: Box::new(silence) })
    }
}

impl SilencedV1 {
    /// Reads it back.
    ///
    /// # Errors
    /// When its matchers cannot be read.
    pub fn read(self) -> Result<EventKind, serde_json::Error> {
        let SilencedV1 { id, matchers, from, until, by, reason, warned } = self;
        let phase = if warned { SilencePhaseBody::Warned } else { SilencePhaseBody::Holds };
        Silenced { id, matchers, from, until, by, creator: None, reason, phase }.read()
    }
}

/// `silence.ended`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SilenceEnded {
    id: Id<SilenceId>,
    by: Option<ActorBody>,
}

impl SilenceEnded {
    /// Writes it down.
    pub fn new(id: SilenceId, by: Option<&Actor>) -> Self {
        SilenceEnded { id: Id(id), by: by.map(ActorBody::new) }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        EventKind::SilenceEnded { id: self.id.0, by: self.by.map(ActorBody::read) }
    }
}

/// `incidents.counted`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Counted {
    last_number: u64,
    changes: Vec<(Id<AlertId>, Vec<i64>)>,
}

impl Counted {
    /// Writes it down.
    pub fn new(last_number: u64, changes: &[(AlertId, Vec<Moment>)]) -> Self {
        let times = |times: &Vec<Moment>| times.iter().map(|at| at.millis()).collect();
        Counted { last_number, changes: changes.iter().map(|(alert, all)| (Id(*alert), times(all))).collect() }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        let changes = self.changes.into_iter().map(|(alert, all)| (alert.0, all.into_iter().map(moment).collect()));
        EventKind::IncidentsCounted { last_number: self.last_number, changes: changes.collect() }
    }
}
