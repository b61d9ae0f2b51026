//! WB080 · An alert without an annotation or a label that this project asks for.

use crate::config::Checks;
use crate::diagnostics::{Findings, codes};
use crate::model::Name;
use crate::rules::Checked;

pub(super) fn check(rule: &Checked, checks: &Checks, findings: &mut Findings) {
    let annotations =
        checks.annotations.iter().filter(|name| !is_annotated(rule, name)).map(|name| ("annotation", name));
    let labels = checks.labels.iter().filter(|name| !has(&rule.rule.labels, name)).map(|name| ("label", name));
    let Some(alert) = &rule.written.alert else { return };
    for (what, name) in annotations.chain(labels) {
        findings
            .warn(codes::WB080, format!("`{}` has no {what} `{name}`", alert.value))
            .at(alert.place, "the project asks for it")
            .help(format!("add it under `{what}s`; `checks: {{ require: … }}` of the configuration asks for it"));
    }
}

/// Whether every message of the rule has it: from the rule, or from each of its tiers.
fn is_annotated(rule: &Checked, name: &str) -> bool {
    let tiers = &rule.rule.tiers;
    has(&rule.rule.annotations, name) || !tiers.is_empty() && tiers.iter().all(|tier| has(&tier.annotations, name))
}

fn has<T>(list: &[(Name, T)], name: &str) -> bool {
    list.iter().any(|(own, _)| **own == *name)
}
