//! What a question about a schedule costs: `cargo bench --bench oncall`.
//!
//! Prints the time of 10 000 questions for schedules from plain to crowded. The target is well below 50 ms.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use watchbell::config::{Files, load_from};
use watchbell::diagnostics::{Findings, Sources};
use watchbell::oncall::{Schedule, gaps, on_call, shifts};

const QUESTIONS: i64 = 10_000;
const RUNS: usize = 21;
const LAYERS: &str = "
      - rotation: { responders: [a, b, c], every: 1w, from: 2026-01-05T09:00 }
      - rotation: { responders: [b, c], every: 1d, from: 2026-01-05T22:00 }
        during: { days: [mon, tue, wed, thu, fri], from: '22:00', to: '06:00' }
      - rotation: { responders: [c], every: 1mo, from: 2026-01-31T09:00, effective_from: 2027-01-01T00:00 }
        during: { days: [sat, sun] }";

fn main() {
    let overrides = (1..=28).map(|day| {
        format!("\n      - {{ from: 2026-02-{day:02}T09:00, to: 2026-02-{day:02}T21:00, replace: a, by: c }}")
    });
    let schedules = schedules(&format!(
        "
  one layer:
    layers: [{{ rotation: {{ responders: [a, b, c], every: 1w, from: 2026-01-05T09:00 }} }}]
  three layers:
    timezone: Europe/Berlin
    layers: {LAYERS}
  three layers and 28 overrides:
    timezone: Europe/Berlin
    layers: {LAYERS}
    overrides: {}\n",
        overrides.collect::<String>()
    ));
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let (far, year) = (Timestamp::MAX - SignedDuration::from_hours(24 * 366), SignedDuration::from_hours(24 * 365));
    for (name, schedule) in &schedules {
        let asked = |first: Timestamp| {
            (0..QUESTIONS)
                .filter(|hour| on_call(schedule, first + SignedDuration::from_mins(hour * 52)).is_some())
                .count()
        };
        println!("{:>8.2} ms  10 000 questions, {name}", median_milliseconds(|| asked(black_box(start))));
        println!(
            "{:>8.2} ms  10 000 questions in the year 9998, {name}",
            median_milliseconds(|| asked(black_box(far)))
        );
        let shifts = || shifts(schedule, start, start + year).count();
        println!("{:>8.2} ms  the {} shifts of a year, {name}", median_milliseconds(shifts), shifts());
        let gaps = || gaps(&[schedule], start, start + year).count();
        println!("{:>8.2} ms  the {} gaps of a year, {name}", median_milliseconds(gaps), gaps());
    }
}

fn schedules(text: &str) -> BTreeMap<String, Schedule> {
    let people = "channels: { x: { webhook: { url: 'https://x.example' } } }
responders: { a: { reach: [{ via: x }] }, b: { reach: [{ via: x }] }, c: { reach: [{ via: x }] } }";
    let path = Path::new("watchbell.yaml");
    let files = Files::Given(BTreeMap::from([(path.to_owned(), format!("{people}\nschedules:{text}").into())]));
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = load_from(&files, path, Timestamp::UNIX_EPOCH, &mut sources, &mut findings);
    let settings = loaded.filter(|_| !findings.has_errors()).expect("the bench's schedules pass").settings;
    settings.schedules.into_iter().map(|(name, schedule)| (name.to_string(), schedule)).collect()
}

fn median_milliseconds<T>(mut once: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(once());
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
