//! Our evaluator and a real Prometheus, asked the same: drawn expressions over drawn series, equal bit by bit.
//!
//! `WATCHBELL_EXPRESSIONS` says how many are drawn (600 by default; 5000 before a release), `WATCHBELL_PROMETHEUS` names a
//! second Prometheus to be held against, of version 3.

mod generate;

use crate::support::{Prometheus, Series, http};
use generate::{Draw, Drawn, Generator, LENGTH, series};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use watchbell::model::Labels;
use watchbell::promql::Expr;
use watchbell::promql::eval::{Options, Query, Remark, Semantics, Steps, Value};
use watchbell::series::{Point, SeriesSet, stale};

/// Where the series begin: 2026-01-05, 08:00.
const START: i64 = 1_767_600_000_000;

/// Labels, and points as milliseconds and the bits of the value.
type Rows = BTreeMap<String, Vec<(i64, u64)>>;

/// An answer, and what was remarked about it.
#[derive(Default)]
struct Found {
    rows: Rows,
    remarks: BTreeSet<String>,
}

fn labels_of_drawn(one: &Drawn) -> Labels {
    Labels::new(one.labels.iter().copied().chain([("__name__", one.metric)]))
}

/// Our own set, in the order in which Prometheus gets it.
fn ours(drawn: &[Drawn]) -> SeriesSet {
    let mut set = SeriesSet::new();
    for one in drawn {
        let labels = labels_of_drawn(one);
        for (at, value) in &one.samples {
            set.push(&labels, Point { at: START + at, value: *value }).expect("samples are drawn in order");
        }
    }
    set
}

struct Oracle {
    prometheus: Prometheus,
    is_old: bool,
}

impl Oracle {
    fn with(prometheus: Prometheus, drawn: &[Drawn]) -> Self {
        let version = prometheus.read("/api/v1/status/buildinfo")["data"]["version"].to_string();
        for one in drawn {
            let samples: Vec<(i64, f64)> = one.samples.iter().map(|(at, value)| (START + at, *value)).collect();
            prometheus.write(&[Series::new(one.metric, &one.labels, &samples)]);
        }
        Oracle { prometheus, is_old: version.starts_with("\"2.") }
    }

    /// What it answers, or its error.
    fn ask(&self, expr: &str, steps: Steps, is_range: bool) -> Result<Found, String> {
        let seconds = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
        let expr = http::escaped(expr);
        let path = if is_range {
            let (start, end) = (seconds(steps.start), seconds(steps.end));
            format!("/api/v1/query_range?query={expr}&start={start}&end={end}&step={}", steps.step / 1000)
        } else {
            format!("/api/v1/query?query={expr}&time={}", seconds(steps.start))
        };
        let mut answer = self.prometheus.read(&path);
        if answer["status"] != "success" {
            return Err(answer["error"].to_string());
        }
        let result = answer["data"]["result"].take();
        let rows = result.as_array().expect("vectors and matrices are lists");
        let rows = rows.iter().map(|row| (labels_of(&row["metric"]), points_of(row))).collect();
        let lists = ["warnings", "infos"].iter().filter_map(|name| answer[name].as_array());
        let remarks = lists.flatten().filter_map(Json::as_str).filter_map(comparable);
        Ok(Found { rows, remarks: remarks.collect() })
    }
}

fn labels_of(metric: &Json) -> String {
    let metric = metric.as_object().expect("labels are an object");
    Labels::new(metric.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))).to_string()
}

fn points_of(row: &Json) -> Vec<(i64, u64)> {
    let point = |pair: &Json| {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of our time")]
        let at = (pair[0].as_f64().expect("a time") * 1000.0).round() as i64;
        let value = match pair[1].as_str().expect("values are texts") {
            "NaN" => f64::NAN,
            text => text.parse().expect("a number"),
        };
        (at, bits(value))
    };
    match row.get("value") {
        Some(pair) => vec![point(pair)],
        None => row["values"].as_array().expect("values are a list").iter().map(point).collect(),
    }
}

/// All `NaN`s are one.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn answer(set: &SeriesSet, expr: &str, steps: Steps, is_range: bool, options: Options) -> Result<Found, String> {
    let parsed = Expr::parse(expr).map_err(|error| error.to_string())?;
    let told = |labels: &Labels, points: &[Point]| {
        (labels.to_string(), points.iter().map(|point| (point.at, bits(point.value))).collect())
    };
    let remarks = |remarks: Vec<Remark>| remarks.iter().filter_map(|remark| comparable(&remark.to_string())).collect();
    let mut query = Query::new(&parsed, options).map_err(|error| error.to_string())?;
    if is_range {
        let reply = query.range(set, steps).map_err(|error| error.to_string())?;
        let rows = reply.value.iter().map(|row| told(&row.labels, &row.points)).collect();
        return Ok(Found { rows, remarks: remarks(reply.remarks) });
    }
    let reply = query.instant(set, steps.start).map_err(|error| error.to_string())?;
    let Value::Vector(elements) = reply.value else { panic!("only vectors are drawn, not {:?}", reply.value) };
    let point = |value| [Point { at: steps.start, value }];
    let rows = elements.iter().map(|element| told(&element.labels, &point(element.value))).collect();
    Ok(Found { rows, remarks: remarks(reply.remarks) })
}

