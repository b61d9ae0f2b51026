//! Stories of questions: what an error names, what a query remembers.

use super::*;
use crate::model::Labels;
use crate::promql::{Expr, described};
use crate::series::{Point, SeriesSet, values};

fn set(lines: &[(&str, &str)]) -> SeriesSet {
    let mut set = SeriesSet::new();
    for (name, text) in lines {
        set.load(&described(name).unwrap(), &values(text).unwrap(), 0, 60_000).unwrap();
    }
    set
}

fn ask(set: &SeriesSet, expr: &str, at: i64, options: Options) -> Result<Vec<(String, f64)>, EvalError> {
    let expr = Expr::parse(expr).unwrap();
    match Query::new(&expr, options)?.instant(set, at)?.value {
        Value::Vector(elements) => Ok(elements.iter().map(|found| (found.labels.to_string(), found.value)).collect()),
        other => panic!("not a vector: {other:?}"),
    }
}

fn pairs(expected: &[(&str, f64)]) -> Vec<(String, f64)> {
    expected.iter().map(|(labels, value)| ((*labels).to_owned(), *value)).collect()
}

#[test]
fn an_error_marks_the_operation_and_names_the_labels() {
    let set = set(&[("a{x=\"1\"}", "1"), ("a{x=\"2\"}", "1"), ("b{y=\"1\"}", "1"), ("b{y=\"2\"}", "1")]);
    let expr = "1 + (a / on (z) b)";
    let error = ask(&set, expr, 0, Options::default()).unwrap_err();
    assert_eq!(&expr[error.range], "a / on (z) b");
    let series = [described("b{y=\"2\"}").unwrap(), described("b{y=\"1\"}").unwrap()].into();
    assert_eq!(error.trouble, Trouble::ManyToMany { group: Labels::empty(), side: "right", series });
}

#[test]
fn what_prometheus_has_behind_a_flag_is_refused_by_name() {
    for (expr, name) in [("mad_over_time(a[5m])", "mad_over_time"), ("1 + limitk(1, a)", "limitk")] {
        let error = Query::new(&Expr::parse(expr).unwrap(), Options::default()).unwrap_err();
        assert_eq!((&expr[error.range], error.trouble), (name, Trouble::Experimental(name)));
    }
}

#[test]
fn windows_have_both_edges_before_prometheus_3() {
    let set = set(&[("a", "1 2 3 4 5 6")]);
    let before = Options { semantics: Semantics::Prometheus2, ..Options::default() };
    for (expr, two, three) in [
        ("sum_over_time(a[2m])", 12.0, 9.0),
        ("sum_over_time(a[2m:1m])", 12.0, 9.0),
        ("sum_over_time(a[2m] offset 1m)", 9.0, 7.0),
    ] {
        assert_eq!(ask(&set, expr, 240_000, before), Ok(pairs(&[("{}", two)])), "{expr}");
        assert_eq!(ask(&set, expr, 240_000, Options::default()), Ok(pairs(&[("{}", three)])), "{expr}");
    }
    let at = 300_000 + 300_000;
    assert_eq!(ask(&set, "a", at, before), Ok(pairs(&[("{__name__=\"a\"}", 6.0)])));
    assert_eq!(ask(&set, "a", at, Options::default()), Ok(Vec::new()));
}

#[test]
fn names_can_stay_until_the_end() {
    let set = set(&[("a_total", "0 60"), ("b_total", "0 120")]);
    let expr = "label_replace(rate({__name__=~\".+\"}[2m]), \"of\", \"$1\", \"__name__\", \"(.+)\")";
    let late = Options { names: Names::GoAtTheEnd, ..Options::default() };
    let found = pairs(&[("{of=\"a_total\"}", 0.5), ("{of=\"b_total\"}", 1.0)]);
    assert_eq!(ask(&set, expr, 60_000, late), Ok(found));
    let error = ask(&set, expr, 60_000, Options::default()).unwrap_err();
    assert_eq!(error.trouble, Trouble::SameLabels { labels: Labels::empty() });
}

#[test]
fn a_query_sees_series_that_come_later() {
    let expr = Expr::parse("count(a)").unwrap();
    let mut evaluator = Evaluator::new(set(&[("a{x=\"1\"}", "1")]), Options::default());
    let count = |evaluator: &mut Evaluator| match evaluator.instant(&expr, 0).unwrap().value {
        Value::Vector(elements) => elements[0].value,
        other => panic!("not a vector: {other:?}"),
    };
    assert!((count(&mut evaluator) - 1.0).abs() < f64::EPSILON);
    evaluator.record(&described("a{x=\"2\"}").unwrap(), Point { at: 0, value: 1.0 }).unwrap();
    assert!((count(&mut evaluator) - 2.0).abs() < f64::EPSILON);
}

