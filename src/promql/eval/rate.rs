//! How fast a series goes: `rate`, `increase`, `delta`, and their siblings that look at the last two points alone.

use super::Semantics;
use super::number;
use super::subquery::Window;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of a counter, for each second.
    Rate,
    /// Of a counter, over the window.
    Increase,
    /// Of a gauge, over the window.
    Delta,
}

/// The growth between the first and the last point, carried on to the edges of the window where the series seems to reach
/// that far: that is, where the edge is hardly further away than points are from each other.
pub(super) fn extrapolated(window: &Window<'_>, kind: Kind, semantics: Semantics) -> Option<f64> {
    let [first, .., last] = window.points else { return None };
    let is_counter = kind != Kind::Delta;
    let mut growth = last.value - first.value;
    if is_counter {
        for pair in window.points.windows(2).filter(|pair| pair[1].value < pair[0].value) {
            growth += pair[0].value;
        }
    }
    let mut to_start = number::seconds(first.at - window.start);
    let to_end = number::seconds(window.end - last.at);
    let sampled = number::seconds(last.at - first.at);
    let between = sampled / number::count(window.points.len() - 1);
    let reach = between * 1.1;
    // A counter was not negative before: it cannot have begun before it was 0.
    let zero = (is_counter && growth > 0.0 && first.value >= 0.0).then(|| sampled * (first.value / growth));
    if semantics == Semantics::Prometheus2 {
        to_start = zero.filter(|zero| *zero < to_start).unwrap_or(to_start);
    }
    if to_start >= reach {
        to_start = between / 2.0;
    }
    to_start = zero.filter(|zero| *zero < to_start).unwrap_or(to_start);
    let to_end = if to_end >= reach { between / 2.0 } else { to_end };
    let mut factor = (sampled + to_start + to_end) / sampled;
    if kind == Kind::Rate {
        factor /= duration(window.end - window.start);
    }
    Some(growth * factor)
}

/// Seconds, put together of whole ones and the rest as Go does.
#[expect(clippy::cast_precision_loss, reason = "Prometheus converts them alike")]
fn duration(millis: i64) -> f64 {
    (millis / 1000) as f64 + ((millis % 1000) * 1_000_000) as f64 / 1e9
}

/// The growth between the last two points; for each second, and without falling, where it is of a counter.
pub(super) fn instant(window: &Window<'_>, is_counter: bool) -> Option<f64> {
    let [.., before, last] = window.points else { return None };
    let has_reset = is_counter && last.value < before.value;
    let growth = if has_reset { last.value } else { last.value - before.value };
    Some(if is_counter { growth / number::seconds(last.at - before.at) } else { growth })
}