/// A remark without its place, which Prometheus loses for subqueries. That on buckets that fall has other words in every version.
fn comparable(remark: &str) -> Option<String> {
    let said = remark.rsplit_once(" (").map_or(remark, |(said, _)| said);
    (!said.contains("monotonicity")).then(|| said.to_owned())
}

/// Whether both are the same, to the bit or, where the library decides the last ones, nearly.
fn agree(ours: &Rows, theirs: &Rows, is_certain: bool) -> bool {
    let is_near = |a: u64, b: u64| {
        let (a, b) = (f64::from_bits(a), f64::from_bits(b));
        !is_certain && (a - b).abs() <= 1e-11 * a.abs().max(b.abs())
    };
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|((labels, points), (their_labels, their_points))| {
            let mut pairs = points.iter().zip(their_points);
            labels == their_labels
                && points.len() == their_points.len()
                && pairs.all(|(a, b)| a.0 == b.0 && (a.1 == b.1 || is_near(a.1, b.1)))
        })
}

fn told(found: &Result<Found, String>) -> String {
    match found {
        Err(error) => format!("error {error}"),
        Ok(found) => {
            let row = |(labels, points): (&String, &Vec<(i64, u64)>)| {
                let points: Vec<_> =
                    points.iter().map(|(at, value)| format!("{:?}@{}", f64::from_bits(*value), at - START)).collect();
                format!("    {labels} {}\n", points.join(" "))
            };
            let rows: String = found.rows.iter().map(row).collect();
            format!("{rows}    remarks {:?}\n", found.remarks)
        }
    }
}

fn differences(oracle: &Oracle, set: &SeriesSet, many: u64) -> Vec<String> {
    let semantics = if oracle.is_old { Semantics::Prometheus2 } else { Semantics::Prometheus3 };
    let options = Options { semantics, ..Options::default() };
    let mut differences = Vec::new();
    let mut answered = 0;
    for seed in 0..many {
        let is_range = seed % 5 == 4;
        let (expr, is_certain) = Generator::new(seed, oracle.is_old, is_range).expression();
        let mut draw = Draw::new(!seed);
        let around = i64::try_from(draw.below(u64::try_from(LENGTH + 400_000).expect("small"))).expect("small");
        let start = START + if seed % 3 == 0 { around / 30_000 * 30_000 } else { around };
        let end = if is_range { start + 600_000 } else { start };
        let steps = Steps { start, end, step: 45_000 };
        let (ours, theirs) = (answer(set, &expr, steps, is_range, options), oracle.ask(&expr, steps, is_range));
        let is_same = match (&ours, &theirs) {
            // Prometheus 2 remarks nothing.
            (Ok(ours), Ok(theirs)) => {
                agree(&ours.rows, &theirs.rows, is_certain) && (oracle.is_old || ours.remarks == theirs.remarks)
            }
            (Err(_), Err(_)) => true,
            // Later versions refuse ambiguous matches also where the comparison filters them away, and so do we.
            (Err(error), Ok(_)) => error.starts_with("multiple matches for labels"),
            (Ok(_), Err(_)) => false,
        };
        answered += u64::from(theirs.as_ref().is_ok_and(|found| !found.rows.is_empty()));
        if !is_same {
            let when = start - START;
            differences.push(format!("{seed} at {when}: {expr}\n  ours\n{}  theirs\n{}", told(&ours), told(&theirs)));
        }
    }
    assert!(answered * 2 > many, "hardly anything was answered: {answered} of {many}");
    differences
}

fn hold_against(prometheus: Prometheus) {
    let many = std::env::var("WATCHBELL_EXPRESSIONS").ok().and_then(|many| many.parse().ok()).unwrap_or(600);
    let mut drawn = series(stale());
    // In the order of labels, which is the order of selecting whether blocks have to be merged or not.
    drawn.sort_by_key(labels_of_drawn);
    let oracle = Oracle::with(prometheus, &drawn);
    let differences = differences(&oracle, &ours(&drawn), many);
    assert!(differences.is_empty(), "{} of {many} differ\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn prometheus_answers_drawn_expressions_with_the_same_bits() {
    let Some(prometheus) = Prometheus::with("global: { evaluation_interval: 1m }", "") else { return };
    hold_against(prometheus);
}

#[test]
fn prometheus_3_answers_drawn_expressions_with_the_same_bits() {
    let Some(program) = std::env::var_os("WATCHBELL_PROMETHEUS") else {
        println!("skipped: no second Prometheus (WATCHBELL_PROMETHEUS names one)");
        return;
    };
    hold_against(Prometheus::of(PathBuf::from(program)));
}
