//! A report as people and programs read it: for a terminal, as Markdown, as HTML in one file, as JSON.

use super::chart::{band, braille, escaped};
use super::page::html;
use super::report::{Report, RuleReport, TierReport};
use crate::model::{Span, duration_text};
use jiff::Timestamp;
use std::fmt::Write;

/// How wide charts are in a terminal, in characters.
const WIDTH: usize = 72;
/// How high.
const ROWS: usize = 4;
/// So many firings are listed of a severity; JSON has them all.
const LISTED: usize = 5;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Human,
    /// For programs; its keys are those of the documentation.
    Json,
    /// For a comment or a page that takes Markdown.
    Markdown,
    /// One file for a browser, charts included.
    Html,
}

/// Writes `report`.
#[must_use]
pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Human => human(report),
        Format::Json => {
            let mut text = serde_json::to_string_pretty(report).unwrap_or_else(|error| error.to_string());
            text.push('\n');
            text
        }
        Format::Markdown => markdown(report),
        Format::Html => html(report),
    }
}

/// The names of the columns of figures, the same everywhere.
pub(super) const HEADS: [&str; 10] =
    ["rule", "severity", "incidents", "pages", "out of hours", "flaps", "firing", "median", "to page", "near misses"];

/// The figures of one severity, in words.
pub(super) fn cells(rule: &RuleReport, tier: &TierReport) -> [String; 10] {
    let count = |count: usize| if count == 0 { "-".to_owned() } else { count.to_string() };
    let near = count(usize::try_from(tier.near_misses + tier.short).unwrap_or(usize::MAX));
    [
        rule.alert.clone(),
        tier.severity.clone(),
        count(tier.incidents),
        count(tier.pages as usize),
        count(tier.out_of_hours as usize),
        count(tier.flaps as usize),
        seconds(Some(tier.firing_seconds).filter(|seconds| *seconds > 0.0)),
        seconds(tier.p50_seconds),
        seconds(tier.wait_p50_seconds),
        near,
    ]
}

/// A length of time, or a dash where there is none.
fn seconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), in_words)
}

/// So many seconds as people say them, to the second.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a length of time, in seconds")]
pub fn in_words(seconds: f64) -> String {
    duration_text::format(Span::from_secs(seconds.round() as i64))
}

pub(super) fn heading(report: &Report) -> String {
    let about_us = match report.own_pages {
        0 => String::new(),
        pages => format!(" ({pages} of them about sources that were silent)"),
    };
    format!(
        "{} incidents, {} pages{about_us}, if nobody had acted; {:.1} % of all slots are known",
        report.incidents,
        report.pages,
        100.0 * report.coverage
    )
}

pub(super) fn asked(report: &Report) -> String {
    let sources: Vec<String> = report.sources.iter().map(|(name, url)| format!("{name} ({url})")).collect();
    format!(
        "asked {}: {} questions, {} more from earlier answers; {:.1} s of waiting, {:.1} s of deciding",
        sources.join(", "),
        report.queries,
        report.kept,
        report.waited_seconds,
        report.decided_seconds
    )
}

/// Why a rule has nothing to show, where it has nothing.
pub(super) fn silence(rule: &RuleReport) -> Option<String> {
    if rule.fired() {
        return None;
    }
    if let Some(because) = &rule.disabled {
        return Some(format!("switched off: {because}"));
    }
    let nearest = rule.tiers.iter().filter_map(|tier| Some((tier.nearest.filter(|share| *share > 0.0)?, tier)));
    let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0));
    let short: u32 = rule.tiers.iter().map(|tier| tier.short).sum();
    Some(match (nearest, rule.values) {
        _ if short > 0 => format!("never fired; its condition held {short} times, each time for too short"),
        (Some((share, tier)), _) if share < 1.0 => {
            format!("never fired; its values came to {:.0} % of the bound of `{}`", 100.0 * share, tier.severity)
        }
        (_, Some(_)) => "never fired".to_owned(),
        (_, None) => "never fired; its query never answered anything".to_owned(),
    })
}

fn human(report: &Report) -> String {
    let mut text = format!("{} to {}\n{}\n{}\n\n", report.from, report.to, heading(report), asked(report));
    let rows: Vec<[String; 10]> = report
        .rules
        .iter()
        .filter(|rule| rule.fired())
        .flat_map(|rule| rule.tiers.iter().map(|tier| cells(rule, tier)))
        .collect();
    text.push_str(&table(&rows));
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        text.push('\n');
        text.push_str(&details(report, rule));
    }
    let silent: Vec<String> =
        report.rules.iter().filter_map(|rule| Some(format!("  {}: {}\n", rule.alert, silence(rule)?))).collect();
    if !silent.is_empty() {
        let _ = write!(text, "\nwithout an incident:\n{}", silent.concat());
    }
    text.push_str(&unknowns(report, "  "));
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

