//! What scenarios reach of rules and policies, and what none of them does.
//!
//! Start at [`Coverage::of`], which lists what there is; [`Coverage::look`] and [`Coverage::told`] note what a scenario
//! reaches, and [`Coverage::merge`] puts scenarios together.

use crate::config::{Escalation, Settings};
use crate::engine::alert::{Alert, TierState, Why};
use crate::engine::evaluate::RuleState;
use crate::engine::incident::Key;
use crate::engine::{Engine, IncidentEvent};
use crate::model::{AlertId, Name, Slot};
use crate::rules::{Clear, Condition, Group, Kind, NoData, OnError, Rule, RuleSet};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// Something that a scenario can reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The rule file or the configuration in which it is written.
    pub file: String,
    /// The alert, or the policy.
    pub of: Name,
    /// What of it.
    pub what: What,
}

/// What of a rule or a policy can be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A tier fires.
    Fires(Name),
    /// The `when` of a tier is true, or is not.
    When(Name, bool),
    /// The `clear_when` of a firing tier is true, or is not.
    Clear(Name, bool),
    /// Something that fires or pends goes missing, so that `no_data` decides.
    NoData,
    /// A query fails, so that `on_error` decides.
    OnError,
    /// A level of the policy, for this severity.
    Level(Name, Name),
}

/// What there is, and what of it was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    items: BTreeMap<Item, bool>,
    config: String,
    /// The tiers of each alert that fired at the last slot.
    fired: HashMap<AlertId, Vec<bool>>,
}

impl What {
    /// One word for it, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            What::Fires(_) => "fires",
            What::When(..) => "when",
            What::Clear(..) => "clear_when",
            What::NoData => "no_data",
            What::OnError => "on_error",
            What::Level(..) => "level",
        }
    }
}

impl Coverage {
    /// Everything that can be reached of `rules` and `settings`, which stand in the file `config`.
    #[must_use]
    pub fn of(rules: &RuleSet, settings: &Settings, config: &str) -> Self {
        let mut coverage = Coverage { config: plain(config), ..Coverage::default() };
        for (group, rule) in all(rules) {
            for what in parts(rule) {
                coverage.items.insert(item(group, rule, what), false);
            }
        }
        for (policy, plan) in &settings.policies {
            for (severity, escalation) in &plan.matrix {
                let Escalation::Ladder(ladder) = escalation else { continue };
                for level in &ladder.levels {
                    let what = What::Level(severity.name().clone(), level.name.clone());
                    coverage.items.insert(Item { file: coverage.config.clone(), of: policy.clone(), what }, false);
                }
            }
        }
        coverage
    }

    /// Notes what the rules of a group have come to at `slot`.
    pub fn look(&mut self, engine: &Engine, group: usize, slot: Slot) {
        let group = &engine.world.rules.groups[group];
        for rule in group.alerts() {
            let Some(state) = engine.state.rules.get(&rule.id) else { continue };
            let mut reached = Vec::new();
            for alert in state.iter() {
                self.look_at(rule, state, alert, slot, &mut reached);
            }
            if state.failing.is_some() {
                reached.push(What::OnError);
            }
            if state.empty.is_some() && matches!(rule.no_data, NoData::Tier(..)) {
                reached.extend(state.iter().any(|alert| alert.forced.is_some()).then_some(What::NoData));
            }
            for what in reached {
                self.reach(item(group, rule, what));
            }
        }
    }

    fn look_at(&mut self, rule: &Rule, state: &RuleState, alert: &Alert, slot: Slot, reached: &mut Vec<What>) {
        let Some((_, tiers)) = state.get(alert.id) else { return };
        let has_data = alert.last_seen == slot;
        let fires: Vec<bool> = alert.tiers.iter().map(|tier| tier.fires()).collect();
        let before = self.fired.insert(alert.id, fires).unwrap_or_default();
        for (index, (now, tier)) in alert.tiers.iter().zip(tiers.iter()).enumerate() {
            let name = || tier.severity.name().clone();
            if now.fires() {
                reached.push(What::Fires(name()));
            }
            let fired = before.get(index).copied().unwrap_or(false);
            if has_data && matches!(tier.condition, Condition::When(_)) && !fired {
                let holds = matches!(now, TierState::Pending { .. } | TierState::Firing { .. });
                reached.push(What::When(name(), holds));
            }
            if has_data && fired && matches!(tier.clear, Some(Clear::When(_))) {
                reached.push(What::Clear(name(), !matches!(now, TierState::Firing { .. })));
            } else if has_data && fired && matches!(tier.condition, Condition::When(_)) {
                reached.push(What::When(name(), matches!(now, TierState::Firing { .. })));
            }
        }
        let forced = alert.forced.as_ref();
        reached.extend(forced.map(|forced| What::Fires(forced.severity.name().clone())));
        let decides = match rule.no_data {
            NoData::Tier(..) => forced.is_some_and(|forced| forced.why == Why::NoData),
            NoData::Keep(_) => alert.missing.is_some() && !alert.is_calm(),
            NoData::Resolve => false,
        };
        reached.extend(decides.then_some(What::NoData));
    }

