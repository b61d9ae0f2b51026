//! Rotations and overrides.

use super::super::Notes;
use super::super::duty::{Active, MOST_STEPS, Rota, Shift, StandIn, Unit, sayable};
use super::super::fields::Fields;
use super::super::people::{People, is_zone};
use super::super::week::Week;
use crate::yaml::Node;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Makes a schedule, without its name.
pub(super) fn make(
    fields: &Fields<'_>,
    overrides: &[&Node],
    people: &mut People,
    now: Timestamp,
    notes: &mut Notes,
) -> Rota {
    let title = fields.text("name", notes).unwrap_or("schedule").to_owned();
    let place = fields.place_of("timezone");
    let zone = fields.text("timezone", notes).unwrap_or("UTC");
    if !is_zone(zone) {
        notes.left(place, format!("the time zone `{zone}`, which nobody knows"), "correct `timezone` of the schedule");
    }
    let zone = if is_zone(zone) { zone } else { "UTC" };
    let here = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    if fields.flag("enabled", notes) == Some(false) {
        notes.differs(
            fields.place_of("enabled"),
            format!("`{title}`, which is switched off there"),
            "delete it, if nobody needs it",
        );
    }
    let mut rota = Rota { name: title.clone(), timezone: zone.to_owned(), shifts: Vec::new(), stand_ins: Vec::new() };
    for node in fields.list("rotations", notes) {
        let Some(rotation) = Fields::of(node, "a rotation", notes) else { continue };
        let name = rotation.text("name", notes).unwrap_or("without a name").to_owned();
        match shift(&rotation, &here, people, now, notes) {
            Ok(made) => rota.shifts.extend(made),
            Err(why) => {
                notes.left(rotation.place(), format!("the rotation `{name}` of `{title}`: {why}"), "write it by hand")
            }
        }
    }
    for node in overrides {
        let Some(fields) = Fields::of(node, "an override", notes) else { continue };
        match stand_in(&fields, &here, people, now, notes) {
            Ok(made) => rota.stand_ins.extend(made),
            Err(why) => {
                notes.left(fields.place(), format!("an override of `{title}`: {why}"), "write it under `overrides`")
            }
        }
    }
    rota
}

/// The local time of an instant; a text without an offset is local already.
fn local(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let instant: Option<Timestamp> = text.parse().ok();
    instant.map(|at| zone.to_datetime(at)).or_else(|| text.parse().ok()).and_then(sayable)
}

fn shift(
    fields: &Fields<'_>,
    zone: &TimeZone,
    people: &mut People,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Option<Shift>, &'static str> {
    let now = zone.to_datetime(now);
    let from =
        fields.text("startDate", notes).and_then(|text| local(text, zone)).ok_or("its `startDate` is no date")?;
    let end =
        fields.text("endDate", notes).map(|text| local(text, zone).ok_or("its `endDate` is no date")).transpose()?;
    if end.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    if end.is_some() {
        let what = "`endDate`, the end of a rotation: a layer here has none";
        notes.differs(fields.place_of("endDate"), what, "delete the layer when that day has come");
    }
    let mut turns = Vec::new();
    for node in fields.list("participants", notes) {
        turns.push(vec![participant(node, people, notes)?]);
    }
    if turns.is_empty() {
        return Err("there is nobody in it");
    }
    let length = fields.number("length", notes).unwrap_or(1).max(1);
    if length > MOST_STEPS {
        return Err("its `length` is longer than any turn here");
    }
    let unit = match fields.text("type", notes) {
        Some("weekly") => Unit::Week,
        Some("daily") => Unit::Day,
        Some("hourly") => Unit::Hour,
        _ => return Err("its `type` is none of hourly, daily and weekly"),
    };
    let active = match fields.take("timeRestriction").filter(|node| !node.is_null()) {
        Some(node) => restriction(node, notes).ok_or("its `timeRestriction` cannot be read")?,
        None => Active::Always,
    };
    let begins = Some(from).filter(|from| *from > now);
    Ok(Some(Shift { place: fields.place(), priority: 0, turns, every: (length, unit), from, begins, active }))
}

