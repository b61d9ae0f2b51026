//! What rendering one annotation costs: `cargo bench --bench template`.
//!
//! Prints the median of several runs in nanoseconds. The target is below 1 µs for the annotation that everybody writes:
//! when 100,000 alerts fire at once, their texts are made one by one.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::time::Instant;
use watchbell::model::{Labels, Slot};
use watchbell::rules::template::{Answers, Data, Template};

const RUNS: usize = 401;

const TEMPLATES: [&str; 7] = [
    "a text without actions",
    "{{ $labels.instance }} is at {{ $value }}",
    "Gas on {{ $labels.job }} is {{ $value | humanize }} gwei, over {{ $threshold }}",
    "{{ printf \"%.2f\" $value }}% on {{ .Labels.instance }}",
    "{{ $labels.instance }} {{ humanizeDuration $value }} {{ humanizePercentage $value }}",
    "{{ if gt $value 80.0 }}{{ $labels.instance | toUpper }}{{ else }}fine{{ end }}",
    "{{ $labels }}",
];

fn main() {
    let labels =
        Labels::new([("__name__", "up"), ("instance", "db1.example.org:9100"), ("job", "node"), ("zone", "eu-1")]);
    let (external_labels, answers) = (Labels::empty(), Answers::new());
    let at = Slot::from_millis(1_767_603_600_000);
    let data = Data {
        labels: &labels,
        value: 93.74512,
        external_labels: &external_labels,
        external_url: "http://watchbell.example.org",
        threshold: "90",
        severity: "high",
        unit: "gwei",
        active_at: at,
        now: at,
    };
    for text in TEMPLATES {
        let template = Template::parse(text).expect("the bench's templates parse");
        println!("{:>9.1} ns  {text}", median_nanoseconds(|| template.render(black_box(&data), &answers)));
    }
    println!("{:>9.1} ns  parse `{}`", median_nanoseconds(|| Template::parse(black_box(TEMPLATES[1]))), TEMPLATES[1]);
}

/// The median over the runs, each of a thousand renderings.
fn median_nanoseconds<T>(mut once: impl FnMut() -> T) -> f64 {
    let mut timed = || {
        let start = Instant::now();
        for _ in 0..1000 {
            black_box(once());
        }
        start.elapsed().as_secs_f64() * 1e6
    };
    let mut figures: Vec<f64> = (0..RUNS).map(|_| timed()).collect();
    figures.sort_by(f64::total_cmp);
    figures[RUNS / 2]
}
