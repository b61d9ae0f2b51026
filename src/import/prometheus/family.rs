//! Families: rules that ask one question at several severities, each with a bound of its own. One rule can have them all.

use super::rule::Candidate;
use super::{Family, Ids, tiers};
use crate::yaml::layout::{Collection, Entry, Node};
use std::collections::BTreeSet;

/// The keys that a rule of a family may have.
const KEYS: [&str; 6] = ["alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

/// A family that was found.
pub(super) struct Found {
    pub told: Family,
    /// The rules, by their place in the group; the highest severity first.
    members: Vec<usize>,
}

/// The families of a group. `names` are those of all of its alerts.
pub(super) fn find(candidates: &[Option<Candidate>], names: &[String]) -> Vec<Found> {
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let Some(first) = candidate.as_ref().filter(|_| !taken.contains(&index)) else { continue };
        let mut members = vec![index];
        let others = candidates.iter().enumerate().skip(index + 1);
        for (other, candidate) in others.filter_map(|(other, candidate)| Some((other, candidate.as_ref()?))) {
            let is_new = members
                .iter()
                .all(|known| candidates[*known].as_ref().is_some_and(|known| known.severity != candidate.severity));
            if is_new && !taken.contains(&other) && are_kin(first, candidate) {
                members.push(other);
            }
        }
        let severity = |index: &usize| candidates[*index].as_ref().map(|candidate| candidate.severity.clone());
        members.sort_by_key(|index| std::cmp::Reverse(severity(index)));
        let own: Vec<&Candidate> = members.iter().filter_map(|index| candidates[*index].as_ref()).collect();
        let name = name_of(&own);
        let is_free = names.iter().filter(|other| **other == name).count()
            == own.iter().filter(|candidate| candidate.alert == name).count();
        if own.len() > 1 && is_free {
            taken.extend(members.iter().copied());
            let told = own.iter().map(|candidate| (candidate.at, candidate.alert.clone())).collect();
            found.push(Found { told: Family { name, members: told, is_merged: false }, members });
        }
    }
    found
}

fn are_kin(one: &Candidate, other: &Candidate) -> bool {
    crate::promql::is_same_text(one.split.query.text(), other.split.query.text())
        && one.labels == other.labels
        && (one.alert == other.alert || stem(one) == stem(other))
}

/// The name of them all: theirs, if they share one, else what is left without the severity.
fn name_of(members: &[&Candidate]) -> String {
    let Some(first) = members.first() else { return String::new() };
    if members.iter().all(|member| member.alert == first.alert) { first.alert.clone() } else { stem(first) }
}

/// A name without the severity that it begins or ends with.
fn stem(candidate: &Candidate) -> String {
    let name = candidate.alert.as_str();
    let severity = candidate.severity.name().to_string();
    let words = [candidate.word.as_str(), &severity, "critical", "crit", "warning", "warn", "page", "info"];
    let is_separator = ['_', '-', ' ', ':', '.'];
    for word in words.iter().filter(|word| !word.is_empty()) {
        let split = name.len().checked_sub(word.len()).filter(|at| name.is_char_boundary(*at));
        if let Some(at) = split.filter(|at| *at > 0 && name[*at..].eq_ignore_ascii_case(word)) {
            return name[..at].trim_end_matches(is_separator).to_owned();
        }
        if let Some(rest) = name.get(word.len()..).filter(|rest| !rest.is_empty())
            && name[..word.len()].eq_ignore_ascii_case(word)
        {
            return rest.trim_start_matches(is_separator).to_owned();
        }
    }
    name.to_owned()
}

/// Makes one rule of a family, in the place of its first. Returns the rules that are no longer needed.
pub(super) fn merge(
    rules: &mut Collection,
    candidates: &mut [Option<Candidate>],
    family: &Found,
    ids: &mut Ids,
) -> Vec<usize> {
    let is_mergeable = |index: &usize| {
        let rule = rules.entries[*index].value.collection();
        rule.is_some_and(|rule| rule.entries.iter().all(|entry| entry.name().is_some_and(|key| KEYS.contains(&key))))
    };
    if !family.members.iter().all(is_mergeable) {
        return Vec::new();
    }
    let Some(home) = family.members.iter().copied().min() else { return Vec::new() };
    let shared = shared_annotations(rules, &family.members);
    let mut all_tiers = Vec::new();
    let mut kept: Option<Candidate> = None;
    for &index in &family.members {
        let Some(candidate) = candidates[index].take() else { continue };
        let entry = &mut rules.entries[index];
        let mut tier = tiers::take_tier(entry, &candidate);
        take_annotations(entry, &shared, &mut tier);
        if index == home {
            kept = Some(candidate);
        } else {
            let rest = std::mem::replace(entry, Entry::new("", Node::inline("")));
            tier.lead.splice(0..0, rest.into_remarks());
        }
        all_tiers.push(tier);
    }
    if let Some(mut candidate) = kept {
        candidate.alert.clone_from(&family.told.name);
        candidate.identity = format!("{}\n{}\n{:?}", candidate.group, candidate.alert, candidate.labels);
        let id = ids.for_rule(&candidate);
        let entry = &mut rules.entries[home];
        if entry.value.get("alert").and_then(Node::text) != Some(&*family.told.name) {
            tiers::rename(entry, &family.told.name);
        }
        tiers::finish(entry, &candidate, all_tiers, id);
    }
    family.members.iter().copied().filter(|index| *index != home).collect()
}

/// The annotations that all of them have alike.
fn shared_annotations(rules: &Collection, members: &[usize]) -> Vec<String> {
    let annotations = |index: &usize| rules.entries[*index].value.get("annotations")?.collection();
    let Some(first) = members.first().and_then(annotations) else { return Vec::new() };
    let is_shared = |entry: &&Entry| {
        let name = entry.name().unwrap_or_default();
        let text = entry.value.text();
        members.iter().all(|index| annotations(index).and_then(|own| own.get(name)).and_then(Node::text) == text)
    };
    first.entries.iter().filter(is_shared).filter_map(|entry| entry.name().map(str::to_owned)).collect()
}

/// Moves what is not shared into the tier.
fn take_annotations(entry: &mut Entry, shared: &[String], tier: &mut Entry) {
    let Some(rule) = entry.value.collection_mut() else { return };
    let Some(index) = rule.entries.iter().position(|entry| entry.name() == Some("annotations")) else { return };
    let Some(annotations) = rule.entries[index].value.collection_mut() else { return };
    let is_shared = |entry: &Entry| entry.name().is_some_and(|name| shared.iter().any(|shared| shared == name));
    let (stay, go) = std::mem::take(&mut annotations.entries).into_iter().partition::<Vec<_>, _>(is_shared);
    annotations.entries = stay;
    let is_empty = annotations.entries.is_empty();
    if is_empty {
        tier.lead.extend(rule.take("annotations").map(Entry::into_remarks).unwrap_or_default());
    }
    if let Some(own) = tier.value.collection_mut().filter(|_| !go.is_empty()) {
        own.entries.push(Entry::new("annotations", Node::mapping(go)));
    }
}
