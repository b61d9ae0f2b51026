//! What a PromQL expression means, as one text: two expressions with the same text ask the same.
//!
//! Layout, comments, parentheses that change nothing, the order of matchers and of label lists, the side on which a number
//! stands that series are compared with, the writing of numbers, durations and quotes do not count. It errs on the side of
//! "different".

use super::Effect;
use super::meaning::reach;
use crate::promql::tree::{
    Aggregate, Binary, Grouping, Kind, MatchOperator, Matching, On, Selector, Shift, Side, Sign, Subquery, ValueType,
};
use crate::promql::{Comparison, Expr, Node};
use crate::rules::Bound;

/// Whether two expressions ask the same.
pub(super) fn asks_the_same(one: &Expr, other: &Expr) -> bool {
    one.text() == other.text() || meaning(one) == meaning(other)
}

/// The expression in one canonical writing.
pub(super) fn meaning(expr: &Expr) -> String {
    node(expr.root())
}

/// The expression on one line, without its comments.
pub(super) fn shown(expr: &Expr) -> String {
    let (mut line, mut rest) = (String::new(), &**expr.text());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' | '`' => quoted(rest, first),
            _ => first.len_utf8(),
        };
        match first {
            _ if first.is_whitespace() || first == '#' => line.push_str(if line.ends_with(' ') { "" } else { " " }),
            _ => line.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    line.trim().to_owned()
}

/// Where two expressions are comparisons of the same with a number, in which direction that number went.
pub(super) fn effect(before: &Expr, after: &Expr) -> Option<Effect> {
    effect_by(threshold, before, after).or_else(|| effect_by(comparison, before, after))
}

fn effect_by(read: impl Fn(&Expr) -> Option<(String, Bound)>, before: &Expr, after: &Expr) -> Option<Effect> {
    let ((left, one), (same, other)) = (read(before)?, read(after)?);
    if left == same { reach(one, other).of_firing() } else { None }
}

/// The bound as `import prometheus` takes it out: on either side, a sum of numbers, in front of an `and`.
fn threshold(expr: &Expr) -> Option<(String, Bound)> {
    let split = expr.split().ok()?;
    let [threshold] = &split.any[..] else { return None };
    Some((meaning(&split.query), bound(threshold.comparison, threshold.bound)))
}

/// The bound of what cannot be split, because its series differ by their name alone: there it is the last thing on the right.
fn comparison(expr: &Expr) -> Option<(String, Bound)> {
    let Kind::Binary(binary) = &bare(expr.root()).kind else { return None };
    let Kind::Number(number) = bare(&binary.right).kind else { return None };
    let comparison = Comparison::of(binary.operator).filter(|_| !binary.returns_bool)?;
    Some((node(&binary.left), bound(comparison, number)))
}

fn bound(comparison: Comparison, number: f64) -> Bound {
    match comparison {
        Comparison::Above => Bound::Above(number),
        Comparison::AtLeast => Bound::AtLeast(number),
        Comparison::Below => Bound::Below(number),
        Comparison::AtMost => Bound::AtMost(number),
        Comparison::Equals => Bound::Equals(number),
        Comparison::Differs => Bound::Differs(number),
    }
}

/// The node without the parentheses around it.
fn bare(node: &Node) -> &Node {
    match &node.kind {
        Kind::Paren(of) => bare(of),
        _ => node,
    }
}

fn node(this: &Node) -> String {
    match &this.kind {
        Kind::Number(number) => number.to_string(),
        Kind::Text(quoted) => format!("{quoted:?}"),
        Kind::Selector(selector) => selector_text(selector),
        Kind::Range(of, window) => format!("{}[{window}]", node(of)),
        Kind::Subquery(subquery) => subquery_text(subquery),
        Kind::Call(function, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(node).collect();
            format!("{}({})", function.name, arguments.join(", "))
        }
        Kind::Aggregate(aggregate) => aggregate_text(aggregate),
        Kind::Binary(binary) => binary_text(binary),
        Kind::Unary(Sign::Minus, of) => format!("-({})", node(of)),
        Kind::Unary(Sign::Plus, of) | Kind::Paren(of) => node(of),
    }
}

fn selector_text(selector: &Selector) -> String {
    let name = selector.name();
    let is_name = |matcher: &&crate::promql::tree::LabelMatcher| {
        matcher.name == "__name__" && matcher.operator == MatchOperator::Equal && Some(&*matcher.value) == name
    };
    let matchers = selector.matchers.iter().filter(|matcher| !is_name(matcher));
    let mut matchers: Vec<String> = matchers
        .map(|matcher| {
            let operator = match matcher.operator {
                MatchOperator::Equal => "=",
                MatchOperator::NotEqual => "!=",
                MatchOperator::Matches => "=~",
                MatchOperator::MatchesNot => "!~",
            };
            format!("{:?}{operator}{:?}", matcher.name, matcher.value)
        })
        .collect();
    matchers.sort();
    matchers.dedup();
    format!("{:?}{{{}}}{}", name.unwrap_or_default(), matchers.join(","), shift(selector.time))
}

fn subquery_text(subquery: &Subquery) -> String {
    let step = subquery.step.map(|step| step.to_string()).unwrap_or_default();
    format!("({})[{}:{step}]{}", node(&subquery.of), subquery.window, shift(subquery.time))
}

fn shift(time: Shift) -> String {
    let at = time.at.map(|at| format!(" @ {at:?}")).unwrap_or_default();
    if time.offset == 0 { at } else { format!("{at} offset {}", time.offset) }
}

fn aggregate_text(aggregate: &Aggregate) -> String {
    let grouping = match &aggregate.grouping {
        Grouping::By(labels) => format!("by ({})", sorted(labels)),
        Grouping::Without(labels) => format!("without ({})", sorted(labels)),
    };
    let parameter = aggregate.parameter.as_ref().map(|of| format!("{}, ", node(of))).unwrap_or_default();
    format!("{} {grouping} ({parameter}{})", aggregate.operation, node(&aggregate.of))
}

fn binary_text(binary: &Binary) -> String {
    let how = if binary.returns_bool { " bool" } else { "" };
    let matching = matching_text(&binary.matching);
    let (left, right) = (&binary.left, &binary.right);
    match Comparison::of(binary.operator) {
        // Of a number and series it is the series that come out, whichever stands first.
        Some(comparison) if (left.value_type(), right.value_type()) == (ValueType::Scalar, ValueType::Vector) => {
            format!("({} {:?}{how}{matching} {})", node(right), comparison.turned(), node(left))
        }
        Some(comparison) => format!("({} {comparison:?}{how}{matching} {})", node(left), node(right)),
        None => format!("({} {}{how}{matching} {})", node(left), binary.operator, node(right)),
    }
}

fn matching_text(matching: &Matching) -> String {
    let on = matching.labels.as_ref().map(|(on, labels)| match on {
        On::These => format!(" on ({})", sorted(labels)),
        On::AllBut => format!(" ignoring ({})", sorted(labels)),
    });
    let group = matching.group.as_ref().map(|(side, labels)| match side {
        Side::Left => format!(" group_left ({})", sorted(labels)),
        Side::Right => format!(" group_right ({})", sorted(labels)),
    });
    [on, group].into_iter().flatten().collect()
}

fn sorted(labels: &[String]) -> String {
    let mut labels: Vec<String> = labels.iter().map(|label| format!("{label:?}")).collect();
    labels.sort();
    labels.dedup();
    labels.join(", ")
}

/// How long the quoted text is that `text` begins with.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        asks_the_same(&Expr::parse(one).unwrap(), &Expr::parse(other).unwrap())
    }

    #[test]
    fn layout_comments_and_order_without_meaning_are_no_change() {
        for (one, other) in [
            ("sum by (b, a) (rate(x[5m]))", "sum(rate(x[300s])) # per both\n  by(a,b)"),
            (r#"x{a="1", b='2'}"#, r#"x{b="2",a="1",}"#),
            (r#"{__name__="x"}"#, "x"),
            ("(x) > (1e3)", "x>1000"),
            ("(a + b) + c", "a + b + c"),
            ("x offset 1h30m", "x{} OFFSET 90m"),
            ("x offset 5m @ 0", "x @ 0 offset 300s"),
            ("max_over_time(x[1h:5m] offset 60m)", "max_over_time( x[60m : 300s] offset 1h )"),
            ("a / on (y, x) group_left (z) b", "a / on(x,y) group_left(z) b"),
            ("rate(x[5m] offset 1m)", "rate(x [5m]\n offset 1m)"),
            ("x > 104", "104 < x"),
            ("sum(x) <= bool 2", "(2) >= bool sum(x)"),
            ("x != scalar(y) and z", "scalar(y) != x and z"),
        ] {
            assert!(same(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn whatever_asks_otherwise_is_a_change() {
        for (one, other) in [
            ("x", "y"),
            ("x[5m]", "x[6m]"),
            ("x offset 5m", "x"),
            ("x offset 5m", "x offset 6m"),
            ("x offset 5m", "x offset -5m"),
            ("x @ 1", "x @ 2"),
            ("rate(x[5m] offset 1m)", "rate(x[5m] offset 2m)"),
            ("x[1h:5m]", "x[1h:6m]"),
            (r#"x{a="1"}"#, r#"x{a=~"1"}"#),
            (r#"x{a=" 1"}"#, r#"x{a="1"}"#),
            (r#"x{a="A"}"#, r#"x{a="a"}"#),
            (r#"x{a="}"} offset 1m"#, r#"x{a="}"} offset 2m"#),
            ("a - (b - c)", "a - b - c"),
            ("a > b", "a > bool b"),
            ("a > b", "b < a"),
            ("x > 104", "104 > x"),
            ("x > 104", "104 <= x"),
            ("x - 104", "104 - x"),
            ("a and b", "b and a"),
            ("sum by (a) (x)", "sum without (a) (x)"),
            ("a / on (x) b", "a / ignoring (x) b"),
            ("a / on (x) group_left b", "a / on (x) group_right b"),
            ("-x", "x"),
            ("quantile(0.9, x)", "quantile(0.8, x)"),
        ] {
            assert!(!same(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn a_number_that_a_query_is_compared_with_has_a_direction() {
        let effect = |one: &str, other: &str| effect(&Expr::parse(one).unwrap(), &Expr::parse(other).unwrap());
        assert_eq!(effect("rate(x[5m]) > 1", "rate(x[5m])  > 2"), Some(Effect::FiresLess));
        assert_eq!(effect("x < 1", "(x <= 1)"), Some(Effect::FiresMore));
        assert_eq!(effect("5 > x", "6 > x"), Some(Effect::FiresMore));
        assert_eq!(effect("5 < x", "x > 6"), Some(Effect::FiresLess));
        assert_eq!(effect("x > 5 * 60 and on (a) y", "x > 2 * 60 and on (a) y"), Some(Effect::FiresMore));
        assert_eq!(effect(r#"{a="b"} > 1"#, r#"{a="b"} > 2"#), Some(Effect::FiresLess));
        assert_eq!(effect("x < 5 or x > 90", "x < 4 or x > 90"), None);
        assert_eq!(effect("x > 1", "y > 2"), None);
        assert_eq!(effect("x > bool 1", "x > bool 2"), None);
    }
}
