//! Incidents: the running story that people hear of, one for each group of alerts.
//!
//! An incident changes only by [`Incident::apply`], event by event; what decides which events come is in `decide`. So the
//! journal, folded, gives the same incident.

mod decide;
mod destination;

pub use decide::{Settled, absorb, fall_back, refused, tick};
pub use destination::{Destination, destinations};

use super::event::IncidentEvent;
use super::transition::{Cause, Subject};
use crate::model::{AlertId, IncidentId, Labels, Moment, Name, Severity, Slot};
use std::collections::BTreeMap;

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
    /// The slot at which it opened.
    pub opened: Slot,
    /// Rises with every reopening.
    pub generation: u32,
    /// Where it stands.
    pub phase: Phase,
    /// The highest severity of its firing alerts; where none fires, that of the last one.
    pub severity: Severity,
    /// The highest severity that anybody was paged for in this generation.
    pub paged: Option<Severity>,
    /// How often somebody had to be woken anew: part of the key of a page.
    pub page: u32,
    /// Its alerts: firing ones, and those that ended since the last message.
    pub members: BTreeMap<AlertId, Member>,
    /// Who heard of it.
    pub ledger: BTreeMap<Destination, Told>,
    /// When the last message was owed.
    pub last_message: Option<Moment>,
    /// When a gathered update is due.
    pub update_due: Option<Moment>,
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
    /// Its last alert has ended.
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

/// All incidents that are open, or may yet reopen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incidents {
    /// By their key. A resolved one stays until it can no longer reopen.
    pub by_key: BTreeMap<Key, Incident>,
    /// Which incident an alert belongs to.
    pub of_alert: BTreeMap<AlertId, Key>,
    /// The number that the last incident got.
    pub last_number: u64,
}

impl Incident {
    /// The incident that an opening event makes.
    #[must_use]
    pub fn open(id: IncidentId, number: u64, key: Key, opened: Slot, severity: Severity, until: Moment) -> Self {
        Incident {
            id,
            number,
            key,
            opened,
            generation: 1,
            phase: Phase::Gathering { until },
            severity,
            paged: None,
            page: 0,
            members: BTreeMap::new(),
            ledger: BTreeMap::new(),
            last_message: None,
            update_due: None,
        }
    }

    /// Changes the incident as `event` says.
    pub fn apply(&mut self, event: &IncidentEvent) {
        match event {
            // Openings make incidents; `Incidents::apply` has done it.
            IncidentEvent::Opened { .. } | IncidentEvent::Forgotten => {}
            IncidentEvent::Reopened { until, severity } => {
                self.generation += 1;
                self.phase = Phase::Gathering { until: *until };
                self.severity = severity.clone();
                (self.paged, self.page, self.update_due) = (None, 0, None);
                self.members.clear();
                self.ledger.clear();
            }
            IncidentEvent::Gathering { until } => self.phase = Phase::Gathering { until: *until },
            IncidentEvent::Joined { subject, cause } => {
                let member = Member { subject: subject.clone(), cause: cause.clone(), ended: None };
                self.members.insert(subject.alert, member);
            }
            IncidentEvent::Left { subject, cause, at } => {
                let member = Member { subject: subject.clone(), cause: cause.clone(), ended: Some(*at) };
                self.members.insert(subject.alert, member);
            }
            IncidentEvent::Severity { to } => self.severity = to.clone(),
            IncidentEvent::Paged { page, severity } => {
                self.phase = Phase::Open;
                (self.page, self.paged) = (*page, Some(severity.clone()));
            }
            IncidentEvent::Told { destination, page, severity, revision, at } => {
                let told = self.ledger.entry(destination.clone()).or_default();
                told.revision = *revision;
                if let Some(page) = page {
                    told.pages.insert(*page, severity.clone());
                }
                self.last_message = Some(*at);
            }
            IncidentEvent::NotTold { destination, page } => {
                if let Some(told) = self.ledger.get_mut(destination) {
                    told.pages.remove(page);
                    if told.pages.is_empty() {
                        self.ledger.remove(destination);
                    }
                }
            }
            IncidentEvent::UpdateDue { at } => self.update_due = *at,
            // What ended has been said; the next message speaks of it no more.
            IncidentEvent::Said => {
                self.members.retain(|_, member| member.ended.is_none());
                self.update_due = None;
            }
            IncidentEvent::Resolved { at } => {
                self.phase = Phase::Resolved { at: *at };
                self.update_due = None;
            }
        }
    }

    /// Its alerts that fire.
    pub fn firing(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| member.ended.is_none())
    }

    /// The highest severity of its firing alerts.
    #[must_use]
    pub fn highest(&self) -> Option<&Severity> {
        self.firing().map(|member| &member.subject.severity).max()
    }

    /// Whether its last alert has ended.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        matches!(self.phase, Phase::Resolved { .. })
    }
}

impl Incidents {
    /// Changes the incident with `key` as `event` says; an opening makes it.
    pub fn apply(&mut self, key: &Key, event: &IncidentEvent) {
        if let IncidentEvent::Opened { id, number, slot, severity, until } = event {
            self.last_number = self.last_number.max(*number);
            let incident = Incident::open(*id, *number, key.clone(), *slot, severity.clone(), *until);
            self.by_key.insert(key.clone(), incident);
        }
        match event {
            IncidentEvent::Joined { subject, .. } => {
                self.of_alert.insert(subject.alert, key.clone());
            }
            IncidentEvent::Left { subject, .. } => {
                self.of_alert.remove(&subject.alert);
            }
            IncidentEvent::Forgotten => {
                self.by_key.remove(key);
            }
            _ => {}
        }
        if let Some(incident) = self.by_key.get_mut(key) {
            incident.apply(event);
        }
    }

    /// Takes in a whole incident.
    pub fn restore(&mut self, incident: Incident) {
        self.last_number = self.last_number.max(incident.number);
        for member in incident.firing() {
            self.of_alert.insert(member.subject.alert, incident.key.clone());
        }
        self.by_key.insert(incident.key.clone(), incident);
    }

    /// An alert has another id since a reload.
    pub fn rename(&mut self, old: AlertId, new: AlertId) {
        let Some(key) = self.of_alert.remove(&old) else { return };
        if let Some(incident) = self.by_key.get_mut(&key)
            && let Some(mut member) = incident.members.remove(&old)
        {
            member.subject.alert = new;
            incident.members.insert(new, member);
        }
        self.of_alert.insert(new, key);
    }
}
