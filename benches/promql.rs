//! What one offline evaluation of an expression costs: `cargo bench --bench promql`.
//!
//! Two hundred series with a sample every 15 s over four hours, asked at 240 slots a minute apart, as a scenario does. Prints
//! microseconds for each slot, the median of several runs. The target is that all unit tests of the corpus take two seconds.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::time::Instant;
use watchbell::model::Labels;
use watchbell::promql::Expr;
use watchbell::promql::eval::{Evaluator, Options};
use watchbell::series::{Point, SeriesSet};

const MINUTE: i64 = 60_000;
const SLOTS: i64 = 240;

const EXPRESSIONS: [&str; 8] = [
    "requests_total > 10",
    "rate(requests_total[5m]) > 0.5",
    "sum by (job) (rate(requests_total{code=~\"5..\"}[5m])) / sum by (job) (rate(requests_total[5m])) > 0.05",
    "histogram_quantile(0.99, sum by (job, le) (rate(latency_bucket[5m]))) > 1",
    "requests_total * on (instance) group_left (team) owner",
    "avg_over_time(requests_total[1h])",
    "max_over_time(sum(rate(requests_total[5m]))[30m:1m])",
    "absent(up{job=\"gone\"})",
];

fn main() {
    let mut evaluator = Evaluator::new(series(), Options::default());
    for text in EXPRESSIONS {
        let expr = Expr::parse(text).expect("the bench's expressions parse");
        let mut runs: Vec<f64> = (0..5).map(|_| run(&mut evaluator, &expr)).collect();
        runs.sort_by(f64::total_cmp);
        println!("{:>9.1} µs  {text}", runs[runs.len() / 2]);
    }
}

/// Microseconds for each slot.
fn run(evaluator: &mut Evaluator, expr: &Expr) -> f64 {
    let started = Instant::now();
    for slot in 0..SLOTS {
        black_box(evaluator.instant(expr, slot * MINUTE)).expect("it is answered");
    }
    started.elapsed().as_secs_f64() * 1e6 / 240.0
}

fn series() -> SeriesSet {
    let mut set = SeriesSet::new();
    let mut add = |metric: &str, labels: &[(&str, String)]| {
        let named = labels.iter().map(|(name, value)| (*name, value.clone()));
        let labels = Labels::new(named.chain([("__name__", metric.to_owned())]));
        for step in 0..SLOTS * 4 {
            let value = f64::from(i32::try_from(step).expect("a small number"));
            set.push(&labels, Point { at: step * MINUTE / 4, value }).expect("in order");
        }
    };
    for instance in 0..50 {
        let (instance, job) = (("instance", format!("host-{instance}")), ("job", format!("job-{}", instance % 5)));
        for code in ["200", "404", "500", "503"] {
            add("requests_total", &[instance.clone(), job.clone(), ("code", code.to_owned())]);
        }
        for bound in ["0.1", "1", "2.5", "+Inf"] {
            add("latency_bucket", &[instance.clone(), job.clone(), ("le", bound.to_owned())]);
        }
        add("owner", &[instance, ("team", "core".to_owned())]);
    }
    set
}
