//! WB252 · An action that no rule names. WB253 · An action that is named where no level runs it.

use crate::config::{Escalation, Ladder, Policy, Settings};
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Name, Severity};
use crate::rules::{Loaded, Rule, Tier};
use std::collections::BTreeMap;

/// Tells which of the actions, as they are named in the configuration, can never run. To be asked only with all the rules that
/// the configuration names.
pub fn check(actions: &[Spanned<String>], settings: &Settings, loaded: &Loaded, findings: &mut Findings) {
    let named = named(settings, loaded);
    for action in actions {
        match named.get(action.value.as_str()) {
            None => {
                findings
                    .warn(codes::WB252, format!("no rule names the action `{}`", action.value))
                    .at(action.place, "it is never run")
                    .help("name it under `actions` of the rule or tier whose remedy it is, or delete it");
            }
            Some(false) => {
                findings
                    .warn(codes::WB253, format!("no level runs the action `{}`", action.value))
                    .at(action.place, "the rules that name it lead to no level with `actions: true`")
                    .help("give a level of their severity, or of a higher one, `actions: true`");
            }
            Some(true) => {}
        }
    }
}

/// The actions that rules name, and whether any of them leads to a level that runs it.
fn named(settings: &Settings, loaded: &Loaded) -> BTreeMap<Name, bool> {
    let mut named: BTreeMap<Name, bool> = BTreeMap::new();
    for rule in loaded.checked.iter().map(|checked| &checked.rule).filter(|rule| rule.disabled.is_none()) {
        for tier in tiers(rule) {
            let runs = policies(rule, settings).any(|policy| runs_from(policy, &tier.severity));
            for action in &tier.actions {
                *named.entry(action.clone()).or_default() |= runs;
            }
        }
    }
    named
}

fn tiers(rule: &Rule) -> impl Iterator<Item = &Tier> {
    let of_exceptions = rule.exceptions.iter().flat_map(|exception| exception.tiers.iter());
    rule.tiers.iter().chain(of_exceptions)
}

/// The policy of the rule, else every one that a route may choose for it.
fn policies<'s>(rule: &'s Rule, settings: &'s Settings) -> impl Iterator<Item = &'s Policy> {
    let routed = settings.routes.iter().map(|route| &route.policy);
    let names: Vec<&Name> = rule.policy.as_ref().map_or_else(|| routed.collect(), |own| vec![own]);
    names.into_iter().filter_map(|name| settings.policies.get(name))
}

/// Whether an incident with an alert of this severity can reach a level that runs actions. Others may make it worse.
fn runs_from(policy: &Policy, severity: &Severity) -> bool {
    let ladders =
        policy.matrix.iter().filter(|(at, _)| *at >= severity).filter_map(|(_, escalation)| ladder(escalation));
    ladders.flat_map(|ladder| &ladder.levels).any(|level| level.actions)
}

fn ladder(escalation: &Escalation) -> Option<&Ladder> {
    match escalation {
        Escalation::Ladder(ladder) => Some(ladder),
        Escalation::Digest(digest) => Some(&digest.matrix),
        Escalation::Nobody => None,
    }
}
