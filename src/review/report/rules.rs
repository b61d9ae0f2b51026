//! Which rules make noise, and whose pages nobody acted on.

use super::Inputs;
use crate::model::{Moment, Name};
use crate::review::clock::{Clock, Period, total, union};
use crate::review::past::Past;
use crate::review::record::{Record, alert_name};
use serde::Serialize;
use std::collections::BTreeSet;

/// Fewer pages than this are no pattern.
const A_PATTERN: usize = 2;

/// One rule, by the name of its alerts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleLine {
    /// The name.
    pub alert: String,
    /// Incidents of the period in which it fired.
    pub incidents: usize,
    /// Its pages.
    pub pages: usize,
    /// Those of them out of hours.
    pub out_of_hours: usize,
    /// Its incidents that ended without anybody having done anything.
    pub alone: usize,
    /// How often one of its alerts fired again within a quarter of an hour of its end, or an incident of it was reopened.
    pub flaps: usize,
    /// Seconds in which it fired.
    pub firing_seconds: f64,
}

/// A rule whose pages nobody acted on, or on the fewer half of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The name of its alerts.
    pub alert: String,
    /// Its pages.
    pub pages: usize,
    /// Those of them in incidents that nobody did anything about.
    pub unanswered: usize,
    /// What could stand there instead; nothing where history was not asked or no number stands out.
    pub suggestion: Option<String>,
}

/// Rules that fired or paged in `period`, the noisiest first.
pub(super) fn lines(inputs: &Inputs<'_>, period: Period, clock: Clock<'_>) -> Vec<RuleLine> {
    let mut lines: Vec<RuleLine> =
        names(inputs.past, period).into_iter().map(|name| line(inputs, &name, period, clock)).collect();
    lines.sort_by(|a, b| {
        let key = |line: &RuleLine| (line.pages, line.out_of_hours, line.incidents);
        key(b).cmp(&key(a)).then_with(|| a.alert.cmp(&b.alert))
    });
    lines
}

/// The rules whose alerts were part of an incident of `period`.
fn names(past: &Past, period: Period) -> BTreeSet<Name> {
    past.within(period).flat_map(|record| &record.firings).map(|firing| alert_name(&firing.subject)).collect()
}

/// The incidents of `period` in which a rule fired.
fn of_rule<'a>(past: &'a Past, name: &'a Name, period: Period) -> impl Iterator<Item = &'a Record> {
    past.within(period).filter(move |record| record.firings.iter().any(|firing| alert_name(&firing.subject) == *name))
}

fn line(inputs: &Inputs<'_>, name: &Name, period: Period, clock: Clock<'_>) -> RuleLine {
    let incidents: Vec<&Record> = of_rule(inputs.past, name, period).collect();
    let pages = || incidents.iter().flat_map(|record| &record.pages);
    let pages = || pages().filter(|page| page.alert == *name && period.holds(page.at));
    let firings = incidents.iter().flat_map(|record| &record.firings);
    let firings = firings.filter(|firing| alert_name(&firing.subject) == *name);
    let spans = firings.filter_map(|firing| period.part(firing.from, firing.to.unwrap_or(inputs.at)));
    // What came before the period, or after it, is told in the report of that one.
    let is_here = |at: &Moment| period.holds(*at);
    let alone = |record: &&&Record| record.over().as_ref().is_some_and(is_here) && !record.was_acted_on();
    let flaps = |record: &&Record| {
        let reopened = record.rounds.iter().skip(1).filter(|round| is_here(&round.opened)).count();
        record.flaps.iter().filter(|at| is_here(at)).count().max(reopened)
    };
    RuleLine {
        alert: name.to_string(),
        incidents: incidents.len(),
        pages: pages().count(),
        out_of_hours: pages().filter(|page| clock.is_out_of_hours(page.at)).count(),
        alone: incidents.iter().filter(alone).count(),
        flaps: incidents.iter().map(flaps).sum(),
        firing_seconds: total(&union(spans.collect())).as_secs_f64(),
    }
}

/// The names of the rules whose pages in `period` nobody acted on, or on the fewer half of them, the noisiest first: those that are
/// worth asking history about.
#[must_use]
pub fn candidates(inputs: &Inputs<'_>, period: Period) -> Vec<Name> {
    let clock = Clock(&inputs.world.settings.timezone);
    let rules = inputs.world.rules.groups.iter().flat_map(|group| group.alerts());
    let rules: BTreeSet<&str> = rules.filter(|rule| rule.disabled.is_none()).map(|rule| &*rule.alert).collect();
    let is_one = |line: &RuleLine| {
        let unanswered = unanswered(inputs, &line.alert.as_str().into(), period);
        // Watchbell's own alerts have no threshold.
        rules.contains(line.alert.as_str()) && unanswered >= A_PATTERN && unanswered * 2 >= line.pages
    };
    lines(inputs, period, clock).into_iter().filter(is_one).map(|line| line.alert.as_str().into()).collect()
}

/// The pages of a rule in incidents that nobody did anything about.
fn unanswered(inputs: &Inputs<'_>, name: &Name, period: Period) -> usize {
    let untouched = of_rule(inputs.past, name, period).filter(|record| !record.was_acted_on());
    let pages = untouched.flat_map(|record| &record.pages);
    pages.filter(|page| page.alert == *name && period.holds(page.at)).count()
}

pub(super) fn candidate_lines(inputs: &Inputs<'_>, period: Period, clock: Clock<'_>) -> Vec<Candidate> {
    let line = |name: Name| {
        let line = line(inputs, &name, period, clock);
        let suggested = inputs.suggestions.iter().find(|one| one.alert == *name);
        Candidate {
            alert: line.alert,
            pages: line.pages,
            unanswered: unanswered(inputs, &name, period),
            suggestion: suggested.map(|one| one.words.clone()),
        }
    };
    candidates(inputs, period).into_iter().map(line).collect()
}
