//! From the tree to typed groups and rules, one by one, so that a mistake in one hides none in another.

use crate::diagnostics::{Findings, Place, codes};
use crate::rules::written;
use crate::yaml::{Kind, Node, from_node};
use serde::de::DeserializeOwned;

/// A group and those of its rules that could be read.
pub(super) struct Lowered {
    /// The group, without its rules.
    pub written: written::Group,
    /// The rules, each with the place of its first key.
    pub rules: Vec<(written::Rule, Place)>,
}

/// A rule without one of these is not worth looking into further.
const ESSENTIAL: [&str; 5] = ["alert", "record", "expr", "queries", "tiers"];

/// The groups of a document.
pub(super) fn groups(document: &Node, findings: &mut Findings) -> Vec<Lowered> {
    let groups = document.get("groups").map_or(&[][..], Node::items);
    groups.iter().filter_map(|group| lower_group(group, findings)).collect()
}

fn lower_group(node: &Node, findings: &mut Findings) -> Option<Lowered> {
    let mut head = node.clone();
    if let Kind::Mapping(entries) = &mut head.kind {
        entries.retain(|(key, _)| key.as_str() != Some("rules"));
    }
    let written: written::Group = forgiving(&head, &["name"], findings)?;
    let rules = node.get("rules").map_or(&[][..], Node::items);
    let rules = rules.iter().filter_map(|rule| Some((forgiving(rule, &ESSENTIAL, findings)?, first_key(rule))));
    Some(Lowered { rules: rules.collect(), written })
}

fn first_key(node: &Node) -> Place {
    node.entries().first().map_or(node.head(), |(key, _)| key.place)
}

/// Makes a value of `node` without those of its keys whose values do not fit, as far as it can do without them.
fn forgiving<T: DeserializeOwned>(node: &Node, essential: &[&str], findings: &mut Findings) -> Option<T> {
    let error = match from_node(node) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    // The schema has seen most of it already, and says it better.
    let is_told = |place: Place| findings.iter().any(|found| found.at.as_ref().is_some_and(|at| at.0 == place));
    let culprit = node.entries().iter().position(|(key, value)| holds(value, error.place) || key.place == error.place);
    let told_near = culprit.is_some_and(|index| {
        let value = &node.entries()[index].1;
        findings.iter().any(|found| found.at.as_ref().is_some_and(|at| holds(value, at.0)))
    });
    if !is_told(error.place) && !told_near && is_worth_telling(node, findings) {
        findings.error(codes::WB014, error.message).at(error.place, "");
    }
    let index = culprit?;
    let mut rest = node.clone();
    let Kind::Mapping(entries) = &mut rest.kind else { return None };
    let (key, _) = entries.remove(index);
    if essential.contains(&key.as_str().unwrap_or_default()) {
        return None;
    }
    forgiving(&rest, essential, findings)
}

/// What is no mapping at all, or lacks a key, the schema has told.
fn is_worth_telling(node: &Node, findings: &Findings) -> bool {
    matches!(node.kind, Kind::Mapping(_)) || !findings.has_errors()
}

fn holds(node: &Node, place: Place) -> bool {
    let inside = node.place.source == place.source && node.place.start <= place.start && place.end <= node.place.end;
    // What came by an alias stands elsewhere.
    inside || node.items().iter().chain(node.entries().iter().map(|(_, value)| value)).any(|child| holds(child, place))
}
