//! Which alert a row belongs to: the labels that people see, and those of them that make the identity.

use crate::engine::alert::{Alert, AlertKind};
use crate::engine::world::World;
use crate::model::{ALERTNAME, AlertId, Labels, Name, Slot};
use crate::rules::template::{Answers, Data, Rendered, Template};
use crate::rules::{Kind, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// The labels of an alert and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Derived from the rule and the identity labels.
    pub id: AlertId,
    /// What people see and matchers match.
    pub labels: Labels,
    /// Those of them that make the id.
    pub identity: Labels,
}

/// Whether labels depend on nothing but the series, so that a row's alert stays the same.
#[must_use]
pub fn is_stable(rule: &Rule) -> bool {
    rule.labels.iter().all(|(_, template)| template.constant().is_some() || reads_only_labels(template.text()))
}

/// Whether every action of a template is one bare label, as `{{ $labels.chain }}`. Whatever says more counts as depending on
/// more: it is rendered at every evaluation, which is right in any case and only costs time.
fn reads_only_labels(text: &str) -> bool {
    text.split("{{").skip(1).all(|part| {
        let action = part.split("}}").next().unwrap_or_default().trim();
        let label = action.strip_prefix("$labels.").or_else(|| action.strip_prefix(".Labels."));
        label.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
    })
}

/// The labels of the alert that `series` with `value` belongs to.
///
/// # Errors
/// The queries that its label templates need before it can be said.
pub fn identify(
    world: &World,
    rule: &Rule,
    series: &Labels,
    value: f64,
    slot: Slot,
    answers: &Answers,
) -> Result<Identity, Vec<String>> {
    let (identity, wanted) = identify_beside(world, rule, (series, value), slot, answers, None);
    if wanted.is_empty() { Ok(identity) } else { Err(wanted) }
}

/// The labels that an alert has under `rule` now, where nobody can be asked: what a label template made of the answer to a
/// query stays as it was, until the next slot asks.
#[must_use]
pub fn identify_again(world: &World, rule: &Rule, alert: &Alert, slot: Slot) -> Identity {
    identify_beside(world, rule, (&alert.series, alert.value), slot, &Answers::new(), Some(&alert.labels)).0
}

/// As [`identify`]; a label whose template needs an answer has the value that it has in `known`, and the queries are named.
fn identify_beside(
    world: &World,
    rule: &Rule,
    (series, value): (&Labels, f64),
    slot: Slot,
    answers: &Answers,
    known: Option<&Labels>,
) -> (Identity, Vec<String>) {
    let data = Data {
        labels: series,
        value,
        external_labels: &world.settings.external_labels,
        external_url: &world.settings.external_url,
        threshold: "",
        severity: "",
        unit: rule.unit.as_deref().unwrap_or_default(),
        active_at: slot,
        now: slot,
    };
    let mut pairs: Vec<(Name, Name)> =
        series.iter().filter(|(name, _)| &***name != "__name__").map(|(n, v)| (n.clone(), v.clone())).collect();
    let mut wanted = Vec::new();
    for (name, template) in &rule.labels {
        if template.constant().is_some() {
            pairs.push((name.clone(), template.text().clone()));
            continue;
        }
        match template.render_or_error_text(&rule.alert, &data, answers) {
            Rendered::Text(text) => pairs.push((name.clone(), text.into())),
            Rendered::Wants(queries) => {
                wanted.extend(queries);
                pairs.extend(known.and_then(|known| known.find(name)).map(|value| (name.clone(), value.clone())));
            }
        }
    }
    // Last, so that neither a rule label nor the series can override it.
    pairs.push((ALERTNAME, rule.alert.clone()));
    let labels = Labels::new(pairs);
    let identity = identity_labels(rule, &labels);
    (Identity { id: alert_id(rule, AlertKind::Series, &identity), labels, identity }, wanted)
}

/// The labels of an alert on the whole rule: its constant ones.
#[must_use]
pub fn rule_labels(rule: &Rule) -> Labels {
    let constant = rule.labels.iter().filter(|(_, template)| template.constant().is_some());
    let constant = constant.map(|(name, template)| (name.clone(), template.text().clone()));
    Labels::new(constant.chain([(ALERTNAME, rule.alert.clone())]))
}

/// The id of `rule`'s alert of this kind on these identity labels.
#[must_use]
pub fn alert_id(rule: &Rule, kind: AlertKind, identity: &Labels) -> AlertId {
    let kind = match kind {
        AlertKind::Series => "series",
        AlertKind::Absent => "absent",
        AlertKind::Failing => "failing",
    };
    AlertId::derive(&[&rule.id.to_string(), kind, &identity.to_string()])
}

/// Whether the alerts of `old` have the same identity under `new`, whatever the series. Where this says no, it still can be
/// that those of some series have.
#[must_use]
pub fn knows_again(old: &Rule, new: &Rule) -> bool {
    let queries = || old.queries.iter().chain(&new.queries);
    let can_have = |name: &str| queries().any(|query| query.expr.labels().can_have(name));
    makes_identity(old, &can_have) == makes_identity(new, &can_have) && (is_stable(new) || old.unit == new.unit)
}

/// What decides which labels count and what they are: the labels named in `identity:`, the constant ones that lie over those
/// of the series, and the rendered ones.
type Makes<'a> = (Option<BTreeSet<&'a Name>>, BTreeMap<&'a Name, Option<&'a str>>, Option<&'a Name>);

fn makes_identity<'a>(rule: &'a Rule, can_have: &impl Fn(&str) -> bool) -> Makes<'a> {
    let named: Option<BTreeSet<&Name>> = rule.identity.as_ref().map(|names| names.iter().collect());
    let counts = |name: &Name| named.as_ref().is_none_or(|named| named.contains(name));
    // A constant label takes its name out of the identity, whatever its value; only where `identity:` names it, the value counts.
    let value = |template: &'_ Template| template.constant().is_none() || named.is_some();
    // One that no series has beneath it takes nothing away.
    let takes = |(name, template): &&(Name, Template)| value(template) || can_have(name);
    let laid_over = rule.labels.iter().filter(|(name, _)| counts(name)).filter(takes);
    let laid_over = laid_over.map(|(name, template)| (name, value(template).then(|| &**template.text()))).collect();
    let by_name = named.as_ref().is_some_and(|named| named.iter().any(|name| &***name == "alertname"));
    (named, laid_over, by_name.then_some(&rule.alert))
}

/// Static labels are attributes; with `identity:` only the named labels count.
pub(in crate::engine) fn identity_labels(rule: &Rule, labels: &Labels) -> Labels {
    if let Some(identity) = &rule.identity {
        return labels.only(identity);
    }
    let is_static = |name: &str| rule.labels.iter().any(|(n, template)| &**n == name && template.constant().is_some());
    Labels::new(
        labels
            .iter()
            .filter(|(name, _)| !is_static(name) && &***name != "alertname")
            .map(|(name, value)| (name.clone(), value.clone())),
    )
}

/// The severity that an alert of a plain rule shows as its label stays its own; rules with tiers have none of their own.
#[must_use]
pub fn shows_own_severity(rule: &Rule) -> bool {
    rule.kind == Kind::Plain && rule.labels.iter().any(|(name, _)| &**name == "severity")
}
