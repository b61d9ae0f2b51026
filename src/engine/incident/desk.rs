//! What an incident becomes when its alerts move or its timers are due, and who is owed a message.
//!
//! A batch of transitions is taken in first and settled after, so that five hundred alerts of one slot are one message.
//! [`Desk::settle`] is the order of one incident's decisions: severity, acknowledgement, what holds it, page, levels, update.

use super::hold::Inhibitor;
use super::{Incident, Incidents, Key, Phase};
use crate::config::{Escalation, Policy, Resolve};
use crate::engine::command::Actor;
use crate::engine::event::{Event, EventKind, IncidentEvent, Opening};
use crate::engine::notice::{Draft, Message, NoticeKind, Reason};
use crate::engine::transition::{Subject, Transition};
use crate::engine::world::World;
use crate::model::{IncidentId, Labels, Moment, Name, Severity, Slot, Span};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What settling led to.
#[derive(Debug, Default)]
pub struct Settled {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Whom to tell what.
    pub drafts: Vec<Draft>,
}

/// The instant of a step, in all the ways that incidents need it.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// The slot that led to it, or the one of now.
    pub slot: Slot,
    /// What timers count by.
    pub now: Moment,
    /// What people's calendars count by.
    pub wall: jiff::Timestamp,
    /// The wall clock at the step before, where there was one.
    pub before: Option<jiff::Timestamp>,
}

impl At {
    /// Since when a date of people's calendars is new, where they were told last of the one at `told`. One that is yet to come was
    /// told while the clock was ahead, and a clock that was set back has to be believed: then a date is new that has come since the
    /// step before. So none between here and there is left out, and the one that was told does not come twice.
    pub fn new_since(&self, told: Slot) -> Slot {
        let wall = Slot::from(self.wall);
        if told > wall { self.before.map_or(wall, Slot::from) } else { told }
    }
}

impl At {
    /// How far engine time is ahead of the wall clock.
    pub(super) fn skew(self) -> Span {
        Span::from_millis(self.now.millis() - self.wall.as_millisecond())
    }
}

pub(super) struct Desk<'a> {
    pub(super) world: &'a World,
    pub(super) incidents: &'a mut Incidents,
    pub(super) at: At,
    pub(super) out: Settled,
    /// What fires and may hold others back; the same for all that is settled in one step.
    pub(super) sources: OnceCell<Vec<Inhibitor>>,
}

/// Takes in what alerts did at one slot, and settles the incidents that it touched.
pub fn absorb(world: &World, incidents: &mut Incidents, transitions: &[Transition], at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    let mut touched = BTreeSet::new();
    for transition in transitions {
        touched.extend(desk.take_in(transition));
    }
    // What began or ceased to fire may hold back others, or let them go.
    if !transitions.is_empty() && world.inhibits() {
        touched.extend(desk.open_ones());
    }
    for key in touched {
        desk.settle(&key);
    }
    desk.out
}

/// Lets timers that are due take effect; those of incidents only where they were due before the slot that is `awaited`.
pub fn tick(world: &World, incidents: &mut Incidents, awaited: Option<Moment>, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    desk.begin_silences();
    desk.warn_of_ends();
    desk.end_silences();
    desk.tell_the_rested();
    let may_ring = |due: Moment| due <= at.now && awaited.is_none_or(|slot| due < slot);
    let is_due = |incident: &Incident| incident.next_due(&world.settings).is_some_and(may_ring);
    let due = desk.incidents.by_key.iter().filter(|(_, incident)| is_due(incident)).map(|(key, _)| key.clone());
    for key in due.collect::<Vec<_>>() {
        desk.settle(&key);
    }
    desk.out
}

/// Settles every open incident, because what holds them back may be another now.
pub fn review(world: &World, incidents: &mut Incidents, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    desk.settle_open_ones();
    desk.out
}

impl<'a> Desk<'a> {
    pub(super) fn new(world: &'a World, incidents: &'a mut Incidents, at: At) -> Self {
        Desk { world, incidents, at, out: Settled::default(), sources: OnceCell::new() }
    }

    pub(super) fn settle_open_ones(&mut self) {
        for key in self.open_ones() {
            self.settle(&key);
        }
    }

    pub(super) fn open_ones(&self) -> Vec<Key> {
        let open = self.incidents.by_key.iter().filter(|(_, incident)| !incident.is_resolved());
        open.map(|(key, _)| key.clone()).collect()
    }

