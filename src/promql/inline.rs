//! Asking for what a recording rule records, in the place of the series that it writes: a rule that is new has no history.
//!
//! The text of the expression stays as it is around what is replaced. What a selector asked of labels is asked of the recorded
//! expression with functions that every Prometheus has.

use super::tree::{At, Kind, LabelMatcher, MatchOperator, Node, Selector, Shift};
use super::{Expr, PromqlError, ValueType, quoted};
use crate::model::{Name, Span};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

/// Recording rules may read each other; deeper than this they read themselves.
const DEEPEST: usize = 16;
/// A label that no series has, by which those that match a condition are told from the others.
const MARK: &str = "watchbell_meets";

/// What is recorded under one name, by name.
pub type Recordings = BTreeMap<Name, Recorded>;

/// What is recorded under one name.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// What each rule of this name records, and the labels that it lays over it; an empty one takes the label away.
    pub rules: Vec<(Expr, Vec<(Name, Name)>)>,
    /// How often: a window over the series has as many samples.
    pub interval: Span,
}

impl Expr {
    /// The same question, put to what is recorded instead of to the series that `recordings` names.
    ///
    /// # Errors
    /// When recording rules read each other in a circle.
    pub fn inlined(&self, recordings: &Recordings) -> Result<Expr, PromqlError> {
        let text = text_of(self, recordings, 0)?;
        if text == **self.text() { Ok(self.clone()) } else { Expr::parse(&text) }
    }
}

fn text_of(expr: &Expr, recordings: &Recordings, depth: usize) -> Result<String, PromqlError> {
    let mut found = Vec::new();
    find(expr.root(), recordings, &mut found);
    if depth > DEEPEST && !found.is_empty() {
        return Err(PromqlError::new(expr.root().range.clone(), "recording rules read each other in a circle"));
    }
    let mut text = expr.text().to_string();
    for Found { range, selector, recorded, window } in found.into_iter().rev() {
        let mut parts = Vec::new();
        for (expr, labels) in &recorded.rules {
            parts.push(labelled(expr, &text_of(expr, recordings, depth + 1)?, labels));
        }
        let vector = filtered(parts.join(" or "), &selector.matchers);
        text.replace_range(range, &at_its_time(&vector, window, recorded.interval, selector.time));
    }
    Ok(text)
}

/// A selector that asks for a recorded series.
struct Found<'a> {
    /// Where it stands, its window included.
    range: Range<usize>,
    selector: &'a Selector,
    recorded: &'a Recorded,
    window: Option<i64>,
}

fn find<'a>(node: &'a Node, recordings: &'a Recordings, found: &mut Vec<Found<'a>>) {
    let (inner, window) = match &node.kind {
        Kind::Range(inner, window) => (&**inner, Some(*window)),
        _ => (node, None),
    };
    if let Kind::Selector(selector) = &inner.kind
        && let Some(recorded) = selector.name().and_then(|name| recordings.get(name))
    {
        return found.push(Found { range: node.range.clone(), selector, recorded, window });
    }
    node.children().into_iter().for_each(|child| find(child, recordings, found));
}

/// What one rule records, with its labels.
fn labelled(expr: &Expr, text: &str, labels: &[(Name, Name)]) -> String {
    // A comment may stand at its end.
    let vector =
        if expr.value_type() == ValueType::Scalar { format!("vector({text}\n)") } else { format!("({text}\n)") };
    let lay = |of: String, (name, value): &(Name, Name)| {
        format!("label_replace({of}, {}, {}, \"\", \"\")", quoted(name), quoted(&value.replace('$', "$$")))
    };
    labels.iter().fold(vector, lay)
}

/// Those series of `vector` that meet `matchers`. A condition marks what it matches; the mark is taken off again.
fn filtered(vector: String, matchers: &[LabelMatcher]) -> String {
    let conditions = matchers.iter().filter(|matcher| matcher.name != "__name__");
    let mut kept = format!("({vector})");
    for matcher in conditions {
        let (word, pattern) = match matcher.operator {
            MatchOperator::Equal => ("and", regex::escape(&matcher.value)),
            MatchOperator::NotEqual => ("unless", regex::escape(&matcher.value)),
            MatchOperator::Matches => ("and", matcher.value.clone()),
            MatchOperator::MatchesNot => ("unless", matcher.value.clone()),
        };
        let marked =
            format!("label_replace({kept}, \"{MARK}\", \"1\", {}, {})", quoted(&matcher.name), quoted(&pattern));
        let mark = format!("label_replace(vector(1), \"{MARK}\", \"1\", \"\", \"\")");
        kept = format!("label_replace({marked} {word} on ({MARK}) {mark}, \"{MARK}\", \"\", \"\", \"\")");
    }
    kept
}

