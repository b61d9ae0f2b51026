//! Incidents: the running story that people hear of, one for each group of alerts.
//!
//! An incident changes only by [`Incident::apply`], event by event; what decides which events come is in `desk`, by errand:
//! `plan` for the policy it goes by, `tell` for who hears of it, `climb` for the levels, `later` for who is told after the others,
//! `hold` for what holds messages back, `act` for what people do, `remedy` for what machines try.
//! So the journal, folded, gives the same incident.

mod act;
mod apply;
mod climb;
mod deadline;
mod desk;
mod destination;
mod digest;
mod hold;
mod known;
mod later;
mod plan;
mod remedy;
mod tell;

pub use act::{LONGEST_TEXT, command};
pub use deadline::{Stage, Standing};
pub use desk::{At, Settled, absorb, review, tick};
pub use destination::{Destination, Recipient, Rest, recipients};
pub use digest::{Book, DigestKey, Entry, next_digest, send_digests};
pub use hold::{Hold, HoldKind, Holds, Suppression, next_change};
pub use known::Incidents;
pub use later::move_rest;
pub use plan::plan_anew;
pub use remedy::{
    Ended, Job, JobCause, JobError, Outcome, Over, RUNS_AT_ONCE, Remedies, Run, RunId, RunNews, RunStage, Verdict,
    Work, job, run, words as run_words,
};
pub use tell::{fall_back, refused};

use super::command::Actor;
use super::escalation::Climb;
use super::event::{EventKind, IncidentEvent};
use super::own::says_that_it_fails;
use super::transition::{Cause, Subject};
use crate::config::{Escalation, Ladder, Policy, Settings};
use crate::model::{AlertId, IncidentId, Labels, Moment, Name, Severity, Slot, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What makes alerts one incident: the policy, and the values of its `group_by` labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The policy.
    pub policy: Name,
    /// The values.
    pub group: Labels,
}

/// The running story of one group of alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Derived from policy, group values and opening slot.
    pub id: IncidentId,
    /// The number that people say: `INC-41`.
    pub number: u64,
    /// What made its alerts one.
    pub key: Key,
    /// The policy as it was at the opening: its shape stays, whatever a reload changes.
    pub plan: Arc<Policy>,
    /// The slot at which it opened.
    pub opened: Slot,
    /// Rises with every reopening.
    pub generation: u32,
    /// Where it stands.
    pub phase: Phase,
    /// The highest severity of its firing alerts that nothing hushes, or the one that somebody corrected it to; where none fires, the
    /// last one.
    pub severity: Severity,
    /// The highest severity that anybody was paged for in this generation.
    pub paged: Option<Severity>,
    /// How often somebody had to be woken anew: part of the key of a page.
    pub page: u32,
    /// Its alerts: firing ones, and those that ended since the last message. Every message about it shares them.
    pub members: BTreeMap<AlertId, Arc<Member>>,
    /// Who heard of it.
    pub ledger: BTreeMap<Destination, Told>,
    /// Who refused the present page for good: the same page is not offered to them again.
    pub refused: BTreeSet<Destination>,
    /// When the first message was owed: what deadlines count from.
    pub first_message: Option<Moment>,
    /// When the last message was owed.
    pub last_message: Option<Moment>,
    /// When a gathered update is due.
    pub update_due: Option<Moment>,
    /// Whether something of it has changed since the last message to all who know.
    pub unsaid: bool,
    /// The severity that the last such message spoke of.
    pub said: Option<Severity>,
    /// Where it stands on the ladder of its severity.
    pub climb: Option<Climb>,
    /// Where it stood on the ladders of severities from which it fell: back up there it goes on.
    pub left: BTreeMap<Severity, Climb>,
    /// Who is told later than the others of a level, by their `reach`.
    pub later: Vec<Later>,
    /// Who waited so on the ladders of severities from which it fell: back up there they go on waiting.
    pub parked: BTreeMap<Severity, Vec<Later>>,
    /// Who is at it, and until when.
    pub acknowledged: Option<Acknowledgement>,
    /// Up to which severity somebody was at it until that expired, at a lower one: back up there it is told again.
    pub lapsed: Option<Severity>,
    /// What holds new messages back, if all of its alerts are held.
    pub held: Option<Held>,
    /// What held new messages back before, and since when.
    pub held_before: Option<Held>,
    /// Since when none of its alerts fires, where it waits for a person all the same.
    pub calm: Option<Moment>,
    /// Who is responsible.
    pub assigned: Option<Name>,
    /// The severity that somebody confirmed or corrected.
    pub assessed: Option<Assessment>,
    /// Whether it has been in so many digests that it has left them for its ladder.
    pub is_stale: bool,
    /// What has been done of what the response procedure asks for, and what was not done in time.
    pub response: BTreeMap<Stage, Standing>,
    /// When the stakeholders are to hear of it again.
    pub update_wanted: Option<Moment>,
    /// What is and was run against it.
    pub remedies: Remedies,
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It gathers its group; the first message is due then.
    Gathering {
        /// When the first message is due.
        until: Moment,
    },
    /// It is open, and people may have heard of it.
    Open,
    /// It is over.
    Resolved {
        /// When.
        at: Moment,
    },
}

/// An alert of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The alert as it was at its last step.
    pub subject: Subject,
    /// What moved it last.
    pub cause: Cause,
    /// When it ended, if it has.
    pub ended: Option<Moment>,
}