fn participant(node: &Node, people: &mut People, notes: &mut Notes) -> Result<String, &'static str> {
    let fields = Fields::of(node, "a participant", notes).ok_or("one of its participants is none")?;
    match fields.text("type", notes) {
        Some("user") | None => user(&fields, people, notes).ok_or("one of its participants is not in the export"),
        Some("none") => Err("one of its turns is nobody's"),
        Some(_) => Err("one of its participants is a team or an escalation"),
    }
}

/// Somebody, by id or by name.
pub(super) fn user(fields: &Fields<'_>, people: &mut People, notes: &mut Notes) -> Option<String> {
    let keys = [fields.text("username", notes), fields.text("id", notes)];
    let known = keys.iter().flatten().find(|key| people.names.find(key).is_some());
    let key = known.or(keys.iter().flatten().next())?;
    people.find(key, fields.place(), notes)
}

fn restriction(node: &Node, notes: &mut Notes) -> Option<Active> {
    let fields = Fields::of(node, "a time restriction", notes)?;
    fields.take("type");
    if let Some(one) = fields.take("restriction").filter(|node| !node.is_null()) {
        let (from, to) = hours(&Fields::of(one, "a time restriction", notes)?, notes)?;
        let minutes = if to > from { to - from } else { to + 24 * 60 - from };
        return Some(Active::daily(&[0, 1, 2, 3, 4, 5, 6], from, minutes));
    }
    let mut parts: Vec<(usize, usize, usize)> = Vec::new();
    for node in fields.list("restrictions", notes) {
        let part = Fields::of(node, "a time restriction", notes)?;
        let mut day =
            |key| part.text(key, notes).and_then(|text| DAYS.iter().position(|day| text.eq_ignore_ascii_case(day)));
        let (first, last) = (day("startDay")?, day("endDay")?);
        let (from, to) = hours(&part, notes)?;
        let end = (last + 7 - first) % 7 * 24 * 60 + to;
        parts.push((first, from, if end > from { end - from } else { end + 7 * 24 * 60 - from }));
    }
    let (_, from, minutes) = *parts.first()?;
    if minutes <= 24 * 60 && parts.iter().all(|part| (part.1, part.2) == (from, minutes)) {
        let mut days: Vec<usize> = parts.iter().map(|(day, ..)| *day).collect();
        days.sort_unstable();
        days.dedup();
        return Some(Active::daily(&days, from, minutes));
    }
    let mut week = Week::none();
    for (day, from, minutes) in &parts {
        week.add(*day, *from, from + minutes);
    }
    Some(Active::of_week(week))
}

/// From and to, as minutes of the day.
fn hours(fields: &Fields<'_>, notes: &mut Notes) -> Option<(usize, usize)> {
    let mut minute = |hour, minute| {
        let at = fields.number(hour, notes)?.checked_mul(60)?.checked_add(fields.number(minute, notes).unwrap_or(0))?;
        usize::try_from(at).ok().filter(|at| *at <= 24 * 60)
    };
    Some((minute("startHour", "startMin")?, minute("endHour", "endMin")?))
}

fn stand_in(
    fields: &Fields<'_>,
    zone: &TimeZone,
    people: &mut People,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Option<StandIn>, &'static str> {
    let mut time = |key| fields.text(key, notes).and_then(|text| local(text, zone));
    let (from, to) = time("startDate").zip(time("endDate")).ok_or("its dates are none")?;
    if to <= zone.to_datetime(now) {
        return Ok(None);
    }
    let user_node = fields.take("user").ok_or("it names nobody")?;
    let person = Fields::of(user_node, "a user", notes).and_then(|user_fields| user(&user_fields, people, notes));
    let person = person.ok_or("whom it names is not in the export")?;
    if !fields.list("rotations", notes).is_empty() {
        let what = "an override of some rotations: here it takes the place of everybody in the schedule";
        notes.differs(
            fields.place_of("rotations"),
            what,
            "write `replace: …` and `by: …`, where one person is stood in for",
        );
    }
    let made = StandIn { place: fields.place(), from, to, people: vec![person] };
    if made.lasts() { Ok(Some(made)) } else { Err("it lasts no minute") }
}
