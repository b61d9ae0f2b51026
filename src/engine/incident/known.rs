//! All incidents that are open, may yet reopen, or still wait for something.

use super::{Book, DigestKey, Incident, Key, Member, Phase};
use crate::engine::command::{AdHocSilence, SilencePhase};
use crate::engine::event::{EventKind, IncidentEvent};
use crate::engine::transition::Origin;
use crate::model::{AlertId, Moment, Name, RuleId, SilenceId, Span};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long the changes of an alert are remembered, and how many of them: more than any flapping asks for.
const REMEMBER_CHANGES: Span = Span::from_hours(24);
const MOST_CHANGES: usize = 64;
/// How long a silence that is over is shown: as long as an Alertmanager does.
const SHOW_SILENCES: Span = Span::from_hours(120);
/// Alerts whose changes are remembered, before old ones are looked for.
const MANY_ALERTS: usize = 1_024;

/// So many alerts are written down at once in a snapshot: some 300 KB.
const PIECE: usize = 500;

/// When an alert began to fire or ended, lately. Most do so once, and go on.
pub type Changes = SmallVec<[Moment; 1]>;

/// All incidents, and what holds them back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incidents {
    /// By their key. A resolved one stays until it can no longer reopen.
    pub by_key: BTreeMap<Key, Incident>,
    /// Which incident an alert belongs to.
    pub of_alert: BTreeMap<AlertId, Key>,
    /// The key by number.
    pub by_number: BTreeMap<u64, Key>,
    /// The number that the last incident got.
    pub last_number: u64,
    /// Silences that somebody asked for, those included that were over lately.
    pub silences: BTreeMap<SilenceId, AdHocSilence>,
    /// What digests have to list.
    pub digests: BTreeMap<DigestKey, Book>,
    /// When alerts began to fire or ended, lately: what flapping is counted from.
    pub changes: BTreeMap<AlertId, Changes>,
    /// When actions were to be run, lately: what `max_runs` is counted from.
    pub ran: BTreeMap<Name, Vec<Moment>>,
}