/// The vector at the instant, or over the window, that the selector means.
fn at_its_time(vector: &str, window: Option<i64>, interval: Span, time: Shift) -> String {
    let step = interval.millis().max(1);
    let mut when = String::new();
    // Writing to a String cannot fail.
    let _ = match time.at {
        None => Ok(()),
        Some(At::Instant(at)) => write!(when, " @ {}.{:03}", at.div_euclid(1000), at.rem_euclid(1000)),
        Some(At::Start) => write!(when, " @ start()"),
        Some(At::End) => write!(when, " @ end()"),
    };
    if time.offset != 0 {
        let sign = if time.offset < 0 { "-" } else { "" };
        let _ = write!(when, " offset {sign}{}ms", time.offset.unsigned_abs());
    }
    match window {
        Some(window) => format!("{vector}[{window}ms:{step}ms]{when}"),
        None if when.is_empty() => vector.to_owned(),
        None => format!("last_over_time({vector}[{step}ms:{step}ms]{when})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Labels;
    use crate::promql::eval::{Options, Query, Value};
    use crate::series::{Point, SeriesSet};

    /// A name, an expression, and labels.
    type Written<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    fn recordings(rules: &[Written<'_>]) -> Recordings {
        let mut all = Recordings::new();
        for (name, expr, labels) in rules {
            let recorded = all.entry((*name).into()).or_default();
            recorded.interval = Span::from_secs(30);
            let expr = Expr::parse(expr).expect("it is PromQL");
            recorded.rules.push((expr, labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()));
        }
        all
    }

    fn inlined(expr: &str, recordings: &Recordings) -> String {
        let expr = Expr::parse(expr).expect("it is PromQL").inlined(recordings).expect("no circle");
        expr.text().replace('\n', "")
    }

    #[test]
    fn a_series_is_its_expression_and_a_window_over_it_a_subquery() {
        let known = recordings(&[("a:b", "sum by (job) (rate(x[5m]))", &[])]);
        assert_eq!(inlined("a:b > 5", &known), "((sum by (job) (rate(x[5m])))) > 5");
        assert_eq!(
            inlined("max_over_time(a:b[10m])", &known),
            "max_over_time(((sum by (job) (rate(x[5m]))))[600000ms:30000ms])"
        );
        assert_eq!(
            inlined("a:b offset 1m", &known),
            "last_over_time(((sum by (job) (rate(x[5m]))))[30000ms:30000ms] offset 60000ms)"
        );
        assert_eq!(inlined("other # a:b", &known), "other # a:b");
    }

    #[test]
    fn recording_rules_are_followed_through_each_other_and_a_circle_is_told() {
        let known = recordings(&[("a:b", "c:d * 2", &[]), ("c:d", "up", &[])]);
        assert_eq!(inlined("a:b", &known), "((((up)) * 2))");
        let circle = recordings(&[("a:b", "c:d", &[]), ("c:d", "a:b", &[])]);
        assert!(Expr::parse("a:b").expect("it is PromQL").inlined(&circle).is_err());
    }

    #[test]
    fn a_name_that_several_rules_record_is_all_of_them() {
        let known = recordings(&[("a:b", "up", &[("kind", "")]), ("a:b", "1", &[("kind", "$y")])]);
        assert_eq!(
            inlined("a:b", &known),
            r#"(label_replace((up), "kind", "", "", "") or label_replace(vector(1), "kind", "$$y", "", ""))"#
        );
    }

    /// What a server would answer to `expr` at second 300, in the order of labels.
    fn answer(set: &SeriesSet, expr: &Expr) -> Vec<(String, f64)> {
        let reply = Query::new(expr, Options::default()).expect("it can be evaluated").instant(set, 300_000);
        let Value::Vector(elements) = reply.expect("it is evaluated").value else { panic!("a vector") };
        let mut all: Vec<_> =
            elements.iter().map(|one| (one.labels.without("__name__").to_string(), one.value)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    #[test]
    fn every_condition_on_labels_keeps_what_it_kept_of_the_series() {
        let mut set = SeriesSet::new();
        for (pod, job, value) in [("a", "web", 1.0), ("b", "web", 2.0), ("c", "db.x", 3.0), ("d", "", 4.0)] {
            for (name, extra) in [("raw", None), ("a:b", Some(("zone", "$1")))] {
                let labels = [("__name__", name), ("pod", pod), ("job", job)].into_iter().chain(extra);
                let labels = Labels::new(labels.filter(|(_, value)| !value.is_empty()));
                for second in 0..=10_i32 {
                    let point = Point { at: i64::from(second) * 30_000, value: value + f64::from(second) };
                    set.push(&labels, point).expect("in order");
                }
            }
        }
        let known = recordings(&[("a:b", "raw", &[("zone", "$1")])]);
        for expr in [
            "a:b",
            "a:b{job=\"web\"}",
            "a:b{job=\"db.x\", pod!=\"a\"}",
            "a:b{job=~\"w.*|db\\\\..*\"}",
            "a:b{job!~\"w.*\", zone=\"$1\"}",
            "a:b{job=\"\"}",
            "a:b{job!=\"\"}",
            "{__name__=\"a:b\", zone!=\"$1\"}",
            "max_over_time(a:b{pod=\"c\"}[2m])",
            "a:b{pod=\"c\"} offset 1m",
            "avg by (zone) (a:b) + 1 > 2",
        ] {
            let expr = Expr::parse(expr).expect("it is PromQL");
            let other = expr.inlined(&known).expect("no circle");
            assert_ne!(expr.text(), other.text());
            assert_eq!(answer(&set, &other), answer(&set, &expr), "{}", other.text());
        }
    }
}
