//! What is split, and what is not.

use super::*;

/// The query, and the comparisons as they are written.
fn split(text: &str) -> Result<(String, Vec<(Comparison, f64)>), Why> {
    let expr = Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let split = expr.split().map_err(|whole| whole.why)?;
    let any = split.any.iter().map(|one| (one.comparison, one.bound)).collect();
    Ok((split.query.text().to_string(), any))
}

#[test]
fn the_threshold_comes_out_and_guards_stay() {
    let cases = [
        ("x > 5", "x", Comparison::Above, 5.0),
        ("5 >= x", "x", Comparison::AtMost, 5.0),
        ("0 != count(x)", "count(x)", Comparison::Differs, 0.0),
        ("x == bool 1 == 0", "x == bool 1", Comparison::Equals, 0.0),
        ("x > 5 and on () y > 0", "x and on () y > 0", Comparison::Above, 5.0),
        ("((x > 5) and (y > 1)) unless on (a) z", "x and (y > 1) unless on (a) z", Comparison::Above, 5.0),
        ("(a or b) < -1 and c", "(a or b) and c", Comparison::Below, -1.0),
        ("(a / b) * 100 >= 2 * 1024 ^ 3", "(a / b) * 100", Comparison::AtLeast, 2_147_483_648.0),
        ("((a / b)) > 1h", "a / b", Comparison::Above, 3600.0),
        ("x # the value\n> 5 # the bound\n", "x # the value\n# the bound", Comparison::Above, 5.0),
        ("x > Inf", "x", Comparison::Above, f64::INFINITY),
        ("x > 10 % 4 + -2 * (1 - 3)", "x", Comparison::Above, 6.0),
        ("x <= pi()", "x", Comparison::AtMost, std::f64::consts::PI),
        ("(((x and a) > 5) unless b) and on (c) d", "(x and a) unless b and on (c) d", Comparison::Above, 5.0),
        ("5 < x < 10", "5 < x", Comparison::Below, 10.0),
        ("sort_desc(x > 5)", "sort_desc(x)", Comparison::Above, 5.0),
        ("max by (a) (x > 5 and y)", "max by (a) (x and y)", Comparison::Above, 5.0),
        ("min(5 >= x) unless z", "min(x) unless z", Comparison::AtMost, 5.0),
        ("x > 5 and a or x > 5 unless b", "x and a or x unless b", Comparison::Above, 5.0),
        ("(x > 5 or (x > 5 and a)) and b", "(x or x and a) and b", Comparison::Above, 5.0),
        (
            "rate(x{a=\"1\"}[5m]) > 5 or (rate(x{a=\"2\"}[5m]) > 5)",
            "rate(x{a=\"1\"}[5m]) or rate(x{a=\"2\"}[5m])",
            Comparison::Above,
            5.0,
        ),
    ];
    for (text, query, comparison, bound) in cases {
        assert_eq!(split(text), Ok((query.to_owned(), vec![(comparison, bound)])), "{text}");
    }
}

#[test]
fn bounds_of_one_value_are_one_condition() {
    use Comparison::{Above, Below, Equals};
    let cases = [
        ("x < 10 or x > 90", "x", vec![(Below, 10.0), (Above, 90.0)]),
        ("((x/y) > 90 or ((x / y) < 10)) and z", "x / y and z", vec![(Above, 90.0), (Below, 10.0)]),
        ("x == 1 or x == 3 or (x # why\n> 5)", "x # why", vec![(Equals, 1.0), (Equals, 3.0), (Above, 5.0)]),
    ];
    for (text, query, any) in cases {
        assert_eq!(split(text), Ok((query.to_owned(), any)), "{text}");
    }
}

#[test]
fn what_would_mean_something_else_stays_whole_and_says_why() {
    let cases = [
        ("x", Why::NoComparison),
        ("sum(x > 5)", Why::Inside),
        ("max(x < 5)", Why::Inside),
        ("min(x == 5)", Why::Inside),
        ("max(x < 5 or x > 90)", Why::Inside),
        ("topk(3, x > 5)", Why::Inside),
        ("(x > 5) * on (a) group_left (b) y", Why::Inside),
        ("label_replace(x > 5, \"a\", \"$1\", \"b\", \"(.*)\")", Why::Inside),
        ("-(x > 5)", Why::Inside),
        ("sum(x) / (sum(y) > 0)", Why::Inside),
        ("sum(x == bool 5)", Why::NoComparison),
        ("absent(x == 1)", Why::NoComparison),
        ("absent(x)", Why::NoComparison),
        ("x and y > 5", Why::NoComparison),
        ("x > 5 or y > 5", Why::Alternatives),
        ("x > 5 or x > 5 and on (a) y or on (a) x > 5", Why::Alternatives),
        ("x > 5 and a or x < -5 and b", Why::Alternatives),
        ("x{a=\"1\"} > 5 or x{a=\"2\"} > 6", Why::Alternatives),
        ("x{a=\"1\"} > 5 or x{b=\"2\"} > 5", Why::Alternatives),
        ("sum by (b) (x{a=\"1\"}) > 5 or sum by (b) (x{a=\"2\"}) > 5", Why::Alternatives),
        ("x > 5 or absent(x)", Why::Alternatives),
        ("x > bool 5", Why::Bool),
        ("x > y", Why::AgainstSeries),
        ("x > scalar(y)", Why::NotConstant),
        ("x > 2 ^ 0.5", Why::NotConstant),
        ("x > NaN", Why::NotANumber),
        ("{job=\"a\"} > 5", Why::ManyNames),
        ("last_over_time({__name__=~\"a.*\"}[5m]) > 5", Why::ManyNames),
    ];
    for (text, why) in cases {
        assert_eq!(split(text), Err(why), "{text}");
    }
    assert!(split("count({job=\"a\"}) > 5").is_ok());
}