impl Incidents {
    /// The incident that people call by this number.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Option<&Incident> {
        self.by_key.get(self.by_number.get(&number)?)
    }

    /// The channels through which somebody heard of what goes on, and will hear of its end.
    #[must_use]
    pub fn channels_that_owe_an_end(&self) -> BTreeSet<Name> {
        let open = self.by_key.values().filter(|incident| !matches!(incident.phase, Phase::Resolved { .. }));
        open.flat_map(|incident| incident.ledger.keys()).map(|to| to.channel.clone()).collect()
    }

    /// Changes the incident with `key` as `event` says; an opening makes it.
    pub fn apply(&mut self, key: &Key, event: &IncidentEvent) {
        if let IncidentEvent::Opened(opening) = event {
            self.last_number = self.last_number.max(opening.number);
            if let Some(before) = self.by_key.insert(key.clone(), Incident::open(key.clone(), opening)) {
                self.by_number.remove(&before.number);
            }
            self.by_number.insert(opening.number, key.clone());
        }
        match event {
            IncidentEvent::Joined { subject, .. } => self.join(key, subject.alert, subject.since),
            IncidentEvent::Left { subject, at, .. } => {
                self.of_alert.remove(&subject.alert);
                self.remember_change(subject.alert, *at);
            }
            IncidentEvent::ActionOwed { action, at, .. } => self.count_run(action, *at),
            IncidentEvent::ActionDropped { action, owed, .. } => self.uncount_run(action, *owed),
            IncidentEvent::SetAside => self.set_aside(key),
            IncidentEvent::Forgotten => {
                if let Some(gone) = self.by_key.remove(key) {
                    self.by_number.remove(&gone.number);
                }
            }
            _ => {}
        }
        if let Some(incident) = self.by_key.get_mut(key) {
            incident.apply(event);
        }
    }

    fn join(&mut self, key: &Key, alert: AlertId, since: Moment) {
        // The incident's own handles: every alert of a large group has made a set of its own for the same values.
        let key = self.by_key.get(key).map_or(key, |incident| &incident.key).clone();
        if self.of_alert.insert(alert, key).is_none() {
            self.remember_change(alert, since);
        }
    }

    /// A closed incident makes room for a new one with the same key.
    fn set_aside(&mut self, key: &Key) {
        let Some(mut incident) = self.by_key.remove(key) else { return };
        let group = key.group.with("closed_as", format!("INC-{}", incident.number));
        let key = Key { policy: key.policy.clone(), group };
        incident.key = key.clone();
        self.by_number.insert(incident.number, key.clone());
        self.by_key.insert(key, incident);
    }

    fn remember_change(&mut self, alert: AlertId, at: Moment) {
        // Only when there are twice as many as the last time, so that looking costs nothing to speak of.
        let many = self.changes.len();
        if many >= MANY_ALERTS && many.is_power_of_two() && !self.changes.contains_key(&alert) {
            self.changes.retain(|_, times| times.last().is_some_and(|last| at - *last < REMEMBER_CHANGES));
        }
        let times = self.changes.entry(alert).or_default();
        // An alert that somebody posts again may say that it began before its last end.
        times.push(times.last().map_or(at, |last| at.max(*last)));
        if times.len() > MOST_CHANGES {
            times.remove(0);
        }
    }

    /// Takes in what is about no single incident: a silence, or a digest.
    pub fn apply_common(&mut self, kind: &EventKind, at: Moment) {
        match kind {
            EventKind::Silenced { silence } => {
                self.silences.insert(silence.id, (**silence).clone());
            }
            EventKind::SilenceEnded { id, .. } => {
                self.silences.retain(|_, silence| !silence.is_over() || at - silence.until < SHOW_SILENCES);
                if let Some(silence) = self.silences.get_mut(id) {
                    (silence.phase, silence.until) = (SilencePhase::Over, silence.until.min(at));
                }
            }
            EventKind::DigestEntered { digest, number, entry } => {
                self.digests.entry(digest.clone()).or_default().entries.insert(*number, (**entry).clone());
            }
            EventKind::DigestSent { digest, at, kept } => {
                let book = self.digests.entry(digest.clone()).or_default();
                book.sent = Some(*at);
                book.entries.retain(|number, entry| match kept.iter().find(|(kept, _)| kept == number) {
                    Some((_, listed)) => {
                        entry.listed = *listed;
                        true
                    }
                    None => false,
                });
            }
            EventKind::ActionsCounted { ran } => self.ran = ran.iter().cloned().collect(),
            _ => {}
        }
    }

    /// Events that fold to all of this, one by one.
    pub fn as_events(&self) -> impl Iterator<Item = EventKind> + '_ {
        let silences = self.silences.values();
        let silences = silences.map(|silence| EventKind::Silenced { silence: Box::new(silence.clone()) });
        let digests = self.digests.iter().flat_map(|(digest, book)| book.as_events(digest));
        let changes = self.changes.iter().map(|(alert, times)| (*alert, times.to_vec()));
        let counted =
            pieces(changes).map(|changes| EventKind::IncidentsCounted { last_number: self.last_number, changes });
        let ran = (!self.ran.is_empty()).then(|| EventKind::ActionsCounted {
            ran: self.ran.iter().map(|(action, times)| (action.clone(), times.clone())).collect(),
        });
        let incidents = self.by_key.values().flat_map(events_of_incident);
        silences.chain(digests).chain(counted).chain(ran).chain(incidents)
    }

    /// Takes in what incidents have in common.
    pub fn count(&mut self, last_number: u64, changes: &[(AlertId, Vec<Moment>)]) {
        self.last_number = self.last_number.max(last_number);
        self.changes.extend(changes.iter().map(|(alert, times)| (*alert, times.iter().copied().collect())));
    }

    /// Takes in an incident.
    pub fn restore(&mut self, incident: Incident) {
        self.last_number = self.last_number.max(incident.number);
        for member in incident.firing() {
            self.of_alert.insert(member.subject.alert, incident.key.clone());
        }
        self.by_number.insert(incident.number, incident.key.clone());
        self.by_key.insert(incident.key.clone(), incident);
    }

    /// Takes in more alerts of an incident that was restored.
    pub fn restore_members(&mut self, key: &Key, members: &[Arc<Member>]) {
        let Some(incident) = self.by_key.get_mut(key) else { return };
        for member in members {
            if member.ended.is_none() {
                self.of_alert.insert(member.subject.alert, incident.key.clone());
            }
            incident.members.insert(member.subject.alert, Arc::clone(member));
        }
    }

    /// The service was not running for so long.
    pub fn sleep(&mut self, span: Span) {
        self.by_key.values_mut().for_each(|incident| incident.remedies.sleep(span));
    }

    /// An alert has another id since a reload, and comes from a rule with this one.
    pub fn rename(&mut self, old: AlertId, new: AlertId, rule: RuleId) {
        if let Some(times) = self.changes.remove(&old) {
            self.changes.insert(new, times);
        }
        if let Some(key) = self.of_alert.remove(&old) {
            self.of_alert.insert(new, key);
        }
        // Also where it has ended and the end is not said yet: its texts are the rule's.
        for incident in self.by_key.values_mut() {
            incident.remedies.rename(old, new);
            if let Some(mut member) = incident.members.remove(&old) {
                let subject = &mut Arc::make_mut(&mut member).subject;
                (subject.alert, subject.origin) = (new, Origin::Rule(rule));
                incident.members.insert(new, member);
            }
        }
    }
}

/// An incident, and the alerts that have no room beside it.
fn events_of_incident(incident: &Incident) -> impl Iterator<Item = EventKind> + '_ {
    let mut members = pieces(incident.members.values().cloned());
    let beside = members.next().into_iter().flatten().map(|member| (member.subject.alert, member));
    let restored = Box::new(Incident { members: beside.collect(), ..incident.clone() });
    let (key, id) = (incident.key.clone(), incident.id);
    let more = members.map(move |members| EventKind::MembersRestored { key: key.clone(), id, members });
    std::iter::once(EventKind::IncidentRestored { incident: restored }).chain(more)
}

/// All of them in pieces, of which there is at least one. A piece is small beside what else is in memory when it is written down.
fn pieces<T>(mut all: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    let first: Vec<T> = all.by_ref().take(PIECE).collect();
    let more =
        std::iter::from_fn(move || Some(all.by_ref().take(PIECE).collect()).filter(|piece: &Vec<T>| !piece.is_empty()));
    std::iter::once(first).chain(more)
}
