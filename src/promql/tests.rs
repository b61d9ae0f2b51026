//! Stories of expressions: what is accepted, and where a mistake is pointed at.

use super::*;

/// The text of `expr` with the mistake marked, and the message.
fn mistake(expr: &str) -> String {
    let error = Expr::parse(expr).expect_err(expr);
    let Range { start, end } = error.range.clone();
    format!("{}⟦{}⟧{}  {}", &expr[..start], &expr[start..end], &expr[end..], error.message)
}

#[test]
fn a_mistake_is_pointed_at() {
    let cases = [
        "test +",
        "",
        "rate(hi)",
        "sum(rate(x[5m])",
        "up{job=\"a}",
        "up{job=\"a\"",
        "foo bar",
        "1 > 2",
        "raet(x[5m])",
        "x[5]m",
        "sum by job (x)",
        "up == bool",
        "sum(x) by (job",
        "foo{a=~\"(\"}",
        "{}",
        "{job=~\".*\"}",
        "x offset",
        "sum(x)[5m]",
        "x + on (a) group_left (a) y",
        "sum(1)",
        "topk(x)",
        "\"text\" + 1",
        "x[5m:1m:1m]",
        "x and on (a) group_left y",
        "1 and 2",
        "abs(x, y)",
        "x[0s]",
        "x @ foo",
        "5x",
        "up)",
        "sum(x,)",
        "x & y",
        "foo{bar}",
        "foo{bar=baz}",
    ];
    let told: Vec<String> = cases.iter().map(|expr| mistake(expr)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    test +⟦⟧  unexpected end of input
    ⟦⟧  no expression found in input
    rate(⟦hi⟧)  expected type range vector in call to function "rate", got instant vector
    sum⟦(⟧rate(x[5m])  unclosed left parenthesis
    up{job=⟦"a}⟧  unterminated quoted string
    up⟦{⟧job="a"  unclosed left brace
    foo ⟦bar⟧  unexpected identifier "bar"
    1 ⟦>⟧ 2  comparisons between scalars must use BOOL modifier
    ⟦raet⟧(x[5m])  unknown function with name "raet": did you mean `rate`?
    x[5]⟦m⟧  unexpected identifier "m"
    sum by ⟦job⟧ (x)  unexpected identifier "job" in grouping opts, expected "("
    up == bool⟦⟧  unexpected end of input
    sum(x) by ⟦(⟧job  unclosed left parenthesis
    foo{⟦a=~"("⟧}  error parsing regexp: missing closing ): `(`
    ⟦{}⟧  vector selector must contain at least one non-empty matcher
    ⟦{job=~".*"}⟧  vector selector must contain at least one non-empty matcher
    x offset⟦⟧  unexpected end of input in offset, expected number or duration
    sum(x)⟦[5m]⟧  ranges only allowed for vector selectors
    x ⟦+⟧ on (a) group_left (a) y  label "a" must not occur in ON and GROUP clause at once
    sum(⟦1⟧)  expected type instant vector in aggregation expression, got scalar
    ⟦topk(x)⟧  wrong number of arguments for aggregate expression provided, expected 2, got 1
    ⟦"text"⟧ + 1  binary expression must contain only scalar and instant vector types
    x[5m:1m⟦:⟧1m]  unexpected ":" in subquery selector, expected "]"
    ⟦x and on (a) group_left y⟧  no grouping allowed for "and" operation
    ⟦1 and 2⟧  set operator "and" not allowed in binary scalar expression
    ⟦abs(x, y)⟧  expected 1 argument(s) in call to "abs", got 2
    x[⟦0s⟧]  duration must be greater than 0
    x @ ⟦foo⟧  unexpected identifier "foo" in @, expected timestamp
    ⟦5x⟧  bad number or duration syntax: "5x"
    up⟦)⟧  unexpected right parenthesis
    sum(x⟦,⟧)  trailing commas not allowed in function call args
    x ⟦&⟧ y  unexpected character: '&'
    foo{bar⟦}⟧  unexpected "}" in label matching, expected label matching operator
    foo{bar=⟦baz⟧}  unexpected identifier "baz" in label matching, expected string
    "#);
}

#[test]
fn keywords_can_be_names() {
    for expr in [
        "sum",
        "by + without",
        "offset offset 5m",
        "count{avg=\"x\"}",
        "sum by (by, on, bool) (x)",
        "and or or",
        "anchored + smoothed",
        "START",
        "x{offset=\"1\"}",
        "SUM(x)",
        "Inf + NaN * -inf",
        "group",
        "step",
    ] {
        assert!(Expr::parse(expr).is_ok(), "{expr}: {:?}", Expr::parse(expr));
    }
}

#[test]
fn the_whole_language_is_read() {
    for expr in [
        "a:b:c{d='e',} [5m] offset -1h @ start()",
        "{\"http.requests\", \"my label\"=\"x\"}",
        "sum without (\"a.b\", c,) (x)",
        "1 + 2 * 3 ^ -4 ^ 5",
        "foo[1h:5m] offset 1d",
        "max_over_time(rate(x[5m])[1h:])",
        "x > bool on (a, b) group_left (c) y # a comment",
        "(\n  # a comment\n  up\n)",
        "rate(x[300]) + 5m",
        "round(x, 0.5) + round(x) + day_of_week() + label_join(x, \"a\", \"b\")",
        "'a\\'b' != \"\"",
    ] {
        if expr.starts_with('\'') {
            assert!(Expr::parse(expr).is_err(), "{expr}");
        } else {
            assert!(Expr::parse(expr).is_ok(), "{expr}: {:?}", Expr::parse(expr));
        }
    }
}

#[test]
fn metrics_are_found_wherever_they_are_named() {
    let expr = Expr::parse("sum(a) / {__name__=\"b\"} + a unless {\"c.d\"}").unwrap();
    assert_eq!(expr.metrics(), ["a", "b", "c.d"]);
}

#[test]
fn a_selector_and_a_subquery_know_which_instant_they_mean() {
    use tree::{At, Kind, Shift, Sign};
    let read = |expr: &str| Expr::parse(expr).expect(expr).root().kind.clone();
    let minutes = |count: i64| count * 60_000;
    let Kind::Selector(selector) = read("x offset -5m @ 1.5") else { panic!("a selector") };
    assert_eq!(selector.time, Shift { at: Some(At::Instant(1500)), offset: minutes(-5) });
    let Kind::Call(_, arguments) = read("rate(x[5m] @ end() offset 1001ms)") else { panic!("a call") };
    let Kind::Range(of, length) = &arguments[0].kind else { panic!("a window") };
    let Kind::Selector(selector) = &of.kind else { panic!("a selector") };
    assert_eq!((selector.time, *length), (Shift { at: Some(At::End), offset: 1001 }, minutes(5)));
    let Kind::Subquery(subquery) = read("(-x)[1h:5m] offset 1m") else { panic!("a subquery") };
    assert_eq!((subquery.window, subquery.step, subquery.time.offset), (minutes(60), Some(minutes(5)), minutes(1)));
    assert!(matches!(read("-x"), Kind::Unary(Sign::Minus, _)) && matches!(read("+x"), Kind::Unary(Sign::Plus, _)));
    assert_eq!(
        mistake("x[1h:] offset 5m offset 1m"),
        "⟦x[1h:] offset 5m⟧ offset 1m  offset may not be set multiple times"
    );
}
