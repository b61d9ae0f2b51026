//! On-call shifts: recurrences of RFC 5545 as rotations and windows, as far as a calendar of weeks can say them.

use super::super::Notes;
use super::super::duty::{Active, MOST_STEPS, Shift, StandIn, Unit, sayable};
use super::super::fields::Fields;
use super::super::people::People;
use super::super::week::Week;
use crate::yaml::Node;
use jiff::ToSpan;
use jiff::civil::{DateTime, Weekday};

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const DAY: i64 = 24 * 60;

/// What a shift becomes.
pub(super) enum Made {
    /// Turns; those of one shift can be several layers.
    Shifts(Vec<Shift>),
    /// A stretch of time.
    Once(StandIn),
    /// It is over.
    Over,
}

/// A shift as it was read.
struct Read {
    start: DateTime,
    /// In minutes.
    duration: i64,
    interval: i64,
    /// Whether people take turns, of which each has `interval` days that are named; else every `interval`th day counts.
    takes_turns: bool,
    /// The days that are named, Monday 0; none, where none are.
    days: Vec<usize>,
    week_start: usize,
    groups: Vec<Vec<String>>,
}

/// Why a shift cannot be said.
type Why = &'static str;

/// Makes what `fields` say. `now` is the local time at which what is over counts for nothing.
pub(super) fn make(fields: &Fields<'_>, people: &mut People, now: DateTime, notes: &mut Notes) -> Result<Made, Why> {
    let kind = fields.text("type", notes).unwrap_or("single_event");
    let start = fields.text("start", notes).and_then(local).ok_or("its `start` is no date and time")?;
    let seconds = fields.number("duration", notes).filter(|seconds| *seconds > 0).ok_or("it has no `duration`")?;
    if seconds % 60 != 0 {
        return Err("its `duration` is no whole number of minutes");
    }
    let until =
        fields.text("until", notes).map(|text| local(text).ok_or("its `until` is no date and time")).transpose()?;
    let groups = groups(fields, kind, people, notes)?;
    let span = jiff::Span::new().try_seconds(seconds).and_then(|span| start.checked_add(span));
    let end = span.map_err(|_| "it ends beyond the calendar")?;
    if kind == "single_event" || kind == "override" {
        let people = groups.into_iter().next().unwrap_or_default();
        let once = StandIn { place: fields.place(), from: start, to: end, people };
        return Ok(if end <= now { Made::Over } else { Made::Once(once) });
    }
    if until.is_some_and(|until| until <= now) {
        return Ok(Made::Over);
    }
    if until.is_some() {
        let what = "`until`, the end of a rotation: a layer here has none";
        notes.differs(fields.place_of("until"), what, "delete the layer when that day has come");
    }
    for key in ["by_month", "by_monthday"] {
        if fields.take(key).is_some_and(|node| !node.items().is_empty()) {
            return Err("it depends on the day of the month, or on the month");
        }
    }
    let interval = fields.number("interval", notes).unwrap_or(1).max(1);
    if interval > MOST_STEPS {
        return Err("its `interval` is longer than any turn here");
    }
    let read = Read {
        start,
        duration: seconds / 60,
        interval,
        takes_turns: kind != "recurrent_event",
        days: days(fields, notes)?,
        week_start: fields.text("week_start", notes).and_then(day).unwrap_or(6),
        groups,
    };
    let parts = match fields.text("frequency", notes) {
        Some("hourly") => read.hourly(),
        Some("daily") => read.daily(),
        Some("weekly") => read.weekly(),
        Some("monthly") => Err("its turns are months: they are of different lengths"),
        _ => Err("its `frequency` is none that is known"),
    }?;
    let priority = fields.number("level", notes).unwrap_or(0);
    let begins = Some(start).filter(|start| *start > now);
    let shift =
        |(turns, every, from, active)| Shift { place: fields.place(), priority, turns, every, from, begins, active };
    Ok(Made::Shifts(parts.into_iter().map(shift).collect()))
}

/// Who is on call in each turn.
fn groups(fields: &Fields<'_>, kind: &str, people: &mut People, notes: &mut Notes) -> Result<Vec<Vec<String>>, Why> {
    let rolling = fields.list("rolling_users", notes);
    let alone = fields.list("users", notes);
    let is_rolling = kind == "rolling_users" || (alone.is_empty() && !rolling.is_empty());
    let turns: Vec<&[Node]> = if is_rolling { rolling.iter().map(Node::items).collect() } else { vec![alone] };
    let mut groups = Vec::new();
    for turn in turns {
        let mut group = Vec::new();
        for node in turn {
            let key = node.as_str().ok_or("one of its users is no text")?;
            group.push(people.find(key, node.place, notes).ok_or("one of its users is not in the export")?);
        }
        groups.push(group);
    }
    if groups.is_empty() || groups.iter().any(Vec::is_empty) {
        return Err("there is nobody in one of its turns");
    }
    let first = fields.number("start_rotation_from_user_index", notes).unwrap_or(0);
    let first = usize::try_from(first).unwrap_or_default() % groups.len();
    groups.rotate_left(first);
    Ok(groups)
}

fn days(fields: &Fields<'_>, notes: &mut Notes) -> Result<Vec<usize>, Why> {
    let mut days = Vec::new();
    for (text, _) in fields.texts("by_day", notes) {
        days.push(day(text).ok_or("one of its days is none of the week")?);
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

fn day(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text))
}

