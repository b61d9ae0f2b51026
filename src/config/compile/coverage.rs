//! Hours of the coming year in which a level would reach nobody, because nobody is on call.
//!
//! Who is on call does not matter here, only whether somebody is: so the windows of layers and overrides are laid over each
//! other as stretches of time, and what they leave open is a gap.

use super::Ground;
use crate::config::settings::{Layer, Schedule, Target, Window, Zone};
use crate::diagnostics::{Findings, Place, codes};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// A stretch of time, half open.
type Stretch = (Timestamp, Timestamp);

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// What is shorter is passed over: the next level is reached soon enough.
const SHORTEST_GAP: SignedDuration = SignedDuration::from_hours(1);

/// Tells the first gap of a level that is told to schedules alone.
pub(super) fn gaps(ground: &Ground<'_>, targets: &[Target], level: Place, findings: &mut Findings) {
    let Some(schedules) = schedules_alone(ground, targets) else { return };
    let Ok(end) = ground.now.checked_add(YEAR) else { return };
    let year = (ground.now, end);
    let covered: Vec<Stretch> = schedules.iter().flat_map(|schedule| covered(schedule, year)).collect();
    let Some((from, to)) = first_gap(covered, year) else { return };
    let zone = schedules.first().map_or(&ground.timezone, |schedule| &schedule.timezone);
    let shown = |at: Timestamp| zone.rules().to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let names: Vec<String> = targets.iter().map(|target| format!("`{target}`")).collect();
    findings
        .warn(codes::WB145, format!("this level reaches nobody from {} to {} ({zone})", shown(from), shown(to)))
        .at(level, format!("nobody is on call in {} then", names.join(", ")))
        .help("fill the gap with a layer below the others, or name somebody who can always be reached");
}

/// The schedules of a level that tells nobody else. One that could not be read might cover everything.
fn schedules_alone<'g>(ground: &'g Ground<'_>, targets: &[Target]) -> Option<Vec<&'g Schedule>> {
    let schedules = targets.iter().map(|target| match target {
        Target::Schedule(name) => ground.schedules.get(name),
        Target::Channel(_) | Target::Responder(_) | Target::Team(_) | Target::Contact(_) => None,
    });
    schedules.collect::<Option<Vec<_>>>().filter(|schedules| !schedules.is_empty())
}

/// When somebody is on call in `schedule`, within `year`, in no order.
fn covered(schedule: &Schedule, year: Stretch) -> Vec<Stretch> {
    let zone = &schedule.timezone;
    let layers = schedule.layers.iter().flat_map(|layer| active(layer, zone, year));
    // Who stands in for one person adds nobody where there was none.
    let overrides = schedule.overrides.iter().filter(|change| change.replace.is_none());
    layers.chain(overrides.map(|change| (zone.instant(change.from), zone.instant(change.to)))).collect()
}

fn active(layer: &Layer, zone: &Zone, year: Stretch) -> Vec<Stretch> {
    let since = layer.rotation.effective_from.map_or(Timestamp::MIN, |at| zone.instant(at));
    let windows = match &layer.during {
        None => vec![year],
        Some(window) => windows(window, zone, year),
    };
    windows.into_iter().map(|(from, to)| (from.max(since), to)).filter(|(from, to)| from < to).collect()
}

/// The windows of each day, from the day before on: one may cross midnight.
fn windows(window: &Window, zone: &Zone, year: Stretch) -> Vec<Stretch> {
    let date = |at: Timestamp| zone.rules().to_datetime(at).date();
    let first = date(year.0).yesterday().unwrap_or(Date::MIN);
    let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= date(year.1));
    let starting = days.filter(|day| window.days.contains(&day.weekday()));
    let stretch = |day: Date| {
        let last = if window.to <= window.from { day.tomorrow().unwrap_or(day) } else { day };
        (zone.instant(day.to_datetime(window.from)), zone.instant(last.to_datetime(window.to)))
    };
    starting.map(stretch).collect()
}

fn first_gap(mut covered: Vec<Stretch>, (start, end): Stretch) -> Option<Stretch> {
    covered.sort();
    let mut until = start;
    for (from, to) in covered.into_iter().chain([(end, end)]) {
        let from = from.min(end);
        if from.duration_since(until) >= SHORTEST_GAP {
            return Some((until, from));
        }
        until = until.max(to);
    }
    None
}
