//! Levels: who is told when nobody acts, and what an acknowledgement, a hold and a fall do to the clock.

use super::desk::Desk;
use super::{Incident, Key, Later, Recipient, recipients};
use crate::config::{Ladder, Target};
use crate::engine::command::Actor;
use crate::engine::escalation::{self, Climb, Rung};
use crate::engine::event::IncidentEvent;
use crate::engine::notice::{Message, Reason};
use crate::model::{Name, Severity};

impl Desk<'_> {
    /// Follows the severity, and moves the climb over to the ladder of the new one. A rise above what was paged begins its
    /// climb with its page. Gives whether it rose.
    pub(super) fn set_severity(&mut self, key: &Key, severity: &Severity) -> bool {
        let incident = &self.incidents.by_key[key];
        if incident.severity == *severity {
            return false;
        }
        let (fell, climb, now) = (*severity < incident.severity, incident.climb, self.at.now);
        let next = match (climb, incident.ladder_for(severity)) {
            (Some(climb), Some(ladder)) if fell => Some(climb.moved_to(ladder, now)),
            // Back up to where it was: nobody hears the same severity twice, and its later levels come by the time that was
            // spent there. By a clock that begins anew, what comes and goes would never reach them.
            (_, Some(_)) => {
                Some(incident.left.get(severity).map_or_else(|| Climb::begin(now), |climb| climb.go_on(now)))
            }
            (_, None) => None,
        };
        if fell && let Some(climb) = climb.filter(|climb| climb.stopped.is_none()) {
            self.note(key, IncidentEvent::Climbing { climb: Some(climb.stop(now)) });
        }
        let parked = self.parked_at(key, severity);
        self.note(key, IncidentEvent::Severity { to: severity.clone() });
        let incident = &self.incidents.by_key[key];
        if incident.climb != next && incident.paged.is_some() {
            self.note(key, IncidentEvent::Climbing { climb: next });
        }
        for later in parked {
            self.tell_later(key, later);
        }
        !fell
    }

    /// Stops the clock while somebody is at it or all of it is held back, and lets it go on afterwards. An acknowledgement
    /// that has expired is announced, and the reached level is told again, which it gives; where all is held back, on release.
    pub(super) fn watch_the_clock(&mut self, key: &Key) -> bool {
        let incident = &self.incidents.by_key[key];
        let until = incident.acknowledged.as_ref().and_then(|acknowledged| acknowledged.until);
        let expired = incident.held.is_none() && until.is_some_and(|until| until <= self.at.now);
        // A rise that it did not cover has woken people already.
        let was_in_hands = incident.is_in_hands();
        if expired {
            self.note(key, IncidentEvent::Unacknowledged { by: None });
        }
        let incident = &self.incidents.by_key[key];
        let (stands, should_stand) = (incident.climb, incident.held.is_some() || incident.is_in_hands());
        if let Some(climb) = stands.filter(|climb| climb.stopped.is_some() != should_stand) {
            let climb = if should_stand { climb.stop(self.at.now) } else { climb.go_on(self.at.now) };
            self.note(key, IncidentEvent::Climbing { climb: Some(climb) });
        }
        let tells = expired && was_in_hands;
        if tells {
            self.tell_reached_again(key, Reason::AcknowledgementExpired);
        }
        tells
    }

    /// Begins the ladder of the incident's severity, and reaches what is due at once.
    pub(super) fn begin_climb(&mut self, key: &Key, reason: Reason) {
        let incident = &self.incidents.by_key[key];
        if incident.ladder().is_none() {
            return self.note(key, IncidentEvent::Climbing { climb: None });
        }
        let climb = Climb::begin(self.at.now);
        self.note(key, IncidentEvent::Climbing { climb: Some(climb) });
        self.reach_due(key, Some(reason));
        self.watch_the_clock(key);
    }

    /// Reaches the levels whose time has come, and tells those whose `reach` comes later.
    pub(super) fn climb(&mut self, key: &Key) {
        self.reach_due(key, None);
        self.tell_later_ones(key);
    }

    /// Levels that are late, because nobody looked for a while, come one after the other. One that reaches nobody is passed
    /// over at once: the next one is told in its place.
    fn reach_due(&mut self, key: &Key, first: Option<Reason>) {
        let incident = &self.incidents.by_key[key];
        let catch_up = incident.plan.catch_up;
        let Some(ladder) = incident.ladder().cloned() else { return };
        let ladder = &ladder;
        let mut passed_over = false;
        while let Some(climb) = self.incidents.by_key[key].climb {
            let mut rungs = climb.due(ladder, self.at.now);
            if rungs.is_empty() && passed_over {
                rungs = together(ladder, climb.reached);
                // All of a round may reach nobody, and so would all the others: each has its time, and somebody may be there.
                rungs.retain(|rung| !rung.begins_round);
            }
            if rungs.is_empty() {
                return;
            }
            passed_over = !self.reach(key, &rungs, first, None);
            let late = self.incidents.by_key[key].climb.filter(|climb| !climb.due(ladder, self.at.now).is_empty());
            if let Some(climb) = late.filter(|_| !passed_over) {
                let climb = Climb { not_before: Some(self.at.now + catch_up), ..climb };
                return self.note(key, IncidentEvent::Climbing { climb: Some(climb) });
            }
        }
    }

    /// Reaches rungs of one time, because of the time or of whoever wants it; whether there was anybody to tell.
    fn reach(&mut self, key: &Key, rungs: &[Rung<'_>], first: Option<Reason>, by: Option<&Actor>) -> bool {
        let mut anybody = false;
        for rung in rungs {
            let incident = &self.incidents.by_key[key];
            let Some(climb) = incident.climb else { return anybody };
            if rung.round > 0 && rung.begins_round {
                self.begin_page(key);
            }
            let to = self.reached_by(key, &rung.level.notify);
            let nobody = to.is_empty() && !rung.level.notify.is_empty();
            anybody |= !nobody;
            let climb = Climb { reached: rung.number + 1, not_before: None, ..climb };
            let level = rung.level.name.clone();
            self.note(key, IncidentEvent::Reached { level: level.clone(), round: rung.round, climb, nobody });
            let reason = if rung.round > 0 { Reason::Repeated } else { first.unwrap_or(Reason::Escalated) };
            let message = Message { by: by.cloned(), ..Message::page(reason) };
            for recipient in to {
                self.tell_recipient(key, &recipient, &level, &message, rung.round > 0);
            }
        }
        anybody
    }

    /// Whom a level reaches. That a channel does not deliver is told through its fallback instead.
    fn reached_by(&self, key: &Key, notify: &[Target]) -> Vec<Recipient> {
        let incident = &self.incidents.by_key[key];
        let mut reached: Vec<Recipient> = Vec::new();
        for recipient in recipients(&self.world.settings, notify, self.at.wall) {
            let Some(channel) = self.instead_of(incident, &recipient.destination.channel) else { continue };
            let recipient =
                if channel == recipient.destination.channel { recipient } else { Recipient::channel(channel) };
            if reached.iter().all(|known| known.destination != recipient.destination) {
                reached.push(recipient);
            }
        }
        reached
    }

    /// `channel`, or the first of its fallbacks of which the incident does not say that it fails.
    fn instead_of(&self, incident: &Incident, channel: &Name) -> Option<Name> {
        let channels = &self.world.settings.channels;
        let next = |channel: &&Name| channels.get(*channel).and_then(|channel| channel.fallback.as_ref());
        let mut chain = std::iter::successors(Some(channel), next).take(channels.len() + 1);
        chain.find(|channel| !incident.is_about(channel)).cloned()
    }

    /// Tells one recipient of a level, now or later. Nobody hears the same severity twice, but for a repeat.
    fn tell_recipient(&mut self, key: &Key, recipient: &Recipient, level: &Name, page: &Message, again: bool) {
        let incident = &self.incidents.by_key[key];
        let severity = incident.severity.clone();
        let destination = &recipient.destination;
        let heard = if again {
            incident.ledger.get(destination).is_some_and(|told| told.pages.contains_key(&incident.page))
        } else {
            incident.has_told(destination, &severity)
        };
        if heard || !incident.may_tell(destination) {
            return;
        }
        let rests = recipient.rests.as_ref().and_then(|rest| rest.holds(&severity));
        if recipient.after.is_zero() && rests.is_none() {
            let message = Message { level: Some(level.clone()), ..page.clone() };
            return self.tell(key, destination, &message, &severity);
        }
        let wakes = rests.map(|until| self.moment_of(until));
        let at = (self.at.now + recipient.after).max(wakes.unwrap_or(self.at.now));
        let (destination, level) = (destination.clone(), level.clone());
        self.tell_later(key, Later { at, destination, level, is_quiet: rests.is_some() });
    }

    /// Wakes the reached level anew, under a key of its own, and tells the others quietly.
    fn tell_reached_again(&mut self, key: &Key, reason: Reason) {
        let page = self.begin_page(key);
        self.wake_reached(key, reason);
        let woken = self.woken_since(key, page);
        self.update_others(key, Message::update(reason), &woken);
    }

    /// Wakes whoever the reached level tells and the present page has not woken; where it tells nobody, the next one.
    pub(super) fn wake_reached(&mut self, key: &Key, reason: Reason) {
        let incident = &self.incidents.by_key[key];
        let last = incident.climb.and_then(|climb| escalation::rung(incident.ladder()?, climb.reached.checked_sub(1)?));
        let Some(level) = last.map(|rung| rung.level.clone()) else { return };
        let to = self.reached_by(key, &level.notify);
        for recipient in &to {
            self.tell_recipient(key, recipient, &level.name, &Message::page(reason), true);
        }
        if to.is_empty() {
            self.reach_next(key, None);
        }
    }

    /// Reaches the next level now, whatever the clock says: somebody wants it, or the present one reaches nobody. One that reaches
    /// nobody is passed over.
    pub(super) fn reach_next(&mut self, key: &Key, by: Option<&Actor>) {
        let Some(ladder) = self.incidents.by_key[key].ladder().cloned() else { return };
        let mut passed_over = false;
        while let Some(climb) = self.incidents.by_key[key].climb {
            let mut next = together(&ladder, climb.reached);
            next.retain(|rung| !(passed_over && rung.begins_round));
            if next.is_empty() || self.reach(key, &next, None, by) {
                return;
            }
            passed_over = true;
        }
    }
}

/// The rung with this number, and those after it that are due at the same time.
fn together(ladder: &Ladder, number: u32) -> Vec<Rung<'_>> {
    let at = escalation::rung(ladder, number).map(|rung| rung.at);
    let rungs = (number..).map_while(|number| escalation::rung(ladder, number));
    rungs.take_while(|rung| Some(rung.at) == at).collect()
}
