//! What is not seen, not written down, and not staffed.

use super::Inputs;
use super::troubles::{missed, within};
use crate::model::{Moment, Span};
use crate::oncall;
use crate::review::clock::{At, Period, outside, timestamp, total, union};
use crate::rules::{Group, Rule};
use serde::Serialize;

/// How far ahead gaps of schedules are looked for.
const WEEKS: Span = Span::from_hours(28 * 24);
/// A gap that nobody needs to know of is shorter.
const A_GAP: Span = Span::from_mins(1);

/// What is not covered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// Rules that are evaluated.
    pub rules: usize,
    /// The share of their slots of which nothing is known, over all; nothing where there are none.
    pub unknown: Option<f64>,
    /// Rules of which more than a hundredth is not known, the worst first, each with its share.
    pub worst: Vec<(String, f64)>,
    /// Slots that were missed while we ran.
    pub missed_slots: usize,
    /// Rules without a runbook.
    pub without_runbook: Vec<String>,
    /// Rules without a target: whether their values are good is not known, only whether they are bad.
    pub without_target: Vec<String>,
    /// Rules that are switched off, and why.
    pub switched_off: Vec<(String, String)>,
    /// When nobody is on call in the coming four weeks.
    pub gaps: Vec<DutyGap>,
}

/// A time in which nobody is on call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DutyGap {
    /// The schedule.
    pub schedule: String,
    /// From when.
    pub from: At,
    /// Until when.
    pub to: At,
}

pub(super) fn coverage(inputs: &Inputs<'_>, period: Period) -> Coverage {
    let groups = inputs.world.rules.groups.iter();
    let all: Vec<(&Group, &Rule)> =
        groups.flat_map(|group| group.alerts().map(move |rule| (&**group, &**rule))).collect();
    let on: Vec<_> = all.iter().copied().filter(|(_, rule)| rule.disabled.is_none()).collect();
    let dark = dark(inputs, period);
    let seen = period.length() - total(&dark);
    let shares: Vec<(String, f64)> = on
        .iter()
        .map(|(group, rule)| (rule.alert.to_string(), unknown(inputs, (group, rule), period, &dark)))
        .collect();
    let unknown = super::super::measured::mean(shares.iter().map(|(_, share)| *share)).filter(|_| !seen.is_zero());
    let mut worst: Vec<_> = shares.into_iter().filter(|(_, share)| *share > 0.01 && !seen.is_zero()).collect();
    worst.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let named = |is_one: &dyn Fn(&Rule) -> bool| -> Vec<String> {
        on.iter().filter(|(_, rule)| is_one(rule)).map(|(_, rule)| rule.alert.to_string()).collect()
    };
    let off = all.iter().filter_map(|(_, rule)| Some((rule.alert.to_string(), rule.disabled.as_ref()?.to_string())));
    let missed_slots = inputs.world.rules.groups.iter().map(|group| missed(inputs, group, period).0).sum();
    Coverage {
        rules: on.len(),
        unknown,
        worst,
        missed_slots,
        without_runbook: named(&|rule| !has_runbook(rule)),
        without_target: named(&|rule| rule.target.is_none() && rule.exceptions.iter().all(|one| one.target.is_none())),
        switched_off: off.collect(),
        gaps: gaps(inputs),
    }
}

/// When nothing is on record: before the journal begins, and after we were last known to run.
fn dark(inputs: &Inputs<'_>, period: Period) -> Vec<(Moment, Moment)> {
    union(inputs.past.unrecorded(period))
}

/// The share of a rule's slots of which nothing is known, of those that are on record.
fn unknown(inputs: &Inputs<'_>, (group, rule): (&Group, &Rule), period: Period, dark: &[(Moment, Moment)]) -> f64 {
    let known = &inputs.past.conditions;
    let down = known.down.iter().filter_map(|(from, to)| period.part(*from, *to));
    let failed = known.failing.get(&rule.id).map(|spans| within(spans, period)).unwrap_or_default();
    let blind = outside(&union(down.chain(failed).collect()), dark);
    let blind = total(&blind) + missed(inputs, group, period).1;
    let seen = period.length() - total(dark);
    (blind.as_secs_f64() / seen.as_secs_f64().max(1.0)).min(1.0)
}

fn has_runbook(rule: &Rule) -> bool {
    let of = |annotations: &[(crate::model::Name, crate::rules::template::Template)]| {
        annotations.iter().any(|(name, _)| &**name == "runbook_url")
    };
    of(&rule.annotations) || !rule.tiers.is_empty() && rule.tiers.iter().all(|tier| of(&tier.annotations))
}

fn gaps(inputs: &Inputs<'_>) -> Vec<DutyGap> {
    let (from, to) = (timestamp(inputs.at), timestamp(inputs.at + WEEKS));
    let mut found = Vec::new();
    for (name, schedule) in &inputs.world.settings.schedules {
        for gap in oncall::gaps(&[schedule], from, to) {
            let at = |instant: jiff::Timestamp| Moment::from_millis(instant.as_millisecond());
            if at(gap.to) - at(gap.from) >= A_GAP {
                found.push(DutyGap { schedule: name.to_string(), from: At(at(gap.from)), to: At(at(gap.to)) });
            }
        }
    }
    found
}
