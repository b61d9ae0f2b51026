//! What the decisions are made by: rules and settings, both as meant and both unchanging until a reload.

use super::transition::Origin;
use crate::config::Settings;
use crate::model::{Labels, Name, RuleId, Span};
use crate::rules::{Clear, Condition, Group, InhibitedBy, Rule, RuleSet};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rules and settings, with the ways through them that every step needs.
#[derive(Clone, Debug)]
pub struct World {
    /// The service configuration.
    pub settings: Arc<Settings>,
    /// The rules.
    pub rules: RuleSet,
    /// The service's time zone.
    pub zone: jiff::tz::TimeZone,
    by_id: HashMap<RuleId, (usize, Arc<Rule>)>,
    order: Vec<Vec<usize>>,
    departed: HashMap<RuleId, Arc<Rule>>,
    /// The alerts that some rule names in `inhibited_by`.
    named_inhibitors: HashSet<Name>,
    /// The alerts that have to keep firing, with the rules that make them.
    heartbeats: HashMap<Name, Vec<RuleId>>,
}

impl World {
    /// Puts rules and settings together.
    #[must_use]
    pub fn new(settings: Arc<Settings>, rules: RuleSet) -> Self {
        let by_id = rules
            .groups
            .iter()
            .enumerate()
            .flat_map(|(index, group)| group.alerts().map(move |rule| (rule.id, (index, Arc::clone(rule)))));
        let by_id = by_id.collect();
        let order = rules.groups.iter().map(|group| evaluation_order(group)).collect();
        let zone = settings.timezone.rules().clone();
        let all = rules.groups.iter().flat_map(|group| group.alerts());
        let named_inhibitors = all.flat_map(|rule| &rule.inhibited_by).map(|one| one.alert.clone()).collect();
        let heartbeats = heartbeats(&settings, &rules);
        World { settings, rules, zone, by_id, order, departed: HashMap::new(), named_inhibitors, heartbeats }
    }

    /// Whether alerts of this name have to keep firing: their firing opens nothing, their absence is told.
    #[must_use]
    pub fn is_heartbeat(&self, alert: &str) -> bool {
        self.heartbeats.contains_key(alert)
    }

    /// The rules that make an alert which has to keep firing.
    #[must_use]
    pub fn heartbeat_rules(&self, alert: &str) -> &[RuleId] {
        self.heartbeats.get(alert).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether any alert can hold another back.
    #[must_use]
    pub fn inhibits(&self) -> bool {
        !self.settings.inhibit.is_empty() || !self.named_inhibitors.is_empty()
    }

    /// Whether an alert with these labels, as matchers see them, can hold another back.
    #[must_use]
    pub fn may_inhibit(&self, labels: &Labels) -> bool {
        self.named_inhibitors.contains(labels.get("alertname"))
            || self.settings.inhibit.iter().any(|rule| rule.source.matches(labels))
    }

    /// What a rule says of the alerts that hold it back.
    #[must_use]
    pub fn inhibited_by(&self, origin: &Origin) -> &[InhibitedBy] {
        let rule = origin.rule().and_then(|id| self.rule(id));
        rule.map(|rule| rule.inhibited_by.as_slice()).unwrap_or_default()
    }

    /// The longest time between two slots of the rules that `is_one` of, those of one group left out.
    #[must_use]
    pub fn longest_interval(&self, but: Option<&Arc<Group>>, is_one: impl Fn(&Rule) -> bool) -> Span {
        let others = self.rules.groups.iter().filter(|group| but.is_none_or(|but| !Arc::ptr_eq(group, but)));
        let groups = others.filter(|group| group.alerts().any(|rule| is_one(rule)));
        groups.map(|group| group.interval).max().unwrap_or(Span::ZERO)
    }

    /// The rule with this id; one that left with the last reload is still known, so that its end can be told.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<&Arc<Rule>> {
        self.by_id.get(&id).map(|(_, rule)| rule).or_else(|| self.departed.get(&id))
    }

    /// Keeps rules that have just left.
    pub(super) fn remember_departed(&mut self, rules: impl Iterator<Item = Arc<Rule>>) {
        self.departed = rules.map(|rule| (rule.id, rule)).collect();
    }

    /// The group that a rule stands in.
    #[must_use]
    pub fn group_of(&self, id: RuleId) -> Option<&Arc<Group>> {
        self.by_id.get(&id).and_then(|(group, _)| self.rules.groups.get(*group))
    }

    /// The order in which a group's alerting rules are decided: file order, but a rule whose condition speaks of
    /// `firing("Other")` comes after that other one. Indexes into [`Group::alerts`].
    #[must_use]
    pub fn order(&self, group: usize) -> &[usize] {
        &self.order[group]
    }
}

fn heartbeats(settings: &Settings, rules: &RuleSet) -> HashMap<Name, Vec<RuleId>> {
    let all = || rules.groups.iter().flat_map(|group| group.alerts()).filter(|rule| rule.disabled.is_none());
    let of = |name: &Name| all().filter(|rule| rule.alert == *name).map(|rule| rule.id).collect();
    settings.heartbeats.expect.iter().map(|expected| (expected.alert.clone(), of(&expected.alert))).collect()
}

fn evaluation_order(group: &Group) -> Vec<usize> {
    let rules: Vec<&Arc<Rule>> = group.alerts().collect();
    let mut places: HashMap<&Name, Vec<usize>> = HashMap::new();
    for (place, rule) in rules.iter().enumerate() {
        places.entry(&rule.alert).or_default().push(place);
    }
    let mut order = Vec::with_capacity(rules.len());
    let mut done = vec![false; rules.len()];
    for index in 0..rules.len() {
        visit(index, &rules, &places, &mut done, &mut order);
    }
    order
}

/// Depth first; the compiler has refused cycles, and `done` is set on entry so that none could hang us.
fn visit(
    index: usize,
    rules: &[&Arc<Rule>],
    places: &HashMap<&Name, Vec<usize>>,
    done: &mut [bool],
    order: &mut Vec<usize>,
) {
    if std::mem::replace(&mut done[index], true) {
        return;
    }
    for name in alerts_spoken_of(rules[index]) {
        for &other in places.get(&name).into_iter().flatten() {
            visit(other, rules, places, done, order);
        }
    }
    order.push(index);
}

fn alerts_spoken_of(rule: &Rule) -> Vec<Name> {
    let exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
    let mut names = Vec::new();
    for tier in rule.tiers.iter().chain(exceptions) {
        if let Condition::When(script) = &tier.condition {
            names.extend(script.firing_names().iter().cloned());
        }
        if let Some(Clear::When(script)) = &tier.clear {
            names.extend(script.firing_names().iter().cloned());
        }
    }
    names
}
