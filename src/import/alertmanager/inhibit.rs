//! Inhibition rules.

use super::claim::{self, Claim, joined};
use super::severity::Severities;
use super::tree::claims;
use crate::diagnostics::Place;
use crate::import::Notes;
use crate::import::fields::Fields;
use crate::import::page::Value;

/// A rule as it was read.
pub(super) struct Rule {
    place: Place,
    source: Vec<Claim>,
    target: Vec<Claim>,
    equal: Vec<String>,
}

/// Reads the rules.
pub(super) fn read(fields: &Fields<'_>, notes: &mut Notes) -> Vec<Rule> {
    let mut rules = Vec::new();
    for node in fields.list("inhibit_rules", notes) {
        let Some(own) = Fields::of(node, "an inhibition rule", notes) else { continue };
        own.take("name");
        let source = claims(&own, ["source_match", "source_match_re", "source_matchers"], notes);
        let target = claims(&own, ["target_match", "target_match_re", "target_matchers"], notes);
        let equal = equal(&own, notes);
        own.leave_rest("an inhibition rule", "unknown to Watchbell", "check what it is for", notes);
        match (source, target) {
            (Some(source), Some(target)) => rules.push(Rule { place: own.place(), source, target, equal }),
            _ => notes.left(own.place(), "an inhibition rule whose matchers cannot be read", "write it by hand"),
        }
    }
    rules
}

fn equal(own: &Fields<'_>, notes: &mut Notes) -> Vec<String> {
    let mut labels = Vec::new();
    for (label, place) in own.texts("equal", notes) {
        if claim::is_plain(label) {
            labels.push(label.to_owned());
        } else {
            let what = format!("`{label}` in `equal`: labels there have letters, digits and `_`");
            notes.left(place, what, "relabel it; without it this rule holds back more than it did");
        }
    }
    labels
}

/// What rules say of `severity`.
pub(super) fn severity_claims(rules: &[Rule]) -> Vec<Claim> {
    let all = rules.iter().flat_map(|rule| rule.source.iter().chain(&rule.target));
    all.filter(|claim| claim.name == "severity").cloned().collect()
}

/// The section of the configuration. A rule that holds back its own sources is left out: here that is a mistake.
pub(super) fn section(rules: &[Rule], severities: &Severities, notes: &mut Notes) -> Vec<Value> {
    let mut kept: Vec<(&Rule, Vec<Claim>, Vec<Claim>)> = Vec::new();
    for rule in rules {
        let sides = (ours(&rule.source, severities), ours(&rule.target, severities));
        let (Some(source), Some(target)) = sides else {
            notes.left(rule.place, "an inhibition rule for a severity that no alert has", "nothing to do");
            continue;
        };
        kept.push((rule, source, target));
        let feeds = |from: usize, to: usize| covers(&kept[to].1, &kept[from].2);
        if leads_back(kept.len() - 1, kept.len(), &feeds) {
            kept.pop();
            let what = "an inhibition rule by which alerts hold back what holds them back";
            notes.left(
                rule.place,
                what,
                "let the more general alert hold back the more special one, and not the other way round",
            );
        }
    }
    if let Some((rule, ..)) = kept.iter().find(|(rule, ..)| !rule.equal.is_empty()) {
        let what = "`equal` of inhibition rules: a label that neither side has does not count as equal here";
        notes.differs(rule.place, what, "nothing, where alerts have the labels");
    }
    let one = |(rule, source, target): &(&Rule, Vec<Claim>, Vec<Claim>)| {
        let mut value = Value::map([("source", Value::text(joined(source))), ("target", Value::text(joined(target)))]);
        if !rule.equal.is_empty() {
            value.set("equal", Value::texts(&rule.equal));
        }
        value
    };
    kept.iter().map(one).collect()
}

/// The claims with our names of severities; `None` where no severity meets them.
fn ours(claims: &[Claim], severities: &Severities) -> Option<Vec<Claim>> {
    let (of_severity, mut others): (Vec<Claim>, Vec<Claim>) =
        claims.iter().cloned().partition(|claim| claim.name == "severity");
    if !of_severity.is_empty() {
        let met = severities.meeting(&of_severity);
        if !met.contains(&true) {
            return None;
        }
        others.extend(severities.matcher(&met).and_then(Result::ok));
    }
    Some(others)
}

fn covers(wide: &[Claim], narrow: &[Claim]) -> bool {
    wide.iter().all(|claim| narrow.iter().any(|given| given.implies(claim)))
}

/// Whether a way of `feeds` leads from `start` back to it.
fn leads_back(start: usize, count: usize, feeds: &dyn Fn(usize, usize) -> bool) -> bool {
    let (mut seen, mut open) = (vec![false; count], vec![start]);
    while let Some(from) = open.pop() {
        for to in (0..count).filter(|to| feeds(from, *to)) {
            if to == start {
                return true;
            }
            if !std::mem::replace(&mut seen[to], true) {
                open.push(to);
            }
        }
    }
    false
}
