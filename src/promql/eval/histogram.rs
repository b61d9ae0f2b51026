//! Classic histograms: one series for each bucket, told apart by `le`.

use super::expression::Asked;
use super::grouping::{Counted, Groups};
use super::{Element, EvalError, Gravity, number};
use crate::model::Labels;
use crate::promql::tree::Node;

/// A bucket: how many observations were at most so large.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// `histogram_quantile(q, of)`.
pub(super) fn quantile(
    asked: &Asked<'_>,
    node: &Node,
    q_node: &Node,
    of: &Node,
    at: i64,
) -> Result<Vec<Element>, EvalError> {
    let q = asked.scalar(q_node, at)?;
    asked.warn_of_quantile(q, q_node);
    each(asked, node, of, at, |buckets| {
        let found = quantile_of(q, buckets);
        if let Some(forced) = found.1 {
            asked.remark(Gravity::Info, forced.message(at), &of.range);
        }
        found.0
    })
}

/// `histogram_fraction(lower, upper, of)`.
pub(super) fn fraction(
    asked: &Asked<'_>,
    node: &Node,
    [lower, upper]: [&Node; 2],
    of: &Node,
    at: i64,
) -> Result<Vec<Element>, EvalError> {
    let (lower, upper) = (asked.scalar(lower, at)?, asked.scalar(upper, at)?);
    each(asked, node, of, at, |buckets| fraction_of(lower, upper, buckets))
}

/// Puts the buckets of each histogram together and asks `value` of them.
fn each(
    asked: &Asked<'_>,
    node: &Node,
    of: &Node,
    at: i64,
    value: impl Fn(Vec<Bucket>) -> f64,
) -> Result<Vec<Element>, EvalError> {
    let mut groups = Groups::new(Counted::AllButBound);
    let mut histograms: Vec<(Labels, Vec<Bucket>)> = Vec::new();
    for element in asked.vector(of, at)? {
        let written = element.labels.get("le");
        let Some(bound) = bound(written) else {
            let name = element.labels.get("__name__");
            let message = format!(
                "bucket label \"le\" is missing or has a malformed value of {written:?} for metric name {name:?}"
            );
            asked.remark(Gravity::Warning, message, &of.range);
            continue;
        };
        let group = groups.number(&element.labels);
        if group == histograms.len() {
            histograms.push((Counted::AllButBound.of(&element.labels), Vec::new()));
        }
        histograms[group].1.push(Bucket { bound, count: element.value });
    }
    let elements = histograms.into_iter().map(|(labels, buckets)| {
        let mut element = Element::new(labels, value(buckets));
        asked.rename(&mut element);
        element
    });
    asked.unique(elements.collect(), &node.range)
}

/// The upper bound that `le` gives, in what Go reads as a number.
fn bound(written: &str) -> Option<f64> {
    written.parse().ok()
}

/// How far counts had to be bent so that they never fall.
#[derive(Clone, Copy, Debug)]
struct Forced {
    first: f64,
    last: f64,
    most: f64,
}

impl Forced {
    fn message(self, at: i64) -> String {
        format!(
            "input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), from buckets {} to {}, \
             with a max diff of {}, at {} ms",
            number::text(self.first),
            number::text(self.last),
            number::text(self.most),
            at
        )
    }
}

/// By bound, equal bounds as one; none where the last bound is not infinite.
#[expect(clippy::float_cmp, reason = "bounds are the same when they are written the same")]
fn ordered(mut buckets: Vec<Bucket>) -> Option<Vec<Bucket>> {
    buckets.sort_by(|a, b| a.bound.partial_cmp(&b.bound).unwrap_or(std::cmp::Ordering::Equal));
    if buckets.last()?.bound != f64::INFINITY {
        return None;
    }
    buckets.dedup_by(|next, kept| {
        let is_same = next.bound == kept.bound;
        if is_same {
            kept.count += next.count;
        }
        is_same
    });
    Some(buckets)
}

/// Differences as small as this, relatively, are dust of floating point.
const DUST: f64 = 1e-12;

#[expect(clippy::float_cmp, reason = "what is equal needs no repair")]
fn are_almost_equal(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < DUST * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < DUST
}

/// Makes counts that never fall; says how far they had to be bent.
#[expect(clippy::float_cmp, reason = "what is equal needs no repair")]
fn straighten(buckets: &mut [Bucket]) -> Option<Forced> {
    let mut forced: Option<Forced> = None;
    let mut before = buckets[0].count;
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if count == before {
            continue;
        }
        if are_almost_equal(before, count) {
            bucket.count = before;
        } else if count < before {
            bucket.count = before;
            let (bound, difference) = (bucket.bound, before - count);
            let so_far = forced.unwrap_or(Forced { first: bound, last: bound, most: difference });
            forced = Some(Forced { last: bound, most: so_far.most.max(difference), ..so_far });
        } else {
            before = count;
        }
    }
    forced
}

fn quantile_of(q: f64, buckets: Vec<Bucket>) -> (f64, Option<Forced>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if !(0.0..=1.0).contains(&q) {
        return (if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY }, None);
    }
    let Some(mut buckets) = ordered(buckets) else { return (f64::NAN, None) };
    let forced = straighten(&mut buckets);
    let [finite @ .., all] = &buckets[..] else { return (f64::NAN, None) };
    let Some(highest) = finite.last().filter(|_| all.count != 0.0) else { return (f64::NAN, None) };
    let rank = q * all.count;
    // The first whose count is at least the rank; `NaN` never is.
    let reaches = |bucket: &Bucket| bucket.count >= rank;
    let place = finite.partition_point(|bucket| !reaches(bucket));
    let Some(bucket) = finite.get(place) else { return (highest.bound, forced) };
    let value = match place.checked_sub(1).map(|before| finite[before]) {
        None if bucket.bound <= 0.0 => bucket.bound,
        None => bucket.bound * (rank / bucket.count),
        Some(Bucket { bound: start, count }) => {
            start + (bucket.bound - start) * ((rank - count) / (bucket.count - count))
        }
    };
    (value, forced)
}

fn fraction_of(lower: f64, upper: f64, buckets: Vec<Bucket>) -> f64 {
    let Some(buckets) = ordered(buckets) else { return f64::NAN };
    let count = buckets[buckets.len() - 1].count;
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let rank = |value| rank_of(value, &buckets).filter(|rank| *rank <= count).unwrap_or(count);
    (rank(upper) - rank(lower)) / count
}

/// How many observations were below `value`, as far as the buckets tell.
fn rank_of(value: f64, buckets: &[Bucket]) -> Option<f64> {
    let (mut start, mut rank) = (f64::NEG_INFINITY, 0.0);
    for (place, bucket) in buckets.iter().enumerate() {
        if place == 0 && bucket.bound > 0.0 {
            start = 0.0;
        }
        if start >= value {
            return Some(rank);
        }
        if bucket.bound > value && start.is_infinite() {
            // Nothing is known of what lies in a bucket without an end: it counts as below.
            return Some(bucket.count);
        }
        if bucket.bound > value {
            return Some(rank + (bucket.count - rank) * (value - start) / (bucket.bound - start));
        }
        start = bucket.bound;
        rank = bucket.count;
    }
    None
}
