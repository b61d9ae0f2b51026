//! From the journal back to the state.

use super::evaluate::RuleState;
use super::heartbeat::Heartbeat;
use super::posted::Posted;
use super::state::State;
use super::world::World;
use super::{Event, EventKind};
use crate::model::RuleId;
use std::sync::Arc;

impl State {
    /// The state that a journal tells of. What is not journalled (values since, rows, health) is learned by the next slot.
    #[must_use]
    pub fn fold<'a>(world: &World, events: impl IntoIterator<Item = &'a Event>) -> State {
        let mut state = State::default();
        for event in events {
            state.moment = state.moment.max(event.moment);
            state.apply(world, &event.kind);
        }
        state.share_labels();
        state
    }

    /// A journal says the labels of an alert again for its incident: the two share them, as they did when it was written.
    fn share_labels(&mut self) {
        for member in self.incidents.by_key.values_mut().flat_map(|incident| incident.members.values_mut()) {
            let rule = member.subject.origin.rule().and_then(|rule| self.rules.get(&rule));
            let Some((alert, _)) = rule.and_then(|rule| rule.get(member.subject.alert)) else { continue };
            let subject = &mut Arc::make_mut(member).subject;
            subject.labels.share(&alert.labels);
            subject.series.share(&alert.series);
        }
    }

    /// Changes the state as one event says.
    pub fn apply(&mut self, world: &World, kind: &EventKind) {
        match kind {
            EventKind::AlertChanged { rule, alert } => {
                let state = self.known(world, *rule);
                let seat = match state.seat_of(alert.id) {
                    Some(seat) => seat,
                    None => state.add((**alert).clone()),
                };
                let tiers = world.rule(*rule).map(|rule| Arc::clone(rule.tiers_for(&alert.series)));
                let entry = state.at_mut(seat);
                entry.alert = (**alert).clone();
                if let Some(tiers) = tiers.filter(|tiers| tiers.len() == alert.tiers.len()) {
                    entry.tiers = tiers;
                }
            }
            EventKind::AlertForgotten { rule, alert } => {
                if let Some(state) = self.rules.get_mut(rule)
                    && let Some(seat) = state.seat_of(*alert)
                {
                    state.remove(seat);
                }
            }
            EventKind::RuleChanged { rule, failing, empty } => {
                let state = self.known(world, *rule);
                (state.failing, state.empty) = (*failing, *empty);
            }
            EventKind::RuleMoved { from, to, alerts } => self.rename(world, *from, *to, alerts),
            // What it did to alerts stands in events of theirs.
            EventKind::SlotsMissed { .. } => {}
            EventKind::RuleForgotten { rule } => {
                self.rules.remove(rule);
            }
            EventKind::SourceChanged { source, failing: Some(since) } => {
                self.sources.insert(source.clone(), *since);
            }
            EventKind::SourceChanged { source, failing: None } => {
                self.sources.remove(source);
            }
            EventKind::OwnAlert { subject, fires: true } => {
                self.own.insert(subject.alert, subject.clone());
            }
            EventKind::OwnAlert { subject, fires: false } => {
                self.own.remove(&subject.alert);
            }
            EventKind::HeartbeatChanged { alert, is: Some(is) } => {
                self.heartbeats.insert(alert.clone(), *is);
            }
            EventKind::HeartbeatChanged { alert, is: None } => {
                self.heartbeats.remove(alert);
            }
            EventKind::RoutineChanged { routine, is: Some(is) } => {
                self.routines.insert(routine.clone(), is.clone());
            }
            EventKind::RoutineChanged { routine, is: None } => {
                self.routines.remove(routine);
            }
            EventKind::AlertPosted { posted } => {
                let posted = Posted { vigil: None, ..(**posted).clone() };
                self.posted.insert(posted.subject.alert, posted);
            }
            EventKind::PostedEnded { alert } => {
                self.posted.remove(alert);
            }
            EventKind::Slept { span } => {
                for rule in self.rules.values_mut() {
                    rule.sleep(*span, self.moment);
                }
                for since in self.sources.values_mut() {
                    *since = *since + *span;
                }
                for heartbeat in self.heartbeats.values_mut() {
                    if let Heartbeat::Away { since } = heartbeat {
                        *since = *since + *span;
                    }
                }
                self.incidents.sleep(*span);
            }
            EventKind::Incident { key, event, .. } => self.incidents.apply(key, event),
            EventKind::Silenced { .. }
            | EventKind::SilenceEnded { .. }
            | EventKind::DigestEntered { .. }
            | EventKind::DigestSent { .. }
            | EventKind::ActionsCounted { .. } => self.incidents.apply_common(kind, self.moment),
            EventKind::IncidentsCounted { last_number, changes } => self.incidents.count(*last_number, changes),
            EventKind::IncidentRestored { incident } => self.incidents.restore((**incident).clone()),
            EventKind::MembersRestored { key, members, .. } => self.incidents.restore_members(key, members),
        }
    }

    /// Events that fold to this state: what a snapshot keeps, so that the journal before it need not be read.
    /// They are made one by one, as they are asked for: all at once they would be as large as the state.
    pub fn as_events(&self) -> impl Iterator<Item = Event> + '_ {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|(id, _)| **id);
        let rules = rules.into_iter().flat_map(|(&rule, state)| events_of_rule(rule, state));
        let sources = self.sources.iter();
        let sources =
            sources.map(|(source, since)| EventKind::SourceChanged { source: source.clone(), failing: Some(*since) });
        let own = self.own.values().map(|subject| EventKind::OwnAlert { subject: subject.clone(), fires: true });
        let heartbeats = self.heartbeats.iter();
        let heartbeats =
            heartbeats.map(|(alert, is)| EventKind::HeartbeatChanged { alert: alert.clone(), is: Some(*is) });
        let routines = self.routines.iter();
        let routines =
            routines.map(|(routine, is)| EventKind::RoutineChanged { routine: routine.clone(), is: Some(is.clone()) });
        let posted = self.posted.values().map(|posted| EventKind::AlertPosted { posted: Box::new(posted.clone()) });
        let common = sources.chain(own).chain(heartbeats).chain(posted).chain(routines);
        let kinds = rules.chain(common).chain(self.incidents.as_events());
        kinds.map(|kind| Event { moment: self.moment, slot: None, kind })
    }

    fn known(&mut self, world: &World, rule: RuleId) -> &mut RuleState {
        if let Some(rule) = world.rule(rule) {
            return self.rule(rule);
        }
        // A rule that the files no longer have: kept until the reload that follows ends its alerts.
        self.rules.entry(rule).or_insert_with(RuleState::orphan)
    }

    fn rename(
        &mut self,
        world: &World,
        from: RuleId,
        to: RuleId,
        alerts: &[(crate::model::AlertId, crate::model::AlertId)],
    ) {
        if let Some(mut state) = self.rules.remove(&from) {
            for (old, new) in alerts {
                state.rename(*old, *new);
            }
            // In a journal that is read back the old rule may be one that the files no longer have.
            if let Some(rule) = world.rule(to) {
                state.become_of(rule);
            }
            self.rules.insert(to, state);
        }
        for (old, new) in alerts {
            self.incidents.rename(*old, *new, to);
        }
    }
}

fn events_of_rule(rule: RuleId, state: &RuleState) -> impl Iterator<Item = EventKind> + '_ {
    let (failing, empty) = (state.failing, state.empty);
    let of_itself = (failing.is_some() || empty.is_some()).then_some(EventKind::RuleChanged { rule, failing, empty });
    let mut alerts: Vec<_> = state.iter().filter(|alert| state.is_remembered(alert)).collect();
    alerts.sort_by_key(|alert| alert.id);
    let alerts = alerts.into_iter().map(move |alert| EventKind::AlertChanged { rule, alert: Box::new(alert.clone()) });
    of_itself.into_iter().chain(alerts)
}
