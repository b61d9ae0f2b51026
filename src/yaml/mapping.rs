//! What becomes of a mapping when all its keys are known: bad and duplicate keys are told, merge keys are resolved.

use super::node::{Kind, Node, Style, Tag};
use crate::diagnostics::{Findings, codes};
use crate::model::Name;
use std::collections::{HashMap, HashSet};

type Entries = Vec<(Node, Node)>;

/// Below this many entries, looking at all of them is faster than hashing.
const FEW: usize = 12;
/// A mapping with more repeats than this is not read any better by telling all of them.
const MOST_TOLD: usize = 100;

/// The entries as everything else sees them.
pub(super) fn settle(mut entries: Entries, findings: &mut Findings) -> Entries {
    entries.retain(|(key, _)| is_scalar(key, findings));
    drop_duplicates(&mut entries, findings);
    if entries.iter().any(|(key, _)| is_merge(key)) { merged(entries, findings) } else { entries }
}

fn is_scalar(key: &Node, findings: &mut Findings) -> bool {
    if key.as_scalar().is_some() {
        return true;
    }
    let message = format!("a key is a text, not {}", key.describe());
    // Nobody means such a key; nearly always it is a template without quotes.
    findings
        .error(codes::WB009, message)
        .at(key.place, "this is a key")
        .help("put a text that begins with `{` in quotes");
    false
}

fn drop_duplicates(entries: &mut Entries, findings: &mut Findings) {
    let repeats = if entries.len() < FEW { repeats_among_few(entries) } else { repeats_among_many(entries) };
    if repeats.is_empty() {
        return;
    }
    for &(first, again) in repeats.iter().take(MOST_TOLD) {
        let (first, again) = (&entries[first].0, &entries[again].0);
        findings
            .error(codes::WB005, format!("the key `{}` occurs twice", text(again)))
            .at(again.place, "again here")
            .see(first.place, "first here")
            .help("keep one of them");
    }
    let dropped: HashSet<usize> = repeats.into_iter().map(|(_, again)| again).collect();
    let mut at = 0..;
    entries.retain(|_| at.next().is_some_and(|at| !dropped.contains(&at)));
}

/// First and later position of each repeated key, in the order of the later.
fn repeats_among_few(entries: &Entries) -> Vec<(usize, usize)> {
    let first_of = |at: usize| (0..at).find(|earlier| text(&entries[*earlier].0) == text(&entries[at].0));
    (1..entries.len()).filter_map(|at| first_of(at).map(|first| (first, at))).collect()
}

fn repeats_among_many(entries: &Entries) -> Vec<(usize, usize)> {
    let mut seen = HashMap::with_capacity(entries.len());
    let keys = entries.iter().enumerate();
    keys.filter_map(|(at, (key, _))| {
        let first = *seen.entry(text(key)).or_insert(at);
        (first != at).then_some((first, at))
    })
    .collect()
}

fn text(key: &Node) -> &str {
    key.as_scalar().map_or("", |scalar| &scalar.text)
}

fn key_text(key: &Node) -> Option<Name> {
    key.as_scalar().map(|key| key.text.clone())
}

fn is_merge(key: &Node) -> bool {
    key.as_scalar().is_some_and(|key| &*key.text == "<<" && key.style == Style::Plain && key.tag == Tag::None)
}

/// Explicit keys win over merged ones, and of several merged mappings the earlier wins.
fn merged(entries: Entries, findings: &mut Findings) -> Entries {
    let (merges, mut entries): (Entries, Entries) = entries.into_iter().partition(|(key, _)| is_merge(key));
    let mut known: HashSet<_> = entries.iter().filter_map(|(key, _)| key_text(key)).collect();
    for (_, value) in merges {
        for (key, value) in mappings(value, findings).into_iter().flatten() {
            if key_text(&key).is_some_and(|key| known.insert(key)) {
                entries.push((key, value));
            }
        }
    }
    entries
}

fn mappings(value: Node, findings: &mut Findings) -> Vec<Entries> {
    match value.kind {
        Kind::Mapping(entries) => vec![entries],
        Kind::Sequence(items) if items.iter().all(|item| matches!(item.kind, Kind::Mapping(_))) => {
            items.into_iter().flat_map(|item| mappings(item, findings)).collect()
        }
        Kind::Sequence(_) | Kind::Scalar(_) => {
            findings
                .error(codes::WB008, "`<<` takes a mapping or a list of mappings")
                .at(value.place, "neither of them");
            Vec::new()
        }
    }
}
