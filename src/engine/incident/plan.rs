//! The policy by which an incident goes: as it was when it opened, with what has become of it since.

use super::desk::{At, Desk, Settled};
use super::{Incidents, Key};
use crate::config::{Digest, Escalation, Ladder, Level, Policy, Settings, Target};
use crate::engine::event::IncidentEvent;
use crate::engine::world::World;
use crate::model::Severity;
use std::sync::Arc;

/// Settings are others now: whoever is not there any more is replaced in the plans of open incidents.
pub fn plan_anew(world: &World, incidents: &mut Incidents, at: At) -> Settled {
    let mut desk = Desk::new(world, incidents, at);
    for key in desk.open_ones() {
        desk.plan_without_departed(&key);
    }
    desk.out
}

impl<'a> Desk<'a> {
    /// The policy as it is now. Without one nobody is told.
    pub(super) fn plan_for(&self, key: &Key) -> Arc<Policy> {
        self.world
            .settings
            .policies
            .get(&key.policy)
            .cloned()
            .map_or_else(|| Arc::new(Policy::telling_nobody()), Arc::new)
    }

    /// A severity that there was not when the incident opened is nowhere in its plan: the policy of now says what becomes of it.
    pub(super) fn plan_for_new_severity(&mut self, key: &Key, severity: Option<&Severity>) {
        let known = &self.incidents.by_key[key].plan.matrix;
        if let Some(new) = severity.filter(|severity| !known.contains_key(severity)) {
            self.plan_anew(key, std::slice::from_ref(new));
        }
    }

    /// Where a plan tells somebody who is not there any more, it is the policy of now that says who is told in their place; when
    /// they are told stays as it was.
    fn plan_without_departed(&mut self, key: &Key) {
        let settings = &self.world.settings;
        let matrix = self.incidents.by_key[key].plan.matrix.iter();
        let tells_departed = |escalation: &Escalation| escalation.targets().any(|target| !settings.knows(target));
        let stale: Vec<Severity> =
            matrix.filter(|(_, escalation)| tells_departed(escalation)).map(|(severity, _)| severity.clone()).collect();
        self.plan_anew(key, &stale);
    }

    /// Goes by the policy of now at these severities, as far as that has them: whole where the plan has none of them, else in
    /// place of whoever is gone.
    fn plan_anew(&mut self, key: &Key, severities: &[Severity]) {
        let Some(policy) = (!severities.is_empty()).then(|| self.policy_of_now(key)).flatten() else { return };
        let incident = &self.incidents.by_key[key];
        let mut plan = incident.plan.clone();
        for severity in severities {
            let Some(now) = policy.matrix.get(severity) else { continue };
            let before = plan.matrix.get(severity);
            let next = before.map_or_else(|| now.clone(), |before| without_departed(&self.world.settings, before, now));
            Arc::make_mut(&mut plan).matrix.insert(severity.clone(), next);
        }
        if plan != incident.plan {
            self.note(key, IncidentEvent::Planned { plan });
        }
    }

    /// The policy of an open incident as it is now; where it is gone, the one that its worst alert would get.
    fn policy_of_now(&self, key: &Key) -> Option<&'a Policy> {
        let world = self.world;
        let policies = &world.settings.policies;
        policies.get(&key.policy).or_else(|| {
            let worst = self.incidents.by_key.get(key)?.worst()?;
            let rule = worst.subject.origin.rule().and_then(|id| world.rule(id));
            policies.get(&self.key_for(&worst.subject, rule.and_then(|rule| rule.policy.as_ref())).policy)
        })
    }
}

/// What an escalation becomes where somebody whom it tells is gone: its shape stays, and the one of now says who is told in their
/// place.
fn without_departed(settings: &Settings, before: &Escalation, now: &Escalation) -> Escalation {
    match (before, now) {
        (Escalation::Ladder(before), Escalation::Ladder(now)) => Escalation::Ladder(retold(settings, before, now)),
        (Escalation::Digest(before), Escalation::Digest(now)) => Escalation::Digest(Digest {
            notify: in_place(settings, &before.notify, &now.notify),
            matrix: retold(settings, &before.matrix, &now.matrix),
            ..before.clone()
        }),
        // Nothing of now says who is told at a level. Levels that reach nobody are passed over: whoever is left is told.
        (Escalation::Ladder(_), Escalation::Digest(_) | Escalation::Nobody)
            if before.targets().any(|target| settings.knows(target)) =>
        {
            before.clone()
        }
        // A digest is sent as the policy has it now: without one there, it would never be sent.
        (Escalation::Ladder(_) | Escalation::Digest(_) | Escalation::Nobody, _) => now.clone(),
    }
}

/// The same levels at the same times. In place of whoever is gone, each tells whom the level of its name tells now, else the one
/// in its place, else the last one.
fn retold(settings: &Settings, before: &Ladder, now: &Ladder) -> Ladder {
    let tells = |level: &&Level| !level.notify.is_empty();
    let level = |(place, level): (usize, &Level)| {
        let named = now.levels.iter().find(|other| other.name == level.name);
        let instead = named.into_iter().chain(now.levels.get(place)).chain(now.levels.iter().rev()).find(tells);
        let notify = in_place(settings, &level.notify, instead.map_or(&[], |other| &other.notify));
        Level { notify, ..level.clone() }
    };
    Ladder { levels: before.levels.iter().enumerate().map(level).collect(), ..before.clone() }
}

/// `before`, with those of now in place of whoever is gone. Where there are none, the names of before stay: they reach nobody,
/// and that is said.
fn in_place(settings: &Settings, before: &[Target], now: &[Target]) -> Vec<Target> {
    let mut told: Vec<Target> = before.iter().filter(|target| settings.knows(target)).cloned().collect();
    if told.len() == before.len() || now.is_empty() {
        return before.to_vec();
    }
    let others: Vec<Target> = now.iter().filter(|target| !told.contains(target)).cloned().collect();
    told.extend(others);
    told
}
