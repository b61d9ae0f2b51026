//! Bounds that trends lead to.

use super::Inputs;
use crate::review::clock::At;
use crate::review::measured::Measured;
use serde::Serialize;

/// A series that will reach a bound, if it goes on as it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capacity {
    /// The name of the rule's alerts.
    pub alert: String,
    /// The labels of the series.
    pub labels: String,
    /// Where the line through its past stands now.
    pub now: f64,
    /// The unit.
    pub unit: Option<String>,
    /// The bound that it reaches first.
    pub bound: f64,
    /// The severity of that bound.
    pub severity: String,
    /// When.
    pub reached: At,
    /// In how many seconds; zero where it is there already.
    pub in_seconds: f64,
}

/// What leads to a bound within [`crate::review::AHEAD`], what is there first before the rest.
pub(super) fn lines(inputs: &Inputs<'_>, measured: &Measured) -> Vec<Capacity> {
    let mut lines = Vec::new();
    for (rule, trends) in &measured.trends {
        let Some(rule) = inputs.world.rule(*rule) else { continue };
        for trend in trends {
            let Some((span, bound, severity)) = trend.reaches(rule) else { continue };
            lines.push(Capacity {
                alert: rule.alert.to_string(),
                labels: trend.labels.without("__name__").to_string(),
                now: trend.now,
                unit: rule.unit.as_ref().map(ToString::to_string),
                bound,
                severity: severity.to_string(),
                reached: At(inputs.at + span),
                in_seconds: span.as_secs_f64(),
            });
        }
    }
    lines.sort_by(|a, b| a.in_seconds.total_cmp(&b.in_seconds).then_with(|| a.alert.cmp(&b.alert)));
    lines
}
