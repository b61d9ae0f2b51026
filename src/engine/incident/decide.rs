//! What an incident becomes when its alerts move or its timers are due, and who is owed a message.
//!
//! A batch of transitions is taken in first and settled after, so that five hundred alerts of one slot are one message.

use super::{Destination, Incident, Incidents, Key, Phase, destinations};
use crate::config::{Escalation, Policy};
use crate::engine::event::{Event, EventKind, IncidentEvent};
use crate::engine::notice::{Draft, NoticeKind, Reason};
use crate::engine::own::says_that_it_fails;
use crate::engine::transition::{Subject, Transition};
use crate::engine::world::World;
use crate::model::{IncidentId, Labels, Moment, Name, Severity, Slot, Span};
use std::collections::BTreeSet;

/// An incident that fires again within this time after it resolved is the same one, reopened.
const REOPEN_WITHIN: Span = Span::from_mins(10);

/// What settling led to.
#[derive(Debug, Default)]
pub struct Settled {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Whom to tell what.
    pub drafts: Vec<Draft>,
}

struct Desk<'a> {
    world: &'a World,
    incidents: &'a mut Incidents,
    slot: Slot,
    now: Moment,
    out: Settled,
}

/// Takes in what alerts did at one slot, and settles the incidents that it touched.
pub fn absorb(
    world: &World,
    incidents: &mut Incidents,
    transitions: &[Transition],
    slot: Slot,
    now: Moment,
) -> Settled {
    let mut desk = Desk { world, incidents, slot, now, out: Settled::default() };
    let mut touched = BTreeSet::new();
    for transition in transitions {
        touched.extend(desk.take_in(transition));
    }
    for key in touched {
        desk.settle(&key);
    }
    desk.out
}

/// Lets timers that are due take effect.
pub fn tick(world: &World, incidents: &mut Incidents, slot: Slot, now: Moment) -> Settled {
    let due: Vec<Key> = incidents
        .by_key
        .iter()
        .filter(|(_, incident)| incident.next_due().is_some_and(|due| due <= now))
        .map(|(key, _)| key.clone())
        .collect();
    let mut desk = Desk { world, incidents, slot, now, out: Settled::default() };
    for key in due {
        desk.settle(&key);
    }
    desk.out
}

/// A page was refused for good: whoever it was for has not been told, and is owed no end.
pub fn refused(
    incidents: &mut Incidents,
    id: IncidentId,
    generation: u32,
    to: &Destination,
    page: u32,
    now: Moment,
) -> Option<Event> {
    let found = incidents.by_key.iter().find(|(_, incident)| incident.id == id && incident.generation == generation);
    let key = found.map(|(key, _)| key.clone())?;
    let event = IncidentEvent::NotTold { destination: to.clone(), page };
    incidents.apply(&key, &event);
    let kind = EventKind::Incident { key, id, generation, event };
    Some(Event { moment: now, slot: None, kind })
}

/// A page does not get through: the channel's fallback is told the same, and will hear of the end like everybody else.
pub fn fall_back(world: &World, incidents: &mut Incidents, notice: &Draft, fallback: &Name, now: Moment) -> Settled {
    let slot = Slot::from_millis(now.millis());
    let mut desk = Desk { world, incidents, slot, now, out: Settled::default() };
    let known = desk.incidents.by_key.get(&notice.key);
    let same = known.filter(|incident| incident.id == notice.incident && incident.generation == notice.generation);
    let destination = Destination { channel: fallback.clone(), to: None };
    let heard = |incident: &Incident| {
        incident.ledger.get(&destination).is_some_and(|told| told.pages.contains_key(&incident.page))
    };
    if let Some(incident) = same.filter(|incident| !incident.is_resolved() && !heard(incident)) {
        let severity = incident.severity.clone();
        desk.tell(&notice.key, &destination, NoticeKind::Page, notice.reason, &severity);
    }
    desk.out
}

impl Incident {
    /// When it has to be looked at next, if nothing else happens.
    #[must_use]
    pub fn next_due(&self) -> Option<Moment> {
        match self.phase {
            Phase::Gathering { until } => Some(until),
            Phase::Open => self.update_due,
            Phase::Resolved { at } => Some(at + REOPEN_WITHIN),
        }
    }
}