#[test]
fn a_remark_says_where_it_belongs() {
    let expr = Expr::parse("up\n  + rate(up[5m])").unwrap();
    let reply = Query::new(&expr, Options::default()).unwrap().instant(&set(&[("up", "1 1 1")]), 120_000).unwrap();
    let remarks: Vec<String> = reply.remarks.iter().map(ToString::to_string).collect();
    let message = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket";
    assert_eq!(remarks, [format!("PromQL info: {message}: \"up\" (2:10)")]);
}

#[test]
fn a_range_gives_each_series_a_row_and_a_number_one_without_labels() {
    let set = set(&[("a", "1 2 3")]);
    let steps = Steps { start: 0, end: 120_000, step: 60_000 };
    let rows = |expr: &str| {
        let expr = Expr::parse(expr).unwrap();
        let rows = Query::new(&expr, Options::default()).unwrap().range(&set, steps).unwrap().value;
        rows.into_iter().map(|row| (row.labels.to_string(), row.points.len())).collect::<Vec<_>>()
    };
    assert_eq!(rows("a > 1"), [("{__name__=\"a\"}".to_owned(), 2)]);
    assert_eq!(rows("time()"), [("{}".to_owned(), 3)]);
}

#[test]
fn too_many_samples_are_refused_and_not_waited_for() {
    let set = set(&[("a", "1")]);
    let error = ask(&set, "sum_over_time(a[100y:1ms])", 0, Options::default()).unwrap_err();
    assert_eq!(error.trouble, Trouble::TooManySamples);
}

/// Asks `expr` at slots half a minute apart while samples come in, of one series late by `lag`; each answer is that of a
/// query that remembers nothing. Returns how many steps were evaluated, and how many without remembering.
fn steps_evaluated(expr: &str, slots: i64, lag: i64) -> (u64, u64) {
    let expr = Expr::parse(expr).unwrap();
    let mut set = SeriesSet::new();
    let mut query = Query::new(&expr, Options::default()).unwrap();
    let mut afresh = 0;
    for slot in 0..slots {
        let at = slot * 30_000;
        for (name, lag) in [("x{n=\"1\"}", 0), ("x{n=\"2\"}", 0), ("late", lag)] {
            // Every fourth sample is a reset of the counter, or half of one.
            let value = f64::from(i32::try_from(slot % 4 * slot).unwrap());
            set.push(&described(name).unwrap(), Point { at: at - lag, value }).unwrap();
        }
        let mut fresh = Query::new(&expr, Options::default()).unwrap();
        assert_eq!(query.instant(&set, at), fresh.instant(&set, at), "{expr} at {at}");
        afresh += fresh.memo.evaluated;
    }
    (query.memo.evaluated, afresh)
}

#[test]
fn a_step_of_a_subquery_is_evaluated_once_however_many_slots_ask_for_it() {
    let (steps, afresh) = steps_evaluated("max_over_time(rate(x[5m])[1h:1m])", 240, 0);
    assert_eq!(steps, 59 + 120, "two hours have so many minutes, and the first window begins an hour before");
    assert!(afresh > 10_000, "{afresh}");
    let (steps, afresh) = steps_evaluated("sum(quantile_over_time(0.5, max_over_time(x[2m:20s])[10m:2m]))", 120, 0);
    assert!(steps * 5 < afresh, "{steps} of {afresh}");
}

#[test]
fn a_step_is_evaluated_again_where_what_it_sees_has_changed_since() {
    for expr in [
        "max_over_time(late[10m:1m])",
        "sum_over_time((x - ignoring (n) group_left () late)[5m:30s])",
        "avg_over_time(x[5m:30s] offset -1m)",
        "max_over_time((x offset -3m)[10m:1m])",
        "max_over_time((x @ 600)[5m:1m]) + sum_over_time((x @ end())[5m:1m])",
        "max_over_time(max_over_time((x offset -1m)[3m:20s] offset -1m)[10m:1m])",
        "quantile_over_time(2, quantile_over_time(-1, x[1m])[5m:1m])",
    ] {
        steps_evaluated(expr, 60, 240_000);
    }
}

#[test]
fn another_set_is_asked_as_if_there_had_been_no_other() {
    let expr = Expr::parse("sum_over_time(a[5m:1m])").unwrap();
    let mut query = Query::new(&expr, Options::default()).unwrap();
    for values in ["1+1x9", "5x9"] {
        let set = set(&[("a", values)]);
        query.forget();
        let mut fresh = Query::new(&expr, Options::default()).unwrap();
        assert_eq!(query.instant(&set, 300_000), fresh.instant(&set, 300_000));
    }
}
