//! WB066 · `join` or `identity` names a label that the expression cannot return.

use super::files::Files;
use super::series_labels;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::rules::Checked;

pub(super) fn check(rule: &Checked, files: &Files<'_>, findings: &mut Findings) {
    for label in rule.written.join.iter().flat_map(|join| &join.value) {
        let without = rule
            .rule
            .queries
            .iter()
            .find(|query| !query.expr.labels_knowing(&|metric| files.labels_of(metric)).can_have(&label.value));
        if let Some(query) = without {
            warn(label, format!("the query `{}` never has the label `{}`", query.name, label.value), findings);
        }
    }
    let identity = rule.written.identity.iter().flat_map(|identity| &identity.value);
    let is_made = |name: &str| rule.rule.labels.iter().any(|(own, _)| &**own == name);
    for label in identity.filter(|label| !is_made(&label.value)) {
        if !series_labels(&rule.rule, files).can_have(&label.value) {
            warn(label, format!("the series never have the label `{}`", label.value), findings);
        }
    }
}

fn warn(label: &Spanned<String>, message: String, findings: &mut Findings) {
    findings
        .warn(codes::WB066, message)
        .at(label.place, "")
        .help("keep it in the expression, or name a label that is there");
}
