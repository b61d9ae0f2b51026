//! `firing("Other")`: only of the same group, and never in a circle.

use super::Compiler;
use crate::diagnostics::suggest::did_you_mean;
use crate::diagnostics::{Place, Text, codes};
use crate::rules::circle::Circles;
use crate::rules::rule::{Clear, Condition, Rule, Tier};
use crate::rules::script::Script;
use crate::rules::written;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Tells what the conditions of a group ask of alerts that are not in it, or that ask back.
pub(super) fn check(alerts: &[(written::Rule, Arc<Rule>)], compiler: &mut Compiler<'_>) {
    let asks = asks(alerts);
    if asks.values().all(BTreeSet::is_empty) {
        return;
    }
    let edges = asks.iter().flat_map(|(alert, names)| names.iter().map(move |name| (*alert, name.as_str())));
    let circles = Circles::of(edges);
    for (written, rule) in alerts {
        let mut told = BTreeSet::new();
        for name in scripts(rule).flat_map(|script| script.firing_names().to_vec()) {
            if !told.insert(name.clone()) {
                continue;
            }
            let place = place_of(written, &name).unwrap_or(rule.place);
            if !asks.contains_key(&*name) {
                refuse_stranger(&name, place, asks.keys().copied(), compiler);
            } else if circles.joins(&name, &rule.alert) {
                let message = format!("`{}` asks whether `{name}` fires, which asks back", rule.alert);
                compiler
                    .error(codes::WB049, message, place, "the circle goes through here")
                    .help("let one of the two say its condition itself");
            }
        }
    }
}

/// For each alert of the group, the alerts that its conditions ask for.
fn asks(alerts: &[(written::Rule, Arc<Rule>)]) -> BTreeMap<&str, BTreeSet<String>> {
    let mut asks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (_, rule) in alerts {
        let names = scripts(rule).flat_map(|script| script.firing_names().iter().map(ToString::to_string));
        asks.entry(&rule.alert).or_default().extend(names);
    }
    asks
}

fn refuse_stranger<'a>(name: &str, at: Place, group: impl Iterator<Item = &'a str>, compiler: &mut Compiler<'_>) {
    let help = did_you_mean(name, group).unwrap_or_else(|| "across groups use `inhibited_by`".into());
    compiler.error(codes::WB049, format!("there is no alert `{name}` in this group"), at, "").help(help);
}

/// Every condition of a rule, those of its exceptions included.
pub(in crate::rules) fn scripts(rule: &Rule) -> impl Iterator<Item = &Arc<Script>> {
    let tiers = rule.tiers.iter().chain(rule.exceptions.iter().flat_map(|exception| exception.tiers.iter()));
    tiers.flat_map(tier_scripts)
}

fn tier_scripts(tier: &Tier) -> impl Iterator<Item = &Arc<Script>> {
    let when = match &tier.condition {
        Condition::When(script) => Some(script),
        Condition::Present | Condition::Bound(_) => None,
    };
    let clear = match &tier.clear {
        Some(Clear::When(script)) => Some(script),
        Some(Clear::Bound(_)) | None => None,
    };
    when.into_iter().chain(clear)
}

/// Where a condition of the rule names the alert `name`.
fn place_of(rule: &written::Rule, name: &str) -> Option<Place> {
    let in_exceptions = rule.exceptions.iter().flatten().flat_map(|exception| exception.tiers.iter().flatten());
    let tiers = rule.tiers.iter().flatten().chain(in_exceptions).filter_map(|(_, tier)| tier.as_ref());
    let mut texts = tiers.flat_map(|tier| tier.when.iter().chain(&tier.clear_when));
    texts.find_map(|text| find(text, name))
}

fn find(text: &Text, name: &str) -> Option<Place> {
    let quoted = format!("\"{name}\"");
    let at = text.value.match_indices(&quoted).find(|(at, _)| {
        let before = text.value[..*at].trim_end();
        before.strip_suffix('(').is_some_and(|call| call.trim_end().ends_with("firing"))
    });
    at.map(|(at, _)| text.place_of(at..at + quoted.len()))
}