/// Where nothing is known, and why.
fn unknowns(report: &Report, indent: &str) -> String {
    let mut text = String::new();
    for rule in report.rules.iter().filter(|rule| rule.unknown_seconds > 0.0) {
        let why: Vec<String> = rule.failures.iter().map(|(why, slots)| format!("{slots} slots: {why}")).collect();
        let _ = writeln!(
            text,
            "{indent}{}: nothing is known of {} ({})",
            rule.alert,
            seconds(Some(rule.unknown_seconds)),
            why.join("; ")
        );
    }
    if text.is_empty() { text } else { format!("\nunknown:\n{text}") }
}

/// A table with a line of heads, columns as wide as they need to be; figures stand to the right.
fn table(rows: &[[String; 10]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = HEADS.map(str::to_uppercase);
    let all = || std::iter::once(&heads).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut text = String::new();
    let mut last = None;
    for row in all() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let is_repeated = column == 0 && last == Some(cell);
            let cell = if is_repeated { "" } else { cell };
            let _ = if column < 2 { write!(text, "{cell:<width$}  ") } else { write!(text, "{cell:>width$}  ") };
        }
        last = Some(&row[0]);
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn details(report: &Report, rule: &RuleReport) -> String {
    let mut text = format!("{}  {} ({})\n", rule.alert, rule.file, rule.group);
    text.push_str(&braille(rule, WIDTH, ROWS).unwrap_or_default());
    for tier in rule.tiers.iter().filter(|tier| tier.fired > 0) {
        let _ = writeln!(text, "{:>10} {}", tier.severity, band(&spans(report, tier), WIDTH));
    }
    if let Some(values) = rule.values {
        let unit = rule.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let _ = writeln!(text, "  values: {values}{unit}");
    }
    for tier in &rule.tiers {
        let _ = writeln!(text, "  {}", sentence(tier));
        for firing in tier.firings.iter().take(LISTED) {
            let still = if firing.to.is_none() { ", and still fires" } else { "" };
            let _ = writeln!(text, "    {}  {}{still}  {}", firing.from, seconds(Some(firing.seconds)), firing.labels);
        }
        if tier.firings.len() > LISTED {
            let _ = writeln!(text, "    and {} more", tier.firings.len() - LISTED);
        }
    }
    text
}

/// One severity in a sentence.
pub(super) fn sentence(tier: &TierReport) -> String {
    let mut text = format!("{} ({}): fired {} times", tier.severity, tier.condition, tier.fired);
    if tier.alerts > 1 {
        let _ = write!(text, " on {} label sets", tier.alerts);
    }
    if tier.short > 0 {
        let _ = write!(text, "; held {} times for too short", tier.short);
    }
    if tier.near_misses > 0 {
        let _ = write!(text, "; turned back {} times within a tenth of the bound", tier.near_misses);
    }
    for (what, incidents) in &tier.held {
        let _ = write!(text, "; {incidents} incidents held back by {what}");
    }
    text
}

/// When a severity fired, as shares of the window.
pub(super) fn spans(report: &Report, tier: &TierReport) -> Vec<(f64, f64)> {
    let at = |text: &str| text.parse::<Timestamp>().map_or(0.0, |at| at.as_duration().as_secs_f64());
    let (from, to) = (at(&report.from), at(&report.to));
    let length = (to - from).max(1.0);
    let share = |firing: &super::report::FiringReport| {
        let begin = (at(&firing.from) - from) / length;
        (begin, (begin + firing.seconds / length).min(1.0))
    };
    tier.firings.iter().map(share).collect()
}

fn markdown(report: &Report) -> String {
    let mut text = format!("### {}\n\n{} to {}; {}\n\n", heading(report), report.from, report.to, asked(report));
    let line =
        |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| cell_of(cell)).collect::<Vec<_>>().join(" | "));
    text.push_str(&line(&HEADS.map(str::to_owned)));
    text.push_str(&format!("|---|---|{}\n", "--:|".repeat(HEADS.len() - 2)));
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        for tier in &rule.tiers {
            text.push_str(&line(&cells(rule, tier)));
        }
    }
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        let _ = write!(text, "\n<details><summary>{}</summary>\n\n```text\n", escaped(&rule.alert));
        // A fence that no line of ours can close.
        text.push_str(&details(report, rule).replace("```", "'''"));
        text.push_str("```\n\n</details>\n");
    }
    let silent = report.rules.iter().filter_map(|rule| Some((rule, silence(rule)?)));
    for (rule, why) in silent {
        let _ = writeln!(text, "\n- {}: {}", cell_of(&rule.alert), cell_of(&why));
    }
    for note in &report.notes {
        let _ = writeln!(text, "\n> {}", escaped(note));
    }
    text
}

/// Text in a cell of a Markdown table, in which it is nothing but text.
fn cell_of(text: &str) -> String {
    let special = |c: char| matches!(c, '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '@' | '~' | '!');
    let escape = |c: char| if special(c) { format!("\\{c}") } else { c.to_string() };
    escaped(text).chars().map(|c| if c == '&' { c.to_string() } else { escape(c) }).collect()
}
