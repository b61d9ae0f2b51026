//! What the values were around an incident, where a source can be asked.

use crate::backtest::Band;
use crate::engine::World;
use crate::model::{Moment, RuleId, Span};
use crate::review::clock::Period;
use crate::review::document::Picture;
use crate::review::measured::{Clients, picture};
use crate::review::past::{OneIncident, rule_now};
use crate::review::record::Record;
use std::collections::BTreeMap;

/// So many rules of an incident are shown.
const MOST: usize = 4;
/// The time around an incident is a quarter of it, at least and at most so much.
const AROUND: (Span, Span) = (Span::from_mins(5), Span::from_hours(6));

/// A chart of one rule, or why there is none.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The rule, by the id that it has now.
    pub rule: RuleId,
    /// The chart.
    pub picture: Result<Picture, String>,
}

/// Asks what the values of the incident's rules were.
pub async fn charts(world: &World, one: &OneIncident, clients: &Clients, timeout: Span, at: Moment) -> Vec<Chart> {
    let Some(record) = Record::of(&one.story, at, &world.settings) else { return Vec::new() };
    let period = around(&record, at);
    let mut charts = Vec::new();
    for id in record.rules().into_iter().take(MOST) {
        let now = rule_now(&one.moved, id);
        let Some((group, rule)) = world.group_of(now).zip(world.rule(now)) else { continue };
        let firings: Vec<_> = record.firings.iter().filter(|firing| of(firing, id)).collect();
        let alerts: Vec<_> = firings.iter().map(|firing| firing.subject.series.clone()).collect();
        let bands = bands(&firings, period);
        let asked = picture((group, rule), clients, timeout, period, (&alerts, bands), &world.settings.timezone);
        charts.push(Chart { rule: now, picture: asked.await });
    }
    charts
}

fn of(firing: &crate::review::record::Firing, rule: RuleId) -> bool {
    matches!(firing.subject.origin, crate::engine::transition::Origin::Rule(known) if known == rule)
}

/// The incident, and some of the time around it.
fn around(record: &Record, at: Moment) -> Period {
    let (from, to) = (record.opened(), record.over().unwrap_or(at));
    let quarter = Span::from_millis((to - from).millis() / 4).clamp(AROUND.0, AROUND.1);
    Period::new(from - quarter, (to + quarter).min(at).max(from + Span::from_secs(1)))
}

/// When something fired, by severity, the highest first.
fn bands(firings: &[&crate::review::record::Firing], period: Period) -> Vec<Band> {
    let length = period.length().as_secs_f64();
    let share = |at: Moment| ((at - period.from.0).as_secs_f64() / length).clamp(0.0, 1.0);
    let mut bands: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
    for firing in firings {
        let span = (share(firing.from), share(firing.to.unwrap_or(period.to.0)));
        bands.entry(firing.subject.severity.clone()).or_default().push(span);
    }
    let band = |(severity, spans): (crate::model::Severity, Vec<(f64, f64)>)| Band {
        label: severity.to_string(),
        severity: severity.to_string(),
        spans,
    };
    bands.into_iter().rev().map(band).collect()
}
