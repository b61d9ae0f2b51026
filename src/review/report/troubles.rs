//! What could not be seen: rules and sources that failed, slots that were missed, time in which nothing ran.

use super::Inputs;
use crate::model::{Moment, Span};
use crate::review::clock::{At, Period, outside, total, union};
use serde::Serialize;

/// Something that could not be seen for a while.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trouble {
    /// `rule`, `source` or `service`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How often.
    pub times: usize,
    /// Seconds in all, within the period.
    pub seconds: f64,
    /// Since when it still is.
    pub since: Option<At>,
}

/// Everything of the period, what still is before the rest.
pub(super) fn troubles(inputs: &Inputs<'_>, period: Period) -> Vec<Trouble> {
    let known = &inputs.past.conditions;
    let mut all = Vec::new();
    let down: Vec<_> = known.down.iter().map(|(from, to)| (*from, Some(*to))).collect();
    all.extend(trouble("service", "watchbell", &down, period));
    for (source, spans) in &known.silent {
        all.extend(trouble("source", source, spans, period));
    }
    for (id, spans) in &known.failing {
        // What a rule that is gone could not see is no longer anybody's trouble.
        let Some((group, rule)) = inputs.world.group_of(*id).zip(inputs.world.rule(*id)) else { continue };
        let source = known.silent.get(&group.source).map(|spans| within(spans, period)).unwrap_or_default();
        // While its source is silent, no rule of it can be evaluated: that is said once.
        let its_own = outside(&union(within(spans, period)), &union(source));
        if total(&its_own) >= group.interval {
            all.extend(trouble("rule", &rule.alert, spans, period));
        }
    }
    all.sort_by(|a, b| b.since.is_some().cmp(&a.since.is_some()).then(b.seconds.total_cmp(&a.seconds)));
    all
}

fn trouble(kind: &'static str, name: &str, spans: &[(Moment, Option<Moment>)], period: Period) -> Option<Trouble> {
    let parts = within(spans, period);
    let since = spans.last().filter(|(_, to)| to.is_none()).map(|(since, _)| At(*since));
    let seconds = total(&union(parts.clone())).as_secs_f64();
    (!parts.is_empty()).then(|| Trouble { kind, name: name.to_owned(), times: parts.len(), seconds, since })
}

/// What of these stretches lies in `period`; one that goes on goes on to its end.
pub(super) fn within(spans: &[(Moment, Option<Moment>)], period: Period) -> Vec<(Moment, Moment)> {
    spans.iter().filter_map(|(from, to)| period.part(*from, to.unwrap_or(period.to.0))).collect()
}

/// How much time slots that were missed stand for, of one group.
pub(super) fn missed(inputs: &Inputs<'_>, group: &crate::rules::Group, period: Period) -> (usize, Span) {
    let of_group = inputs.past.conditions.missed.iter();
    let of_group = of_group.filter(|((source, name), _, _)| (source, name) == (&group.source, &group.name));
    let slots = of_group.flat_map(|(_, first, slots)| {
        (0..i64::from(*slots)).map(|place| (*first + group.interval.times(place)).moment(Span::ZERO))
    });
    let slots = slots.filter(|slot| period.holds(*slot)).count();
    (slots, group.interval.times(i64::try_from(slots).unwrap_or(i64::MAX)))
}
