//! The text format 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::family::{Family, Kind, Label, Spread, Value};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

/// Labels as they are written, without braces, in the order of their names.
pub(super) fn labels(labels: &[Label<'_>]) -> String {
    let mut sorted: Vec<_> = labels.iter().filter(|(_, value)| !value.is_empty()).collect();
    sorted.sort_unstable();
    let mut text = String::with_capacity(64);
    for (name, value) in sorted {
        let comma = if text.is_empty() { "" } else { "," };
        text.push_str(&format!("{comma}{name}=\""));
        escape(&mut text, value, true);
        text.push('"');
    }
    text
}

fn escape(text: &mut String, value: &str, quotes: bool) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' if quotes => text.push_str("\\\""),
            c => text.push(c),
        }
    }
}

/// A family with its series, where it has any.
pub(super) fn family(page: &mut String, family: &Family, now: Instant) {
    let shown = family.shown(now);
    if shown.is_empty() {
        return;
    }
    head(page, &family.name, &family.help, family.kind.word());
    for (labels, series) in shown.iter() {
        match &series.value {
            Value::Gauge(value, _) | Value::Counter(value) => line(page, &family.name, labels, *value),
            Value::Histogram(spread) => histogram(page, family, labels, spread),
        }
    }
}

fn head(page: &mut String, name: &str, help: &str, kind: &str) {
    let _infallible = write!(page, "# HELP {name} ");
    escape(page, help, false);
    let _infallible = writeln!(page, "\n# TYPE {name} {kind}");
}

fn line(page: &mut String, name: &str, labels: &str, value: f64) {
    let braces = if labels.is_empty() { ("", "") } else { ("{", "}") };
    let _infallible = writeln!(page, "{name}{}{labels}{} {}", braces.0, braces.1, number(value));
}

fn histogram(page: &mut String, family: &Family, labels: &str, spread: &Spread) {
    let Kind::Histogram(bounds) = &family.kind else { return };
    let (name, comma) = (&family.name, if labels.is_empty() { "" } else { "," });
    let mut met = 0;
    for (bound, count) in bounds.iter().chain([&f64::INFINITY]).zip(&spread.counts) {
        met += count;
        let _infallible = writeln!(page, "{name}_bucket{{{labels}{comma}le=\"{}\"}} {met}", number(*bound));
    }
    line(page, &format!("{name}_sum"), labels, spread.sum);
    let braces = if labels.is_empty() { ("", "") } else { ("{", "}") };
    let _infallible = writeln!(page, "{name}_count{}{labels}{} {met}", braces.0, braces.1);
}

/// Whether `label` is among labels as they are written.
pub(super) fn has(written: &str, label: Label<'_>) -> bool {
    let label = labels(&[label]);
    // A quotation mark within a value is escaped, so that no value looks like two labels.
    written.match_indices(&label).any(|(at, _)| {
        let (before, after) = (&written[..at], &written[at + label.len()..]);
        (before.is_empty() || before.ends_with("\",")) && (after.is_empty() || after.starts_with(','))
    })
}

/// What the families had no room for.
pub(super) fn refused(page: &mut String, name: &str, families: &[Arc<Family>]) {
    let full: Vec<_> = families.iter().filter(|family| family.refused() > 0).collect();
    if full.is_empty() {
        return;
    }
    head(page, name, "Changes to series that their metric has no room for", "counter");
    for family in full {
        let metric = labels(&[("metric", &family.name)]);
        let _infallible = writeln!(page, "{name}{{{metric}}} {}", family.refused());
    }
}

/// A number as Prometheus reads it.
fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".into(),
        f64::INFINITY => "+Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        value => value.to_string(),
    }
}
