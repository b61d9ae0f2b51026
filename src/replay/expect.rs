//! What a scenario must lead to, held against its story.

use super::scenario::Scenario;
use super::story::{Deed, Story};
use super::written::Expect;
use crate::config::Target;
use crate::engine::incident::{Destination, recipients};
use crate::model::{Span, duration_text};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// One thing that must come of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// An alert fires by then, at this severity if one is named.
    Firing(String, Option<String>, Option<Span>),
    /// An alert has fired and is over by then.
    Resolved(String, Option<Span>),
    /// A channel, or somebody of a target, has got a message by then.
    Told(Target, Option<Span>),
    /// No other alert fires.
    NothingElse,
}

impl Expectation {
    /// What was written; `None` where it is not exactly one thing.
    #[must_use]
    pub fn of(written: &Expect, told: Option<Target>) -> Option<Self> {
        let within = written.within.as_ref().map(|within| within.0);
        let severity = written.severity.as_ref().map(|severity| severity.value.clone());
        match (&written.firing, &written.resolved, told, &written.nothing_else) {
            (Some(alert), None, None, None) => Some(Expectation::Firing(alert.value.clone(), severity, within)),
            (None, Some(alert), None, None) => Some(Expectation::Resolved(alert.value.clone(), within)),
            (None, None, Some(target), None) => Some(Expectation::Told(target, within)),
            (None, None, None, Some(flag)) if flag.value => Some(Expectation::NothingElse),
            _ => None,
        }
    }
}

/// What did not come, in words; empty where all is well.
#[must_use]
pub fn unmet(scenario: &Scenario, story: &Story) -> Vec<String> {
    let all = &scenario.expectations;
    let failed = story.lines.iter().filter(|line| line.deed == Deed::Failed);
    let failed = failed.map(|line| format!("at {}, {}", duration_text::format(line.at), line.text));
    failed.chain(all.iter().filter_map(|expectation| missing(expectation, scenario, story))).collect()
}

/// Whether somebody of `target`, as it stands at that time of the scenario, is at `destination`.
fn is_of(target: &Target, destination: &Destination, scenario: &Scenario, at: Span) -> bool {
    let wall = Timestamp::from_millisecond((scenario.start + at).millis()).unwrap_or(Timestamp::MAX);
    let reached = recipients(&scenario.settings, std::slice::from_ref(target), wall);
    let whole_channel = matches!(target, Target::Channel(channel) if *channel == destination.channel);
    whole_channel || reached.iter().any(|recipient| recipient.destination == *destination)
}

fn missing(expectation: &Expectation, scenario: &Scenario, story: &Story) -> Option<String> {
    let by = |within: &Option<Span>| {
        within.map_or_else(String::new, |within| format!(" within {}", duration_text::format(within)))
    };
    let happened = |within: &Option<Span>, is_it: &dyn Fn(&Deed) -> bool| {
        story.lines.iter().any(|line| within.is_none_or(|within| line.at <= within) && is_it(&line.deed))
    };
    match expectation {
        Expectation::Firing(alert, severity, within) => {
            let is_it = |deed: &Deed| match deed {
                Deed::Alert { name, firing: Some(at), .. } => {
                    name == alert && severity.as_ref().is_none_or(|wanted| wanted == at)
                }
                _ => false,
            };
            let at = severity.as_ref().map_or_else(String::new, |severity| format!(" at {severity}"));
            (!happened(within, &is_it)).then(|| format!("{alert} does not fire{at}{}", by(within)))
        }
        Expectation::Resolved(alert, within) => {
            let is_it = |deed: &Deed| matches!(deed, Deed::Ended { name } if name == alert);
            (!happened(within, &is_it)).then(|| format!("{alert} is not over{}", by(within)))
        }
        Expectation::Told(target, within) => {
            let told = story.lines.iter().any(|line| match &line.deed {
                Deed::Told { destination, .. } => {
                    within.is_none_or(|within| line.at <= within) && is_of(target, destination, scenario, line.at)
                }
                _ => false,
            });
            (!told).then(|| format!("{target} is told nothing{}", by(within)))
        }
        Expectation::NothingElse => surplus(&scenario.expectations, story),
    }
}

fn surplus(all: &[Expectation], story: &Story) -> Option<String> {
    let mut expected = BTreeSet::new();
    for expectation in all {
        match expectation {
            Expectation::Firing(name, ..) | Expectation::Resolved(name, _) => {
                expected.insert(name.as_str());
            }
            Expectation::Told(..) | Expectation::NothingElse => {}
        }
    }
    let mut others: Vec<String> = Vec::new();
    for line in &story.lines {
        // Who hears of an expected alert stands in the snapshot; only alerts can be one too many.
        let other = match &line.deed {
            Deed::Alert { name, firing: Some(_), .. } if !expected.contains(name.as_str()) => format!("{name} fires"),
            _ => continue,
        };
        if !others.contains(&other) {
            others.push(other);
        }
    }
    (!others.is_empty()).then(|| format!("nothing else should happen, but {}", others.join(", ")))
}
