//! Selectors and what may follow them: braces, windows, `offset` and `@`.

use super::parser::{Parser, shiftable};
use super::token::Kind as TokenKind;
use super::tree::{At, Kind, LabelMatcher, MatchOperator, Node, Selector, Shift, Subquery};
use super::{PromqlError, pattern};
use std::ops::Range;

/// The message when a duration does something that only newer, experimental Prometheus understands.
const ARITHMETIC: &str = "arithmetic on durations is experimental in Prometheus and not enabled";

/// A selector: the metric, if one was taken already, and the braces, if there are any.
pub(super) fn selector(parser: &mut Parser<'_>, metric: Option<Range<usize>>) -> Result<Node, PromqlError> {
    let start = metric.clone().map_or(parser.peek().range.start, |range| range.start);
    let mut end = metric.clone().map_or(start, |range| range.end);
    let mut selector = Selector { metric: metric.map(|range| parser.word(range).to_owned()), ..Selector::default() };
    let mut named_inside = None;
    if parser.take_sign("{") {
        while !parser.is_sign("}") {
            matcher(parser, &mut selector, &mut named_inside)?;
            if !parser.take_sign(",") && !parser.is_sign("}") {
                return Err(parser.unexpected(" in label matching, expected \",\" or \"}\""));
            }
        }
        end = parser.expect_sign("}", " in label matching")?.end;
    }
    check_name(&selector, named_inside, start..end)?;
    Ok(Node { range: start..end, kind: Kind::Selector(selector) })
}

/// `name = "value"`, or a quoted metric name.
fn matcher(parser: &mut Parser<'_>, selector: &mut Selector, inside: &mut Option<String>) -> Result<(), PromqlError> {
    let label = parser.peek().clone();
    let name = match &label.kind {
        TokenKind::Word => parser.word(label.range.clone()).to_owned(),
        TokenKind::Text(name) => name.clone(),
        _ => return Err(parser.unexpected(" in label matching, expected identifier or \"}\"")),
    };
    parser.advance();
    let operator = match parser.peek().kind {
        TokenKind::Sign("=") => MatchOperator::Equal,
        TokenKind::Sign("!=") => MatchOperator::NotEqual,
        TokenKind::Sign("=~") => MatchOperator::Matches,
        TokenKind::Sign("!~") => MatchOperator::MatchesNot,
        // A quoted word alone is the metric, as in `{"http.requests", job="api"}`.
        _ if matches!(label.kind, TokenKind::Text(_)) => {
            return set_metric(selector, inside, name, label.range);
        }
        _ => return Err(parser.unexpected(" in label matching, expected label matching operator")),
    };
    parser.advance();
    let TokenKind::Text(value) = parser.peek().kind.clone() else {
        return Err(parser.unexpected(" in label matching, expected string"));
    };
    let range = label.range.start..parser.advance().range.end;
    if matches!(operator, MatchOperator::Matches | MatchOperator::MatchesNot) {
        pattern::check(&value).map_err(|reason| PromqlError::new(range.clone(), reason))?;
    }
    if name == "__name__" {
        // The last of several such conditions is enough to know whether the name was given twice.
        *inside = Some(value.clone());
    }
    selector.matchers.push(LabelMatcher { name, operator, value, range });
    Ok(())
}

fn set_metric(
    selector: &mut Selector,
    inside: &mut Option<String>,
    name: String,
    range: Range<usize>,
) -> Result<(), PromqlError> {
    if let Some(earlier) = selector.metric.as_ref().or(inside.as_ref()) {
        return Err(PromqlError::new(range, format!("metric name must not be set twice: {earlier:?} or {name:?}")));
    }
    selector.metric = Some(name);
    Ok(())
}

fn check_name(selector: &Selector, inside: Option<String>, range: Range<usize>) -> Result<(), PromqlError> {
    match (&selector.metric, inside) {
        (Some(metric), Some(inside)) => {
            Err(PromqlError::new(range, format!("metric name must not be set twice: {metric:?} or {inside:?}")))
        }
        _ => Ok(()),
    }
}

/// `[5m]` or `[1h:5m]`.
pub(super) fn window(parser: &mut Parser<'_>, node: Node) -> Result<Node, PromqlError> {
    let open = parser.advance().range;
    parser.count_operation(&open)?;
    let millis = positive_duration(parser, "subquery or range selector")?;
    let start = node.range.start;
    if parser.take_sign(":") {
        let has_step = !parser.is_sign("]");
        let step = has_step.then(|| positive_duration(parser, "subquery selector")).transpose()?;
        let end = close(parser, "subquery selector")?.end;
        let subquery = Subquery { of: Box::new(node), window: millis, step, time: Shift::default() };
        return Ok(Node { range: start..end, kind: Kind::Subquery(subquery) });
    }
    let close = close(parser, "subquery or range")?;
    let refused = match &node.kind {
        Kind::Selector(selector) if selector.time.offset != 0 => Some("no offset modifiers allowed before range"),
        Kind::Selector(selector) if selector.time.at.is_some() => Some("no @ modifiers allowed before range"),
        Kind::Selector(_) => None,
        _ => Some("ranges only allowed for vector selectors"),
    };
    match refused {
        Some(reason) => Err(PromqlError::new(open.start..close.end, reason)),
        None => Ok(Node { range: start..close.end, kind: Kind::Range(Box::new(node), millis) }),
    }
}

