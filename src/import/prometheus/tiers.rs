//! Writes a rule with tiers in the place of a plain one. What was said of anything stays beside it.

use super::rule::Candidate;
use super::{Ids, Splits};
use crate::promql::{Comparison, Threshold};
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

/// What became of a rule.
pub(super) fn told(candidate: &Candidate) -> Splits {
    let condition = condition(candidate);
    let [key, value] = [condition.name(), condition.value.text()].map(|text| text.unwrap_or_default().to_owned());
    Splits {
        at: candidate.at,
        alert: candidate.alert.clone(),
        tier: candidate.word.clone(),
        condition: format!("{key}: {value}"),
        query: candidate.split.query.text().to_string(),
    }
}

/// The bound as a key of a tier.
fn condition(candidate: &Candidate) -> Entry {
    if candidate.needs_condition() {
        return Entry::new("when", Node::inline(&format!("'{}'", composite(&candidate.split.any))));
    }
    if let Some([low, high]) = candidate.outside() {
        let range = format!("[{}, {}]", yaml_number(low), yaml_number(high));
        return remarked(Entry::new("outside", Node::inline(&range)), &[low, high]);
    }
    let threshold = &candidate.split.any[0];
    let key = match threshold.comparison {
        Comparison::Above => "above",
        Comparison::AtLeast => "at_least",
        Comparison::Below => "below",
        Comparison::AtMost => "at_most",
        Comparison::Equals => "equals",
        Comparison::Differs => "differs",
    };
    remarked(Entry::new(key, Node::inline(&yaml_number(threshold))), &[threshold])
}

/// The comparisons as a condition that is true where one of them is.
fn composite(any: &[Threshold]) -> String {
    let one = |Threshold { comparison, bound, .. }: &Threshold| match comparison {
        Comparison::Above => format!("value > {bound:?}"),
        Comparison::AtLeast => format!("value >= {bound:?}"),
        Comparison::Below => format!("value < {bound:?}"),
        Comparison::AtMost => format!("value <= {bound:?}"),
        Comparison::Equals => format!("value == {bound:?}"),
        // In a condition, what is no number does not even differ; but it is not equal either.
        Comparison::Differs => format!("!(value == {bound:?})"),
    };
    any.iter().map(one).collect::<Vec<_>>().join(" || ")
}

/// How a number came about is worth as much as the number.
fn remarked(mut entry: Entry, thresholds: &[&Threshold]) -> Entry {
    let written: Vec<String> = thresholds.iter().map(|threshold| in_one_line(&threshold.written)).collect();
    let is_told = written.iter().any(|written| !is_plain_number(written) && !written.contains('#'));
    entry.trailing = is_told.then(|| format!("# {}", written.join(", ")));
    entry
}

fn in_one_line(written: &str) -> String {
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn yaml_number(threshold: &Threshold) -> String {
    let written = in_one_line(&threshold.written);
    if is_plain_number(&written) { written } else { number(threshold.bound) }
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
