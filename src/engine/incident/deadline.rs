//! The response procedure: what must have happened by when, what is reminded of, and how it went.
//!
//! Deadlines are elapsed time. They count from the first message, the review's from the resolution, and are those of the
//! severity that the incident has now.

use super::desk::Desk;
use super::{Incident, Key, Phase};
use crate::config::Settings;
use crate::engine::event::IncidentEvent;
use crate::engine::notice::{Message, Reason};
use crate::model::{Moment, Span};

/// What the response procedure asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Somebody took it.
    Acknowledge,
    /// The severity is confirmed or corrected.
    Assess,
    /// The stakeholders heard how things stand.
    Communicate,
    /// It is over.
    Resolve,
    /// A review is linked.
    Postmortem,
}

/// How it stands with one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it was done first.
    pub done: Option<Moment>,
    /// When it was due, where that passed before it was done.
    pub missed: Option<Moment>,
}

impl Stage {
    /// All of them, in the order of the procedure.
    pub const ALL: [Stage; 5] =
        [Stage::Acknowledge, Stage::Assess, Stage::Communicate, Stage::Resolve, Stage::Postmortem];

    /// Its key in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stage::Acknowledge => "acknowledge",
            Stage::Assess => "assess",
            Stage::Communicate => "communicate",
            Stage::Resolve => "resolve",
            Stage::Postmortem => "postmortem",
        }
    }

    /// What has been done to an incident then.
    #[must_use]
    pub fn participle(self) -> &'static str {
        match self {
            Stage::Acknowledge => "acknowledged",
            Stage::Assess => "assessed",
            Stage::Communicate => "communicated to the stakeholders",
            Stage::Resolve => "resolved",
            Stage::Postmortem => "reviewed",
        }
    }
}

impl Incident {
    /// When each stage that the procedure asks for at its severity is due; nothing before the first message.
    pub fn deadlines(&self, settings: &Settings) -> impl Iterator<Item = (Stage, Moment)> {
        let response = settings.response.get(&self.severity).copied().unwrap_or_default();
        let resolved = match self.phase {
            Phase::Resolved { at } => Some(at),
            Phase::Gathering { .. } | Phase::Open => None,
        };
        let told = self.first_message;
        let due = move |stage| -> Option<Moment> {
            let (from, span): (Option<Moment>, Option<Span>) = match stage {
                Stage::Acknowledge => (told, response.acknowledge),
                Stage::Assess => (told, response.assess),
                Stage::Communicate => (told, response.communicate),
                Stage::Resolve => (told, response.resolve),
                // What nobody heard of needs no review.
                Stage::Postmortem => (resolved.filter(|_| told.is_some()), response.postmortem),
            };
            Some(from? + span?)
        };
        Stage::ALL.into_iter().filter_map(move |stage| Some((stage, due(stage)?)))
    }

    /// What is still to be done, and by when. What is over needs only its review.
    fn open_deadlines(&self, settings: &Settings) -> impl Iterator<Item = (Stage, Moment)> {
        let over = self.is_resolved();
        let settled = move |stage| {
            let standing = self.response.get(&stage).copied().unwrap_or_default();
            standing.done.is_some() || standing.missed.is_some() || (over && stage != Stage::Postmortem)
        };
        self.deadlines(settings).filter(move |(stage, _)| !settled(*stage))
    }

    /// When the procedure asks for something next.
    #[must_use]
    pub fn next_deadline(&self, settings: &Settings) -> Option<Moment> {
        self.open_deadlines(settings).map(|(_, due)| due).chain(self.update_wanted(settings)).min()
    }

    /// When the stakeholders are to hear of it again, while there are any.
    fn update_wanted(&self, settings: &Settings) -> Option<Moment> {
        self.update_wanted.filter(|_| settings.stakeholders.is_some())
    }
}

/// How long an incident whose review is late is kept for it all the same.
const REVIEW_GRACE: Span = Span::from_hours(30 * 24);

impl Incident {
    /// How long it is kept after its end: while it can reopen, and while its review is waited for.
    #[must_use]
    pub fn kept_until(&self, settings: &Settings) -> Option<Moment> {
        let Phase::Resolved { at } = self.phase else { return None };
        let reviewed = self.response.get(&Stage::Postmortem).is_some_and(|standing| standing.done.is_some());
        let review = self.deadlines(settings).find(|(stage, _)| *stage == Stage::Postmortem && !reviewed);
        Some(review.map_or(at + self.plan.reopen_within, |(_, due)| due + REVIEW_GRACE))
    }
}

impl Desk<'_> {
    /// Notes what was not done in time, and reminds those who know.
    pub(super) fn remind(&mut self, key: &Key) {
        let Some(incident) = self.incidents.by_key.get(key) else { return };
        let missed: Vec<_> =
            incident.open_deadlines(&self.world.settings).filter(|(_, due)| *due <= self.at.now).collect();
        let update_wanted = incident.update_wanted(&self.world.settings).filter(|due| *due <= self.at.now);
        for (stage, at) in missed {
            self.note(key, IncidentEvent::Missed { stage, at });
            self.update(key, Message::update(Reason::Overdue(stage)));
        }
        if update_wanted.is_some() {
            let every = self.world.settings.stakeholders.as_ref().and_then(|stakeholders| stakeholders.every);
            self.note(key, IncidentEvent::UpdateWanted { at: every.map(|every| self.at.now + every) });
            self.update(key, Message::update(Reason::Overdue(Stage::Communicate)));
        }
    }
}
