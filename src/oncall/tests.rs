//! Who is on call, in small and by chance. The large table is `tests/oncall.rs`.

mod by_chance;

use super::*;
use crate::calendar::{Step, Window, Zone};
use jiff::civil::{Time, Weekday};

/// A schedule in this zone, without anything in it.
fn empty(zone: &str) -> Schedule {
    Schedule { timezone: Zone::named(zone).unwrap(), layers: Vec::new(), overrides: Vec::new() }
}

/// Turns from 2026-01-05T09:00, a Monday, on.
fn layer(people: &[&str], every: Step) -> Layer {
    let responders = people.iter().map(|name| Name::from(*name)).collect();
    let rotation = Rotation { responders, every, from: local("2026-01-05T09:00"), effective_from: None };
    Layer { rotation, during: None }
}

fn during(layer: Layer, days: &[Weekday], from: &str, to: &str) -> Layer {
    let time = |text: &str| text.parse::<Time>().unwrap();
    Layer { during: Some(Window { days: days.to_vec(), from: time(from), to: time(to) }), ..layer }
}

fn everybody(from: &str, to: &str, responder: &str) -> Override {
    Override { from: local(from), to: local(to), responder: responder.into(), replace: None }
}

fn replacing(replaced: &str, responder: &str) -> Override {
    let (from, to) = ("2026-01-01T00:00", "2027-01-01T00:00");
    Override { replace: Some(replaced.into()), ..everybody(from, to, responder) }
}

