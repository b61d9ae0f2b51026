//! Time intervals, as far as every week is like the others.

use crate::diagnostics::Place;
use crate::import::Notes;
use crate::import::fields::Fields;
use crate::import::people::is_zone;
use crate::import::week::Week;
use crate::yaml::Node;
use std::collections::BTreeMap;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What a name stands for: the minutes of a week in each time zone, or nothing that can be said.
pub(super) type Intervals = BTreeMap<String, Option<BTreeMap<String, Week>>>;

/// Reads the lists under both keys.
pub(super) fn read(fields: &Fields<'_>, notes: &mut Notes) -> Intervals {
    let mut intervals = Intervals::new();
    for key in ["time_intervals", "mute_time_intervals"] {
        for node in fields.list(key, notes) {
            let Some(fields) = Fields::of(node, "a time interval", notes) else { continue };
            let Some(name) = fields.text("name", notes) else {
                notes.left(fields.place(), "a time interval without a name", "give it one");
                continue;
            };
            intervals.insert(name.to_owned(), weeks(name, &fields, notes));
        }
    }
    intervals
}

fn weeks(name: &str, fields: &Fields<'_>, notes: &mut Notes) -> Option<BTreeMap<String, Week>> {
    let mut weeks: BTreeMap<String, Week> = BTreeMap::new();
    let mut is_whole = true;
    for node in fields.list("time_intervals", notes) {
        let inner = Fields::of(node, "a part of a time interval", notes);
        let Some((zone, week)) = inner.and_then(|inner| part(&inner, notes)) else {
            is_whole = false;
            continue;
        };
        let known = weeks.entry(zone).or_insert_with(Week::none);
        *known = known.or(&week);
    }
    if !is_whole {
        let advice = "write `maintenance` for it, a `silences` entry for one date, or leave it";
        notes.left(fields.place(), format!("the time interval `{name}`, which Watchbell cannot say"), advice);
    }
    is_whole.then_some(weeks)
}

fn part(fields: &Fields<'_>, notes: &mut Notes) -> Option<(String, Week)> {
    let mut is_whole = true;
    for (key, all) in
        [("days_of_month", ["1:31", "1:-1"].as_slice()), ("months", &["1:12", "january:december"]), ("years", &[])]
    {
        let texts = fields.texts(key, notes);
        let says_nothing = texts.is_empty() || texts.iter().any(|(text, _)| all.contains(&text.trim()));
        if let Some((_, place)) = texts.first().filter(|_| !says_nothing) {
            notes.left(*place, format!("`{key}`: windows here are the same in every week"), "see below");
            is_whole = false;
        }
    }
    let days = days(fields, notes);
    let times = times(fields, notes);
    fields.take("location");
    let zone = fields.text("location", notes).unwrap_or("UTC").to_owned();
    if zone != "Local" && !is_zone(&zone) {
        let what = format!("the time zone `{zone}`, which is no region and place");
        notes.left(fields.place_of("location"), what, "write it as `Europe/Berlin`, and import again");
        is_whole = false;
    }
    let (days, times) = (days?, times?);
    let mut week = Week::none();
    for day in days {
        for (from, to) in &times {
            week.add(day, *from, *to);
        }
    }
    is_whole.then_some((zone, week))
}

/// The days of the week, Monday 0; all, where none are named.
fn days(fields: &Fields<'_>, notes: &mut Notes) -> Option<Vec<usize>> {
    let texts = fields.texts("weekdays", notes);
    if texts.is_empty() {
        return Some((0..7).collect());
    }
    let mut days = Vec::new();
    for (text, place) in texts {
        let text = text.to_ascii_lowercase();
        let (first, last) = text.split_once(':').unwrap_or((&text, &text));
        let day = |name: &str| DAYS.iter().position(|day| *day == name.trim());
        // A week of Alertmanager begins on Sunday: `sunday:monday` is in order there, `saturday:sunday` is not.
        let sunday_first = |day: usize| (day + 1) % 7;
        match (day(first), day(last)) {
            (Some(first), Some(last)) if sunday_first(first) <= sunday_first(last) => {
                days.extend((sunday_first(first)..=sunday_first(last)).map(|day| (day + 6) % 7));
            }
            _ => {
                notes.left(place, format!("`{text}` is no range of weekdays"), "write `monday:friday`, Sunday first");
                return None;
            }
        }
    }
    Some(days)
}

/// The stretches of a day in minutes; the whole day, where none are given.
fn times(fields: &Fields<'_>, notes: &mut Notes) -> Option<Vec<(usize, usize)>> {
    let nodes: &[Node] = fields.list("times", notes);
    if nodes.is_empty() {
        return Some(vec![(0, 24 * 60)]);
    }
    let one = |node: &Node, notes: &mut Notes| {
        let fields = Fields::of(node, "a time range", notes)?;
        let mut time = |key| fields.text(key, notes).and_then(minute);
        let (from, to) = (time("start_time"), time("end_time"));
        let range = from.zip(to).filter(|(from, to)| from < to);
        if range.is_none() {
            notes.left(fields.place(), "a time range that is none", "write `start_time: 09:00`, `end_time: 17:00`");
        }
        range
    };
    nodes.iter().map(|node| one(node, notes)).collect()
}

/// The minute of the day that `HH:MM` names, up to `24:00`.
fn minute(text: &str) -> Option<usize> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (usize, usize) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= 24 * 60).then_some(at)
}

/// When a route is mute: in each time zone a week. `None` where that cannot be said.
pub(super) fn mute_of(
    manner: &super::tree::Manner,
    intervals: &Intervals,
    notes: &mut Notes,
) -> Option<BTreeMap<String, Week>> {
    let mut mute: BTreeMap<String, Week> = BTreeMap::new();
    let mut is_whole = true;
    let mut find = |name: &str, place: Place, notes: &mut Notes| match intervals.get(name) {
        Some(Some(weeks)) => Some(weeks),
        Some(None) => {
            let what = format!("when this route is mute: `{name}` is among the things left");
            notes.left(place, what, "see there; until then it is never mute");
            is_whole = false;
            None
        }
        None => {
            notes.left(
                place,
                format!("the time interval `{name}`, which is not there"),
                "define it, or delete the name",
            );
            is_whole = false;
            None
        }
    };
    for (name, place) in &manner.muted {
        for (zone, week) in find(name, *place, notes).into_iter().flatten() {
            let known = mute.entry(zone.clone()).or_insert_with(Week::none);
            *known = known.or(week);
        }
    }
    let mut active: BTreeMap<String, Week> = BTreeMap::new();
    for (name, place) in &manner.active {
        for (zone, week) in find(name, *place, notes).into_iter().flatten() {
            let known = active.entry(zone.clone()).or_insert_with(Week::none);
            *known = known.or(week);
        }
    }
    if let Some((_, place)) = manner.active.first().filter(|_| active.len() > 1) {
        let what = "a route that is active in intervals of several time zones";
        notes.left(*place, what, "write `maintenance` for the rest of the week");
        return None;
    }
    for (zone, week) in active {
        let known = mute.entry(zone).or_insert_with(Week::none);
        *known = known.or(&week.inverted());
    }
    mute.retain(|_, week| !week.is_none());
    is_whole.then_some(mute)
}
