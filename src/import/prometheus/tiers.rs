//! Writes a rule with tiers in the place of a plain one. What was said of anything stays beside it.

use super::Ids;
use super::rule::Candidate;
use crate::promql::Comparison;
use crate::rules::format::write_expr;
use crate::yaml::layout::{Entry, Node, Remark, Shape};

/// Splits the rule of `entry`.
pub(super) fn split(entry: &mut Entry, candidate: Candidate, ids: &mut Ids) {
    let id = ids.for_rule(&candidate);
    let tier = take_tier(entry, &candidate);
    finish(entry, &candidate, vec![tier], id);
}

/// The tier that a plain rule becomes; what moves into it is taken out of the rule.
pub(super) fn take_tier(entry: &mut Entry, candidate: &Candidate) -> Entry {
    let mut conditions = vec![condition(candidate)];
    let mut lead = Vec::new();
    if let Some(rule) = entry.value.collection_mut() {
        rule.unfold();
        conditions.extend(rule.take("for"));
        conditions.extend(rule.take("keep_firing_for"));
        lead = take_severity(rule);
    }
    let mut tier = Entry::new(&candidate.word, Node::mapping(conditions));
    tier.lead = lead;
    tier
}

/// Takes the severity out of the labels, and the labels out of the rule where there are no others.
fn take_severity(rule: &mut crate::yaml::layout::Collection) -> Vec<Remark> {
    let labels = rule.entries.iter_mut().find(|entry| entry.name() == Some("labels"));
    let Some(labels) = labels.and_then(|entry| entry.value.collection_mut()) else { return Vec::new() };
    let mut lead = labels.take("severity").map(Entry::into_remarks).unwrap_or_default();
    if labels.entries.is_empty() {
        lead.extend(rule.take("labels").map(Entry::into_remarks).unwrap_or_default());
    }
    lead
}

/// Puts query and tiers into the rule.
pub(super) fn finish(entry: &mut Entry, candidate: &Candidate, tiers: Vec<Entry>, id: Option<String>) {
    let Some(rule) = entry.value.collection_mut() else { return };
    let has_id = rule.get("id").is_some();
    if let Some(expr) = rule.entries.iter_mut().find(|entry| entry.name() == Some("expr"))
        && let Shape::Scalar(scalar) = &mut expr.value.shape
    {
        write_expr(scalar, candidate.split.query.text());
    }
    rule.entries.push(Entry::new("tiers", Node::mapping(tiers)));
    // A plain rule ends where its series does; without this, one with tiers would wait.
    if rule.get("no_data").is_none() {
        rule.entries.push(Entry::new("no_data", Node::inline("resolve")));
    }
    if let Some(id) = id.filter(|_| !has_id) {
        rule.entries.push(Entry::new("id", Node::inline(&quoted(&id))));
    }
}

/// The bound as a key of a tier.
fn condition(candidate: &Candidate) -> Entry {
    let split = &candidate.split;
    if candidate.needs_condition() {
        // In a condition, what is no number does not even differ; but it is not equal either.
        return Entry::new("when", Node::inline(&format!("'!(value == {:?})'", split.bound)));
    }
    let key = match split.comparison {
        Comparison::Above => "above",
        Comparison::AtLeast => "at_least",
        Comparison::Below => "below",
        Comparison::AtMost => "at_most",
        Comparison::Equals => "equals",
        Comparison::Differs => "differs",
    };
    let written = split.written.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_plain_number(&written) {
        return Entry::new(key, Node::inline(&written));
    }
    let mut entry = Entry::new(key, Node::inline(&number(split.bound)));
    // How the number came about is worth as much as the number.
    entry.trailing = (!written.contains('#')).then(|| format!("# {written}"));
    entry
}

/// Whether YAML reads a number as PromQL does.
fn is_plain_number(written: &str) -> bool {
    let digits = written.strip_prefix('-').unwrap_or(written);
    let whole = digits.split(['.', 'e']).next().unwrap_or_default();
    let is_decimal = digits.chars().all(|c| c.is_ascii_digit() || c == '.') && !digits.ends_with('.');
    is_decimal && !whole.is_empty() && (whole == "0" || !whole.starts_with('0'))
}

fn number(value: f64) -> String {
    match value {
        f64::INFINITY => ".inf".into(),
        f64::NEG_INFINITY => "-.inf".into(),
        value => format!("{value}"),
    }
}

fn quoted(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// The name of a rule.
pub(super) fn rename(entry: &mut Entry, name: &str) {
    let Some(rule) = entry.value.collection_mut() else { return };
    if let Some(alert) = rule.entries.iter_mut().find(|entry| entry.name() == Some("alert")) {
        alert.value = Node::inline(&quoted(name));
    }
}
