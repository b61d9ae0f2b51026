//! Who is told: from a level's targets to single destinations.

use crate::config::{Escalation, Reach, Settings, Target};
use crate::model::{Name, Severity};
use std::fmt;

/// One place where messages arrive: a channel and, where it has several, whom in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The channel.
    pub channel: Name,
    /// Whom in it.
    pub to: Option<Name>,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => write!(f, "{}:{to}", self.channel),
            None => f.write_str(&self.channel),
        }
    }
}

/// Everybody whom `policy` tells at once of an incident of `severity`: the levels whose `after` is no time at all,
/// in order, each destination once. Schedules and later levels are climbed by the escalation, not from here.
#[must_use]
pub fn destinations(settings: &Settings, policy: &str, severity: &Severity) -> Vec<Destination> {
    let escalation = settings.policies.get(policy).and_then(|policy| policy.matrix.get(severity));
    let Some(Escalation::Ladder(ladder)) = escalation else { return Vec::new() };
    let mut found = Vec::new();
    for level in ladder.levels.iter().filter(|level| level.after.is_zero()) {
        for target in &level.notify {
            resolve(settings, target, &mut found);
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|destination| seen.insert(destination.clone()));
    found
}

fn resolve(settings: &Settings, target: &Target, found: &mut Vec<Destination>) {
    match target {
        Target::Channel(channel) => found.push(Destination { channel: channel.clone(), to: None }),
        Target::Responder(name) => {
            let reach = settings.responders.get(name).map(|responder| responder.reach.as_slice());
            reach_all(reach.unwrap_or_default(), found);
        }
        Target::Contact(name) => reach_all(settings.contacts.get(name).map(Vec::as_slice).unwrap_or_default(), found),
        Target::Team(name) => {
            for member in settings.teams.get(name).into_iter().flatten() {
                resolve(settings, &Target::Responder(member.clone()), found);
            }
        }
        Target::Schedule(_) => {}
    }
}

fn reach_all(reach: &[Reach], found: &mut Vec<Destination>) {
    let at_once = reach.iter().filter(|reach| reach.after.is_zero());
    found.extend(at_once.map(|reach| Destination { channel: reach.via.clone(), to: reach.to.clone() }));
}
