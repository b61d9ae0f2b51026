//! Who hears of an incident: whoever is woken, whoever hears quietly how it stands, and what the ledger says of both.

use super::desk::{At, Desk, Settled};
use super::{Destination, Incident, Incidents, Key};
use crate::engine::escalation::Climb;
use crate::engine::event::{Event, IncidentEvent};
use crate::engine::notice::{Draft, Letter, Message, NoticeKind, Reason, is_shown};
use crate::engine::own::says_that_it_fails;
use crate::engine::world::World;
use crate::model::{IncidentId, Moment, Name, Severity};

/// A page was refused for good: whoever it was for has not been told, and is owed no end.
pub fn refused(
    incidents: &mut Incidents,
    id: IncidentId,
    generation: u32,
    to: &Destination,
    page: u32,
    now: Moment,
) -> Option<Event> {
    let refused = incidents.by_key.values().find(|incident| incident.id == id && incident.generation == generation)?;
    let (key, event) = (refused.key.clone(), IncidentEvent::NotTold { destination: to.clone(), page });
    let kind = refused.step(event.clone());
    incidents.apply(&key, &event);
    Some(Event { moment: now, slot: None, kind })
}

/// A page does not get through: the channel's fallback is told the same, and will hear of the end like everybody else.
pub fn fall_back(world: &World, incidents: &mut Incidents, notice: &Draft, fallback: &Name, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    let known = desk.incidents.by_key.get(&notice.key);
    let same = known.filter(|incident| incident.id == notice.incident && incident.generation == notice.generation);
    let destination = Destination { channel: fallback.clone(), to: None };
    let heard = |incident: &Incident| {
        incident.ledger.get(&destination).is_some_and(|told| told.pages.contains_key(&incident.page))
    };
    // Asked again with each attempt that fails.
    let is_still_meant = |incident: &Incident| !incident.is_in_hands() && incident.held.is_none();
    let may_hear = |incident: &Incident| {
        !incident.is_resolved() && is_still_meant(incident) && !heard(incident) && incident.may_tell(&destination)
    };
    if let Some(incident) = same.filter(|incident| may_hear(incident)) {
        let severity = incident.severity.clone();
        desk.tell(&notice.key, &destination, &Message::page(notice.reason), &severity);
    }
    desk.out
}

