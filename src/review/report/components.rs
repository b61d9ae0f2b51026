//! Components, as those who depend on them see them: how much of the time they were not in the worst kind of trouble.

use super::Inputs;
use super::troubles::within;
use crate::model::{Moment, Severity, Span};
use crate::review::clock::{Period, outside, total, union};
use crate::rules::Rule;
use serde::Serialize;
use std::collections::BTreeSet;

/// The label that says what an alert is about.
const COMPONENT: &str = "component";

/// One component: the alerts that share a value of the label `component`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Component {
    /// Its name.
    pub component: String,
    /// The share of the time that is known without an alert of the highest severity; nothing where none of it is known, or no rule
    /// of the component has that severity.
    pub available: Option<f64>,
    /// Seconds with such an alert.
    pub down_seconds: f64,
    /// Seconds of which nothing is known.
    pub unknown_seconds: f64,
    /// Incidents of any severity.
    pub incidents: usize,
    /// The same share of the period before.
    pub available_before: Option<f64>,
    /// Incidents of the period before; nothing where that is not on record.
    pub incidents_before: Option<usize>,
}

/// Every component that a rule or an incident names, by name.
pub(super) fn components(inputs: &Inputs<'_>, period: Period, before: Option<Period>) -> Vec<Component> {
    names(inputs).into_iter().map(|name| component(inputs, name, period, before)).collect()
}

fn names(inputs: &Inputs<'_>) -> BTreeSet<String> {
    let rules = inputs.world.rules.groups.iter().flat_map(|group| group.alerts());
    let written = rules.filter(|rule| rule.disabled.is_none()).filter_map(|rule| of(rule).map(str::to_owned));
    let firings = inputs.past.records.iter().flat_map(|record| &record.firings);
    let fired = firings.map(|firing| firing.subject.labels.get(COMPONENT).to_owned());
    written.chain(fired).filter(|name| !name.is_empty()).collect()
}

/// The component of a rule, where the rule names one.
pub(super) fn of(rule: &Rule) -> Option<&str> {
    rule.labels.iter().find(|(name, _)| &**name == COMPONENT).and_then(|(_, template)| template.constant())
}

fn component(inputs: &Inputs<'_>, name: String, period: Period, before: Option<Period>) -> Component {
    let (down, unknown) = (down(inputs, &name, period), unknown(inputs, &name, period));
    Component {
        available: available(inputs, &name, period),
        down_seconds: total(&down).as_secs_f64(),
        unknown_seconds: total(&unknown).as_secs_f64(),
        incidents: incidents(inputs, &name, period),
        available_before: before.and_then(|before| available(inputs, &name, before)),
        incidents_before: before.map(|before| incidents(inputs, &name, before)),
        component: name,
    }
}

fn available(inputs: &Inputs<'_>, name: &str, period: Period) -> Option<f64> {
    if !is_judged(inputs, name) {
        return None;
    }
    let (down, unknown) = (down(inputs, name, period), unknown(inputs, name, period));
    let known = (period.length() - total(&unknown)).as_secs_f64();
    let down = total(&outside(&down, &unknown)).as_secs_f64();
    (known > 0.0).then(|| 1.0 - down / known)
}

fn highest<'a>(inputs: &'a Inputs<'_>) -> Option<&'a Severity> {
    inputs.world.settings.severities.iter().next()
}

/// Whether any rule of the component has the highest severity: without one nothing could have said that it is down.
fn is_judged(inputs: &Inputs<'_>, name: &str) -> bool {
    let highest = highest(inputs);
    worst_rules(inputs, name).any(|rule| rule.tiers.iter().any(|tier| Some(&tier.severity) == highest))
}

fn worst_rules<'a>(inputs: &'a Inputs<'_>, name: &'a str) -> impl Iterator<Item = &'a Rule> {
    let rules = inputs.world.rules.groups.iter().flat_map(|group| group.alerts()).map(|rule| &**rule);
    rules.filter(move |rule| rule.disabled.is_none() && of(rule) == Some(name))
}

/// When an alert of the component fired at the highest severity.
fn down(inputs: &Inputs<'_>, name: &str, period: Period) -> Vec<(Moment, Moment)> {
    let highest = highest(inputs);
    let firings = inputs.past.records.iter().flat_map(|record| &record.firings);
    let of_it = firings.filter(|firing| firing.subject.labels.get(COMPONENT) == name);
    let worst = of_it.filter(|firing| Some(&firing.subject.severity) == highest);
    union(worst.filter_map(|firing| period.part(firing.from, firing.to.unwrap_or(inputs.at))).collect())
}

/// When one of its rules of the highest severity could not be evaluated, or nothing ran.
fn unknown(inputs: &Inputs<'_>, name: &str, period: Period) -> Vec<(Moment, Moment)> {
    let (known, highest) = (&inputs.past.conditions, highest(inputs));
    let judging =
        worst_rules(inputs, name).filter(|rule| rule.tiers.iter().any(|tier| Some(&tier.severity) == highest));
    let failed = judging.filter_map(|rule| known.failing.get(&rule.id)).flat_map(|spans| within(spans, period));
    let down = known.down.iter().filter_map(|(from, to)| period.part(*from, *to));
    union(failed.chain(down).chain(inputs.past.unrecorded(period)).collect())
}

fn incidents(inputs: &Inputs<'_>, name: &str, period: Period) -> usize {
    let opened = inputs.past.records.iter().filter(|record| period.holds(record.opened()));
    opened.filter(|record| record.firings.iter().any(|firing| firing.subject.labels.get(COMPONENT) == name)).count()
}

/// A share as people read it: as many nines as count, and never a hundred where it is not.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.3}", 100.0 * share);
    match text.as_str() {
        "100.000" if share < 1.0 => "99.999 %".into(),
        _ if share >= 1.0 => "100 %".into(),
        _ => format!("{} %", text.trim_end_matches('0').trim_end_matches('.')),
    }
}

/// The share of a period, for a length of time in it.
pub(super) fn share_of(seconds: f64, period: Period) -> f64 {
    seconds / period.length().max(Span::from_millis(1)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn what_was_not_always_there_was_not_there_a_hundred_per_cent() {
        let all = [1.0, 0.999_999_9, 0.9995, 0.5, 0.0].map(percent);
        assert_eq!(all, ["100 %", "99.999 %", "99.95 %", "50 %", "0 %"]);
    }
}
