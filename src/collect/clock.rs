//! The wall clock of this machine, watched: that it was stepped is said, and counted.
//!
//! What is collected goes by the time that really passes, but for what only a wall clock can say. So a step makes a stamp or
//! a certificate look wrong, and whoever sees that has to find the reason. Blocks have a clock of their own
//! ([`rpc`](super::rpc)), which says when they show that the step was right.

use crate::measures::{Counter, Measures};
use crate::model::{Span, stepped};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often both clocks are compared.
const EVERY: Duration = Duration::from_secs(5);

/// What both clocks show.
#[derive(Clone, Copy, Debug)]
struct Reading {
    monotonic: Instant,
    /// Milliseconds since 1970.
    wall: i64,
}

impl Reading {
    fn now() -> Self {
        Reading { monotonic: Instant::now(), wall: jiff::Timestamp::now().as_millisecond() }
    }
}

/// The last reading, and how often the next one did not fit it.
struct Watch {
    before: Reading,
    jumps: Counter,
}

impl Watch {
    fn new(measures: &Measures, now: Reading) -> Self {
        let help = "How often the wall clock of this machine was stepped, or the machine slept";
        let jumps = measures.counter("watchbell_collect_clock_jumps_total", help);
        jumps.start(&[], 0.0);
        Watch { before: now, jumps }
    }

    /// How far the wall clock was stepped since the last reading; zero if it was not. A step counts once.
    fn look(&mut self, now: Reading) -> Span {
        let passed = now.monotonic.saturating_duration_since(self.before.monotonic).as_millis();
        let passed = Span::from_millis(i64::try_from(passed).unwrap_or(i64::MAX));
        let stepped = stepped(passed, Span::from_millis(now.wall.saturating_sub(self.before.wall)));
        self.before = now;
        if !stepped.is_zero() {
            self.jumps.add(&[], 1.0);
        }
        stepped
    }
}

/// Compares the clocks until `stop`.
pub(super) async fn watch(measures: &Measures, stop: CancellationToken) {
    let mut watch = Watch::new(measures, Reading::now());
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let stepped = watch.look(Reading::now());
        if !stepped.is_zero() {
            tracing::warn!(stepped_seconds = stepped.as_secs_f64(), "{}", words(stepped));
        }
    }
}

/// What is said of a step.
fn words(stepped: Span) -> String {
    let seconds = stepped.as_secs_f64();
    let direction = if seconds < 0.0 { "back" } else { "forward" };
    // Asleep, the monotonic clock stands still as well, so that the two cannot be told apart.
    let or_asleep = if seconds < 0.0 { "" } else { ", or the machine slept" };
    let seconds = seconds.abs();
    format!(
        "the wall clock was stepped {direction} by {seconds:.1} s{or_asleep}; looks, deadlines, ages and rates go on by the \
         time that really passed, stamps, certificates and active users go by the wall clock"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_764_158_400_000;

    /// What a watch says of readings that are five seconds apart, when the wall clock shows so many milliseconds after noon;
    /// and what is counted then.
    fn steps(walls: &[i64]) -> (Vec<i64>, String) {
        let (measures, start) = (Measures::new(), Instant::now());
        let mut watch = Watch::new(&measures, Reading { monotonic: start, wall: NOON });
        let readings =
            (1..).zip(walls).map(|(number, after)| Reading { monotonic: start + EVERY * number, wall: NOON + after });
        let stepped = readings.map(|reading| watch.look(reading).millis()).collect();
        let page = measures.render(start);
        let count = page.lines().find_map(|line| line.strip_prefix("watchbell_collect_clock_jumps_total "));
        (stepped, count.unwrap_or("absent").to_owned())
    }

    #[test]
    fn a_clock_that_nobody_sets_is_counted_as_never_stepped_from_the_start() {
        assert_eq!(steps(&[]), (vec![], "0".into()));
        assert_eq!(steps(&[5_400, 10_100, 15_900]), (vec![0, 0, 0], "0".into()), "drift is no step");
    }

    #[test]
    fn a_step_forward_and_one_back_are_each_seen_once() {
        let hour = 3_600_000;
        let walls = [5_000, hour + 10_000, hour + 15_000, 20_000, 25_000];
        assert_eq!(steps(&walls), (vec![0, hour, 0, -hour, 0], "2".into()));
    }

    #[test]
    fn what_is_said_names_the_direction_the_amount_and_what_it_means() {
        let (forward, back) = (words(Span::from_hours(1)), words(Span::from_millis(-2_500)));
        assert!(
            forward.starts_with("the wall clock was stepped forward by 3600.0 s, or the machine slept; "),
            "{forward}"
        );
        assert!(back.starts_with("the wall clock was stepped back by 2.5 s; looks, deadlines, "), "{back}");
        assert!(back.ends_with("stamps, certificates and active users go by the wall clock"), "{back}");
    }
}
