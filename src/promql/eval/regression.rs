//! The straight line through the points of a window.

use super::number;
use super::subquery::Window;
use super::sum::Sum;

/// How steep the line is, for each second.
pub(super) fn slope(window: &Window<'_>) -> Option<f64> {
    let [first, _, ..] = window.points else { return None };
    // Seen from a point nearby, because seconds since the epoch would eat up the precision.
    Some(line(window, first.at).0)
}

/// Where the line is `ahead` seconds later.
pub(super) fn predict(window: &Window<'_>, ahead: f64) -> Option<f64> {
    let [_, _, ..] = window.points else { return None };
    let (slope, level) = line(window, window.at);
    Some(slope * ahead + level)
}

/// Slope, and level at `origin`.
#[expect(clippy::float_cmp, reason = "a level line is exactly level")]
fn line(window: &Window<'_>, origin: i64) -> (f64, f64) {
    let first = window.points[0].value;
    if window.points.iter().all(|point| point.value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let [mut x, mut y, mut xy, mut xx] = [Sum::default(); 4];
    for point in window.points {
        let seconds = number::seconds(point.at - origin);
        x = x.plus(seconds);
        y = y.plus(point.value);
        xy = xy.plus(seconds * point.value);
        xx = xx.plus(seconds * seconds);
    }
    let n = number::count(window.points.len());
    let [x, y, xy, xx] = [x, y, xy, xx].map(Sum::total);
    let (covariance, variance) = (xy - x * y / n, xx - x * x / n);
    let slope = covariance / variance;
    (slope, y / n - slope * x / n)
}
