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
    /// Whether the person rests now: below which severity their messages wait, and until when.
    pub rests: Option<(Severity, Timestamp)>,
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
                    known.rests = rest_together(known.rests.take(), recipient.rests);
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
            let destination = Destination { channel: channel.clone(), to: None };
            vec![Recipient { destination, after: Span::ZERO, rests: None }]
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

/// Until when whoever is reached at `destination` rests, and below which severity: as one of `targets`, else as anybody.
#[must_use]
pub fn rest_at(
    settings: &Settings,
    targets: &[Target],
    destination: &Destination,
    wall: Timestamp,
) -> Option<(Severity, Timestamp)> {
    let reached = |targets: &[Target]| {
        recipients(settings, targets, wall).into_iter().find(|recipient| recipient.destination == *destination)
    };
    let anybody = || reached(&settings.responders.keys().cloned().map(Target::Responder).collect::<Vec<_>>());
    reached(targets).or_else(anybody)?.rests
}

/// Whoever shares a place with somebody who is awake is told there: it rests while all do.
fn rest_together(
    one: Option<(Severity, Timestamp)>,
    other: Option<(Severity, Timestamp)>,
) -> Option<(Severity, Timestamp)> {
    let ((below, until), (other_below, other_until)) = one.zip(other)?;
    Some((below.min(other_below), until.min(other_until)))
}

impl Recipient {
    fn by(reach: &Reach) -> Self {
        let destination = Destination { channel: reach.via.clone(), to: reach.to.clone() };
        Recipient { destination, after: reach.after, rests: None }
    }
}

/// The quiet hours that `responder` is in at `wall`: below which severity, and until when.
fn rest(responder: &Responder, wall: Timestamp) -> Option<(Severity, Timestamp)> {
    let quiet = responder.quiet_hours.as_ref()?;
    let (from, to, zone) = (quiet.from, quiet.to, &responder.timezone);
    let days = Weekday::Monday.cycle_forward().take(7).collect();
    let window = Window { days, from, to };
    let until = window.covers(zone, wall).then(|| window.next_change(zone, wall))??;
    Some((quiet.below.clone(), until))
}
