//! WB012 · A tier that can never be the one that fires, because a higher one is always there first.
//! WB059 · A lower tier whose bound lies beyond that of a higher one.

use super::implies::implies;
use crate::diagnostics::{Findings, Place, codes};
use crate::rules::written::Tier as Written;
use crate::rules::{Checked, Condition, Tier};

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    let tiers = &rule.rule.tiers;
    for (index, lower) in tiers.iter().enumerate() {
        // One higher tier that shadows it is reason enough; the nearest is the best example.
        let shadow = tiers[..index].iter().rev().find(|higher| holds_wherever(&lower.condition, &higher.condition));
        let Some(higher) = shadow else { continue };
        let (Some((lower_name, lower_text)), Some((higher_name, higher_text))) =
            (rule.written_tier(lower), rule.written_tier(higher))
        else {
            continue;
        };
        let at = condition_place(lower_text).unwrap_or(lower_name.place);
        let see = condition_place(higher_text).unwrap_or(higher_name.place);
        if is_never_first(lower, higher) {
            findings
                .warn(codes::WB012, format!("tier `{}` can never fire", lower.severity))
                .at(at, format!("whatever is beyond this is `{}` first", higher.severity))
                .see(see, "already true here")
                .help("move its bound to the calm side of the other one, or delete the tier");
        } else if lower.condition != higher.condition {
            findings
                .warn(
                    codes::WB059,
                    format!("tier `{}` lies beyond the higher tier `{}`", lower.severity, higher.severity),
                )
                .at(at, "the lower tier")
                .see(see, "already true here")
                .help("are the two bounds swapped?");
        }
    }
}

fn holds_wherever(lower: &Condition, higher: &Condition) -> bool {
    match (lower, higher) {
        (Condition::Bound(lower), Condition::Bound(higher)) => implies(*lower, *higher),
        (Condition::When(lower), Condition::When(higher)) => lower == higher,
        _ => false,
    }
}

/// The higher one fires no later and lets go no earlier, as far as can be told from what is written.
fn is_never_first(lower: &Tier, higher: &Tier) -> bool {
    let lets_go_earlier = lower.keep > higher.keep || lower.clear.is_some() && lower.clear != higher.clear;
    higher.hold <= lower.hold && !lets_go_earlier
}

/// Where the condition of a tier is written.
pub(super) fn condition_place(tier: &Written) -> Option<Place> {
    let bounds = [tier.above, tier.at_least, tier.below, tier.at_most, tier.equals, tier.differs];
    let single = bounds.into_iter().flatten().next().map(|amount| amount.place);
    let range = tier.outside.or(tier.inside).map(|range| range.place);
    single.or(range).or_else(|| tier.when.as_ref().map(|when| when.place))
}
