//! What one evaluation of a composite condition costs: `cargo bench --bench condition`.
//!
//! Prints the median of several runs in nanoseconds per evaluation. The target is below 1 µs for `tps < 5 && gas > 60`.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use jiff::tz::TimeZone;
use std::hint::black_box;
use std::time::Instant;
use watchbell::model::{History, Labels, Slot, Span, Truth};
use watchbell::rules::script::{Inputs, Operand, Readable, Scope, Script};

const INTERVAL: Span = Span::from_secs(30);
const RUNS: usize = 401;

const CONDITIONS: [&str; 7] = [
    "tps < 5 && gas > 60",
    "tps / gas < 0.5 || tps.missing()",
    "labels.chain == \"sepolia\" && gas > 300",
    "now.hour() in 9..17 && tps < 5",
    "tps.avg(\"5m\") < 5 && gas.max(\"30m\") > 60",
    "tps.drop(\"30m\") > 0.4 && !(gas < 20)",
    "tps.held(\"5m\", |v| v < 5)",
];

fn main() {
    let slot = Slot::from_millis(1_767_603_600_000);
    let (tps, gas) = (history(slot, 3.2), history(slot, 71.0));
    let operands =
        [Operand { value: tps.at(slot), history: Some(&tps) }, Operand { value: gas.at(slot), history: Some(&gas) }];
    let (labels, zone) = (Labels::new([("chain", "sepolia")]), TimeZone::UTC);
    let firing = |_: usize| Truth::Unknown;
    let inputs = Inputs { operands: &operands, labels: &labels, slot, zone: &zone, firing: &firing };
    for text in CONDITIONS {
        let script = compile(text);
        println!("{:>9.1} ns  {text}", median_nanoseconds(|| script.evaluate(black_box(&inputs))));
    }
    println!("{:>9.1} ns  compile `{}`", median_nanoseconds(|| compile(black_box(CONDITIONS[0]))), CONDITIONS[0]);
}

fn compile(text: &str) -> Script {
    let hour = Span::from_hours(1);
    let scope = Scope { queries: vec![("tps", hour), ("gas", hour)], labels: Readable::Any, interval: INTERVAL };
    Script::compile(text, &scope).expect("the bench's conditions compile")
}

/// An hour of samples around `value`, up to `slot`.
fn history(slot: Slot, value: f64) -> History {
    let mut history = History::new(INTERVAL, Span::from_hours(1));
    for back in (0..=120).rev() {
        let wave = f64::from(i32::try_from(back % 7).expect("a small number")) / 10.0;
        history.push(slot - INTERVAL.times(back), Some(value + wave));
    }
    history
}

/// The median over the runs, each long enough for the clock and too short to be often interrupted.
fn median_nanoseconds<T>(mut once: impl FnMut() -> T) -> f64 {
    let mut batch = 64_u32;
    let mut timed = |batch: u32| {
        let start = Instant::now();
        for _ in 0..batch {
            black_box(once());
        }
        start.elapsed().as_secs_f64()
    };
    while timed(batch) < 0.000_1 {
        batch = batch.saturating_mul(2);
    }
    let mut runs: Vec<f64> = (0..RUNS).map(|_| timed(batch) * 1e9 / f64::from(batch)).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}
