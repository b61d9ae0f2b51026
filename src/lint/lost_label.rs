//! WB054 · A template that prints a label which the expression has lost.

use super::files::Files;
use super::{series_labels, templates};
use crate::diagnostics::{Findings, Text, codes};
use crate::promql::LabelsOf;
use crate::rules::template::Template;
use crate::rules::{Checked, Kind, Rule};

pub(super) fn check(rule: &Checked, files: &Files<'_>, findings: &mut Findings) {
    let mut labels = None;
    let label_templates = templates::labels(rule).map(|(text, template)| (text, template, false));
    // What people read of a rule with tiers has the severity of the tier.
    let texts = templates::texts(rule).map(|(text, template)| (text, template, rule.rule.kind == Kind::Extended));
    for (text, template, has_severity) in label_templates.chain(texts) {
        if template.constant().is_none() {
            let labels = labels.get_or_insert_with(|| series_labels(&rule.rule, files));
            let is_there = |name: &str| labels.can_have(name) || (has_severity && name == "severity");
            check_template(text, template, labels, is_there, &rule.rule, findings);
        }
    }
}

fn check_template(
    text: &Text,
    template: &Template,
    labels: &LabelsOf,
    is_there: impl Fn(&str) -> bool,
    rule: &Rule,
    findings: &mut Findings,
) {
    let mut told: Vec<&str> = Vec::new();
    for used in template.labels_used().unwrap_or_default() {
        if is_there(&used.name) || told.contains(&&*used.name) {
            continue;
        }
        told.push(&used.name);
        findings
            .warn(codes::WB054, format!("the label `{}` is never there", used.name))
            .at(text.place_of(used.range.clone()), "people read nothing here")
            .help(help(&used.name, labels, rule));
    }
}

fn help(name: &str, labels: &LabelsOf, rule: &Rule) -> String {
    if rule.labels.iter().any(|(own, _)| &**own == name) {
        return format!("`$labels` are those of the series; `{name}` is the rule's own, so write its text");
    }
    match labels {
        LabelsOf::Only(names) if names.is_empty() => "the expression returns a series without labels".into(),
        LabelsOf::Only(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the expression returns only {}", names.join(", "))
        }
        LabelsOf::AnyBut(_) => format!("the expression drops `{name}`"),
    }
}
