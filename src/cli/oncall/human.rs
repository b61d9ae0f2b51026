//! Who is on call, for people: local times with the name of their clock, which tells the two passes of a repeated hour apart.

use super::{Listed, Present};
use crate::config::Zone;
use crate::model::Name;
use crate::oncall::Gap;
use jiff::{SignedDuration, Timestamp};

/// One line for each schedule, and one for its gaps.
pub(super) fn present(all: &[Present<'_>], at: Timestamp, zone: &Zone) -> String {
    if all.is_empty() {
        return "there are no schedules\n".into();
    }
    let width = widest(all.iter().map(|present| present.of.name));
    let mut text = format!("on call at {}\n", shown(at, zone));
    for present in all {
        text.push_str(&format!("{:width$}  {}\n", present.of.name, who(present)));
    }
    text.push_str("\nnobody on call in the coming year\n");
    for present in all {
        text.push_str(&format!("{:width$}  {}\n", present.of.name, gaps(&present.gaps, &present.of.schedule.timezone)));
    }
    text
}

/// A list for each schedule.
pub(super) fn listed(all: &[Listed<'_>], person: Option<&Name>) -> String {
    let relevant = all.iter().filter(|listed| person.is_none() || !listed.shifts.is_empty());
    let lists: Vec<String> = relevant.map(|listed| list(listed, person)).collect();
    match (lists.is_empty(), person) {
        (false, _) => lists.join("\n"),
        (true, Some(person)) => format!("{person} is not on call in this time\n"),
        (true, None) => "there are no schedules\n".into(),
    }
}

fn list(listed: &Listed<'_>, person: Option<&Name>) -> String {
    let zone = &listed.of.schedule.timezone;
    let mut text = format!("{} ({zone})\n", listed.of.name);
    let times = listed.shifts.iter().flat_map(|shift| [shift.from, shift.to]);
    let width = times.map(|at| shown(at, zone).len()).max().unwrap_or(0);
    for shift in &listed.shifts {
        let (from, to) = (shown(shift.from, zone), shown(shift.to, zone));
        text.push_str(&format!("  {from:width$}  {to:width$}  {}\n", name(shift.responder)));
    }
    if person.is_none() {
        let nobody = listed.shifts.iter().filter(|shift| shift.responder.is_none());
        let nobody: Vec<Gap> = nobody.map(|shift| Gap { from: shift.from, to: shift.to }).collect();
        text.push_str(&format!("  nobody on call: {}\n", gaps(&nobody, zone)));
    }
    text
}

fn who(present: &Present<'_>) -> String {
    let now = name(present.responder);
    match &present.next {
        Some(next) => {
            format!("{now} until {}, then {}", shown(next.from, &present.of.schedule.timezone), name(next.responder))
        }
        None => format!("{now}, the whole coming year"),
    }
}

fn name(responder: Option<&Name>) -> &str {
    responder.map_or("nobody", |name| name)
}

fn gaps(gaps: &[Gap], zone: &Zone) -> String {
    let Some(first) = gaps.first() else { return "no gap".into() };
    let total: SignedDuration = gaps.iter().map(Gap::length).sum();
    let first = format!("from {} to {}", shown(first.from, zone), shown(first.to, zone));
    match gaps.len() {
        1 => format!("{first} ({})", length(total)),
        several => format!("{several} times, {} in all; first {first}", length(total)),
    }
}

fn length(span: SignedDuration) -> String {
    let minutes = span.as_mins();
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h{minutes}m"),
    }
}

/// A local time: `Mon 2026-01-05 09:00 CET`. Seconds are shown where there are any.
fn shown(at: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    let format = if local.second() == 0 { "%a %Y-%m-%d %H:%M" } else { "%a %Y-%m-%d %H:%M:%S" };
    format!("{} {}", local.strftime(format), zone.rules().to_offset_info(at).abbreviation())
}

fn widest<'n>(names: impl Iterator<Item = &'n Name>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}
