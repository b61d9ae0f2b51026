//! Asks a case and compares.

use crate::read::{Case, Said};
use regex::Regex;
use std::fmt::Write;
use watchbell::model::Labels;
use watchbell::promql::Expr;
use watchbell::promql::eval::{Gravity, Options, Query, Remark, Reply, Row, Steps, Value};
use watchbell::series::{Point, SeriesSet};

/// Why a case does not pass.
pub struct Miss(pub String);

/// Asks `case` of `set`.
pub fn check(case: &Case, set: &SeriesSet, options: Options) -> Result<(), Miss> {
    let expr = match (Expr::parse(&case.expr), &case.fails) {
        (Ok(expr), _) => expr,
        (Err(_), Some(Said::Anything)) => return Ok(()),
        (Err(error), _) => return Err(Miss(error.message)),
    };
    let asked = Query::new(&expr, options).and_then(|mut query| ask(case, &mut query, set));
    let answer = match (asked, &case.fails) {
        (Ok(_), Some(_)) => return Err(Miss("is answered, and ought to fail".into())),
        (Err(error), Some(said)) => {
            let error = error.to_string();
            return if said.is(&error) { Ok(()) } else { Err(Miss(error)) };
        }
        (Err(error), None) => return Err(Miss(error.to_string())),
        (Ok(answer), None) => answer,
    };
    compare(case, &answer).and_then(|()| remarks(case, &answer.remarks)).map_err(Miss)?;
    if !case.is_range && case.grid.is_none() && case.text.is_none() {
        in_the_middle(case, &expr, set, options).map_err(Miss)?;
    }
    Ok(())
}

fn ask(case: &Case, query: &mut Query, set: &SeriesSet) -> Result<Reply, watchbell::promql::eval::EvalError> {
    let (start, end, step) = case.times;
    if !case.is_range {
        return query.instant(set, start);
    }
    let Reply { value, remarks } = query.range(set, Steps { start, end, step })?;
    Ok(Reply { value: Value::Matrix(value), remarks })
}

/// An instant is asked once more as the middle one of a range, which has to make no difference.
fn in_the_middle(case: &Case, expr: &Expr, set: &SeriesSet, options: Options) -> Result<(), String> {
    let at = case.times.0;
    let mut query = Query::new(expr, options).map_err(|error| error.to_string())?;
    let steps = Steps { start: at - 60_000, end: at + 60_000, step: 60_000 };
    let Ok(reply) = query.range(set, steps) else { return Ok(()) };
    let found = reply.value.into_iter().filter_map(|row| {
        let point = row.points.iter().find(|point| point.at == at).copied()?;
        Some(Row { labels: row.labels, points: vec![point] })
    });
    let scalar = case.scalar.map(|scalar| (Labels::empty(), vec![Some(scalar)]));
    let rows = scalar.into_iter().chain(case.rows.iter().cloned()).collect();
    let as_range = Case { times: case.times, rows, ..Case::default() };
    compare_rows(&as_range, &found.collect::<Vec<_>>()).map_err(|why| format!("as a range: {why}"))
}

fn compare(case: &Case, reply: &Reply) -> Result<(), String> {
    match &reply.value {
        Value::Text(text) if case.text.as_ref() == Some(text) => Ok(()),
        Value::Text(text) => Err(format!("the text {text:?}")),
        Value::Scalar(value) => match case.scalar {
            Some(expected) if is_close(expected, *value) => Ok(()),
            _ => Err(format!("the number {value}, not {:?}", case.scalar)),
        },
        Value::Vector(elements) => {
            let at = case.times.0;
            let row = |labels: &Labels, value| Row { labels: labels.clone(), points: vec![Point { at, value }] };
            compare_rows(case, &elements.iter().map(|element| row(&element.labels, element.value)).collect::<Vec<_>>())
        }
        Value::Matrix(rows) => compare_rows(case, rows),
    }
}

fn compare_rows(case: &Case, found: &[Row]) -> Result<(), String> {
    let (start, step) = case.grid.unwrap_or((case.times.0, case.times.2));
    let mut expected: Vec<Row> =
        case.rows.iter().map(|(labels, values)| expected_row(labels, values, start, step)).collect();
    expected.retain(|row| !row.points.is_empty());
    let mut found: Vec<Row> = found.to_vec();
    if !case.is_ordered {
        expected.sort_by(|a, b| a.labels.cmp(&b.labels));
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
    }
    let is_same = expected.len() == found.len() && expected.iter().zip(&found).all(|(a, b)| are_close(a, b));
    if is_same { Ok(()) } else { Err(format!("{}, not {}", told(&found), told(&expected))) }
}

fn expected_row(labels: &Labels, values: &[Option<f64>], start: i64, step: i64) -> Row {
    let at = |place: usize| start + i64::try_from(place).expect("few values") * step;
    let points = values.iter().enumerate().filter_map(|(place, value)| Some(Point { at: at(place), value: (*value)? }));
    Row { labels: labels.clone(), points: points.collect() }
}

fn are_close(a: &Row, b: &Row) -> bool {
    let points = || a.points.iter().zip(&b.points).all(|(a, b)| a.at == b.at && is_close(a.value, b.value));
    a.labels == b.labels && a.points.len() == b.points.len() && points()
}

/// As close as Prometheus asks its own engine to be: the files write some results with few digits.
#[expect(clippy::float_cmp, reason = "infinities are equal")]
fn is_close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() / (a.abs() + b.abs()).max(f64::MIN_POSITIVE) < 1e-6
}

fn told(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let points: Vec<String> = row.points.iter().map(|point| format!("{}@{}", point.value, point.at)).collect();
        let _ = write!(text, "{} {}; ", row.labels, points.join(" "));
    }
    if text.is_empty() { "nothing".into() } else { text }
}

fn remarks(case: &Case, remarks: &[Remark]) -> Result<(), String> {
    for (kind, said) in &case.remarks {
        let gravity = if kind.ends_with("warn") { Gravity::Warning } else { Gravity::Info };
        let mut those = remarks.iter().filter(|remark| remark.gravity == gravity).map(ToString::to_string);
        let is_met = if kind.starts_with("no_") { those.next().is_none() } else { those.any(|text| said.is(&text)) };
        if !is_met {
            let all: Vec<String> = remarks.iter().map(ToString::to_string).collect();
            return Err(format!("expected {kind}, remarked {all:?}"));
        }
    }
    Ok(())
}

impl Said {
    fn is(&self, text: &str) -> bool {
        match self {
            Said::Anything => true,
            Said::This(expected) => expected == text,
            Said::Like(pattern) => Regex::new(pattern).expect("a good pattern").is_match(text),
        }
    }
}
