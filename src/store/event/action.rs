//! What became of actions, as bodies of an incident's steps keep it; what an incident knows of them; and `actions.counted`.

use super::parts::{Id, moment};
use crate::engine::incident::{Ended, Outcome, Over, Remedies, Run, RunStage, Verdict};
use crate::engine::{EventKind, IncidentEvent};
use crate::model::{AlertId, Labels, Moment, Name, Span};
use serde::{Deserialize, Serialize};

/// `action_owed`.
#[derive(Debug, Serialize, Deserialize)]
pub struct OwedBody {
    run: u32,
    action: String,
    alert: Id<AlertId>,
    labels: Labels,
    at: i64,
}

/// `action_refused`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefusedBody {
    action: String,
    alerts: Vec<(Id<AlertId>, Labels)>,
    max_runs: u32,
    within: i64,
}

/// `action_began`.
#[derive(Debug, Serialize, Deserialize)]
pub struct BeganBody {
    run: u32,
    action: String,
    labels: Labels,
}

/// `action_dropped`.
#[derive(Debug, Serialize, Deserialize)]
pub struct DroppedBody {
    run: u32,
    action: String,
    labels: Labels,
    owed: i64,
}

/// `action_ended`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndedBody {
    run: u32,
    action: String,
    labels: Labels,
    outcome: OutcomeBody,
    took: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeBody {
    Done,
    Failed(String),
    TimedOut,
    NotStarted(String),
    Stopped,
    Unknown,
}

