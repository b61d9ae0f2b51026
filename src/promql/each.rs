//! Asking about many instants at once what a rule asks about one.
//!
//! `start()` and `end()` are the edges of a question. A rule asks about one instant, which is both; a question about a stretch
//! would get the same edge for all of its instants, and answers that no evaluation ever saw.

use super::token::{Kind as TokenKind, Token, tokens};
use super::tree::{At, Kind, Node, Shift};
use super::{Expr, Name};
use std::ops::Range;

/// How an expression is asked about many instants, so that each gets the answer that it would have had alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EachInstant {
    /// All at once, by this expression.
    AtOnce(Name),
    /// One after the other: what stands in a subquery and looks from the edge has no other name for it.
    OneByOne,
}

impl Expr {
    /// How it is asked about many instants.
    #[must_use]
    pub fn each_instant(&self) -> EachInstant {
        let mut found = Vec::new();
        find(self.root(), false, &mut found);
        if found.is_empty() {
            return EachInstant::AtOnce(self.text().clone());
        }
        if found.iter().any(|edge| edge.is_inside) {
            return EachInstant::OneByOne;
        }
        let (tokens, mut text) = (tokens(self.text()), self.text().to_string());
        // The edge is the instant itself, which is what is meant without it.
        for Edge { within, .. } in found.into_iter().rev() {
            text.replace_range(written(&tokens, within), " ");
        }
        EachInstant::AtOnce(text.into())
    }
}

/// A selector or subquery that looks from an edge.
struct Edge {
    /// Between these bytes it says so.
    within: Range<usize>,
    /// Whether it stands in a subquery, which looks at it from instants of its own.
    is_inside: bool,
}

fn find(node: &Node, is_inside: bool, found: &mut Vec<Edge>) {
    let is_edge = |time: &Shift| matches!(time.at, Some(At::Start | At::End));
    let (time, within) = match &node.kind {
        Kind::Selector(selector) => (&selector.time, node.range.clone()),
        Kind::Range(inner, _) => match &inner.kind {
            Kind::Selector(selector) => (&selector.time, node.range.clone()),
            _ => return find(inner, is_inside, found),
        },
        Kind::Subquery(subquery) => {
            find(&subquery.of, true, found);
            (&subquery.time, subquery.of.range.end..node.range.end)
        }
        _ => return node.children().into_iter().for_each(|child| find(child, is_inside, found)),
    };
    if is_edge(time) {
        found.push(Edge { within, is_inside });
    }
}

/// Where `@ end()` is written between these bytes: its four tokens.
fn written(tokens: &[Token], within: Range<usize>) -> Range<usize> {
    let is_at = |token: &&Token| within.contains(&token.range.start) && token.kind == TokenKind::Sign("@");
    let first = tokens.iter().position(|token| is_at(&token)).unwrap_or(tokens.len() - 1);
    let last = (first + 3).min(tokens.len() - 1);
    tokens[first].range.start..tokens[last].range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(text: &str) -> EachInstant {
        Expr::parse(text).expect("it is PromQL").each_instant()
    }

    #[test]
    fn an_edge_of_the_question_is_the_instant_itself_and_within_a_subquery_nothing_else_says_so() {
        for (text, at_once) in [
            ("up", "up"),
            ("up @ 5 offset 1m", "up @ 5 offset 1m"),
            ("sum(up @ end()) > 1", "sum(up  ) > 1"),
            ("up{a=\"@ end()\"}@start()offset 5m # @ end()", "up{a=\"@ end()\"} offset 5m # @ end()"),
            ("rate(x[5m] @ END ( )) / y offset 1m @ start()", "rate(x[5m]  ) / y offset 1m  "),
            ("max_over_time((x @ 7)[1h:1m] @ end())", "max_over_time((x @ 7)[1h:1m]  )"),
        ] {
            assert_eq!(each(text), EachInstant::AtOnce(at_once.into()), "{text}");
        }
        for text in ["max_over_time((x @ end())[1h:1m])", "max_over_time(max_over_time(x[5m:1m] @ start())[1h:1m])"] {
            assert_eq!(each(text), EachInstant::OneByOne, "{text}");
        }
    }
}
