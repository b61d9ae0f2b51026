//! Recording rules: what they may say, and what is recorded.

use super::alert::{disabled, merged_labels};
use super::group::Surroundings;
use super::{Compiler, name_of, names};
use crate::diagnostics::{Place, codes};
use crate::rules::rule::Record;
use crate::rules::written;

pub(super) fn compile(rule: &written::Rule, group: &Surroundings<'_>, compiler: &mut Compiler<'_>) -> Option<Record> {
    let record = rule.record.as_ref()?;
    check_name(&record.value, record.place, compiler);
    refuse_alerting_keys(rule, compiler);
    names::check_labels(rule.labels.as_ref(), compiler);
    let Some(text) = rule.expr.as_ref().filter(|expr| !expr.value.is_empty()) else {
        compiler.error(codes::WB031, format!("the rule `{}` has no `expr`", record.value), record.place, "");
        return None;
    };
    let expr = compiler.expr(text)?;
    let labels = merged_labels(group.written.labels.as_ref(), rule.labels.as_ref());
    let mut labels: Vec<_> = labels.iter().map(|(name, value)| (name_of(&name.value), name_of(&value.value))).collect();
    labels.sort();
    Some(Record {
        record: name_of(&record.value),
        expr,
        labels,
        disabled: disabled(rule, compiler),
        place: record.place,
    })
}

fn check_name(name: &str, place: Place, compiler: &mut Compiler<'_>) {
    if name.contains(['{', '}']) {
        compiler
            .error(codes::WB033, "the name of a recorded series cannot have braces", place, "")
            .help("labels of a recorded series go under `labels`, selectors under `expr`");
    }
}

/// What only alerts have. As in Prometheus, a duration of zero and an empty mapping count as nothing.
fn refuse_alerting_keys(rule: &written::Rule, compiler: &mut Compiler<'_>) {
    let mut refuse = |key: &str, place: Option<Place>| {
        if let Some(place) = place {
            compiler.error(codes::WB034, format!("a recording rule has no `{key}`"), place, "");
        }
    };
    let duration = |duration: Option<crate::diagnostics::Spanned<crate::yaml::DurationText>>| {
        duration.filter(|duration| !duration.value.0.is_zero()).map(|duration| duration.place)
    };
    refuse("for", duration(rule.hold));
    refuse("keep_firing_for", duration(rule.keep_firing_for));
    refuse("annotations", rule.annotations.as_ref().and_then(|list| list.0.first()).map(|(name, _)| name.place));
    refuse("tiers", rule.tiers.as_ref().and_then(|tiers| tiers.0.first()).map(|(name, _)| name.place));
    refuse("exceptions", rule.exceptions.as_ref().and_then(|list| list.first()).map(|one| one.matches.place));
    refuse("target", rule.target.as_ref().map(|target| target.place));
    refuse("unit", rule.unit.as_ref().map(|unit| unit.place));
    refuse("no_data", rule.no_data.as_ref().map(|no_data| no_data.place));
    refuse("on_error", rule.on_error.as_ref().map(|on_error| on_error.place));
    refuse("queries", rule.queries.as_ref().map(|queries| queries.place));
    refuse("join", rule.join.as_ref().map(|join| join.place));
    refuse("value", rule.value.as_ref().map(|value| value.place));
    refuse("identity", rule.identity.as_ref().map(|identity| identity.place));
    refuse("id", rule.id.as_ref().map(|id| id.place));
    refuse("inhibited_by", rule.inhibited_by.as_ref().and_then(|list| list.first()).map(|one| one.alert.place));
    refuse("policy", rule.policy.as_ref().map(|policy| policy.place));
    refuse("title", rule.title.as_ref().map(|title| title.place));
    refuse("actions", rule.actions.as_ref().and_then(|list| list.first()).map(|one| one.place));
    refuse("forget_after", rule.forget_after.as_ref().map(|span| span.place));
}
