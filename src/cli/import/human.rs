//! What became of each rule, for people.

use super::Done;
use crate::diagnostics::{Place, Sources};
use crate::import::prometheus::Family;
use std::collections::BTreeMap;

/// Says what stays as it was, what became a comment, and which families there are, in the order of the file.
pub(super) fn report(done: &Done, sources: &Sources) -> String {
    let translation = &done.translation;
    let at = |offset: usize| {
        let start = u32::try_from(offset).unwrap_or(u32::MAX);
        sources.describe(Place { source: done.source, start, end: start })
    };
    let mut lines: Vec<(usize, String)> = Vec::new();
    for stays in &translation.left {
        lines.push((stays.at, format!("`{}` stays as it was: {}", stays.alert, stays.why)));
    }
    for (offset, key) in &translation.commented {
        lines.push((*offset, format!("`{key}` is not for Watchbell and is a comment now")));
    }
    lines.extend(translation.families.iter().map(about_family));
    lines.sort();
    let mut text: String = lines.iter().map(|(offset, line)| format!("{}: {line}\n", at(*offset))).collect();
    for (word, name) in &translation.renamed {
        let note = format!("note: `severity: {word}` is called `{name}` here, and messages will say so");
        text.push_str(&format!("{note}; to keep the word, name your severities in watchbell.yaml\n"));
    }
    text
}

fn about_family(family: &Family) -> (usize, String) {
    let names: Vec<String> = family.members.iter().map(|(_, name)| format!("`{name}`")).collect();
    let first = family.members.iter().map(|(at, _)| *at).min().unwrap_or_default();
    let (count, names, name) = (family.members.len(), names.join(", "), &family.name);
    let line = if family.is_merged {
        format!("{count} rules ({names}) are one rule with tiers now, `{name}`")
    } else {
        format!("{count} rules ({names}) ask one query: with --merge they are one rule, `{name}`")
    };
    (first, line)
}

/// How much of all files was translated, and how often each reason left a rule as it was.
pub(super) fn summary(done: &[Done], merges: bool) -> String {
    let all = || done.iter().map(|done| &done.translation);
    let alerts: usize = all().map(|translation| translation.alerts).sum();
    let split: usize = all().map(|translation| translation.split.len()).sum();
    let families = || all().flat_map(|translation| &translation.families);
    let members: usize = families().map(|family| family.members.len()).sum();
    let merged = if merges { "merged" } else { "to merge with --merge" };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for stays in all().flat_map(|translation| &translation.left) {
        *reasons.entry(stays.why.to_string()).or_default() += 1;
    }
    let left: usize = reasons.values().sum();
    let mut text = format!(
        "{} files, {alerts} alerts: {split} split, {left} left; {} families of {members} rules {merged}\n",
        done.len(),
        families().count()
    );
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (why, count) in reasons {
        text.push_str(&format!("{count:6} left: {why}\n"));
    }
    text
}