fn local(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Who is on call at these instants; `-` is nobody.
fn told(schedule: &Schedule, instants: &[&str]) -> String {
    let names = instants.iter().map(|at| on_call(schedule, instant(at)).map_or("-", |name| &**name));
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn at_a_handoff_the_next_one_is_on_call_and_before_the_first_the_last() {
    let schedule = Schedule { layers: vec![layer(&["a", "b", "c"], Step::Days(7))], ..empty("Europe/Berlin") };
    let handoffs = ["2026-01-05T07:59:59.999Z", "2026-01-05T08:00:00Z", "2026-01-12T07:59:59Z", "2026-01-12T08:00:00Z"];
    assert_eq!(told(&schedule, &handoffs), "c a a b");
    // A week of summer begins an hour earlier.
    assert_eq!(told(&schedule, &["2026-04-06T06:59:59Z", "2026-04-06T07:00:00Z"]), "a b");
}

#[test]
fn a_schedule_without_layers_has_nobody_but_by_override() {
    let schedule = Schedule { overrides: vec![everybody("2026-01-05T09:00", "2026-01-06T09:00", "a")], ..empty("UTC") };
    let instants = ["2026-01-05T08:59:59Z", "2026-01-05T09:00:00Z", "2026-01-06T08:59:59Z", "2026-01-06T09:00:00Z"];
    assert_eq!(told(&schedule, &instants), "- a a -");
    assert_eq!(told(&empty("UTC"), &instants), "- - - -");
}

#[test]
fn the_later_layer_wins_where_it_is_active_and_the_lower_holds_before_it_is_effective() {
    let weekend = during(layer(&["w"], Step::Days(7)), &[Weekday::Saturday, Weekday::Sunday], "00:00", "00:00");
    let mut new = layer(&["n"], Step::Days(1));
    new.rotation.effective_from = Some(local("2026-03-02T12:00"));
    let schedule = Schedule { layers: vec![layer(&["a"], Step::Days(7)), new, weekend], ..empty("UTC") };
    let instants = ["2026-02-28T00:00:00Z", "2026-03-02T11:59:59Z", "2026-03-02T12:00:00Z", "2026-03-07T12:00:00Z"];
    assert_eq!(told(&schedule, &instants), "w a n w");
    let effective = instant(instants[2]);
    let before = shifts(&schedule, instant("2026-03-02T10:00:00Z"), instant("2026-03-03T00:00:00Z")).next().unwrap();
    assert_eq!((before.to, before.responder.map(|name| &**name)), (effective, Some("a")));
}

#[test]
fn overrides_stand_in_for_whom_they_name_and_the_later_wins() {
    let on_monday = |overrides: Vec<Override>| {
        let schedule = Schedule { layers: vec![layer(&["a", "b"], Step::Days(7))], overrides, ..empty("UTC") };
        // In the week of a, and in the week of b.
        told(&schedule, &["2026-01-06T00:00:00Z", "2026-01-13T00:00:00Z"])
    };
    let all = |responder| everybody("2026-01-01T00:00", "2027-01-01T00:00", responder);
    assert_eq!(on_monday(vec![replacing("a", "x")]), "x b");
    assert_eq!(on_monday(vec![replacing("c", "x")]), "a b", "who is not on call is not replaced");
    assert_eq!(on_monday(vec![replacing("a", "x"), replacing("a", "y")]), "y b", "the later wins");
    assert_eq!(on_monday(vec![replacing("a", "x"), all("z")]), "z z");
    assert_eq!(on_monday(vec![all("z"), replacing("a", "x")]), "z z", "a is not on call, z is");
    assert_eq!(on_monday(vec![all("z"), replacing("z", "x")]), "x x");
    assert_eq!(on_monday(vec![replacing("a", "x"), replacing("x", "y")]), "y b", "who stands in may be stood in for");
    assert_eq!(on_monday(vec![replacing("x", "y"), replacing("a", "x")]), "x b", "what is above does not count");
    assert_eq!(on_monday(vec![replacing("a", "b"), replacing("b", "a")]), "b a", "two people swap");
    assert_eq!(on_monday(vec![replacing("b", "a"), replacing("a", "b")]), "b a", "in either order");
    assert_eq!(on_monday(vec![replacing("a", "a")]), "a b");
}

#[test]
fn shifts_are_as_long_as_the_same_person_is_on_call_and_turns_as_they_are_handed_over() {
    let people = layer(&["a", "a", "b"], Step::Days(1));
    let schedule = Schedule { layers: vec![people], ..empty("UTC") };
    let (from, to) = (instant("2026-01-05T12:00:00Z"), instant("2026-01-08T12:00:00Z"));
    let told = |shifts: Vec<Shift<'_>>| {
        let lines = shifts.iter().map(|s| format!("{} {} {}\n", s.from, s.to, s.responder.map_or("-", |name| name)));
        lines.collect::<String>()
    };
    assert_eq!(
        told(shifts(&schedule, from, to).collect()),
        "2026-01-05T12:00:00Z 2026-01-07T09:00:00Z a\n2026-01-07T09:00:00Z 2026-01-08T09:00:00Z b\n\
         2026-01-08T09:00:00Z 2026-01-08T12:00:00Z a\n"
    );
    assert_eq!(
        told(turns(&schedule, from, to).collect()),
        "2026-01-05T09:00:00Z 2026-01-06T09:00:00Z a\n2026-01-06T09:00:00Z 2026-01-07T09:00:00Z a\n\
         2026-01-07T09:00:00Z 2026-01-08T09:00:00Z b\n2026-01-08T09:00:00Z 2026-01-09T09:00:00Z a\n"
    );
    assert_eq!(shifts(&schedule, to, from).count(), 0);
    assert_eq!(shifts(&schedule, from, from).count(), 0);
}

#[test]
fn who_is_next_is_somebody_else_or_nobody() {
    let horizon = instant("2027-01-01T00:00:00Z");
    let next = |layers: Vec<Layer>, at: &str| {
        let schedule = Schedule { layers, ..empty("Europe/Berlin") };
        let next = next_handoff(&schedule, instant(at), horizon).map(|shift| (shift.from, shift.responder.cloned()));
        next.map(|(at, name)| format!("{at} {}", name.as_deref().unwrap_or("-")))
    };
    let weekly = layer(&["a", "b"], Step::Days(7));
    assert_eq!(next(vec![weekly.clone()], "2026-01-05T08:00:00Z").as_deref(), Some("2026-01-12T08:00:00Z b"));
    assert_eq!(next(vec![layer(&["a"], Step::Days(7))], "2026-01-05T08:00:00Z"), None, "there is nobody else");
    let office = during(weekly, &[Weekday::Monday], "09:00", "17:00");
    assert_eq!(next(vec![office.clone()], "2026-01-05T08:00:00Z").as_deref(), Some("2026-01-05T16:00:00Z -"));
    assert_eq!(next(vec![office], "2026-01-05T16:00:00Z").as_deref(), Some("2026-01-12T08:00:00Z b"));
    assert_eq!(next(Vec::new(), "2026-01-05T16:00:00Z"), None);
}

#[test]
fn a_gap_is_where_nobody_is_on_call_in_any_of_the_schedules() {
    let days = [Weekday::Monday, Weekday::Tuesday];
    let one = Schedule { layers: vec![during(layer(&["a"], Step::Days(7)), &days, "09:00", "17:00")], ..empty("UTC") };
    let other =
        Schedule { layers: vec![during(layer(&["b"], Step::Days(7)), &days, "16:00", "09:30")], ..empty("UTC") };
    let (from, to) = (instant("2026-01-05T00:00:00Z"), instant("2026-01-12T12:00:00Z"));
    let told = |schedules: &[&Schedule]| {
        gaps(schedules, from, to).map(|gap| format!("{} {}\n", gap.from, gap.to)).collect::<String>()
    };
    assert_eq!(
        told(&[&one, &other]),
        "2026-01-05T00:00:00Z 2026-01-05T09:00:00Z\n2026-01-07T09:30:00Z 2026-01-12T09:00:00Z\n"
    );
    assert_eq!(told(&[&empty("UTC")]), "2026-01-05T00:00:00Z 2026-01-12T12:00:00Z\n");
    assert_eq!(told(&[]), "2026-01-05T00:00:00Z 2026-01-12T12:00:00Z\n");
    let always = Schedule { layers: vec![layer(&["a"], Step::Hours(1))], ..empty("UTC") };
    assert_eq!(told(&[&one, &always]), "");
}

#[test]
fn far_dates_are_as_near_as_others() {
    for zone in ["UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns"] {
        for every in [Step::Hours(1), Step::Days(7), Step::Months(1), Step::Months(10_000)] {
            let all: Vec<_> = Weekday::Monday.cycle_forward().take(7).collect();
            let night = during(layer(&["n"], every), &all, "22:00", "06:00");
            let schedule = Schedule { layers: vec![layer(&["a", "b"], every), night], ..empty(zone) };
            for at in
                [Timestamp::MIN, instant("-009999-01-03T00:00:00Z"), instant("9999-12-29T00:00:00Z"), Timestamp::MAX]
            {
                assert!(on_call(&schedule, at).is_some(), "{zone} {every:?} {at}");
                assert!(turns(&schedule, at, at).count() <= 1);
                assert!(shifts(&schedule, at, Timestamp::MAX).take(100).all(|shift| shift.from < shift.to));
                let _ = next_handoff(&schedule, at, Timestamp::MAX);
            }
        }
    }
}