    /// Notes what has become of an incident.
    pub fn told(&mut self, engine: &Engine, key: &Key, event: &IncidentEvent) {
        let IncidentEvent::Reached { level, .. } = event else { return };
        let Some(incident) = engine.state.incidents.by_key.get(key) else { return };
        let what = What::Level(incident.severity.name().clone(), level.clone());
        self.reach(Item { file: self.config.clone(), of: key.policy.clone(), what });
    }

    /// Only what there was at the start counts.
    fn reach(&mut self, item: Item) {
        if let Some(reached) = self.items.get_mut(&item) {
            *reached = true;
        }
    }

    /// Adds what another scenario has, and reaches.
    pub fn merge(&mut self, other: Coverage) {
        for (item, reached) in other.items {
            *self.items.entry(item).or_default() |= reached;
        }
    }

    /// How much there is.
    #[must_use]
    pub fn total(&self) -> usize {
        self.items.len()
    }

    /// How much of it is reached.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.items.values().filter(|reached| **reached).count()
    }

    /// Everything that there is, in order, and whether it is reached.
    pub fn items(&self) -> impl Iterator<Item = (&Item, bool)> {
        self.items.iter().map(|(item, reached)| (item, *reached))
    }

    /// What no scenario reaches, in order.
    pub fn missing(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|(_, reached)| !**reached).map(|(item, _)| item)
    }
}

fn all(rules: &RuleSet) -> impl Iterator<Item = (&Group, &Rule)> {
    rules.groups.iter().flat_map(|group| {
        let rules = group.alerts().filter(|rule| rule.disabled.is_none());
        rules.map(move |rule| (&**group, &**rule))
    })
}

fn item(group: &Group, rule: &Rule, what: What) -> Item {
    Item { file: plain(&group.file), of: rule.alert.clone(), what }
}

/// What there is of a rule. A plain rule has no policies of its own: absence and failure mean what they mean to Prometheus.
fn parts(rule: &Rule) -> BTreeSet<What> {
    let mut parts = BTreeSet::new();
    let exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
    for tier in rule.tiers.iter().chain(exceptions) {
        let name = || tier.severity.name().clone();
        parts.insert(What::Fires(name()));
        if matches!(tier.condition, Condition::When(_)) {
            parts.extend([true, false].map(|truth| What::When(name(), truth)));
        }
        if matches!(tier.clear, Some(Clear::When(_))) {
            parts.extend([true, false].map(|truth| What::Clear(name(), truth)));
        }
    }
    // Where a missing series resolves at once, there is nothing to decide.
    if rule.kind == Kind::Extended && rule.no_data != NoData::Resolve {
        parts.insert(What::NoData);
    }
    if matches!(rule.on_error, OnError::Tier(..)) {
        parts.insert(What::OnError);
    }
    parts
}

/// A path without `..` in its middle, so that scenarios in several folders mean the same file by it.
fn plain(path: &str) -> String {
    let mut parts = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if parts.file_name().is_some() => drop(parts.pop()),
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    parts.display().to_string()
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Item { file, of, what } = self;
        write!(f, "{file}: {of}: ")?;
        match what {
            What::Fires(tier) => write!(f, "tier `{tier}` never fires"),
            What::When(tier, truth) => write!(f, "`when` of tier `{tier}` is never {truth}"),
            What::Clear(tier, truth) => write!(f, "`clear_when` of tier `{tier}` is never {truth}"),
            What::NoData => write!(f, "its data never goes missing, so that `no_data` decides"),
            What::OnError => write!(f, "its query never fails, so that `on_error` decides"),
            What::Level(severity, level) => write!(f, "level `{level}` of `{severity}` is never reached"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_from_whatever_folder_it_is_meant() {
        assert_eq!(plain("tests/scenarios/../../rules/chain.yaml"), "rules/chain.yaml");
        assert_eq!((plain("../x.yaml"), plain("./a/./b.yaml")), ("../x.yaml".into(), "a/b.yaml".into()));
    }
}
