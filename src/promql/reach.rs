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
    /// The instant that is meant in its place, in milliseconds, where `@` names one.
    pub pinned: Option<i64>,
}

/// Where an inner expression is asked about, seen from the outermost instant.
#[derive(Clone, Copy)]
struct Seen {
    before: i64,
    after: i64,
    pinned: Option<i64>,
}

impl Expr {
    /// The series that are asked for, selector by selector in the order of the text. An instant vector looks back for `lookback`.
    #[must_use]
    pub fn wanted(&self, lookback: Span) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        visit(self.root(), Seen { before: 0, after: 0, pinned: None }, lookback, &mut wanted);
        wanted
    }
}

fn visit(node: &Node, seen: Seen, lookback: Span, wanted: &mut Vec<Wanted>) {
    match &node.kind {
        Kind::Selector(selector) => wanted.push(seen.wants(selector, lookback.millis())),
        Kind::Range(of, window) => {
            if let Kind::Selector(selector) = &of.kind {
                wanted.push(seen.wants(selector, *window));
            }
        }
        Kind::Subquery(subquery) => visit(&subquery.of, seen.through(subquery.time, subquery.window), lookback, wanted),
        _ => node.children().into_iter().for_each(|child| visit(child, seen, lookback, wanted)),
    }
}

impl Seen {
    /// Through a window of so many milliseconds, shifted by `time`. `start()` and `end()` are the instant itself: a rule asks about one.
    fn through(self, time: Shift, window: i64) -> Seen {
        let before = (self.before + time.offset + window).max(0);
        let after = (self.after - time.offset).max(0);
        match time.at {
            Some(At::Instant(at)) => {
                Seen { before: (time.offset + window).max(0), after: (-time.offset).max(0), pinned: Some(at) }
            }
            Some(At::Start | At::End) | None => Seen { before, after, pinned: self.pinned },
        }
    }

    fn wants(self, selector: &Selector, window: i64) -> Wanted {
        let Seen { before, after, pinned } = self.through(selector.time, window);
        let (before, after) = (Span::from_millis(before), Span::from_millis(after));
        Wanted { selector: selector.bare(), before, after, pinned }
    }
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
    fn an_instant_that_is_named_is_meant_wherever_one_asks() {
        let wanted = Expr::parse("max_over_time((x @ 100 offset 1m)[1h:])").unwrap().wanted(Span::from_mins(5));
        assert_eq!((wanted[0].pinned, wanted[0].before), (Some(100_000), Span::from_mins(6)));
    }
}
