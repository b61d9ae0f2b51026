//! What a missing series and a failing query mean.

use super::Compiler;
use crate::diagnostics::{Place, Spanned, codes};
use crate::model::{Severity, Span};
use crate::rules::rule::{Kind, NoData, OnError};
use crate::rules::written;

/// How long a rule with tiers keeps its state without data, where nobody says.
const KEEP: Span = Span::from_mins(5);

/// What a missing series means: as the rule says, else as its group, else as its kind of rule has it.
pub(super) fn no_data(
    rule: &written::Rule,
    group: &written::Group,
    kind: Kind,
    tiers: &[Severity],
    compiler: &mut Compiler<'_>,
) -> NoData {
    let default = match kind {
        Kind::Plain => NoData::Resolve,
        Kind::Extended => NoData::Keep(Some(KEEP)),
    };
    let Some(written) = rule.no_data.as_ref().or(group.no_data.as_ref()) else { return default };
    match &written.value {
        written::NoData::Word(written::NoDataWord::Resolve) => NoData::Resolve,
        written::NoData::Word(written::NoDataWord::Keep) => NoData::Keep(None),
        written::NoData::Timed(timed) => timed_no_data(timed, written.place, rule, tiers, compiler).unwrap_or(default),
    }
}

fn timed_no_data(
    timed: &written::TimedNoData,
    place: Place,
    rule: &written::Rule,
    tiers: &[Severity],
    compiler: &mut Compiler<'_>,
) -> Option<NoData> {
    match (timed.keep, &timed.tier, timed.after) {
        (Some(keep), None, None) => Some(NoData::Keep(Some(keep.value.0))),
        (None, Some(tier), Some(after)) => {
            let severity = compiler.severity(tier)?;
            if !tiers.contains(&severity) {
                refuse_foreign_tier(tier, rule, tiers, compiler);
                return None;
            }
            Some(NoData::Tier(severity, after.value.0))
        }
        _ => {
            let finding = compiler.error(codes::WB034, "`no_data` has either `keep`, or `tier` and `after`", place, "");
            finding.help("write `{ keep: 10m }` or `{ tier: high, after: 10m }`");
            None
        }
    }
}

fn refuse_foreign_tier(tier: &Spanned<String>, rule: &written::Rule, tiers: &[Severity], compiler: &mut Compiler<'_>) {
    let own: Vec<String> = tiers.iter().map(|severity| format!("`{severity}`")).collect();
    let message = format!("the rule has no tier `{}`", tier.value);
    let finding = compiler.error(codes::WB046, message, tier.place, "").help(format!("it has {}", own.join(", ")));
    if let Some(alert) = &rule.alert {
        finding.see(alert.place, "this rule");
    }
}

/// What a failing query means.
pub(super) fn on_error(rule: &written::Rule, group: &written::Group, compiler: &mut Compiler<'_>) -> OnError {
    match rule.on_error.as_ref().or(group.on_error.as_ref()).map(|written| &written.value) {
        None | Some(written::OnError::Word(written::OnErrorWord::Keep)) => OnError::Keep,
        Some(written::OnError::Timed(timed)) => match compiler.severity(&timed.tier) {
            Some(severity) => OnError::Tier(severity, timed.after.value.0),
            None => OnError::Keep,
        },
    }
}
