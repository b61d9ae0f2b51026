//! Hours of the coming year in which a level would reach nobody, because nobody is on call.

use super::Ground;
use crate::config::settings::{Schedule, Target};
use crate::diagnostics::{Findings, Place, codes};
use crate::model::Name;
use crate::oncall::{self, Gap};
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;
use std::collections::BTreeMap;

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// What is less in the whole year is passed over: the next level is reached soon enough.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

/// The answers so far: many levels are told to the same schedules.
pub(super) type Known = RefCell<BTreeMap<Vec<Name>, Uncovered>>;

/// What of the coming year some schedules leave open together.
#[derive(Clone, Copy, Default)]
pub(super) struct Uncovered {
    first: Option<Gap>,
    total: SignedDuration,
}

/// Tells the first gap of a level that is told to schedules alone.
pub(super) fn gaps(ground: &Ground<'_>, targets: &[Target], level: Place, findings: &mut Findings) {
    let Some(names) = schedules_alone(targets) else { return };
    // One that could not be read might cover everything.
    let schedules: Option<Vec<&Schedule>> = names.iter().map(|name| ground.schedules.get(name)).collect();
    let Some(schedules) = schedules.filter(|schedules| !schedules.is_empty()) else { return };
    let uncovered = *ground.uncovered.borrow_mut().entry(names).or_insert_with(|| uncovered(&schedules, ground.now));
    let Some(first) = uncovered.first.filter(|_| uncovered.total >= SHORTEST) else { return };
    let zone = &schedules[0].timezone;
    let shown = |at: Timestamp| zone.local(at).strftime("%Y-%m-%d %H:%M").to_string();
    let targets: Vec<String> = targets.iter().map(|target| format!("`{target}`")).collect();
    let (from, to) = (shown(first.from), shown(first.to));
    findings
        .warn(codes::WB145, format!("this level reaches nobody from {from} to {to} ({zone})"))
        .at(level, format!("nobody is on call in {} then{}", targets.join(", "), more(&uncovered, first)))
        .help("fill the gap with a layer below the others, or name somebody who can always be reached");
}

/// The schedules of a level that tells nobody else.
fn schedules_alone(targets: &[Target]) -> Option<Vec<Name>> {
    let names = targets.iter().map(|target| match target {
        Target::Schedule(name) => Some(name.clone()),
        Target::Channel(_) | Target::Responder(_) | Target::Team(_) | Target::Contact(_) => None,
    });
    names.collect()
}

fn uncovered(schedules: &[&Schedule], now: Timestamp) -> Uncovered {
    let end = now.checked_add(YEAR).unwrap_or(Timestamp::MAX);
    oncall::gaps(schedules, now, end).fold(Uncovered::default(), |so_far, gap| Uncovered {
        first: so_far.first.or(Some(gap)),
        total: so_far.total + gap.length(),
    })
}

/// What there is besides the first gap, for people.
fn more(uncovered: &Uncovered, first: Gap) -> String {
    if uncovered.total == first.length() {
        return String::new();
    }
    format!(", and for {} hours of the coming year in all", uncovered.total.as_hours())
}
