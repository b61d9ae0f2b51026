//! What is allowed, and yet hardly meant: one check per file, each with a page of its own.
//!
//! A check looks at what was written and what is meant by it, and only warns. It says nothing where it is not sure: a
//! warning that is not worth reading teaches people to read none. Start at [`check`].

mod churning_label;
mod exception_repeats;
mod exception_unmatched;
mod implies;
mod lost_label;
mod missing_key_label;
mod short_for;
mod template_field;
mod templates;
#[cfg(test)]
mod tests;
mod tier_order;

use crate::diagnostics::Findings;
use crate::promql::LabelsOf;
use crate::rules::{Loaded, Rule};

/// Runs every check on every rule.
pub fn check(loaded: &Loaded, findings: &mut Findings) {
    for rule in &loaded.checked {
        tier_order::check(rule, findings);
        exception_repeats::check(rule, findings);
        exception_unmatched::check(rule, findings);
        lost_label::check(rule, findings);
        churning_label::check(rule, findings);
        template_field::check(rule, findings);
        short_for::check(rule, findings);
        missing_key_label::check(rule, findings);
    }
}

/// The labels that the series of a rule can have: those of its expression, or those on which its queries meet.
fn series_labels(rule: &Rule) -> LabelsOf {
    match rule.queries.as_slice() {
        [query] => query.expr.labels(),
        _ => LabelsOf::Only(rule.join.iter().map(ToString::to_string).collect()),
    }
}
