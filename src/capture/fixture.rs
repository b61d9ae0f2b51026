//! The scenario's text: a head that says where it comes from, and series that a person can read.

use super::grid::{self, Grid, Row};
use crate::model::{Labels, Slot, Span, duration_text};
use crate::promql::describe;
use crate::series;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A line of values is at most so long.
const WIDTH: usize = 120;

/// Everything that a scenario file says.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Remarks for whoever reads the file, a line each.
    pub remarks: Vec<String>,
    /// What it is.
    pub title: String,
    /// The rule files, seen from the file.
    pub rules: Vec<String>,
    /// The only alerts, where not all are meant.
    pub only: Vec<String>,
    /// The configuration, seen from the file.
    pub config: Option<String>,
    /// The first slot.
    pub start: Slot,
    /// How long it runs.
    pub lasts: Span,
    /// The grid; its first point is at or before the start.
    pub grid: Grid,
    /// The series.
    pub rows: Vec<(Labels, Row)>,
    /// When the source was not scraping.
    pub gaps: Vec<Gap>,
}

/// A stretch of time in which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// From when, seen from the start.
    pub at: Span,
    /// How long.
    pub lasts: Span,
}

/// Which series were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// How many there were in all.
    pub of: usize,
    /// How many of each metric are not there.
    pub out: BTreeMap<String, usize>,
}

impl Left {
    /// Takes series away until there are `most`: those that never change first, then by their labels.
    #[must_use]
    pub fn of(rows: &mut Vec<(Labels, Row)>, most: usize) -> Left {
        let mut left = Left { of: rows.len(), out: BTreeMap::new() };
        rows.sort_by_cached_key(|(labels, row)| (grid::is_constant(&row.values), labels.clone()));
        for (labels, _) in rows.drain(most.min(rows.len())..) {
            *left.out.entry(labels.get("__name__").to_owned()).or_default() += 1;
        }
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        left
    }

    /// In a sentence; nothing where all are there.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let out: usize = self.out.values().sum();
        let of_metric = self.out.iter().map(|(metric, count)| format!("{metric} ({count})"));
        let all = self.of;
        (out > 0).then(|| {
            let which = of_metric.collect::<Vec<_>>().join(", ");
            format!("{out} of {all} series are left out, those that never change first: {which}; --max-series {all} takes all")
        })
    }
}

impl Fixture {
    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for remark in &self.remarks {
            // A line break in a label would begin a line that is no remark.
            let _ = writeln!(text, "# {}", remark.replace(['\n', '\r'], " ").trim_end());
        }
        let _ = writeln!(text, "scenario: {}", quoted(&self.title));
        let _ = writeln!(text, "rules: {}", list(&self.rules));
        if !self.only.is_empty() {
            let _ = writeln!(text, "only: {}", list(&self.only));
        }
        if let Some(config) = &self.config {
            let _ = writeln!(text, "config: {}", quoted(config));
        }
        let _ = writeln!(text, "start: {}", self.start);
        let rows: Vec<&[Option<f64>]> = self.rows.iter().map(|(_, row)| &row.values[..]).collect();
        let lead = grid::lead(&rows);
        let before = self.start - self.grid.first + self.grid.every.times(i64::try_from(lead).unwrap_or(0));
        let _ = writeln!(text, "before: {}", duration_text::format(before));
        let _ = writeln!(text, "lasts: {}", duration_text::format(self.lasts));
        text.push_str("series:\n");
        for (labels, row) in &self.rows {
            let values: Vec<_> = std::iter::repeat_n(None, lead).chain(row.values.iter().copied()).collect();
            text.push_str(&of_series(labels, &values, self.grid.every));
        }
        if !self.gaps.is_empty() {
            text.push_str("events: # the source was not scraping then\n");
        }
        for gap in &self.gaps {
            let (at, lasts) = (duration_text::format(gap.at), duration_text::format(gap.lasts));
            let _ = writeln!(text, "  - {{ at: {at}, query_error: {lasts} }}");
        }
        text
    }
}

fn of_series(labels: &Labels, values: &[Option<f64>], every: Span) -> String {
    let (times, values) = grid::thinned(values);
    let every = duration_text::format(every.times(i64::try_from(times).unwrap_or(1)));
    let (words, name) = (series::written(&values), quoted(&describe(labels)));
    let line = words.join(" ");
    if name.len() + line.len() < WIDTH {
        return format!("  - {{ series: {name}, every: {every}, values: \"{line}\" }}\n");
    }
    let mut text = format!("  - series: {name}\n    every: {every}\n    values: >-\n");
    for line in lines(&words) {
        let _ = writeln!(text, "      {line}");
    }
    text
}

/// Words in lines.
fn lines(words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut().filter(|line| line.len() + word.len() < WIDTH) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.clone()),
        }
    }
    lines
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
}

/// A text that YAML takes for itself: as it is where it is plain, in quotes otherwise.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    // What YAML takes for something else than a text (`true`, `null`, `off`) is short.
    if text.len() > 5 && text.chars().all(is_plain) && text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return text.to_owned();
    }
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}
