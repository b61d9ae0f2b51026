//! Digests: what is too small to wake anybody for, listed once a day at a local time.
//!
//! A digest lists what opened, goes on and ended since the last one that was sent; a day on which nobody looked is not made up
//! for by a second one. What is listed too often, or gets worse, leaves it and starts its ladder.

use super::desk::{At, Desk, Settled};
use super::{Incident, Key, Member, recipients};
use crate::config::{Digest, Escalation};
use crate::engine::event::{EventKind, IncidentEvent};
use crate::engine::notice::{Letter, Reason};
use crate::engine::world::World;
use crate::model::{Moment, Name, Severity, Slot};
use jiff::Timestamp;
use jiff::civil::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which digest: a policy's, for one severity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DigestKey {
    /// The policy.
    pub policy: Name,
    /// The severity.
    pub severity: Severity,
}

impl std::fmt::Display for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.policy, self.severity)
    }
}

/// What a digest has to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// The time, by the wall clock, of the last one that was sent.
    pub sent: Option<Slot>,
    /// The incidents, by number.
    pub entries: BTreeMap<u64, Entry>,
}

impl Book {
    /// Events that fold to it, under the key of its `digest`.
    pub(super) fn as_events<'a>(&'a self, digest: &'a DigestKey) -> impl Iterator<Item = EventKind> + 'a {
        let sent = self.sent.map(|at| EventKind::DigestSent { digest: digest.clone(), at, kept: Vec::new() });
        let entries = self.entries.iter().map(|(&number, entry)| EventKind::DigestEntered {
            digest: digest.clone(),
            number,
            entry: Box::new(entry.clone()),
        });
        sent.into_iter().chain(entries)
    }
}

/// One incident in a digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its worst alert, as it was when it opened, or at its end.
    pub member: Arc<Member>,
    /// When it entered.
    pub since: Moment,
    /// How often it has been listed.
    pub listed: u32,
}

/// Sends what is due, and lets what was listed too often start its ladder.
pub fn send_digests(world: &World, incidents: &mut super::Incidents, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    let due: Vec<(DigestKey, Timestamp)> =
        desk.incidents.digests.keys().filter_map(|key| Some((key.clone(), desk.due_digest(key)?))).collect();
    for (key, time) in due {
        desk.send_digest(&key, time);
    }
    desk.out
}

/// When, by the wall clock, a digest with something to list is sent next.
#[must_use]
pub fn next_digest(world: &World, incidents: &super::Incidents, wall: Timestamp) -> Option<Timestamp> {
    let with_entries = incidents.digests.iter().filter(|(_, book)| !book.entries.is_empty());
    with_entries.filter_map(|(key, _)| occurrence(world, digest_of(world, incidents, key)?.at, wall, 1)).min()
}

/// The digest as the policy has it now; where that is gone, as an incident in it was opened under it.
fn digest_of<'a>(world: &'a World, incidents: &'a super::Incidents, key: &DigestKey) -> Option<&'a Digest> {
    let now = world.settings.policies.get(&key.policy).and_then(|policy| policy.matrix.get(&key.severity));
    let of_entry = || {
        let mut entered = incidents.digests.get(key)?.entries.keys();
        entered.find_map(|number| incidents.numbered(*number)?.plan.matrix.get(&key.severity))
    };
    match now.or_else(of_entry)? {
        Escalation::Digest(digest) => Some(digest),
        Escalation::Ladder(_) | Escalation::Nobody => None,
    }
}

/// The last time before or at `wall` at which the local clock shows `time`; with `after: 1` the first one after it.
fn occurrence(world: &World, time: Time, wall: Timestamp, after: i64) -> Option<Timestamp> {
    let zone = &world.settings.timezone;
    let today = zone.rules().to_datetime(wall).date();
    let on = |days: i64| {
        let date = today.checked_add(jiff::Span::new().days(days)).ok()?;
        Some(zone.instant(date.to_datetime(time)))
    };
    let all = (-2..=2).filter_map(on);
    if after > 0 { all.filter(|at| *at > wall).min() } else { all.filter(|at| *at <= wall).max() }
}

