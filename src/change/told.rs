//! Who hears of a rule at each of its severities: its policy, or the routes', and the matrix.

use super::rule::Partners;
use super::{Told, ToldOtherwise, words};
use crate::config::Settings;
use crate::engine::World;
use crate::model::{Matchers, Name, Severity};
use crate::rules::{NoData, OnError, Rule};
use std::collections::BTreeMap;

/// What is different for one rule, severity by severity.
pub(super) fn changes(before: &World, after: &World, partners: &Partners<'_>) -> Vec<Told> {
    let told_before = partners.old.map(|(_, rule)| told(before, rule)).unwrap_or_default();
    let told_after = partners.new.map(|(_, rule)| told(after, rule)).unwrap_or_default();
    let by_name = |told: &BTreeMap<Severity, String>, wanted: &Severity| {
        told.iter().find(|(severity, _)| severity.name() == wanted.name()).map(|(_, text)| text.clone())
    };
    let mut severities: Vec<&Severity> = told_after.keys().rev().collect();
    severities.extend(told_before.keys().rev().filter(|severity| by_name(&told_after, severity).is_none()));
    let told = severities.into_iter().map(|severity| Told {
        severity: severity.clone(),
        before: by_name(&told_before, severity),
        after: by_name(&told_after, severity),
    });
    told.filter(|told| told.before != told.after).collect()
}

/// Puts rules together for which the same is different.
pub(super) fn gather(all: Vec<(String, Told)>) -> Vec<ToldOtherwise> {
    let mut gathered: Vec<ToldOtherwise> = Vec::new();
    for (rule, told) in all {
        match gathered.iter_mut().find(|known| known.told == told) {
            Some(known) => known.rules.push(rule),
            None => gathered.push(ToldOtherwise { rules: vec![rule], told }),
        }
    }
    gathered
}

/// Nothing where there is no policy at all, or the rule is switched off.
fn told(world: &World, rule: &Rule) -> BTreeMap<Severity, String> {
    if world.settings.policies.is_empty() || rule.disabled.is_some() {
        return BTreeMap::new();
    }
    severities(rule).into_iter().map(|severity| (severity.clone(), at(world, rule, severity))).collect()
}

fn severities(rule: &Rule) -> Vec<&Severity> {
    let exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
    let tiers = rule.tiers.iter().chain(exceptions).map(|tier| &tier.severity);
    let absent = match &rule.no_data {
        NoData::Tier(severity, _) => Some(severity),
        NoData::Keep(_) | NoData::Resolve => None,
    };
    let failing = match &rule.on_error {
        OnError::Tier(severity, _) => Some(severity),
        OnError::Keep => None,
    };
    tiers.chain(absent).chain(failing).collect()
}

fn at(world: &World, rule: &Rule, severity: &Severity) -> String {
    if world.is_heartbeat(&rule.alert) {
        return "nobody, as it is a heartbeat: its absence is told".into();
    }
    let settings = &world.settings;
    let ways = policies(settings, rule).into_iter().map(|policy| {
        let matrix = settings.policies.get(policy).map(|policy| &policy.matrix);
        matrix.and_then(|matrix| matrix.get(severity)).map_or_else(|| "nobody".to_owned(), words::escalation)
    });
    let mut texts: Vec<String> = Vec::new();
    for way in ways {
        if !texts.contains(&way) {
            texts.push(way);
        }
    }
    texts.join(" — or, by the labels of the series: ")
}

/// The policies that its incidents can get: its own, or those of the routes up to the first that surely matches.
fn policies<'a>(settings: &'a Settings, rule: &'a Rule) -> Vec<&'a Name> {
    if let Some(policy) = &rule.policy {
        return vec![policy];
    }
    let mut policies = Vec::new();
    for route in &settings.routes {
        match matches(&route.matchers, rule, settings) {
            Some(false) => {}
            Some(true) => {
                policies.push(&route.policy);
                break;
            }
            None => policies.push(&route.policy),
        }
    }
    policies
}

/// Whether a route takes this rule; nothing where that depends on the series.
fn matches(matchers: &Matchers, rule: &Rule, settings: &Settings) -> Option<bool> {
    let mut all = Some(true);
    for matcher in matchers.iter() {
        match known_label(rule, matcher.name(), settings).map(|value| matcher.accepts(&value)) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

/// The value of a label, where the rule alone decides it. Routes do not see `severity`.
fn known_label(rule: &Rule, name: &str, settings: &Settings) -> Option<String> {
    let outside = || settings.external_labels.get(name).to_owned();
    match name {
        "alertname" => return Some(rule.alert.to_string()),
        "severity" => return Some(outside()),
        _ => {}
    }
    if let Some((_, template)) = rule.labels.iter().find(|(label, _)| &**label == name) {
        return template.constant().map(|value| if value.is_empty() { outside() } else { value.to_owned() });
    }
    let can_come = rule.queries.iter().any(|query| query.expr.labels().can_have(name));
    (!can_come).then(outside)
}