/// A local time; a `Z` behind it means nothing there.
pub(super) fn local(text: &str) -> Option<DateTime> {
    text.trim_end_matches('Z').parse().ok().and_then(sayable)
}

fn weekday(at: DateTime) -> usize {
    let weekday: Weekday = at.weekday();
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default()
}

fn minute_of_day(at: DateTime) -> usize {
    usize::try_from(i64::from(at.hour()) * 60 + i64::from(at.minute())).unwrap_or_default()
}

fn later(at: DateTime, days: usize) -> DateTime {
    at.checked_add(i64::try_from(days).unwrap_or_default().days()).unwrap_or(at)
}

/// Turns, how long each is, when one begins, and when they are active.
type Part = (Vec<Vec<String>>, (i64, Unit), DateTime, Active);

impl Read {
    fn one(&self, every: (i64, Unit), from: DateTime, active: Active) -> Vec<Part> {
        vec![(self.groups.clone(), every, from, active)]
    }

    fn minutes(&self) -> usize {
        usize::try_from(self.duration).unwrap_or_default()
    }

    fn hourly(&self) -> Result<Vec<Part>, Why> {
        if !self.days.is_empty() || self.duration != self.interval * 60 {
            return Err("its hours leave gaps, or overlap");
        }
        Ok(self.one((self.interval, Unit::Hour), self.start, Active::Always))
    }

    fn daily(&self) -> Result<Vec<Part>, Why> {
        if self.days.is_empty() || self.days.len() == 7 {
            if self.duration == self.interval * DAY {
                return Ok(self.one((self.interval, Unit::Day), self.start, Active::Always));
            }
            if self.interval != 1 || self.duration > DAY {
                return Err("it leaves days out, or its days overlap");
            }
            let active = Active::daily(&[0, 1, 2, 3, 4, 5, 6], minute_of_day(self.start), self.minutes());
            return Ok(self.one((1, Unit::Day), self.start, active));
        }
        if self.duration > DAY {
            return Err("its days overlap");
        }
        if self.interval != 1 && !self.takes_turns {
            return Err("it leaves days out, other ones in each week");
        }
        self.day_by_day()
    }

    /// Turns that are counted in days of the week that are named: each such day has a rotation of its own, of weeks.
    fn day_by_day(&self) -> Result<Vec<Part>, Why> {
        let first = self.first_day();
        let per_week = self.days.len();
        let period = usize::try_from(self.interval).unwrap_or(1) * self.groups.len();
        if period > 500 {
            return Err("it takes too many turns");
        }
        let mut upcoming = (0..7).map(|ahead| later(first, ahead)).filter(|at| self.days.contains(&weekday(*at)));
        let mut parts = Vec::new();
        for count in 0..per_week {
            let Some(from) = upcoming.next() else { break };
            let turn = |week: usize| (count + week * per_week) % period / usize::try_from(self.interval).unwrap_or(1);
            let turns: Vec<Vec<String>> = (0..period).map(|week| self.groups[turn(week)].clone()).collect();
            let active = Active::daily(&[weekday(from)], minute_of_day(from), self.minutes());
            parts.push((shortest(turns), (1, Unit::Week), from, active));
        }
        Ok(parts)
    }

    fn weekly(&self) -> Result<Vec<Part>, Why> {
        if self.days.is_empty() {
            if self.duration == self.interval * 7 * DAY {
                return Ok(self.one((self.interval, Unit::Week), self.start, Active::Always));
            }
            if self.interval != 1 || self.duration > 7 * DAY {
                return Err("it leaves weeks out, or its weeks overlap");
            }
            return Ok(self.one((1, Unit::Week), self.start, self.windows(&[weekday(self.start)])));
        }
        if self.duration > DAY {
            return Err("its days overlap");
        }
        if self.interval != 1 {
            return Err("it leaves weeks out");
        }
        let first = self.first_day();
        let back = (weekday(first) + 7 - self.week_start) % 7;
        let from = first
            .checked_sub(i64::try_from(back).unwrap_or_default().days())
            .map_err(|_| "it begins before the calendar")?;
        Ok(self.one((1, Unit::Week), from, self.windows(&self.days)))
    }

    /// From the start's time of day on these days.
    fn windows(&self, days: &[usize]) -> Active {
        if self.duration <= DAY {
            return Active::daily(days, minute_of_day(self.start), self.minutes());
        }
        let mut week = Week::none();
        let from = minute_of_day(self.start);
        for day in days {
            week.add(*day, from, from + self.minutes());
        }
        Active::of_week(week)
    }

    /// The first day that counts. Where the start lies on a day that is not named, it is the first named one of a week.
    fn first_day(&self) -> DateTime {
        let start = weekday(self.start);
        if self.days.contains(&start) {
            return self.start;
        }
        let in_week = (0..7).map(|ahead| (self.week_start + ahead) % 7).find(|day| self.days.contains(day));
        later(self.start, (in_week.unwrap_or(start) + 7 - start) % 7)
    }
}

/// The turns without what repeats.
fn shortest(turns: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let count = turns.len();
    let repeats =
        |length: &usize| count.is_multiple_of(*length) && (0..count).all(|at| turns[at] == turns[at % length]);
    let length = (1..=count).find(repeats).unwrap_or(count);
    turns.into_iter().take(length).collect()
}
