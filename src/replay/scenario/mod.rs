//! A scenario as meant: files read, values spread out, every name looked up.

mod event;
mod feed;
mod find;
mod read;

pub use read::load;

use super::expect::Expectation;
use super::remedies::Script;
use super::written;
use crate::config::Settings;
use crate::engine::command::{Act, NewSilence};
use crate::engine::posted::{Ends, HOLDS_FOR, Post};
use crate::model::{Labels, Matchers, Name, Slot, Span};
use crate::promql::eval;
use crate::rules::RuleSet;
use std::sync::Arc;

/// A scenario, ready to be played.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What happens, in a sentence.
    pub title: String,
    /// The instant of the first slot.
    pub start: Slot,
    /// How long it runs.
    pub lasts: Span,
    /// The configuration, as it is found from here; empty where there is none.
    pub config: String,
    /// Policies, channels, routes.
    pub settings: Arc<Settings>,
    /// The rules at the start.
    pub rules: RuleSet,
    /// What queries answer.
    pub feeds: Vec<Feed>,
    /// The series from which all other queries are answered.
    pub series: Vec<Series>,
    /// How long before the start their values begin.
    pub before: Span,
    /// Whose windows PromQL has there.
    pub semantics: eval::Semantics,
    /// What happens beside the readings, in the order of time.
    pub events: Vec<Event>,
    /// What must come of it.
    pub expectations: Vec<Expectation>,
}

/// The answers to one query, for one series.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The alert name of the rule.
    pub rule: Name,
    /// The name of its query.
    pub query: Name,
    /// The labels of the series.
    pub labels: Labels,
    /// How far apart the values lie.
    pub every: Span,
    /// The values, the first at the start.
    pub values: Vec<Option<f64>>,
}

/// A series that there is.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its labels, metric name included.
    pub labels: Labels,
    /// How far apart the values lie.
    pub every: Span,
    /// The values, the first at the start.
    pub values: Vec<Option<f64>>,
}

/// What gets no data.
#[derive(Clone, Debug)]
pub enum Blank {
    /// The queries of an alert, or one of them.
    Query(Name, Option<Name>),
    /// Series: their metric, if one is named, and their labels.
    Series(Option<Name>, Matchers),
}

/// Something that happens beside the readings.
#[derive(Clone, Debug)]
pub struct Event {
    /// When, from the start.
    pub at: Span,
    /// What.
    pub kind: EventKind,
}

impl Event {
    /// The rules that run from here on, where it is a reload.
    fn reloaded(&self) -> Option<&RuleSet> {
        if let EventKind::Reload(rules) = &self.kind { Some(rules) } else { None }
    }
}

/// What can happen beside the readings.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// Every query fails for so long.
    QueryError(Span),
    /// Something gets no data for so long; the text is as written.
    NoData(Blank, String, Span),
    /// No slot is evaluated for so long.
    Missed(Span),
    /// The service is killed, and started again after so long.
    Restart(Span),
    /// The wall clock jumps; with it the sources' clocks, or not.
    ClockJump(Span, bool),
    /// Other rules run from here on.
    Reload(RuleSet),
    /// A channel cannot be reached for so long.
    ChannelFails(Name, Span),
    /// A channel refuses everything for so long.
    ChannelRefuses(Name, Span),
    /// From here on an action does this.
    Action(Name, Script),
    /// Somebody does something about an incident.
    Act {
        /// The alert name or the number that names the incident.
        incident: String,
        /// Who.
        by: Name,
        /// What.
        act: Act,
    },
    /// Somebody ticks a routine off.
    RoutineDone {
        /// Who.
        by: Name,
        /// Which.
        routine: Name,
        /// What there is to say.
        note: String,
    },
    /// Somebody posts alerts.
    Posted(Vec<Posted>),
    /// Somebody silences something.
    Silence {
        /// Who.
        by: Name,
        /// What.
        silence: NewSilence,
    },
}

/// An alert that somebody posts.
#[derive(Clone, Debug)]
pub struct Posted {
    labels: Labels,
    annotations: Labels,
    started: Span,
    ends: Option<Span>,
}

impl Posted {
    /// What is posted at `wall`.
    #[must_use]
    pub fn at(&self, wall: Slot) -> Post {
        Post {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            url: Name::new(),
            starts: Some(wall - self.started),
            ends: self.ends.map_or(Ends::After(HOLDS_FOR), |ends| Ends::At(wall + ends)),
        }
    }
}

/// The JSON Schema of scenario files.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(written::Scenario).into()
}