    /// Notes what one alert did; returns the incident that it touched.
    fn take_in(&mut self, transition: &Transition) -> Option<Key> {
        let known = self.incidents.of_alert.get(&transition.subject.alert).cloned();
        let subject = self.seen_as_one(&transition.subject, known.as_ref());
        let cause = transition.cause.clone();
        match (&transition.after, known) {
            (Some(_), None) if self.world.is_heartbeat(subject.labels.get("alertname")) => None,
            (Some(_), known) => {
                let key = known.unwrap_or_else(|| self.key_for(&subject, transition.policy.as_ref()));
                self.open_if_needed(&key, &subject);
                self.note(&key, IncidentEvent::Joined { subject, cause });
                Some(key)
            }
            (None, Some(key)) => {
                self.note(&key, IncidentEvent::Left { subject, cause, at: self.at.now });
                Some(key)
            }
            (None, None) => None,
        }
    }

    /// Through all its severities it is one alert, and fires since it did first.
    fn seen_as_one(&self, subject: &Subject, key: Option<&Key>) -> Subject {
        let mut subject = subject.clone();
        let incident = key.and_then(|key| self.incidents.by_key.get(key));
        let member = incident.and_then(|incident| incident.members.get(&subject.alert));
        if let Some(before) = member.filter(|member| member.ended.is_none()) {
            subject.since = subject.since.min(before.subject.since);
        }
        subject
    }

    /// The policy is the rule's own, else that of the first route that matches the labels without `severity`.
    pub(super) fn key_for(&self, subject: &Subject, own: Option<&Name>) -> Key {
        let settings = &self.world.settings;
        let labels = subject.labels.without("severity").overlaid_under(&settings.external_labels);
        let routed = || settings.routes.iter().find(|route| route.matchers.matches(&labels)).map(|route| &route.policy);
        let policy = own.or_else(routed).cloned().unwrap_or_else(|| "default".into());
        let group_by = settings.policies.get(&policy).map(|policy| policy.group_by.as_slice()).unwrap_or_default();
        Key { group: labels.only(group_by), policy }
    }

    fn open_if_needed(&mut self, key: &Key, subject: &Subject) {
        let plan = self.plan_for(key);
        let wait = wait(&plan, &subject.severity).max(self.could_be_held(subject));
        let (until, severity) = (self.at.now + wait, subject.severity.clone());
        let event = match self.incidents.by_key.get(key) {
            Some(incident) => match incident.phase {
                Phase::Gathering { .. } | Phase::Open => return,
                Phase::Resolved { at } if self.at.now - at <= incident.plan.reopen_within => {
                    IncidentEvent::Reopened { until, severity, plan }
                }
                Phase::Resolved { .. } => {
                    let kept = incident.kept_until(&self.world.settings);
                    if kept.is_some_and(|until| until > self.at.now) || !incident.remedies.runs.is_empty() {
                        self.note(key, IncidentEvent::SetAside);
                    }
                    self.opening(key, severity, until, plan)
                }
            },
            None => self.opening(key, severity, until, plan),
        };
        self.note(key, event);
    }

    fn opening(&self, key: &Key, severity: Severity, until: Moment, plan: Arc<Policy>) -> IncidentEvent {
        let slot = self.at.slot;
        let id = IncidentId::derive(&[&key.policy, &key.group.to_string(), &slot.millis().to_string()]);
        let number = self.incidents.last_number + 1;
        IncidentEvent::Opened(Box::new(Opening { id, number, slot, severity, until, plan }))
    }

    /// Decides what the incident owes to whom, now that everything of this moment is known.
    pub(super) fn settle(&mut self, key: &Key) {
        // Before the levels, so that who is woken now need not be reminded of what was due before.
        self.remind(key);
        self.look_after_runs(key);
        let Some(incident) = self.incidents.by_key.get(key) else { return };
        let phase = incident.phase;
        // Asked once: it looks at every alert.
        let judged = self.judged(key);
        self.plan_for_new_severity(key, judged.as_ref());
        match (phase, judged) {
            (Phase::Resolved { .. }, _) => self.forget_in_time(key),
            (Phase::Gathering { .. }, None) => self.resolve(key, None),
            (Phase::Open, None) => self.end(key),
            (Phase::Gathering { until }, Some(severity)) => self.gather(key, until, &severity),
            (Phase::Open, Some(severity)) => self.go_on(key, &severity),
        }
        // After everybody who is told: a remedy never delays a level.
        self.owe_runs(key);
    }

    fn forget_in_time(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        let until = incident.kept_until(&self.world.settings);
        // What still runs against it has to be able to say how it ended.
        if incident.remedies.runs.is_empty() && until.is_some_and(|until| until <= self.at.now) {
            self.note(key, IncidentEvent::Forgotten);
        }
    }

    fn gather(&mut self, key: &Key, until: Moment, severity: &Severity) {
        let until =
            until.min(self.at.now + wait(&self.incidents.by_key[key].plan, severity).max(self.still_waits(key)));
        self.set_severity(key, severity);
        if until <= self.at.now {
            self.weigh_holds(key);
            let incident = &self.incidents.by_key[key];
            match &incident.held {
                Some(_) => {}
                None if incident.is_in_hands() => self.stand_by(key),
                None => self.page(key, severity, Reason::Opened),
            }
        } else if self.incidents.by_key[key].phase != (Phase::Gathering { until }) {
            self.note(key, IncidentEvent::Gathering { until });
        }
    }

