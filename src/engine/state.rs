//! Everything that is known: alerts by rule, sources that fail, Watchbell's own alerts, and incidents.

use super::evaluate::RuleState;
use super::heartbeat::Heartbeat;
use super::incident::Incidents;
use super::posted::Posted;
use super::routine::RoutineState;
use super::transition::Subject;
use crate::model::{AlertId, Moment, Name, RuleId};
use crate::rules::Rule;
use std::collections::{BTreeMap, HashMap};

/// Everything that is known.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The latest moment that was seen. It never runs backwards.
    pub moment: Moment,
    /// What is known of each rule.
    pub rules: HashMap<RuleId, RuleState>,
    /// Sources of which no query has been answered since then.
    pub sources: BTreeMap<Name, Moment>,
    /// Watchbell's own alerts that fire.
    pub own: BTreeMap<AlertId, Subject>,
    /// Alerts that have to keep firing.
    pub heartbeats: BTreeMap<Name, Heartbeat>,
    /// What people do again and again.
    pub routines: BTreeMap<Name, RoutineState>,
    /// Alerts that others posted, and that fire.
    pub posted: BTreeMap<AlertId, Posted>,
    /// The incidents.
    pub incidents: Incidents,
}

impl State {
    /// What is known of `rule`.
    pub fn rule(&mut self, rule: &Rule) -> &mut RuleState {
        self.rules.entry(rule.id).or_insert_with(|| RuleState::new(rule))
    }
}
