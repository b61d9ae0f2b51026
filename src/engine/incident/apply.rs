//! What one event makes of an incident.

use super::{Held, Incident, Key, Later, Member, Phase, Remedies};
use crate::config::Target;
use crate::engine::event::{IncidentEvent, Opening};
use crate::model::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Incident {
    /// The incident that an opening makes.
    #[must_use]
    pub fn open(key: Key, opening: &Opening) -> Self {
        Incident {
            id: opening.id,
            number: opening.number,
            key,
            plan: opening.plan.clone(),
            opened: opening.slot,
            generation: 1,
            phase: Phase::Gathering { until: opening.until },
            severity: opening.severity.clone(),
            paged: None,
            page: 0,
            members: BTreeMap::new(),
            ledger: BTreeMap::new(),
            refused: BTreeSet::new(),
            first_message: None,
            last_message: None,
            update_due: None,
            unsaid: false,
            said: None,
            climb: None,
            left: BTreeMap::new(),
            later: Vec::new(),
            parked: BTreeMap::new(),
            acknowledged: None,
            lapsed: None,
            held: None,
            held_before: None,
            calm: None,
            assigned: None,
            assessed: None,
            is_stale: false,
            response: BTreeMap::new(),
            update_wanted: None,
            remedies: Remedies::default(),
        }
    }

    /// Nothing that was told or done in the last generation holds in the next one.
    fn begin_anew(&mut self, severity: &Severity) {
        self.generation += 1;
        self.severity = severity.clone();
        (self.paged, self.page) = (None, 0);
        (self.first_message, self.last_message, self.update_due) = (None, None, None);
        (self.climb, self.acknowledged, self.held, self.calm) = (None, None, None, None);
        (self.assigned, self.assessed, self.held_before) = (None, None, None);
        (self.unsaid, self.said, self.update_wanted) = (false, None, None);
        self.is_stale = false;
        self.response.clear();
        self.later.clear();
        self.parked.clear();
        self.members.clear();
        self.ledger.clear();
        self.refused.clear();
        self.left.clear();
        self.lapsed = None;
        self.remedies.begin_anew();
    }

    /// Changes the incident as `event` says.
    pub fn apply(&mut self, event: &IncidentEvent) {
        match event {
            // What makes, moves and drops incidents is done by `Incidents::apply`.
            IncidentEvent::Opened(_) | IncidentEvent::SetAside | IncidentEvent::Forgotten => {}
            IncidentEvent::Reopened { until, severity, plan } => {
                self.begin_anew(severity);
                self.plan = plan.clone();
                self.phase = Phase::Gathering { until: *until };
            }
            IncidentEvent::Gathering { until } => self.phase = Phase::Gathering { until: *until },
            IncidentEvent::Joined { subject, cause } => {
                let member = Member { subject: subject.clone(), cause: cause.clone(), ended: None };
                let before =
                    self.members.insert(subject.alert, Arc::new(member)).filter(|before| before.ended.is_none());
                match before {
                    Some(before) if subject.severity < before.subject.severity => {
                        self.remedies.fell.insert(subject.alert)
                    }
                    Some(before) if subject.severity == before.subject.severity => false,
                    Some(_) | None => self.remedies.fell.remove(&subject.alert),
                };
                (self.unsaid, self.calm) = (true, None);
            }
            IncidentEvent::Left { subject, cause, at } => {
                let member = Member { subject: subject.clone(), cause: cause.clone(), ended: Some(*at) };
                self.members.insert(subject.alert, Arc::new(member));
                self.remedies.left(subject.alert, *at, cause);
                self.unsaid = true;
            }
            IncidentEvent::Severity { to } => {
                self.parked.remove(to);
                if *to < self.severity {
                    self.park_below(to);
                }
                if let Some(climb) = self.climb.filter(|_| *to < self.severity) {
                    self.left.insert(self.severity.clone(), climb);
                }
                (self.severity, self.unsaid) = (to.clone(), true);
            }
            IncidentEvent::Held { by, at } => {
                let since = self.held.as_ref().map_or(*at, |held| held.since);
                self.held = Some(Held { since, by: by.clone() });
                // What is held gathers no longer: its first message is due when it is released.
                if matches!(self.phase, Phase::Gathering { .. }) {
                    self.phase = Phase::Open;
                }
            }
            IncidentEvent::Released => self.held_before = self.held.take(),
            IncidentEvent::Paged { page, severity } => {
                self.phase = Phase::Open;
                self.page = *page;
                self.refused.clear();
                // Waking somebody anew at a lower severity takes nothing back.
                if self.paged.as_ref().is_none_or(|paged| severity > paged) {
                    self.paged = Some(severity.clone());
                }
                self.lapsed = self.lapsed.take().filter(|lapsed| lapsed > severity);
            }
            IncidentEvent::Climbing { climb } => {
                self.move_later(*climb);
                self.climb = *climb;
            }
            IncidentEvent::Reached { climb, .. } => self.climb = Some(*climb),
            IncidentEvent::Later(later) => {
                self.later.retain(|known| known.destination != later.destination);
                self.later.push(later.clone());
            }
            IncidentEvent::Told { destination, page, severity, revision, at } => {
                let told = self.ledger.entry(destination.clone()).or_default();
                told.revision = *revision;
                if let Some(page) = page {
                    told.pages.insert(*page, severity.clone());
                    self.later.retain(|later| later.destination != *destination);
                }
                self.first_message = self.first_message.or(Some(*at));
                self.last_message = Some(*at);
            }
            IncidentEvent::NotTold { destination, page } => {
                if *page == self.page {
                    self.refused.insert(destination.clone());
                }
                if let Some(told) = self.ledger.get_mut(destination) {
                    told.pages.remove(page);
                    if told.pages.is_empty() {
                        self.ledger.remove(destination);
                    }
                }
            }
            IncidentEvent::Relabelled { alert, labels } => {
                if let Some(member) = self.members.get_mut(alert) {
                    Arc::make_mut(member).subject.labels = labels.clone();
                }
            }
            IncidentEvent::UpdateDue { at } => self.update_due = *at,
            // What ended has been said; the next message speaks of it no more, unless there is nothing else to speak of.
            IncidentEvent::Said => {
                if self.firing().next().is_some() {
                    self.members.retain(|_, member| member.ended.is_none());
                }
                (self.update_due, self.unsaid, self.remedies.is_news) = (None, false, false);
                self.said = Some(self.severity.clone());
            }
            IncidentEvent::Acknowledged(acknowledgement) => {
                self.acknowledged = Some(acknowledgement.clone());
            }
            IncidentEvent::Unacknowledged { by } => {
                let covered = self.acknowledged.take().map(|acknowledged| acknowledged.severity);
                let lapsed = covered.filter(|covered| by.is_none() && *covered > self.severity);
                self.lapsed = lapsed.max(self.lapsed.take());
            }
            IncidentEvent::Assessed(assessment) => self.assessed = Some(assessment.clone()),
            IncidentEvent::Assigned { to, .. } => self.assigned = Some(to.clone()),
            IncidentEvent::Communicated { next, .. } => self.update_wanted = *next,
            IncidentEvent::Missed { stage, at } => {
                self.response.entry(*stage).or_default().missed = Some(*at);
            }
            IncidentEvent::Planned { plan } => self.plan = Arc::clone(plan),
            IncidentEvent::WentStale => self.is_stale = true,
            IncidentEvent::UpdateWanted { at } => self.update_wanted = *at,
            IncidentEvent::Noted { .. } | IncidentEvent::Escalated { .. } | IncidentEvent::Reviewed { .. } => {}
            IncidentEvent::Calmed { at } => self.calm = Some(*at),
            IncidentEvent::ActionOwed { .. }
            | IncidentEvent::ActionRefused { .. }
            | IncidentEvent::ActionBegan { .. }
            | IncidentEvent::ActionDropped { .. }
            | IncidentEvent::ActionEnded { .. }
            | IncidentEvent::ActionVerified { .. } => self.unsaid |= self.remedies.apply(event),
            IncidentEvent::Resolved { at, .. } => {
                self.phase = Phase::Resolved { at: *at };
                (self.update_due, self.climb, self.held, self.calm) = (None, None, None, None);
                self.update_wanted = None;
                self.later.clear();
                self.parked.clear();
            }
        }
        if let Some((stage, at)) = event.completes() {
            // The first time counts.
            self.response.entry(stage).or_default().done.get_or_insert(at);
        }
    }

    /// Whoever is told later waits for the same clock: it goes on where it stood.
    fn move_later(&mut self, next: Option<super::Climb>) {
        let (Some(before), Some(after)) = (self.climb, next) else { return };
        if before.stopped.is_some() && after.stopped.is_none() && before.reached == after.reached {
            let paused = after.started - before.started;
            // Quiet hours end by the clock on the wall.
            self.later.iter_mut().filter(|later| !later.is_quiet).for_each(|later| later.at = later.at + paused);
        }
    }

    /// Below its severity it is for those whom the ladder there names; the others go on waiting where it is back up.
    fn park_below(&mut self, severity: &Severity) {
        let levels = |severity: &Severity| self.ladder_for(severity).map(|ladder| ladder.levels.as_slice());
        let (before, after) = (levels(&self.severity).unwrap_or_default(), levels(severity).unwrap_or_default());
        let is_named = |target: &Target| after.iter().any(|level| level.notify.contains(target));
        let stays = |later: &Later| {
            let mut told = before.iter().filter(|level| level.name == later.level);
            told.any(|level| level.notify.iter().any(is_named))
        };
        let (later, parked): (Vec<Later>, Vec<Later>) = self.later.iter().cloned().partition(stays);
        if !parked.is_empty() {
            self.parked.insert(self.severity.clone(), parked);
        }
        self.later = later;
    }
}
