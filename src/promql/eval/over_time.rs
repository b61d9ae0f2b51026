//! Functions of the points of a window, without regard to when they lie.

use super::number;
use super::subquery::Window;
use super::sum::{Mean, Sum};

fn values<'a>(window: &Window<'a>) -> impl Iterator<Item = f64> + use<'a> {
    window.points.iter().map(|point| point.value)
}

/// The sum.
pub(super) fn sum(window: &Window<'_>) -> f64 {
    let sum = values(window).fold(Sum::default(), Sum::plus);
    if sum.sum.is_infinite() { sum.sum } else { sum.total() }
}

/// The mean.
pub(super) fn avg(window: &Window<'_>) -> f64 {
    let mut values = values(window);
    let first = values.next().unwrap_or(f64::NAN);
    values.fold(Mean::of(first), Mean::plus).total()
}

/// The smallest; `NaN` only where there is nothing else.
pub(super) fn min(window: &Window<'_>) -> f64 {
    values(window)
        .reduce(|least, value| if value < least || least.is_nan() { value } else { least })
        .unwrap_or(f64::NAN)
}

/// The largest; `NaN` only where there is nothing else.
pub(super) fn max(window: &Window<'_>) -> f64 {
    values(window).reduce(|most, value| if value > most || most.is_nan() { value } else { most }).unwrap_or(f64::NAN)
}

/// The mean square distance from the mean.
pub(super) fn variance(window: &Window<'_>) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, Sum::default(), Sum::default());
    for value in values(window) {
        count += 1.0;
        let delta = value - mean.total();
        mean = mean.plus(delta / count);
        squares = squares.plus(delta * (value - mean.total()));
    }
    squares.total() / count
}

/// The value at rank `q`.
pub(super) fn quantile(window: &Window<'_>, q: f64) -> f64 {
    number::quantile(q, &mut values(window).collect::<Vec<_>>())
}

/// How often the value became another one.
#[expect(clippy::float_cmp, reason = "any other value is a change")]
pub(super) fn changes(window: &Window<'_>) -> f64 {
    neighbours(window, |before, after| before != after && !(before.is_nan() && after.is_nan()))
}

/// How often the value fell, as a counter does that starts anew.
pub(super) fn resets(window: &Window<'_>) -> f64 {
    neighbours(window, |before, after| after < before)
}

fn neighbours(window: &Window<'_>, counts: impl Fn(f64, f64) -> bool) -> f64 {
    number::count(window.points.windows(2).filter(|pair| counts(pair[0].value, pair[1].value)).count())
}
