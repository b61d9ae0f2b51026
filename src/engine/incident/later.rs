//! Who is told later than the others: by their `reach`, because they rest, or because it has fallen meanwhile.
//!
//! A destination waits once, whatever names it. Who waits by `reach` does so by the clock of the levels, quiet hours end by the
//! clock on the wall.

use super::desk::{At, Desk, Settled};
use super::destination::rest_at;
use super::{Destination, Incident, Incidents, Key, Later};
use crate::config::{Escalation, Target};
use crate::engine::escalation;
use crate::engine::event::IncidentEvent;
use crate::engine::notice::{Draft, Letter, Message, NoticeKind, Reason};
use crate::engine::world::World;
use crate::model::{Moment, Name, Severity, Span};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The wall clock was stepped: quiet hours end with it, `by` later than was thought.
pub fn move_rest(world: &World, incidents: &mut Incidents, by: Span, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    for key in desk.open_ones() {
        let resting = desk.incidents.by_key[&key].later.iter().filter(|later| later.is_quiet);
        let moved = resting.map(|later| Later { at: later.at + by, ..later.clone() });
        for later in moved.collect::<Vec<_>>() {
            desk.note(&key, IncidentEvent::Later(later));
        }
    }
    desk.out
}

impl Desk<'_> {
    /// Who goes on waiting at this severity: the time below it does not count, but for the end of quiet hours.
    pub(super) fn parked_at(&self, key: &Key, severity: &Severity) -> Vec<Later> {
        let incident = &self.incidents.by_key[key];
        let stood = incident.left.get(severity).and_then(|climb| climb.stopped).unwrap_or(self.at.now);
        let waits = |later: &Later| {
            let at = if later.is_quiet { later.at } else { later.at + (self.at.now - stood) };
            Later { at, ..later.clone() }
        };
        let parked = incident.parked.get(severity).into_iter().flatten();
        parked.filter(|later| !incident.has_told(&later.destination, severity)).map(waits).collect()
    }

    /// Whoever waits already hears once, at the earlier time.
    pub(super) fn tell_later(&mut self, key: &Key, later: Later) {
        let known = &self.incidents.by_key[key].later;
        if known.iter().all(|known| known.destination != later.destination || later.at < known.at) {
            self.note(key, IncidentEvent::Later(later));
        }
    }

    /// Wakes a destination that has heard of it before, or lets it rest where everybody there does.
    pub(super) fn wake(&mut self, key: &Key, destination: &Destination, reason: Reason, severity: &Severity) {
        match self.rests_until(key, destination, severity) {
            Some(at) => {
                let (destination, level) = (destination.clone(), self.reached_level(key));
                self.tell_later(key, Later { at, destination, level, is_quiet: true });
            }
            None => self.tell(key, destination, &Message::page(reason), severity),
        }
    }

    /// Until when everybody who is reached there rests, where a message of this severity lets them.
    fn rests_until(&self, key: &Key, destination: &Destination, severity: &Severity) -> Option<Moment> {
        let targets = self.incidents.by_key[key].plan.matrix.values().flat_map(Escalation::targets);
        let targets: Vec<Target> = targets.cloned().collect();
        let rest = rest_at(&self.world.settings, &targets, destination, self.at.wall)?;
        rest.holds(severity).map(|until| self.moment_of(until))
    }

    pub(super) fn moment_of(&self, instant: Timestamp) -> Moment {
        self.at.now + Span::from_millis(instant.as_millisecond() - self.at.wall.as_millisecond())
    }

    fn reached_level(&self, key: &Key) -> Name {
        let incident = &self.incidents.by_key[key];
        let last = incident.climb.and_then(|climb| climb.reached.checked_sub(1)).unwrap_or_default();
        let rung = incident.ladder().and_then(|ladder| escalation::rung(ladder, last));
        rung.map(|rung| rung.level.name.clone()).unwrap_or_default()
    }

    /// Tells those whose time has come; who rests by then goes on waiting.
    pub(super) fn tell_later_ones(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        if incident.climb.is_none_or(|climb| climb.stopped.is_some()) {
            return;
        }
        let due = incident.later.iter().filter(|later| later.at <= self.at.now && !later.is_quiet);
        let due: Vec<Later> = due.cloned().collect();
        let severity = incident.severity.clone();
        for later in due {
            if let Some(at) = self.rests_until(key, &later.destination, &severity) {
                self.note(key, IncidentEvent::Later(Later { at, is_quiet: true, ..later }));
                continue;
            }
            let message = Message { level: Some(later.level), ..Message::page(Reason::Escalated) };
            self.tell(key, &later.destination, &message, &severity);
        }
    }

    /// Somebody's quiet hours are over: what waited for that is one message, however many incidents it is about.
    pub(super) fn tell_the_rested(&mut self) {
        let mut rested: BTreeMap<Destination, Vec<Key>> = BTreeMap::new();
        let may_hear = |incident: &Incident| incident.held.is_none() && !incident.is_in_hands();
        for (key, incident) in self.incidents.by_key.iter().filter(|(_, incident)| may_hear(incident)) {
            let due = incident.later.iter().filter(|later| later.is_quiet && later.at <= self.at.now);
            for later in due {
                rested.entry(later.destination.clone()).or_default().push(key.clone());
            }
        }
        for (destination, keys) in rested {
            // What does not show letters wakes people for each of them.
            if keys.len() == 1 || !self.is_shown(&destination, NoticeKind::Letter, Reason::Rested) {
                for key in &keys {
                    let severity = self.incidents.by_key[key].severity.clone();
                    self.tell(key, &destination, &Message::page(Reason::Rested), &severity);
                }
                continue;
            }
            let incidents: Vec<&Incident> = keys.iter().map(|key| &self.incidents.by_key[key]).collect();
            let letter = Letter::rested(&incidents, self.at.slot);
            self.out.drafts.push(Draft::letter(&letter, &destination, self.at.now));
            for key in keys {
                let incident = &self.incidents.by_key[&key];
                let (page, severity) = (Some(incident.page), incident.severity.clone());
                let revision = incident.ledger.get(&destination).map_or(0, |told| told.revision);
                let (destination, at) = (destination.clone(), self.at.now);
                self.note(&key, IncidentEvent::Told { destination, page, severity, revision, at });
            }
        }
    }
}
