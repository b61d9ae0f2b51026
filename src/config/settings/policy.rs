//! The escalation matrix: who hears of an incident, and when.

use super::Settings;
use crate::model::{Matchers, Name, Severity, Span};
use jiff::civil::Time;
use std::collections::BTreeMap;
use std::fmt;

/// An escalation matrix, complete after `extends`: it answers for every severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The labels whose values make one incident; an absent label counts as the empty value.
    pub group_by: Vec<Name>,
    /// How later changes are gathered.
    pub update_every: Span,
    /// An incident whose alerts fire again in this time after its end goes on; later it is a new one.
    pub reopen_within: Span,
    /// How far apart levels are told that fell due while the service was down.
    pub catch_up: Span,
    /// What happens, by severity.
    pub matrix: BTreeMap<Severity, Escalation>,
}

impl Policy {
    /// What holds where there is no policy at all.
    #[must_use]
    pub fn telling_nobody() -> Self {
        Policy {
            group_by: Vec::new(),
            update_every: Span::from_mins(1),
            reopen_within: Span::from_mins(10),
            catch_up: Span::from_mins(1),
            matrix: BTreeMap::new(),
        }
    }
}

/// What happens with incidents of one severity.
#[derive(Clone, Debug, PartialEq)]
pub enum Escalation {
    /// Levels are climbed.
    Ladder(Ladder),
    /// A digest lists them.
    Digest(Digest),
    /// Nobody is told, on purpose.
    Nobody,
}

impl Escalation {
    /// Everybody who is told by it.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let (listed, ladder) = match self {
            Escalation::Ladder(ladder) => (&[][..], Some(ladder)),
            Escalation::Digest(digest) => (&*digest.notify, Some(&digest.matrix)),
            Escalation::Nobody => (&[][..], None),
        };
        let levels = ladder.into_iter().flat_map(|ladder| &ladder.levels);
        listed.iter().chain(levels.flat_map(|level| &level.notify))
    }
}

/// The levels of one severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// How long a group is gathered before its first message.
    pub wait: Span,
    /// The levels, in order.
    pub levels: Vec<Level>,
    /// Whether and how the whole ladder is told again.
    pub repeat: Option<Repeat>,
    /// How long an acknowledgement holds.
    pub ack_expires: Option<Span>,
    /// What closes an incident.
    pub resolve: Resolve,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its name, or its number.
    pub name: Name,
    /// When it is reached, from the start of the escalation clock.
    pub after: Span,
    /// Who is told.
    pub notify: Vec<Target>,
    /// Whether the remedies run here.
    pub actions: bool,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A channel, at its own destination.
    Channel(Name),
    /// A person, through their reach.
    Responder(Name),
    /// Everybody in a team.
    Team(Name),
    /// Whoever is on call.
    Schedule(Name),
    /// An outsider.
    Contact(Name),
}

/// Telling the whole ladder again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How long after the last level.
    pub every: Span,
    /// How many times.
    pub times: u32,
}

/// What closes an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Resolve {
    /// The end of its last alert.
    #[default]
    Auto,
    /// That, and somebody's acknowledgement.
    Acknowledged,
    /// A person only.
    Manual,
}

/// A daily list instead of pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// The local time.
    pub at: Time,
    /// Who gets it.
    pub notify: Vec<Target>,
    /// After how many digests an incident leaves it and starts `matrix`.
    pub stale_after: Option<u32>,
    /// What starts then: the levels written beside the digest, else its own receivers at once.
    pub matrix: Ladder,
}

/// Which policy an incident gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What its alerts' labels, without `severity`, must meet.
    pub matchers: Matchers,
    /// The policy.
    pub policy: Name,
}

impl Settings {
    /// Whether this configuration has whoever `target` names.
    #[must_use]
    pub fn knows(&self, target: &Target) -> bool {
        match target {
            Target::Channel(name) => self.channels.contains_key(name),
            Target::Responder(name) => self.responders.contains_key(name),
            Target::Team(name) => self.teams.contains_key(name),
            Target::Schedule(name) => self.schedules.contains_key(name),
            Target::Contact(name) => self.contacts.contains_key(name),
        }
    }
}

impl fmt::Display for Target {
    /// As it is written in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Channel(name) => f.write_str(name),
            Target::Responder(name) => write!(f, "responder:{name}"),
            Target::Team(name) => write!(f, "team:{name}"),
            Target::Schedule(name) => write!(f, "schedule:{name}"),
            Target::Contact(name) => write!(f, "contact:{name}"),
        }
    }
}