fn close(parser: &mut Parser<'_>, context: &str) -> Result<Range<usize>, PromqlError> {
    if matches!(parser.peek().kind, TokenKind::Sign("+" | "-" | "*" | "/" | "%" | "^")) {
        return Err(PromqlError::new(parser.peek().range.clone(), ARITHMETIC));
    }
    parser.expect_sign("]", &format!(" in {context}"))
}

/// A duration in brackets, in milliseconds; a bare number counts seconds.
fn positive_duration(parser: &mut Parser<'_>, context: &str) -> Result<i64, PromqlError> {
    let range = parser.peek().range.clone();
    let seconds = match parser.peek().kind {
        TokenKind::Number | TokenKind::Duration => parser.number()?,
        TokenKind::Sign("(" | "+" | "-") => return Err(PromqlError::new(range, ARITHMETIC)),
        TokenKind::Word
            if matches!(parser.word(range.clone()), "step" | "range" | "min" | "max" | "min_of" | "max_of") =>
        {
            return Err(PromqlError::new(range, ARITHMETIC));
        }
        _ => return Err(parser.unexpected(&format!(" in {context}, expected duration"))),
    };
    if seconds <= 0.0 {
        return Err(PromqlError::new(range, "duration must be greater than 0"));
    }
    millis(seconds).ok_or_else(|| PromqlError::new(range, "duration out of range"))
}

/// Whole milliseconds, where they fit into what Prometheus counts (64 bits of nanoseconds). A duration is held as seconds, of
/// which no float has exactly 1.001: so nanoseconds are rounded before milliseconds are cut off.
#[expect(clippy::cast_possible_truncation, reason = "the limit is checked first")]
fn millis(seconds: f64) -> Option<i64> {
    (seconds.abs() < 9_223_372_036.0).then_some((seconds * 1e9).round() as i64 / 1_000_000)
}

/// `offset 5m`, `offset -5m`; Prometheus takes any number of signs.
pub(super) fn offset(parser: &mut Parser<'_>, mut node: Node) -> Result<Node, PromqlError> {
    parser.advance();
    let mut sign = 1;
    while parser.is_sign("-") || parser.is_sign("+") {
        sign = if parser.is_sign("-") { -sign } else { sign };
        parser.advance();
    }
    let range = parser.peek().range.clone();
    let seconds = match parser.peek().kind {
        TokenKind::Number | TokenKind::Duration => parser.number()?,
        TokenKind::Sign("(") => return Err(PromqlError::new(range, ARITHMETIC)),
        _ => return Err(parser.unexpected(" in offset, expected number or duration")),
    };
    let millis = millis(seconds).ok_or_else(|| PromqlError::new(range, "duration out of range"))?;
    let before = node.range.clone();
    let Some(time) = shiftable(&mut node) else {
        return Err(PromqlError::new(before, format!("offset modifier must be preceded by {SHIFTED}")));
    };
    if time.offset != 0 && millis != 0 {
        return Err(PromqlError::new(before, "offset may not be set multiple times"));
    }
    time.offset += sign * millis;
    node.range.end = parser.last_end();
    Ok(node)
}

/// What `offset` and `@` may follow.
const SHIFTED: &str = "an instant vector selector or range vector selector or a subquery";

/// `@ 1609746000`, `@ start()`.
pub(super) fn at(parser: &mut Parser<'_>, mut node: Node) -> Result<Node, PromqlError> {
    parser.advance();
    let instant = instant(parser)?;
    let before = node.range.clone();
    let Some(time) = shiftable(&mut node) else {
        return Err(PromqlError::new(before, format!("@ modifier must be preceded by {SHIFTED}")));
    };
    if time.at.replace(instant).is_some() {
        return Err(PromqlError::new(before, "@ <timestamp> may not be set multiple times"));
    }
    node.range.end = parser.last_end();
    Ok(node)
}

fn instant(parser: &mut Parser<'_>) -> Result<At, PromqlError> {
    let range = parser.peek().range.clone();
    if let TokenKind::Word = parser.peek().kind {
        let at = match &*parser.word(range.clone()).to_ascii_lowercase() {
            "start" => At::Start,
            "end" => At::End,
            _ => return Err(parser.unexpected(" in @, expected timestamp")),
        };
        parser.advance();
        parser.expect_sign("(", " in @")?;
        return parser.expect_sign(")", " in @").map(|_| at);
    }
    let is_negative = parser.take_sign("-");
    if !is_negative {
        parser.take_sign("+");
    }
    match parser.peek().kind {
        TokenKind::Number | TokenKind::Duration => {
            let seconds = parser.number()?;
            let at = timestamp(if is_negative { -seconds } else { seconds });
            let refused = || PromqlError::new(range, format!("timestamp out of bounds for @ modifier: {seconds}"));
            at.map(At::Instant).ok_or_else(refused)
        }
        _ => Err(parser.unexpected(" in @, expected timestamp")),
    }
}

/// The nearest millisecond, where it is one that Prometheus can count.
#[expect(clippy::cast_possible_truncation, reason = "the limit is checked first")]
fn timestamp(seconds: f64) -> Option<i64> {
    millis(seconds / 1_000_000.0).map(|_| (seconds * 1000.0).round() as i64)
}
