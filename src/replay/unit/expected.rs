//! What was expected held against what came, and the difference in words.

use super::play::{Firing, Texts};
use super::written::{AlertCase, ExpectedSample, ExprCase};
use crate::diagnostics::Text;
use crate::model::{ALERTNAME, Labels};
use crate::promql::described;
use crate::yaml::Entries;

/// The alerts that a case expects, in order.
pub(super) fn alerts(case: &AlertCase, name: &str) -> Vec<Firing> {
    let all = case.exp_alerts.iter().flatten();
    let mut alerts: Vec<Firing> = all
        .map(|alert| {
            let alert = alert.clone().unwrap_or_default();
            let mut labels = texts(alert.exp_labels.as_ref());
            labels.insert(ALERTNAME, name.into());
            (labels, texts(alert.exp_annotations.as_ref()))
        })
        .collect();
    alerts.sort();
    alerts
}

fn texts(entries: Option<&Entries<Text>>) -> Texts {
    let entries = entries.into_iter().flatten();
    entries.map(|(name, value)| (name.value.as_str().into(), value.value.as_str().into())).collect()
}

/// The labels that were written.
pub(super) fn labels(entries: Option<&Entries<Text>>) -> Labels {
    Labels::new(entries.into_iter().flatten().map(|(name, value)| (name.value.as_str(), value.value.as_str())))
}

/// The samples that a case expects, in order.
///
/// # Errors
/// When a series is not written as one, or a native histogram is expected.
pub(super) fn samples(case: &ExprCase) -> Result<Vec<(Labels, f64)>, String> {
    let samples = case.exp_samples.iter().flatten().map(sample).collect::<Result<Vec<_>, _>>()?;
    Ok(sorted(samples))
}

fn sample(sample: &ExpectedSample) -> Result<(Labels, f64), String> {
    if sample.histogram.is_some() {
        return Err("native histograms are not supported".into());
    }
    let text = sample.labels.as_ref().map_or("", |text| &*text.value);
    let labels = if text.trim().is_empty() { Ok(Labels::empty()) } else { described(text) };
    let labels = labels.map_err(|error| format!("labels {text:?}: {error}"))?;
    Ok((labels, sample.value.unwrap_or_default()))
}

/// The samples by their labels.
pub(super) fn sorted(mut samples: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    samples
}

/// Whether two numbers count as the same; `NaN` never does, as in promtool.
#[expect(clippy::float_cmp, reason = "promtool compares exactly")]
pub(super) fn is_same(left: f64, right: f64, is_fuzzy: bool) -> bool {
    left == right || (is_fuzzy && (left.next_up() == right || left.next_down() == right))
}

/// What was expected and did not come, and what came and was not expected.
pub(super) fn difference<T>(
    expected: &[T],
    got: &[T],
    same: impl Fn(&T, &T) -> bool,
    say: impl Fn(&T) -> String,
) -> String {
    let mut left: Vec<&T> = got.iter().collect();
    let mut lines = Vec::new();
    for one in expected {
        match left.iter().position(|other| same(one, other)) {
            Some(place) => drop(left.remove(place)),
            None => lines.push(format!("  - {}", say(one))),
        }
    }
    lines.extend(left.into_iter().map(|one| format!("  + {}", say(one))));
    lines.join("\n")
}

/// An alert in words.
pub(super) fn say_alert((labels, annotations): &Firing) -> String {
    let texts: String = annotations.iter().map(|(name, text)| format!("\n      {name}: {text:?}")).collect();
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}{texts}", labels.join(", "))
}

/// A sample in words.
pub(super) fn say_sample((labels, value): &(Labels, f64)) -> String {
    format!("{labels} {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzzy_is_one_step_to_either_side_and_nan_is_never_the_same() {
        let next = 3.0_f64.next_up();
        assert!(is_same(3.0, next, true) && is_same(next, 3.0, true) && !is_same(3.0, next, false));
        assert!(!is_same(3.0, next.next_up(), true) && !is_same(f64::NAN, f64::NAN, true));
    }
}
