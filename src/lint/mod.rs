//! What is allowed, and yet hardly meant: one check per file, each with a page of its own.
//!
//! A check looks at what was written and what is meant by it, and only warns. It says nothing where it is not sure: a
//! warning that is not worth reading teaches people to read none. Start at [`check`].

pub mod action_argument;
mod churning_label;
mod exception_repeats;
mod exception_unmatched;
mod exprs;
mod files;
mod filtered_query;
mod gauge_rate;
mod implies;
mod lost_label;
mod missing_key_label;
mod needless_regex;
mod never_true;
pub mod online;
mod range;
mod raw_counter;
mod required;
mod short_for;
mod short_window;
mod template_field;
mod template_render;
mod templates;
#[cfg(test)]
mod tests;
mod tier_order;
mod unit_mismatch;
pub mod unused_action;
pub mod unused_policy;

use crate::config::Checks;
use crate::diagnostics::{Code, Findings, Level, Text, codes};
use crate::promql::{Expr, LabelsOf};
use crate::rules::{Allow, Checked, Loaded, Rule, allow};
use files::Files;
use std::collections::BTreeSet;

/// Runs every check on every rule.
pub fn check(loaded: &Loaded, checks: &Checks, findings: &mut Findings) {
    let files = Files::new(loaded);
    for rule in &loaded.checked {
        check_alert(rule, &files, checks, findings);
    }
    for rule in &loaded.recorded {
        check_exprs(exprs::of_record(rule), checks, findings);
    }
}

fn check_alert(rule: &Checked, files: &Files<'_>, checks: &Checks, findings: &mut Findings) {
    tier_order::check(rule, findings);
    exception_repeats::check(rule, findings);
    exception_unmatched::check(rule, files, findings);
    lost_label::check(rule, files, findings);
    churning_label::check(rule, findings);
    template_field::check(rule, findings);
    template_render::check(rule, findings);
    short_for::check(rule, findings);
    missing_key_label::check(rule, files, findings);
    raw_counter::check(rule, files, findings);
    filtered_query::check(rule, findings);
    never_true::check_tiers(rule, findings);
    unit_mismatch::check(rule, findings);
    required::check(rule, checks, findings);
    check_exprs(exprs::of_alert(rule), checks, findings);
}

/// What is said of an expression, whatever rule it stands in.
fn check_exprs<'a>(exprs: impl Iterator<Item = (&'a Text, &'a Expr)>, checks: &Checks, findings: &mut Findings) {
    for (text, expr) in exprs {
        short_window::check(text, expr, checks, findings);
        gauge_rate::check(text, expr, findings);
        never_true::check(text, expr, findings);
        needless_regex::check(text, expr, findings);
    }
}

/// Drops what comments and the project allow, and tells of comments that allow nothing. The codes that the project allowed for
/// something are returned. To be called when everything else has been found.
pub fn settle(loaded: &Loaded, checks: &Checks, findings: &mut Findings) -> BTreeSet<Code> {
    let allows: Vec<&Allow> = loaded.allows.iter().collect();
    let for_nothing = allow::settle(&allows, findings).into_iter();
    // What a source says comes and goes while the files stay, and most runs ask none.
    for (comment, code) in for_nothing.filter(|(_, code)| !codes::depends_on_a_source(*code)) {
        let finding = findings.warn(codes::WB082, format!("`{code}` is allowed here, and nothing of it is found"));
        finding.at(comment.place, "allows nothing any more").help("delete it");
        if let Some((place, old)) = &comment.whole {
            finding.fix(*place, old, "");
        }
    }
    let mut used = BTreeSet::new();
    findings.retain(|finding| {
        let is_allowed =
            finding.level != Level::Error && checks.allow.iter().any(|allowed| allowed.value == finding.code);
        if is_allowed {
            used.insert(finding.code);
        }
        !is_allowed
    });
    used
}

/// Tells of what the project allows and nobody does. To be called only where all rules of the project were looked at.
pub fn allowed_for_nothing(checks: &Checks, used: &BTreeSet<Code>, findings: &mut Findings) {
    let is_for_nothing = |code: Code| !used.contains(&code) && !codes::depends_on_a_source(code);
    for allowed in checks.allow.iter().filter(|allowed| is_for_nothing(allowed.value)) {
        findings
            .warn(codes::WB251, format!("the project allows `{}`, and nothing of it is found", allowed.value))
            .at(allowed.place, "allows nothing any more")
            .help("delete it");
    }
}

/// The labels that the series of a rule can have: those of its expression, or those on which its queries meet.
fn series_labels(rule: &Rule, files: &Files<'_>) -> LabelsOf {
    match rule.queries.as_slice() {
        [query] => query.expr.labels_knowing(&|metric| files.labels_of(metric)),
        _ => LabelsOf::Only(rule.join.iter().map(ToString::to_string).collect()),
    }
}
