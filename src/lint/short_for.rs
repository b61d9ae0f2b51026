//! WB061 · A `for` that is shorter than the interval of its group.

use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Span, duration_text};
use crate::rules::Checked;
use crate::yaml::DurationText;

pub(super) fn check(rule: &Checked, findings: &mut Findings) {
    // Without an interval of its own the group has that of the server, which we do not know.
    let Some(interval) = rule.group.interval else { return };
    let of_tiers = rule.written.tiers.iter().flatten().filter_map(|(_, tier)| tier.as_ref()?.hold);
    for hold in rule.written.hold.into_iter().chain(of_tiers) {
        check_one(hold, interval, findings);
    }
}

fn check_one(hold: Spanned<DurationText>, interval: Spanned<DurationText>, findings: &mut Findings) {
    let (shorter, longer) = (hold.value.0, interval.value.0);
    if shorter == Span::ZERO || shorter >= longer {
        return;
    }
    let longer = duration_text::format(longer);
    findings
        .warn(codes::WB061, format!("this works as if it were `{longer}`"))
        .at(hold.place, "shorter than the interval")
        .see(interval.place, "nothing is seen between two evaluations")
        .help(format!("write `for: {longer}`, or evaluate the group more often"));
}