    /// An open incident whose alerts fire: a rise goes out at once, levels when they are due, everything else is gathered.
    fn go_on(&mut self, key: &Key, severity: &Severity) {
        let rose = self.set_severity(key, severity);
        let was_held = self.incidents.by_key[key].held.is_some();
        self.weigh_holds(key);
        let is_told_again = self.watch_the_clock(key);
        let incident = &self.incidents.by_key[key];
        if incident.held.is_some() {
            return;
        }
        if incident.paged.as_ref().is_none_or(|paged| severity > paged) {
            let reason = if incident.paged.is_some() { Reason::Rose } else { Reason::Opened };
            let reason = if was_held { Reason::Released } else { reason };
            if incident.is_in_hands() {
                self.stand_by(key);
                return self.update(key, Message::update(reason));
            }
            return self.page(key, severity, reason);
        }
        if rose && !incident.is_in_hands() {
            self.tell_of_return(key, severity);
        }
        if was_held && !is_told_again {
            self.update(key, Message::update(Reason::Released));
        }
        self.stay_listed(key);
        self.climb(key);
        self.update_if_due(key);
    }

    /// Its last alert has ended: it is over, unless its policy wants a person to have acted.
    fn end(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        let mode = incident.ladder().map(|ladder| ladder.resolve).unwrap_or_default();
        let is_over = match mode {
            Resolve::Auto => true,
            Resolve::Acknowledged => incident.acknowledged.is_some(),
            Resolve::Manual => false,
        };
        if is_over || incident.paged.is_none() {
            return self.resolve(key, None);
        }
        self.weigh_holds(key);
        if self.incidents.by_key[key].calm.is_none() {
            self.note(key, IncidentEvent::Calmed { at: self.at.now });
            self.update(key, Message::update(Reason::Calmed));
        }
        self.watch_the_clock(key);
        if self.incidents.by_key[key].held.is_none() {
            self.climb(key);
        }
    }

    fn update_if_due(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        if !incident.unsaid {
            return;
        }
        let earliest = incident.last_message.map_or(self.at.now, |last| last + incident.plan.update_every);
        if earliest <= self.at.now {
            let reason = match incident.said.as_ref().map(|said| incident.severity.cmp(said)) {
                Some(Ordering::Less) => Reason::Fell,
                Some(Ordering::Greater) => Reason::Rose,
                Some(Ordering::Equal) | None if incident.remedies.is_news => Reason::Remedied,
                Some(Ordering::Equal) | None => Reason::Changed,
            };
            self.update(key, Message::update(reason));
        } else if incident.update_due.is_none() {
            self.note(key, IncidentEvent::UpdateDue { at: Some(earliest) });
        }
    }

    /// It is over: whoever heard of it hears of its end.
    pub(super) fn resolve(&mut self, key: &Key, by: Option<Actor>) {
        let message = Message { by: by.clone(), ..Message::new(NoticeKind::End, Reason::Resolved) };
        self.note(key, IncidentEvent::Resolved { at: self.at.now, by });
        self.enter_digest(key);
        self.update(key, message);
    }

    /// Puts a step into effect and into the journal.
    pub(super) fn note(&mut self, key: &Key, event: IncidentEvent) {
        let before = self.incidents.by_key.get(key).map(|incident| (incident.id, incident.number, incident.generation));
        self.incidents.apply(key, &event);
        let after = self.incidents.by_key.get(key).map(|incident| (incident.id, incident.number, incident.generation));
        let (id, number, generation) =
            after.or(before).expect("an event is about an incident that is there before or after it");
        let kind = EventKind::Incident { key: key.clone(), id, number, generation, event };
        self.out.events.push(Event { moment: self.at.now, slot: Some(self.at.slot), kind });
    }

    /// Puts a step that is about no single incident into effect and into the journal.
    pub(super) fn note_all(&mut self, kind: EventKind) {
        self.incidents.apply_common(&kind, self.at.now);
        self.out.events.push(Event { moment: self.at.now, slot: None, kind });
    }
}

/// How long a group of this severity is gathered.
fn wait(plan: &Policy, severity: &Severity) -> Span {
    match plan.matrix.get(severity) {
        Some(Escalation::Ladder(ladder)) => ladder.wait,
        Some(Escalation::Digest(_) | Escalation::Nobody) | None => Span::ZERO,
    }
}

impl Labels {
    /// This set over `defaults`: a label that is there already counts.
    #[must_use]
    pub fn overlaid_under(&self, defaults: &Labels) -> Labels {
        if defaults.is_empty() { self.clone() } else { defaults.overlaid(self) }
    }
}
