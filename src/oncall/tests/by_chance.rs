//! What holds for every schedule: shifts leave nothing out, and say what an instant says.

use super::*;
use crate::oncall::{gaps, shifts, turns};
use jiff::SignedDuration;
use proptest::prelude::*;

/// Zones whose clocks change early, late, over midnight, by half an hour, by a day, or never.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Cairo",
];
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn zones() -> impl Strategy<Value = Zone> {
    (0..ZONES.len()).prop_map(|index| Zone::named(ZONES[index]).unwrap())
}

fn names() -> impl Strategy<Value = Name> {
    (0..NAMES.len()).prop_map(|index| NAMES[index].into())
}

/// Quarters of an hour around the years 2006 to 2016, in which each of these zones had its oddest change.
fn times() -> impl Strategy<Value = DateTime> {
    (-175_000_i64..175_000).prop_map(|quarters| local("2011-12-30T00:00") + SignedDuration::from_mins(15 * quarters))
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![(1_i64..30).prop_map(Step::Hours), (1_i64..15).prop_map(Step::Days), (1_i64..4).prop_map(Step::Months),]
}

fn windows() -> impl Strategy<Value = Window> {
    let time = || (0_i8..24, 0_i8..4).prop_map(|(hour, quarter)| Time::constant(hour, quarter * 15, 0, 0));
    (1_u8..128, time(), time()).prop_map(|(days, from, to)| {
        let all = Weekday::Monday.cycle_forward().take(7).enumerate();
        Window { days: all.filter(|(bit, _)| days >> bit & 1 == 1).map(|(_, day)| day).collect(), from, to }
    })
}

fn layers() -> impl Strategy<Value = Layer> {
    let people = prop::collection::vec(names(), 1..4);
    let effective = prop::option::weighted(0.3, times());
    (people, steps(), times(), effective, prop::option::of(windows())).prop_map(
        |(responders, every, from, effective_from, during)| Layer {
            rotation: Rotation { responders, every, from, effective_from },
            during,
        },
    )
}

fn overrides() -> impl Strategy<Value = Override> {
    (times(), 1_i64..5_000, names(), prop::option::of(names())).prop_map(|(from, hours, responder, replace)| Override {
        from,
        to: from + SignedDuration::from_hours(hours),
        responder,
        replace,
    })
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let layers = prop::collection::vec(layers(), 0..4);
    (zones(), layers, prop::collection::vec(overrides(), 0..6)).prop_map(|(timezone, layers, overrides)| Schedule {
        timezone,
        layers,
        overrides,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn neighbouring_shifts_partition_time_and_say_what_each_instant_says(
        schedule in schedules(), start in times(), minutes in 1_i64..30_000, within in prop::collection::vec(0.0..1.0, 24)
    ) {
        let from = schedule.timezone.instant(start);
        let to = from + SignedDuration::from_mins(minutes);
        let shifts: Vec<Shift<'_>> = shifts(&schedule, from, to).collect();
        prop_assert_eq!(shifts.first().map(|shift| shift.from), Some(from));
        prop_assert_eq!(shifts.last().map(|shift| shift.to), Some(to));
        for pair in shifts.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert_ne!(pair[0].responder, pair[1].responder);
        }
        for shift in &shifts {
            prop_assert!(shift.from < shift.to);
            let last = shift.to - SignedDuration::from_nanos(1);
            let inner = within.iter().map(|part| shift.from + shift.to.duration_since(shift.from).mul_f64(*part));
            for instant in inner.chain([shift.from, last]).map(|instant| instant.min(last)) {
                prop_assert_eq!(on_call(&schedule, instant), shift.responder, "at {}", instant);
            }
        }
        let nobody: Vec<_> = shifts.iter().filter(|shift| shift.responder.is_none()).collect();
        let gaps: Vec<_> = gaps(&[&schedule], from, to).collect();
        prop_assert_eq!(nobody.iter().map(|s| (s.from, s.to)).collect::<Vec<_>>(), gaps.iter().map(|g| (g.from, g.to)).collect::<Vec<_>>());
    }

    #[test]
    fn turns_are_whole_and_the_same_whatever_part_of_them_is_asked_for(
        schedule in schedules(), start in times(), minutes in 1_i64..3_000
    ) {
        let from = schedule.timezone.instant(start);
        let to = from + SignedDuration::from_mins(minutes);
        let all: Vec<Shift<'_>> = turns(&schedule, from, to).collect();
        for turn in &all {
            prop_assert!(turn.from < to && from < turn.to);
            prop_assert_eq!(on_call(&schedule, turn.from), turn.responder);
            let last = turn.to - SignedDuration::from_nanos(1);
            let alone: Vec<Shift<'_>> = turns(&schedule, last, turn.to).collect();
            prop_assert_eq!(alone, vec![*turn]);
        }
    }
}
