//! Who is told: from a level's targets to single destinations.

use crate::calendar::Window;
use crate::config::{Reach, Responder, Settings, Target};
use crate::model::{Name, Severity, Span};
use crate::oncall;
use jiff::Timestamp;
use jiff::civil::Weekday;
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

/// Somebody whom a level reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Where.
    pub destination: Destination,
    /// How long after the others of the level.
    pub after: Span,
    /// Whether the person rests now.
    pub rests: Option<Rest>,
}

/// Quiet hours that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// What would wake them below this severity waits.
    pub below: Severity,
    /// When they end.
    pub until: Timestamp,
}

/// Everybody whom `targets` name at this instant, in order, each destination once. Schedules are asked who is on call, people
/// are as the configuration has them now: a plan keeps its shape, not its people.
#[must_use]
pub fn recipients(settings: &Settings, targets: &[Target], wall: Timestamp) -> Vec<Recipient> {
    let mut found: Vec<Recipient> = Vec::new();
    for target in targets {
        for recipient in resolve(settings, target, wall) {
            match found.iter_mut().find(|known| known.destination == recipient.destination) {
                Some(known) => {
                    known.after = known.after.min(recipient.after);
                    // Whoever shares a place with somebody who is awake is told there: it rests while all do.
                    known.rests = known.rests.take().zip(recipient.rests).map(|(one, other)| one.beside(other));
                }
                None => found.push(recipient),
            }
        }
    }
    found
}

fn resolve(settings: &Settings, target: &Target, wall: Timestamp) -> Vec<Recipient> {
    let person = |name: &Name| {
        let responder = settings.responders.get(name);
        let rests = responder.and_then(|responder| rest(responder, wall));
        let reach = responder.map(|responder| responder.reach.as_slice()).unwrap_or_default();
        reach.iter().map(move |reach| Recipient { rests: rests.clone(), ..Recipient::by(reach) })
    };
    match target {
        Target::Channel(channel) if settings.channels.contains_key(channel) => {
            vec![Recipient::channel(channel.clone())]
        }
        // A reload took it out while the incident was open.
        Target::Channel(_) => Vec::new(),
        Target::Responder(name) => person(name).collect(),
        Target::Contact(name) => settings.contacts.get(name).into_iter().flatten().map(Recipient::by).collect(),
        Target::Team(name) => settings.teams.get(name).into_iter().flatten().flat_map(person).collect(),
        Target::Schedule(name) => {
            let schedule = settings.schedules.get(name);
            let on_call = schedule.and_then(|schedule| oncall::on_call(schedule, wall));
            on_call.into_iter().flat_map(person).collect()
        }
    }
}

/// Whether whoever is reached at `destination` rests, as one of `targets`, else as anybody.
#[must_use]
pub fn rest_at(settings: &Settings, targets: &[Target], destination: &Destination, wall: Timestamp) -> Option<Rest> {
    let reached = |targets: &[Target]| {
        recipients(settings, targets, wall).into_iter().find(|recipient| recipient.destination == *destination)
    };
    let anybody = || reached(&settings.responders.keys().cloned().map(Target::Responder).collect::<Vec<_>>());
    reached(targets).or_else(anybody)?.rests
}

impl Rest {
    /// While two rest: what lets both of them, until one is awake.
    fn beside(self, other: Rest) -> Self {
        Rest { below: self.below.min(other.below), until: self.until.min(other.until) }
    }

    /// Until when what comes at `severity` waits; `None` where it wakes them.
    #[must_use]
    pub fn holds(&self, severity: &Severity) -> Option<Timestamp> {
        (*severity < self.below).then_some(self.until)
    }
}

impl Recipient {
    /// A channel, whoever is in it.
    #[must_use]
    pub fn channel(channel: Name) -> Self {
        Recipient { destination: Destination { channel, to: None }, after: Span::ZERO, rests: None }
    }

    fn by(reach: &Reach) -> Self {
        let destination = Destination { channel: reach.via.clone(), to: reach.to.clone() };
        Recipient { destination, after: reach.after, rests: None }
    }
}

/// The quiet hours that `responder` is in at `wall`.
fn rest(responder: &Responder, wall: Timestamp) -> Option<Rest> {
    let quiet = responder.quiet_hours.as_ref()?;
    let (from, to, zone) = (quiet.from, quiet.to, &responder.timezone);
    let days = Weekday::Monday.cycle_forward().take(7).collect();
    let window = Window { days, from, to };
    let until = window.covers(zone, wall).then(|| window.next_change(zone, wall))??;
    Some(Rest { below: quiet.below.clone(), until })
}
