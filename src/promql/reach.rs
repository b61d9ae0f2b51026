//! Which series an expression asks for, and how far from its instant their samples matter.

use super::Expr;
use super::tree::{At, Kind, Node, Selector, Shift};
use crate::model::Span;

/// The series that a selector names, and the stretch of time in which their samples matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The selector alone, without window, `offset` and `@`.
    pub selector: String,
    /// How long before the instant that is asked about.
    pub before: Span,
    /// How long after it: an `offset` can be negative.
    pub after: Span,
    /// What divides every window, offset and step on the way to it; zero where there is none. Samples may be moved to the next multiple
    /// of it, seen from the instant, and every window still has those that it had.
    pub grain: Span,
    /// Whether a subquery asks for it, at whole multiples of its step and not as seen from the instant.
    pub stepped: bool,
    /// The instant that is meant in its place, in milliseconds, where `@` names one.
    pub pinned: Option<i64>,
}

/// Where an inner expression is asked about, seen from the outermost instant.
#[derive(Clone, Copy)]
struct Seen {
    before: i64,
    after: i64,
    grain: i64,
    stepped: bool,
    pinned: Option<i64>,
}

/// How far apart a subquery asks that does not say so, unless a server is told otherwise.
const SUBQUERY_STEP: i64 = 60_000;

impl Expr {
    /// The series that are asked for, selector by selector in the order of the text. An instant vector looks back for `lookback`.
    #[must_use]
    pub fn wanted(&self, lookback: Span) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        visit(self.root(), Seen { before: 0, after: 0, grain: 0, stepped: false, pinned: None }, lookback, &mut wanted);
        wanted
    }
}

fn visit(node: &Node, seen: Seen, lookback: Span, wanted: &mut Vec<Wanted>) {
    match &node.kind {
        // How far it looks back is no window: what is too old for it is not among others.
        Kind::Selector(selector) => wanted.push(seen.wants(selector, lookback.millis(), 0)),
        Kind::Range(of, window) => {
            if let Kind::Selector(selector) = &of.kind {
                wanted.push(seen.wants(selector, *window, *window));
            }
        }
        Kind::Subquery(subquery) => {
            let mut inner = seen.through(subquery.time, subquery.window);
            for grain in [subquery.window, subquery.step.unwrap_or(SUBQUERY_STEP)] {
                inner.grain = common_divisor(inner.grain, grain);
            }
            inner.stepped = true;
            visit(&subquery.of, inner, lookback, wanted);
        }
        _ => node.children().into_iter().for_each(|child| visit(child, seen, lookback, wanted)),
    }
}

impl Seen {
    /// Through a window of so many milliseconds, shifted by `time`. `start()` and `end()` are the instant itself: a rule asks about one.
    fn through(self, time: Shift, window: i64) -> Seen {
        let before = (self.before + time.offset + window).max(0);
        let after = (self.after - time.offset).max(0);
        let grain = common_divisor(self.grain, time.offset.abs());
        match time.at {
            Some(At::Instant(at)) => {
                let (before, after) = ((time.offset + window).max(0), (-time.offset).max(0));
                Seen { before, after, grain, pinned: Some(at), ..self }
            }
            Some(At::Start | At::End) | None => Seen { before, after, grain, ..self },
        }
    }

    fn wants(self, selector: &Selector, window: i64, grain: i64) -> Wanted {
        let seen = self.through(selector.time, window);
        Wanted {
            selector: selector.bare(),
            before: Span::from_millis(seen.before),
            after: Span::from_millis(seen.after),
            grain: Span::from_millis(common_divisor(seen.grain, grain)),
            stepped: seen.stepped,
            pinned: seen.pinned,
        }
    }
}

/// The greatest number that divides both; the other one where one is zero.
fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn wants(expr: &str, expected: &[(&str, i64, i64)]) {
        let wanted = Expr::parse(expr).unwrap().wanted(Span::from_mins(5));
        let minutes = |span: Span| span.millis() / 60_000;
        let found: Vec<_> =
            wanted.iter().map(|one| (one.selector.as_str(), minutes(one.before), minutes(one.after))).collect();
        assert_eq!(found, expected, "{expr}");
    }

    #[test]
    fn windows_offsets_and_subqueries_reach_back() {
        wants("up", &[("up", 5, 0)]);
        wants(
            "sum by (job) (rate(x{a=~\"b.*\", c!=\"d\"}[10m])) / on () y",
            &[("x{a=~\"b.*\", c!=\"d\"}", 10, 0), ("y", 5, 0)],
        );
        wants("x offset 1h", &[("x", 65, 0)]);
        wants("x offset -1h", &[("x", 0, 60)]);
        wants("rate(x[10m] offset 1h)", &[("x", 70, 0)]);
        wants("max_over_time(rate(x[10m])[1h:1m] offset 30m)", &[("x", 100, 0)]);
        wants("avg_over_time(up[1h:])", &[("up", 65, 0)]);
        wants("x @ end()", &[("x", 5, 0)]);
    }

    #[test]
    fn what_divides_every_window_and_offset_is_known() {
        let grain = |expr: &str| Expr::parse(expr).unwrap().wanted(Span::from_mins(5))[0].grain.millis() / 1000;
        assert_eq!(grain("up"), 0);
        assert_eq!(grain("rate(x[90s] offset 1m)"), 30);
        assert_eq!(grain("max_over_time(rate(x[5m])[1h:20s])"), 20);
        assert_eq!(grain("max_over_time(x[1h:])"), 60);
    }

    #[test]
    fn an_instant_that_is_named_is_meant_wherever_one_asks() {
        let wanted = Expr::parse("max_over_time((x @ 100 offset 1m)[1h:])").unwrap().wanted(Span::from_mins(5));
        assert_eq!((wanted[0].pinned, wanted[0].before), (Some(100_000), Span::from_mins(6)));
    }
}
