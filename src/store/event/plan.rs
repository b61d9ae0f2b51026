//! A policy as an incident keeps it.

use super::parts::Id;
use crate::config::{Digest, Escalation, Ladder, Level, Policy, Repeat, Resolve, Target};
use crate::model::{Name, Severities, Span};
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A policy; spans in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanBody {
    group_by: Vec<String>,
    update_every: i64,
    reopen_within: i64,
    catch_up: i64,
    matrix: Vec<(String, EscalationBody)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EscalationBody {
    Ladder(LadderBody),
    Digest { at: Id<Time>, notify: Vec<TargetBody>, stale_after: Option<u32>, then: LadderBody },
    Nobody,
}

#[derive(Debug, Serialize, Deserialize)]
struct LadderBody {
    wait: i64,
    levels: Vec<LevelBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<(i64, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_expires: Option<i64>,
    resolve: ResolveBody,
}

#[derive(Debug, Serialize, Deserialize)]
struct LevelBody {
    name: String,
    after: i64,
    notify: Vec<TargetBody>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    actions: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TargetBody {
    Channel(String),
    Responder(String),
    Team(String),
    Schedule(String),
    Contact(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ResolveBody {
    Auto,
    Acknowledged,
    Manual,
}

impl PlanBody {
    /// Writes a policy down.
    pub fn new(plan: &Policy) -> Self {
        let matrix = plan.matrix.iter().map(|(severity, one)| (severity.to_string(), EscalationBody::new(one)));
        PlanBody {
            group_by: plan.group_by.iter().map(ToString::to_string).collect(),
            update_every: plan.update_every.millis(),
            reopen_within: plan.reopen_within.millis(),
            catch_up: plan.catch_up.millis(),
            matrix: matrix.collect(),
        }
    }

    /// Reads a policy back.
    pub fn read(self, severities: &Severities) -> Arc<Policy> {
        let matrix = self.matrix.into_iter().map(|(name, one)| (Name::from(name), one.read()));
        Arc::new(Policy {
            group_by: self.group_by.into_iter().map(Name::from).collect(),
            update_every: Span::from_millis(self.update_every),
            reopen_within: Span::from_millis(self.reopen_within),
            catch_up: Span::from_millis(self.catch_up),
            matrix: severities.place_all(matrix),
        })
    }
}

impl EscalationBody {
    fn new(escalation: &Escalation) -> Self {
        match escalation {
            Escalation::Ladder(ladder) => EscalationBody::Ladder(LadderBody::new(ladder)),
            Escalation::Digest(digest) => EscalationBody::Digest {
                at: Id(digest.at),
                notify: targets(&digest.notify),
                stale_after: digest.stale_after,
                then: LadderBody::new(&digest.matrix),
            },
            Escalation::Nobody => EscalationBody::Nobody,
        }
    }

    fn read(self) -> Escalation {
        match self {
            EscalationBody::Ladder(ladder) => Escalation::Ladder(ladder.read()),
            EscalationBody::Digest { at, notify, stale_after, then } => {
                let notify = notify.into_iter().map(TargetBody::read).collect();
                Escalation::Digest(Digest { at: at.0, notify, stale_after, matrix: then.read() })
            }
            EscalationBody::Nobody => Escalation::Nobody,
        }
    }
}

impl LadderBody {
    fn new(ladder: &Ladder) -> Self {
        let level = |level: &Level| LevelBody {
            name: level.name.to_string(),
            after: level.after.millis(),
            notify: targets(&level.notify),
            actions: level.actions,
        };
        LadderBody {
            wait: ladder.wait.millis(),
            levels: ladder.levels.iter().map(level).collect(),
            repeat: ladder.repeat.map(|repeat| (repeat.every.millis(), repeat.times)),
            ack_expires: ladder.ack_expires.map(Span::millis),
            resolve: match ladder.resolve {
                Resolve::Auto => ResolveBody::Auto,
                Resolve::Acknowledged => ResolveBody::Acknowledged,
                Resolve::Manual => ResolveBody::Manual,
            },
        }
    }

    fn read(self) -> Ladder {
        let level = |level: LevelBody| Level {
            name: level.name.into(),
            after: Span::from_millis(level.after),
            notify: level.notify.into_iter().map(TargetBody::read).collect(),
            actions: level.actions,
        };
        Ladder {
            wait: Span::from_millis(self.wait),
            levels: self.levels.into_iter().map(level).collect(),
            repeat: self.repeat.map(|(every, times)| Repeat { every: Span::from_millis(every), times }),
            ack_expires: self.ack_expires.map(Span::from_millis),
            resolve: match self.resolve {
                ResolveBody::Auto => Resolve::Auto,
                ResolveBody::Acknowledged => Resolve::Acknowledged,
                ResolveBody::Manual => Resolve::Manual,
            },
        }
    }
}

fn targets(targets: &[Target]) -> Vec<TargetBody> {
    targets.iter().map(TargetBody::new).collect()
}

impl TargetBody {
    fn new(target: &Target) -> Self {
        match target {
            Target::Channel(name) => TargetBody::Channel(name.to_string()),
            Target::Responder(name) => TargetBody::Responder(name.to_string()),
            Target::Team(name) => TargetBody::Team(name.to_string()),
            Target::Schedule(name) => TargetBody::Schedule(name.to_string()),
            Target::Contact(name) => TargetBody::Contact(name.to_string()),
        }
    }

    fn read(self) -> Target {
        match self {
            TargetBody::Channel(name) => Target::Channel(name.into()),
            TargetBody::Responder(name) => Target::Responder(name.into()),
            TargetBody::Team(name) => Target::Team(name.into()),
            TargetBody::Schedule(name) => Target::Schedule(name.into()),
            TargetBody::Contact(name) => Target::Contact(name.into()),
        }
    }
}
