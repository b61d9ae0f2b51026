//! Why a rule is in its state: what its queries answered, what each tier made of it, which clocks run, what became of it for people.
//!
//! Start at [`View`], which looks at a state and the events that led to it, wherever they come from: a player over history, or the
//! journal of the service folded. What it sees is a [`RuleStory`]; `text` puts it in sentences. Absent on purpose: asking, playing.

mod alert;
mod incident;
mod text;

pub use alert::{AlertStory, ReadingStory, TierStory};
pub use incident::{IncidentStory, NextStory, ToldStory};
pub use text::human;

use crate::engine::alert::{Alert, Phase};
use crate::engine::evaluate::RuleState;
use crate::engine::{Event, State, World};
use crate::model::{AlertId, Moment, RuleId, Span};
use crate::rules::{Group, NoData, OnError, Rule};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// So many calm series are told one by one, where nobody asked for some.
const CALM_TOLD: usize = 5;

/// The answer to "why".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The name of the rule's alerts.
    pub alert: String,
    /// Its group.
    pub group: String,
    /// The file it stands in.
    pub file: String,
    /// The instant that was asked about, RFC 3339.
    pub at: String,
    /// The last slot at or before it.
    pub slot: String,
    /// From when on history was played.
    pub played_from: String,
    /// Whether beginning to play earlier changed nothing any more.
    pub is_settled: bool,
    /// What history gives.
    pub history: RuleStory,
    /// What the service itself had recorded by then, where its journal knows.
    pub recorded: Option<RecordedStory>,
    /// What this does not say.
    pub notes: Vec<String>,
}

/// A rule at an instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleStory {
    /// Since when its queries fail, and what was said instead of an answer.
    pub failing: Option<FailingStory>,
    /// Since when its answer is empty, where it watches that.
    pub empty_since: Option<String>,
    /// Its alerts, those that fire or wait first.
    pub alerts: Vec<AlertStory>,
    /// How many calm ones are not among them.
    pub calm: usize,
}

/// Queries that fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailingStory {
    /// Since when.
    pub since: String,
    /// What was said last.
    pub error: Option<String>,
}

/// What the service recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordedStory {
    /// From when on the journal tells of anything.
    pub from: String,
    /// Whether the service was not running then.
    pub was_down: bool,
    /// The rule, as it was recorded; values and verdicts are not.
    pub rule: RuleStory,
    /// Where alerts were recorded in another state than history gives.
    pub differences: Vec<String>,
}

/// A state, and what led to it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Rules and settings.
    pub world: &'a World,
    /// What is known.
    pub state: &'a State,
    /// What happened.
    pub journal: &'a [Event],
    /// The instant.
    pub at: Moment,
    /// Whether it is what really happened, and not a replay.
    pub is_recorded: bool,
    /// What began at or before this may have begun earlier; nothing where the whole past is known.
    pub began: Option<Moment>,
}

impl View<'_> {
    /// The rule, with those of its alerts that are `wanted`; of calm ones only a few, where nobody chose.
    #[must_use]
    pub fn rule(&self, group: &Group, rule: &Rule, wanted: Option<&dyn Fn(&Alert) -> bool>) -> RuleStory {
        let Some(state) = self.state.rules.get(&rule.id) else {
            return RuleStory { failing: None, empty_since: None, alerts: Vec::new(), calm: 0 };
        };
        let mut alerts: Vec<&Alert> = state.iter().filter(|alert| wanted.is_none_or(|wanted| wanted(alert))).collect();
        let rank = |alert: &Alert| match alert.phase() {
            Phase::Firing => 0,
            Phase::Pending => 1,
            Phase::Inactive => 2,
        };
        alerts.sort_by_key(|alert| (rank(alert), alert.labels.clone()));
        let busy = alerts.iter().filter(|alert| !alert.is_calm()).count();
        let told = if wanted.is_some() { alerts.len() } else { alerts.len().min(busy + CALM_TOLD) };
        let error = state.health.error.clone();
        RuleStory {
            failing: state.failing.map(|since| FailingStory { since: since.to_string(), error }),
            empty_since: state.empty.map(|since| since.to_string()),
            alerts: alerts[..told].iter().map(|alert| self.alert(group, rule, state, alert)).collect(),
            calm: alerts.len() - told,
        }
    }

    /// How long ago something began, in seconds.
    fn seconds_since(&self, moment: Moment) -> f64 {
        (self.at - moment).as_secs_f64()
    }
}

/// What of a rule's alerts must be the same from wherever history is played: their tiers and what fires by policy.
#[must_use]
pub fn states(state: &State, rule: RuleId) -> BTreeMap<AlertId, String> {
    let alerts = state.rules.get(&rule).into_iter().flat_map(RuleState::iter);
    alerts
        .filter(|alert| !alert.is_calm())
        .map(|alert| (alert.id, format!("{:?} {:?}", alert.tiers, alert.forced)))
        .collect()
}

/// How far before an instant history has to be played, at least: whatever a rule waits for has been waited for twice by then.
#[must_use]
pub fn reach(rule: &Rule) -> Span {
    let exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
    let waits = rule.tiers.iter().chain(exceptions).map(|tier| tier.hold + tier.keep);
    let without_data = match &rule.no_data {
        NoData::Tier(_, after) | NoData::Keep(Some(after)) => *after,
        NoData::Keep(None) | NoData::Resolve => Span::ZERO,
    };
    let failing = match &rule.on_error {
        OnError::Tier(_, after) => *after,
        OnError::Keep => Span::ZERO,
    };
    waits.chain([without_data, failing]).max().unwrap_or(Span::ZERO).times(2)
}

/// Where two stories of the same alerts differ, in sentences.
#[must_use]
pub fn differences(recorded: &RuleStory, history: &RuleStory) -> Vec<String> {
    let by_labels = |story: &RuleStory| -> BTreeMap<String, String> {
        let known = story.alerts.iter().filter(|alert| alert.state != "inactive");
        known.map(|alert| (alert.labels.clone(), alert.state.clone())).collect()
    };
    let (ours, theirs) = (by_labels(recorded), by_labels(history));
    let all: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let word = |state: Option<&String>| state.map_or("inactive", String::as_str).to_owned();
    let differs = |labels: &&String| word(ours.get(*labels)) != word(theirs.get(*labels));
    let say = |labels: &String| {
        format!("{labels} was recorded as {}, history says {}", word(ours.get(labels)), word(theirs.get(labels)))
    };
    all.into_iter().filter(differs).map(say).collect()
}