/// What one destination has heard in this generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The pages that were opened there, each with a key of its own, and the severity that each was for.
    pub pages: BTreeMap<u32, Severity>,
    /// How many updates it got.
    pub revision: u32,
}

/// Somebody is at it, and nobody else is woken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// Since when.
    pub at: Moment,
    /// At which severity; a rise above it wakes people all the same.
    pub severity: Severity,
    /// When it expires, if it does.
    pub until: Option<Moment>,
}

/// What somebody made of the severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The severity that it has by their word.
    pub severity: Severity,
    /// The one that its alerts gave it then. When they give it another, the word is no longer about this.
    pub instead_of: Severity,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Moment,
}

/// New messages are held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Since when.
    pub since: Moment,
    /// By what: for each of the alerts the first thing that does.
    pub by: Vec<Hold>,
}

/// Somebody who is told later than the others of a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// When; it moves on while the clock stands still.
    pub at: Moment,
    /// Where.
    pub destination: Destination,
    /// The level that reached them.
    pub level: Name,
    /// Whether it waits for the end of somebody's quiet hours, with whatever else does.
    pub is_quiet: bool,
}

impl Held {
    /// In words: since when, by the wall clock, and by what.
    #[must_use]
    pub fn words(&self, skew: Span) -> String {
        let by: Vec<&str> = self.by.iter().map(|hold| hold.what.as_str()).collect();
        format!("held back since {}: {}", self.since - skew, by.join("; "))
    }
}

impl Incident {
    /// What the journal says where `event` happens to it.
    #[must_use]
    pub fn step(&self, event: IncidentEvent) -> EventKind {
        EventKind::Incident {
            key: self.key.clone(),
            id: self.id,
            number: self.number,
            generation: self.generation,
            event,
        }
    }

    /// Its alerts that fire.
    pub fn firing(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values().filter(|member| member.ended.is_none())
    }

    /// The highest severity of its firing alerts.
    #[must_use]
    pub fn highest(&self) -> Option<&Severity> {
        self.firing().map(|member| &member.subject.severity).max()
    }

    /// The ladder of its severity; none where a digest lists it or nobody is told.
    #[must_use]
    pub fn ladder(&self) -> Option<&Ladder> {
        self.ladder_for(&self.severity)
    }

    /// The ladder that it would have at `severity`.
    #[must_use]
    pub fn ladder_for(&self, severity: &Severity) -> Option<&Ladder> {
        match self.plan.matrix.get(severity) {
            Some(Escalation::Ladder(ladder)) => Some(ladder),
            Some(Escalation::Digest(digest)) if self.is_stale => Some(&digest.matrix),
            Some(Escalation::Digest(_) | Escalation::Nobody) | None => None,
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        matches!(self.phase, Phase::Resolved { .. })
    }

    /// Whether somebody is at it, at a severity that covers the present one.
    #[must_use]
    pub fn is_in_hands(&self) -> bool {
        self.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.severity >= self.severity)
    }

    /// When it has to be looked at next, if nothing else happens.
    #[must_use]
    pub fn next_due(&self, settings: &Settings) -> Option<Moment> {
        let expires = self.acknowledged.as_ref().and_then(|acknowledged| acknowledged.until);
        let deadline = self.next_deadline(settings);
        match self.phase {
            Phase::Gathering { until } => Some(until),
            Phase::Resolved { .. } => {
                let forgotten = self.kept_until(settings).filter(|_| self.remedies.runs.is_empty());
                forgotten.into_iter().chain(deadline).min()
            }
            Phase::Open => match &self.held {
                // Nothing but its release, or what came of a run changes anything meanwhile.
                Some(held) => {
                    let released = held.by.iter().filter_map(|hold| hold.until);
                    released.chain(deadline).chain(self.remedies.next_due()).min()
                }
                None => {
                    let due = self.update_due.into_iter().chain(expires).chain(deadline);
                    due.chain(self.next_level()).chain(self.remedies.next_due()).min()
                }
            },
        }
    }

    /// When the next level, or somebody who is told later than the others of one, is due.
    fn next_level(&self) -> Option<Moment> {
        let climb = self.climb.filter(|climb| climb.stopped.is_none())?;
        let level = self.ladder().and_then(|ladder| climb.next_due(ladder));
        self.later.iter().map(|later| later.at).chain(level).min()
    }

    /// Whether the present page may be offered to `destination`: not where it has refused this very page for good, and not
    /// through the channel that the incident speaks of. Whoever heard of it before hears of its end all the same.
    #[must_use]
    pub fn may_tell(&self, destination: &Destination) -> bool {
        let only_about_it = !self.ledger.contains_key(destination) && self.is_about(&destination.channel);
        !self.refused.contains(destination) && !only_about_it
    }

    /// Whether all that it speaks of is that `channel` does not deliver.
    #[must_use]
    pub fn is_about(&self, channel: &Name) -> bool {
        self.members.values().all(|member| says_that_it_fails(&member.subject, channel))
    }

    /// Whether `destination` has been paged for this severity or a higher one.
    #[must_use]
    pub fn has_told(&self, destination: &Destination, severity: &Severity) -> bool {
        self.ledger.get(destination).is_some_and(|told| told.pages.values().any(|heard| heard >= severity))
    }
}