impl Desk<'_> {
    /// Notes what one alert did; returns the incident that it touched.
    fn take_in(&mut self, transition: &Transition) -> Option<Key> {
        let subject = &transition.subject;
        let known = self.incidents.of_alert.get(&subject.alert).cloned();
        match (&transition.after, known) {
            (Some(_), known) => {
                let key = known.unwrap_or_else(|| self.key_for(subject, transition.policy.as_ref()));
                self.open_if_needed(&key, &subject.severity);
                let (subject, cause) = (subject.clone(), transition.cause.clone());
                self.note(&key, IncidentEvent::Joined { subject, cause });
                Some(key)
            }
            (None, Some(key)) => {
                let (subject, cause) = (subject.clone(), transition.cause.clone());
                self.note(&key, IncidentEvent::Left { subject, cause, at: self.now });
                Some(key)
            }
            (None, None) => None,
        }
    }

    /// The policy is the rule's own, else that of the first route that matches the labels without `severity`.
    fn key_for(&self, subject: &Subject, own: Option<&Name>) -> Key {
        let settings = &self.world.settings;
        let labels = subject.labels.without("severity").overlaid_under(&settings.external_labels);
        let routed = || settings.routes.iter().find(|route| route.matchers.matches(&labels)).map(|route| &route.policy);
        let policy = own.or_else(routed).cloned().unwrap_or_else(|| "default".into());
        let group_by = settings.policies.get(&policy).map(|policy| policy.group_by.as_slice()).unwrap_or_default();
        Key { group: labels.only(group_by), policy }
    }

    fn open_if_needed(&mut self, key: &Key, severity: &Severity) {
        let until = self.now + self.wait(key, severity);
        let severity = severity.clone();
        let event = match self.incidents.by_key.get(key) {
            Some(incident) => match incident.phase {
                Phase::Gathering { .. } | Phase::Open => return,
                Phase::Resolved { at } if self.now - at <= REOPEN_WITHIN => IncidentEvent::Reopened { until, severity },
                Phase::Resolved { .. } => self.opening(key, severity, until),
            },
            None => self.opening(key, severity, until),
        };
        self.note(key, event);
    }

    fn opening(&self, key: &Key, severity: Severity, until: Moment) -> IncidentEvent {
        let id = IncidentId::derive(&[&key.policy, &key.group.to_string(), &self.slot.millis().to_string()]);
        IncidentEvent::Opened { id, number: self.incidents.last_number + 1, slot: self.slot, severity, until }
    }

    fn wait(&self, key: &Key, severity: &Severity) -> Span {
        match self.policy(key).and_then(|policy| policy.matrix.get(severity)) {
            Some(Escalation::Ladder(ladder)) => ladder.wait,
            Some(Escalation::Digest(_) | Escalation::Nobody) | None => Span::ZERO,
        }
    }

    fn policy(&self, key: &Key) -> Option<&Policy> {
        self.world.settings.policies.get(&key.policy)
    }

    /// Decides what the incident owes to whom, now that everything of this moment is known.
    fn settle(&mut self, key: &Key) {
        let Some(incident) = self.incidents.by_key.get(key) else { return };
        let highest = incident.highest().cloned();
        match (incident.phase, highest) {
            (Phase::Resolved { at }, _) if self.now - at >= REOPEN_WITHIN => self.note(key, IncidentEvent::Forgotten),
            (Phase::Resolved { .. }, _) => {}
            (Phase::Gathering { .. } | Phase::Open, None) => self.resolve(key),
            (Phase::Gathering { until }, Some(severity)) => self.gather(key, until, severity),
            (Phase::Open, Some(severity)) => self.go_on(key, severity),
        }
    }

    fn gather(&mut self, key: &Key, until: Moment, severity: Severity) {
        let until = until.min(self.now + self.wait(key, &severity));
        self.set_severity(key, &severity);
        if until <= self.now {
            self.page(key, &severity, Reason::Opened);
        } else if self.incidents.by_key[key].phase != (Phase::Gathering { until }) {
            self.note(key, IncidentEvent::Gathering { until });
        }
    }

    /// An open incident: a rise goes out at once, everything else is gathered.
    fn go_on(&mut self, key: &Key, severity: Severity) {
        self.set_severity(key, &severity);
        let incident = &self.incidents.by_key[key];
        if incident.paged.as_ref().is_none_or(|paged| severity > *paged) {
            return self.page(key, &severity, Reason::Rose);
        }
        let earliest = incident.last_message.map_or(self.now, |last| last + self.update_every(key));
        if earliest <= self.now {
            self.update(key, &severity);
        } else if incident.update_due.is_none() {
            self.note(key, IncidentEvent::UpdateDue { at: Some(earliest) });
        }
    }

    fn update_every(&self, key: &Key) -> Span {
        self.policy(key).map_or(Span::ZERO, |policy| policy.update_every)
    }

    fn set_severity(&mut self, key: &Key, severity: &Severity) {
        if self.incidents.by_key[key].severity != *severity {
            self.note(key, IncidentEvent::Severity { to: severity.clone() });
        }
    }

    /// Wakes people: those of this severity, and everybody who heard of a lower one.
    fn page(&mut self, key: &Key, severity: &Severity, reason: Reason) {
        let mut to = destinations(&self.world.settings, &key.policy, severity);
        let incident = &self.incidents.by_key[key];
        let page = incident.page + 1;
        to.extend(incident.ledger.keys().filter(|told| !to.contains(told)).cloned().collect::<Vec<_>>());
        let reason = if incident.generation > 1 && reason == Reason::Opened { Reason::Reopened } else { reason };
        self.note(key, IncidentEvent::Paged { page, severity: severity.clone() });
        for destination in to {
            self.tell(key, &destination, NoticeKind::Page, reason, severity);
        }
        self.note(key, IncidentEvent::Said);
    }

    /// Tells those who know, quietly, how things stand.
    fn update(&mut self, key: &Key, severity: &Severity) {
        let incident = &self.incidents.by_key[key];
        let fell = incident.paged.as_ref().is_some_and(|paged| severity < paged);
        let reason = if fell { Reason::Fell } else { Reason::Changed };
        for destination in incident.ledger.keys().cloned().collect::<Vec<_>>() {
            self.tell(key, &destination, NoticeKind::Update, reason, severity);
        }
        self.note(key, IncidentEvent::Said);
    }

    /// The last alert has ended: whoever heard of it hears of its end.
    fn resolve(&mut self, key: &Key) {
        self.note(key, IncidentEvent::Resolved { at: self.now });
        let incident = &self.incidents.by_key[key];
        let severity = incident.severity.clone();
        for destination in incident.ledger.keys().cloned().collect::<Vec<_>>() {
            self.tell(key, &destination, NoticeKind::End, Reason::Resolved, &severity);
        }
        self.note(key, IncidentEvent::Said);
    }

    fn tell(&mut self, key: &Key, destination: &Destination, kind: NoticeKind, reason: Reason, severity: &Severity) {
        let incident = &self.incidents.by_key[key];
        let told = incident.ledger.get(destination);
        let is_about_it = incident.firing().all(|member| says_that_it_fails(&member.subject, &destination.channel));
        // Whoever heard of it by other alerts hears of everything.
        if kind == NoticeKind::Page && told.is_none() && is_about_it {
            return;
        }
        let revision = told.map_or(0, |told| told.revision) + u32::from(kind == NoticeKind::Update);
        let draft = Draft::new(incident, destination, kind, reason, revision, self.now);
        self.out.drafts.push(draft);
        let page = (kind == NoticeKind::Page).then_some(incident.page);
        let (destination, severity) = (destination.clone(), severity.clone());
        self.note(key, IncidentEvent::Told { destination, page, severity, revision, at: self.now });
    }

    /// Puts a step into effect and into the journal.
    fn note(&mut self, key: &Key, event: IncidentEvent) {
        self.incidents.apply(key, &event);
        let known = self.incidents.by_key.get(key);
        let (id, generation) = match (&event, known) {
            (_, Some(incident)) => (incident.id, incident.generation),
            (IncidentEvent::Opened { id, .. }, None) => (*id, 1),
            (_, None) => (IncidentId::derive(&[]), 0),
        };
        let kind = EventKind::Incident { key: key.clone(), id, generation, event };
        self.out.events.push(Event { moment: self.now, slot: Some(self.slot), kind });
    }
}

impl Labels {
    /// This set over `defaults`: a label that is there already counts.
    #[must_use]
    pub fn overlaid_under(&self, defaults: &Labels) -> Labels {
        if defaults.is_empty() { self.clone() } else { defaults.overlaid(self) }
    }
}
