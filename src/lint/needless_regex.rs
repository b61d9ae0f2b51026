//! WB075 · A regular expression that is a plain text, or anchored twice.

use crate::diagnostics::{Findings, Text, codes};
use crate::promql::Expr;
use crate::promql::tree::{Kind, LabelMatcher, MatchOperator};

pub(super) fn check(text: &Text, expr: &Expr, findings: &mut Findings) {
    expr.root().walk(&mut |node| {
        let Kind::Selector(selector) = &node.kind else { return };
        for matcher in &selector.matchers {
            check_matcher(text, matcher, findings);
        }
    });
}

fn check_matcher(text: &Text, matcher: &LabelMatcher, findings: &mut Findings) {
    let (sign, plain) = match matcher.operator {
        MatchOperator::Matches => ("=~", "="),
        MatchOperator::MatchesNot => ("!~", "!="),
        MatchOperator::Equal | MatchOperator::NotEqual => return,
    };
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-:/ ".contains(letter);
    // An empty one is how some write "has this label", and `=""` is not how they read it.
    if matcher.value.is_empty() || !matcher.value.chars().all(is_plain) {
        return;
    }
    let own = &text.value[matcher.range.clone()];
    let Some(at) = own.find(sign).map(|at| matcher.range.start + at) else { return };
    findings
        .warn(codes::WB075, format!("`{}` is no pattern", matcher.value))
        .at(text.place_of(matcher.range.clone()), "a plain text")
        .help(format!("write `{plain}`: it says what is meant, and is faster to look up"))
        .fix(text.place_of(at..at + sign.len()), sign, plain);
}