/// `action_verified`.
#[derive(Debug, Serialize, Deserialize)]
pub struct VerifiedBody {
    run: u32,
    action: String,
    labels: Labels,
    verdict: VerdictBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VerdictBody {
    Worked,
    DidNotWork,
    NotKnown,
}

/// [`Remedies`] as written.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RemediesBody {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunBody>,
    counted: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spent: Vec<(Id<AlertId>, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fell: Vec<Id<AlertId>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tried: Vec<(u32, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried_before: Option<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_news: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct RunBody {
    run: u32,
    action: String,
    alert: Id<AlertId>,
    labels: Labels,
    owed: i64,
    stage: StageBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<(i64, bool)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StageBody {
    Owed,
    Running,
    Verifying(i64),
}

impl OwedBody {
    /// Reads it back.
    pub fn read(self) -> IncidentEvent {
        IncidentEvent::ActionOwed {
            run: self.run,
            action: self.action.into(),
            alert: self.alert.0,
            labels: self.labels,
            at: moment(self.at),
        }
    }

    /// Writes it down.
    pub fn new(run: u32, action: &Name, alert: AlertId, labels: &Labels, at: Moment) -> Self {
        OwedBody { run, action: action.to_string(), alert: Id(alert), labels: labels.clone(), at: at.millis() }
    }
}

impl RefusedBody {
    /// Writes it down.
    pub fn new(action: &Name, alerts: &[(AlertId, Labels)], max_runs: u32, within: Span) -> Self {
        let alerts = alerts.iter().map(|(alert, labels)| (Id(*alert), labels.clone())).collect();
        RefusedBody { action: action.to_string(), alerts, max_runs, within: within.millis() }
    }

    /// Reads it back.
    pub fn read(self) -> IncidentEvent {
        IncidentEvent::ActionRefused {
            action: self.action.into(),
            alerts: self.alerts.into_iter().map(|(alert, labels)| (alert.0, labels)).collect(),
            max_runs: self.max_runs,
            within: Span::from_millis(self.within),
        }
    }
}

impl BeganBody {
    /// Writes it down.
    pub fn new(run: u32, action: &Name, labels: &Labels) -> Self {
        BeganBody { run, action: action.to_string(), labels: labels.clone() }
    }

    /// Reads it back.
    pub fn read(self) -> IncidentEvent {
        IncidentEvent::ActionBegan { run: self.run, action: self.action.into(), labels: self.labels }
    }
}

impl DroppedBody {
    /// Writes it down.
    pub fn new(run: u32, action: &Name, labels: &Labels, owed: Moment) -> Self {
        DroppedBody { run, action: action.to_string(), labels: labels.clone(), owed: owed.millis() }
    }

    /// Reads it back.
    pub fn read(self) -> IncidentEvent {
        let (labels, owed) = (self.labels, moment(self.owed));
        IncidentEvent::ActionDropped { run: self.run, action: self.action.into(), labels, owed }
    }
}

impl EndedBody {
    /// Writes it down.
    pub fn new(run: u32, action: &Name, labels: &Labels, ended: &Ended, verify: Option<Moment>) -> Self {
        let outcome = match &ended.outcome {
            Outcome::Done => OutcomeBody::Done,
            Outcome::Failed(why) => OutcomeBody::Failed(why.clone()),
            Outcome::TimedOut => OutcomeBody::TimedOut,
            Outcome::NotStarted(why) => OutcomeBody::NotStarted(why.clone()),
            Outcome::Stopped => OutcomeBody::Stopped,
            Outcome::Unknown => OutcomeBody::Unknown,
        };
        EndedBody {
            run,
            action: action.to_string(),
            labels: labels.clone(),
            outcome,
            took: ended.took.millis(),
            output: ended.output.clone(),
            verify: verify.map(Moment::millis),
        }
    }

    /// Reads it back.
    pub fn read(self) -> IncidentEvent {
        let outcome = match self.outcome {
            OutcomeBody::Done => Outcome::Done,
            OutcomeBody::Failed(why) => Outcome::Failed(why),
            OutcomeBody::TimedOut => Outcome::TimedOut,
            OutcomeBody::NotStarted(why) => Outcome::NotStarted(why),
            OutcomeBody::Stopped => Outcome::Stopped,
            OutcomeBody::Unknown => Outcome::Unknown,
        };
        let ended = Ended { outcome, took: Span::from_millis(self.took), output: self.output };
        let verify = self.verify.map(moment);
        IncidentEvent::ActionEnded { run: self.run, action: self.action.into(), labels: self.labels, ended, verify }
    }
}

impl VerifiedBody {
    /// Writes it down.
    pub fn new(run: u32, action: &Name, labels: &Labels, verdict: Verdict) -> Self {
        let verdict = match verdict {
            Verdict::Worked => VerdictBody::Worked,
            Verdict::DidNotWork => VerdictBody::DidNotWork,
            Verdict::NotKnown => VerdictBody::NotKnown,
        };
        VerifiedBody { run, action: action.to_string(), labels: labels.clone(), verdict }
    }

    /// Reads it back.
    pub fn read(self) -> IncidentEvent {
        let verdict = match self.verdict {
            VerdictBody::Worked => Verdict::Worked,
            VerdictBody::DidNotWork => Verdict::DidNotWork,
            VerdictBody::NotKnown => Verdict::NotKnown,
        };
        IncidentEvent::ActionVerified { run: self.run, action: self.action.into(), labels: self.labels, verdict }
    }
}

impl RemediesBody {
    /// Writes down what there is, if there is anything.
    pub fn new(remedies: &Remedies) -> Option<Self> {
        let body = RemediesBody {
            runs: remedies.runs.iter().map(|(number, run)| RunBody::new(*number, run)).collect(),
            counted: remedies.counted,
            spent: remedies.spent.iter().map(|(alert, action)| (Id(*alert), action.to_string())).collect(),
            fell: remedies.fell.iter().map(|alert| Id(*alert)).collect(),
            tried: remedies.tried.clone(),
            tried_before: (remedies.tried_before > 0).then_some(remedies.tried_before),
            is_news: remedies.is_news,
        };
        (*remedies != Remedies::default()).then_some(body)
    }

    /// Reads it back.
    pub fn read(self) -> Remedies {
        Remedies {
            runs: self.runs.into_iter().map(|run| (run.run, run.read())).collect(),
            counted: self.counted,
            spent: self.spent.into_iter().map(|(alert, action)| (alert.0, action.into())).collect(),
            fell: self.fell.into_iter().map(|alert| alert.0).collect(),
            tried: self.tried,
            tried_before: self.tried_before.unwrap_or_default(),
            is_news: self.is_news,
        }
    }
}

impl RunBody {
    fn new(number: u32, run: &Run) -> Self {
        RunBody {
            run: number,
            action: run.action.to_string(),
            alert: Id(run.alert),
            labels: run.labels.clone(),
            owed: run.owed.millis(),
            stage: match run.stage {
                RunStage::Owed => StageBody::Owed,
                RunStage::Running => StageBody::Running,
                RunStage::Verifying { until } => StageBody::Verifying(until.millis()),
            },
            over: run.over.map(|over| (over.at.millis(), over.by_condition)),
        }
    }

    fn read(self) -> Run {
        Run {
            action: self.action.into(),
            alert: self.alert.0,
            labels: self.labels,
            owed: moment(self.owed),
            stage: match self.stage {
                StageBody::Owed => RunStage::Owed,
                StageBody::Running => RunStage::Running,
                StageBody::Verifying(until) => RunStage::Verifying { until: moment(until) },
            },
            over: self.over.map(|(at, by_condition)| Over { at: moment(at), by_condition }),
        }
    }
}

/// `actions.counted`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Counted {
    ran: Vec<(String, Vec<i64>)>,
}

impl Counted {
    /// Writes it down.
    pub fn new(ran: &[(Name, Vec<Moment>)]) -> Self {
        let times = |times: &Vec<Moment>| times.iter().map(|at| at.millis()).collect();
        Counted { ran: ran.iter().map(|(action, all)| (action.to_string(), times(all))).collect() }
    }

    /// Reads it back.
    pub fn read(self) -> EventKind {
        let ran = self.ran.into_iter().map(|(action, all)| (action.into(), all.into_iter().map(moment).collect()));
        EventKind::ActionsCounted { ran: ran.collect() }
    }
}
