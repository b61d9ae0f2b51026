//! The policy by which an incident goes: as it was when it opened, with what has become of it since.

use super::desk::{At, Desk, Settled};
use super::{Incidents, Key};
use crate::config::{Escalation, Policy};
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

    /// Where a plan tells somebody who is not there any more, it is the policy of now that says who is told in their place.
    fn plan_without_departed(&mut self, key: &Key) {
        let settings = &self.world.settings;
        let matrix = self.incidents.by_key[key].plan.matrix.iter();
        let tells_departed = |escalation: &Escalation| escalation.targets().any(|target| !settings.knows(target));
        let stale: Vec<Severity> =
            matrix.filter(|(_, escalation)| tells_departed(escalation)).map(|(severity, _)| severity.clone()).collect();
        self.plan_anew(key, &stale);
    }

    /// Goes by the policy of now at these severities, as far as that has them.
    fn plan_anew(&mut self, key: &Key, severities: &[Severity]) {
        let Some(policy) = (!severities.is_empty()).then(|| self.policy_of_now(key)).flatten() else { return };
        let incident = &self.incidents.by_key[key];
        let mut plan = incident.plan.clone();
        for severity in severities {
            if let Some(escalation) = policy.matrix.get(severity) {
                Arc::make_mut(&mut plan).matrix.insert(severity.clone(), escalation.clone());
            }
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