impl Desk<'_> {
    /// Wakes everybody who has heard of it, and not at this severity; gives who that is.
    pub(super) fn tell_of_rise(&mut self, key: &Key, severity: &Severity, reason: Reason) -> Vec<Destination> {
        let incident = &self.incidents.by_key[key];
        let heard_less =
            |destination: &&Destination| !incident.has_told(destination, severity) && incident.may_tell(destination);
        let woken: Vec<Destination> = incident.ledger.keys().filter(heard_less).cloned().collect();
        for destination in &woken {
            self.wake(key, destination, reason, severity);
        }
        woken
    }

    /// Back up at a severity that was paged: wakes whoever heard of a lower one and, where an acknowledgement has expired
    /// meanwhile, the reached level as well. That is one page, so nobody is woken twice; and that it has expired was said then.
    pub(super) fn tell_of_return(&mut self, key: &Key, severity: &Severity) {
        let has_expired = self.incidents.by_key[key].lapsed.is_some();
        let again = has_expired.then(|| self.begin_page(key));
        let mut woken = self.tell_of_rise(key, severity, Reason::Rose);
        if let Some(page) = again {
            self.wake_reached(key, Reason::AcknowledgementExpired);
            woken.extend(self.woken_since(key, page));
        }
        if has_expired || !woken.is_empty() {
            self.update_others(key, Message::update(Reason::Rose), &woken);
        }
    }

    /// Begins a page with a number of its own at the present severity, which it gives.
    pub(super) fn begin_page(&mut self, key: &Key) -> u32 {
        let incident = &self.incidents.by_key[key];
        let (page, severity) = (incident.page + 1, incident.severity.clone());
        self.note(key, IncidentEvent::Paged { page, severity });
        page
    }

    /// Who was woken by this page, or a later one.
    pub(super) fn woken_since(&self, key: &Key, page: u32) -> Vec<Destination> {
        let ledger = self.incidents.by_key[key].ledger.iter();
        let woken = ledger.filter(|(_, told)| told.pages.range(page..).next().is_some());
        woken.map(|(destination, _)| destination.clone()).collect()
    }

    /// What would wake people finds somebody at it already: its levels begin when that is over.
    pub(super) fn stand_by(&mut self, key: &Key) {
        let now = self.at.now;
        let climb = self.incidents.by_key[key].ladder().map(|_| Climb::begin(now).stop(now));
        self.begin_page(key);
        self.note(key, IncidentEvent::Climbing { climb });
        self.enter_digest(key);
    }

    /// Wakes people: those of this severity, and everybody who heard of a lower one.
    pub(super) fn page(&mut self, key: &Key, severity: &Severity, reason: Reason) {
        let incident = &self.incidents.by_key[key];
        let reason = if incident.generation > 1 && reason == Reason::Opened { Reason::Reopened } else { reason };
        self.begin_page(key);
        self.begin_climb(key, reason);
        self.enter_digest(key);
        self.tell_of_rise(key, severity, reason);
        self.note(key, IncidentEvent::Said);
        self.owe_runs(key);
    }

    /// Tells those who know, quietly, how things stand.
    pub(super) fn update(&mut self, key: &Key, message: Message) {
        self.update_others(key, message, &[]);
    }

    /// The same to everybody but those who have just heard of it.
    pub(super) fn update_others(&mut self, key: &Key, message: Message, heard: &[Destination]) {
        let incident = &self.incidents.by_key[key];
        let severity = incident.severity.clone();
        for destination in incident.ledger.keys().filter(|to| !heard.contains(to)).cloned().collect::<Vec<_>>() {
            self.tell(key, &destination, &message, &severity);
        }
        self.note(key, IncidentEvent::Said);
    }

    pub(super) fn tell(&mut self, key: &Key, destination: &Destination, message: &Message, severity: &Severity) {
        let incident = &self.incidents.by_key[key];
        let told = incident.ledger.get(destination);
        let is_about_it = incident.firing().all(|member| says_that_it_fails(&member.subject, &destination.channel));
        // Whoever heard of it by other alerts hears of everything.
        if message.kind == NoticeKind::Page && told.is_none() && is_about_it && incident.firing().next().is_some() {
            return;
        }
        if !self.is_shown(destination, message.kind, message.reason) {
            return;
        }
        let revision = told.map_or(0, |told| told.revision) + u32::from(message.kind == NoticeKind::Update);
        let page = incident.page;
        if message.kind == NoticeKind::Page && told.is_some_and(|told| told.pages.contains_key(&page)) {
            // Paged at a lower severity, with no page since: under the same key it would be taken for a repeat, and lost.
            self.note(key, IncidentEvent::Paged { page: page + 1, severity: severity.clone() });
        }
        let incident = &self.incidents.by_key[key];
        let draft = Draft::new(incident, destination, message, revision, self.at.now);
        self.out.drafts.push(draft);
        let page = (message.kind == NoticeKind::Page).then_some(incident.page);
        let (destination, severity) = (destination.clone(), severity.clone());
        self.note(key, IncidentEvent::Told { destination, page, severity, revision, at: self.at.now });
    }

    /// Whether the channel of `destination` can show such a message. What nobody would see is not owed, and nobody is said to
    /// have been told. A channel that is taken out of the configuration decides so itself.
    pub(super) fn is_shown(&self, destination: &Destination, message: NoticeKind, reason: Reason) -> bool {
        let channel = self.world.settings.channels.get(&destination.channel);
        channel.is_none_or(|channel| is_shown(&channel.kind, message, reason))
    }

    /// Writes a letter to `destination`, where it is shown.
    pub(super) fn write(&mut self, letter: &Letter, destination: &Destination) {
        if self.is_shown(destination, NoticeKind::Letter, letter.reason) {
            self.out.drafts.push(Draft::letter(letter, destination, self.at.now));
        }
    }
}