impl Desk<'_> {
    /// An incident for which its policy has a digest enters it; at its end it is listed once more.
    pub(super) fn enter_digest(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        let Some(Escalation::Digest(_)) = incident.plan.matrix.get(&incident.severity) else { return };
        let digest = DigestKey { policy: key.policy.clone(), severity: incident.severity.clone() };
        let known = self.incidents.digests.get(&digest).and_then(|book| book.entries.get(&incident.number));
        let (since, listed) = known.map_or((self.at.now, 0), |entry| (entry.since, entry.listed));
        if incident.is_resolved() && known.is_none() || incident.is_stale {
            return;
        }
        let Some(member) = incident.worst() else { return };
        let entry = Entry { member, since, listed };
        self.note_all(EventKind::DigestEntered { digest, number: incident.number, entry: Box::new(entry) });
    }

    /// What fell into a digest's severity is listed there like what opened at it.
    pub(super) fn stay_listed(&mut self, key: &Key) {
        let incident = &self.incidents.by_key[key];
        let digest = DigestKey { policy: key.policy.clone(), severity: incident.severity.clone() };
        let book = self.incidents.digests.get(&digest);
        if book.is_none_or(|book| !book.entries.contains_key(&incident.number)) {
            self.enter_digest(key);
        }
    }

    /// The time of the digest that has not been sent yet, if there is one.
    fn due_digest(&self, key: &DigestKey) -> Option<Timestamp> {
        let book = self.incidents.digests.get(key)?;
        let time = occurrence(self.world, digest_of(self.world, self.incidents, key)?.at, self.at.wall, 0)?;
        let first = book.entries.values().map(|entry| entry.since).min()?;
        let told = book.sent.map_or(i64::MIN, |sent| self.at.new_since(sent).millis());
        let since = told.max(first.slot(self.at.skew()).millis());
        (time.as_millisecond() > since).then_some(time)
    }

    fn send_digest(&mut self, key: &DigestKey, time: Timestamp) {
        let Some(digest) = digest_of(self.world, self.incidents, key).cloned() else { return };
        let book = &self.incidents.digests[key];
        let still = |number: u64| {
            let incident = self.incidents.numbered(number);
            incident.is_some_and(|incident| incident.severity == key.severity && !incident.is_stale)
        };
        // What got worse, or was reopened as something else, is not for this list any more.
        let listed: Vec<(u64, Entry)> = book
            .entries
            .iter()
            .filter(|(number, entry)| entry.member.ended.is_some() || still(**number))
            .map(|(number, entry)| (*number, Entry { listed: entry.listed + 1, ..entry.clone() }))
            .collect();
        let sent = Slot::from(time);
        let goes_on = listed.iter().filter(|(_, entry)| entry.member.ended.is_none());
        let kept: Vec<(u64, u32)> = goes_on.map(|(number, entry)| (*number, entry.listed)).collect();
        if !listed.is_empty() {
            let letter = Letter::digest(key, sent, &listed);
            for recipient in recipients(&self.world.settings, &digest.notify, self.at.wall) {
                self.write(&letter, &recipient.destination);
            }
        }
        let is_stale = |listed: u32| digest.stale_after.is_some_and(|most| listed >= most);
        let (stale, kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(_, listed)| is_stale(*listed));
        self.note_all(EventKind::DigestSent { digest: key.clone(), at: sent, kept });
        for (number, _) in stale {
            self.leave_digest(number);
        }
    }

    /// Nobody has looked after it for so many digests: it starts its ladder.
    fn leave_digest(&mut self, number: u64) {
        let Some(incident) = self.incidents.numbered(number) else { return };
        let (key, severity) = (incident.key.clone(), incident.severity.clone());
        let may_wake = !incident.is_in_hands() && incident.held.is_none();
        self.note(&key, IncidentEvent::WentStale);
        if may_wake { self.page(&key, &severity, Reason::Stale) } else { self.stand_by(&key) }
    }
}

impl Incident {
    /// The alert that stands for it in a list.
    #[must_use]
    pub fn worst(&self) -> Option<Arc<Member>> {
        let rank = |member: &&Arc<Member>| (member.ended.is_none(), member.subject.severity.clone());
        self.members.values().max_by_key(rank).cloned()
    }
}
