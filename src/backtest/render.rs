//! A report as people and programs read it: for a terminal, as Markdown, as HTML in one file, as JSON.

use super::chart::{Chart, braille, escaped};
use super::page::html;
use super::report::{FiringReport, Report, RuleReport, TierReport};
use crate::model::{Span, counted, duration_text, visible_lines};
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

/// The window, to the second; JSON has the milliseconds by which the grids of groups are apart.
pub(super) fn window(report: &Report) -> String {
    format!("{} to {}", to_the_second(&report.from), to_the_second(&report.to))
}

/// An instant without its part of a second.
fn to_the_second(at: &str) -> String {
    at.parse::<Timestamp>().map_or_else(|_| at.to_owned(), |at| format!("{at:.0}"))
}

/// How often, in words.
fn times(count: u32) -> String {
    counted(count as usize, "time")
}

pub(super) fn heading(report: &Report) -> String {
    // Of no slot nothing is unknown either.
    let has_slots = report.coverage > 0.0 || report.rules.iter().any(|rule| rule.unknown_seconds > 0.0);
    let known = if has_slots {
        format!("{:.1} % of all slots are known", 100.0 * report.coverage)
    } else {
        "no slot of a rule lies in this window".to_owned()
    };
    format!(
        "{}, {}{}, if nobody had acted; {known}",
        counted(report.incidents, "incident"),
        counted(report.pages, "page"),
        report.about_us(),
    )
}

pub(super) fn asked(report: &Report) -> String {
    let sources: Vec<String> = report.sources.iter().map(|(name, url)| format!("{name} ({url})")).collect();
    format!(
        "asked {}: {}, {} more from earlier answers; {:.1} s of waiting, {:.1} s of deciding",
        sources.join(", "),
        counted(report.queries, "question"),
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
        _ if short > 0 => format!("never fired; its condition held {}, too short each time", times(short)),
        (Some((share, tier)), _) if share < 1.0 => {
            format!("never fired; its values came to {:.0} % of the bound of `{}`", 100.0 * share, tier.severity)
        }
        (_, Some(_)) => "never fired".to_owned(),
        (_, None) => "never fired; its query never answered anything".to_owned(),
    })
}

fn human(report: &Report) -> String {
    let mut text = format!("{}\n{}\n{}\n\n", window(report), heading(report), asked(report));
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
    let unknown: String = unknowns(report).iter().map(|line| format!("  {line}\n")).collect();
    if !unknown.is_empty() {
        let _ = write!(text, "\nunknown:\n{unknown}");
    }
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    visible_lines(&text)
}

/// Where nothing is known, and why: rules of which the same is to be said share a line.
#[must_use]
pub fn unknowns(report: &Report) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for rule in report.rules.iter().filter(|rule| rule.unknown_seconds > 0.0) {
        let slots = |(why, slots): (&String, &u32)| format!("{}: {why}", counted(*slots as usize, "slot"));
        let why: Vec<String> = rule.failures.iter().map(slots).collect();
        let line = format!("nothing is known of {} ({})", seconds(Some(rule.unknown_seconds)), why.join("; "));
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, rules)) => rules.push(&rule.alert),
            None => lines.push((line, vec![&rule.alert])),
        }
    }
    lines.into_iter().map(|(line, rules)| format!("{}: {line}", some_of(&rules))).collect()
}

/// The first few names; JSON has them all.
fn some_of(names: &[&str]) -> String {
    match names.len().saturating_sub(LISTED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..LISTED].join(", ")),
    }
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
    text.push_str(
        &braille(&Chart::of(rule, ends(report), |tier| spans(report, tier)), WIDTH, ROWS).unwrap_or_default(),
    );
    if let Some(line) = values(rule) {
        let _ = writeln!(text, "  {line}");
    }
    for tier in &rule.tiers {
        let _ = writeln!(text, "  {}", sentence(tier));
        text.extend(listed(tier).iter().map(|line| format!("    {line}\n")));
    }
    text
}

/// One severity in a sentence.
pub(super) fn sentence(tier: &TierReport) -> String {
    let mut text = format!("{} ({}): fired {}", tier.severity, tier.condition, counted(tier.fired, "time"));
    if tier.alerts > 1 {
        let _ = write!(text, " on {} label sets", tier.alerts);
    }
    if tier.short > 0 {
        let _ = write!(text, "; held {} for too short", times(tier.short));
    }
    if tier.near_misses > 0 {
        let _ = write!(text, "; turned back {} within a tenth of the bound", times(tier.near_misses));
    }
    for (what, incidents) in &tier.held {
        let _ = write!(text, "; {} held back by {what}", counted(*incidents, "incident"));
    }
    text
}

/// When a severity fired first, for how long and on what: a line each.
pub(super) fn listed(tier: &TierReport) -> Vec<String> {
    let line = |firing: &FiringReport| {
        let still = if firing.to.is_none() { ", and still fires" } else { "" };
        let (from, length) = (to_the_second(&firing.from), seconds(Some(firing.seconds)));
        format!("{from}  {length}{still}  {}", firing.labels)
    };
    let more = tier.firings.len().saturating_sub(LISTED);
    let more = (more > 0).then(|| format!("and {more} more"));
    tier.firings.iter().take(LISTED).map(line).chain(more).collect()
}

/// How the values of a rule are spread, with their unit.
pub(super) fn values(rule: &RuleReport) -> Option<String> {
    let unit = rule.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    rule.values.map(|values| format!("values: {values}{unit}"))
}

/// The two ends of the window, in seconds since 1970.
#[must_use]
pub fn ends(report: &Report) -> (f64, f64) {
    (instant(&report.from), instant(&report.to))
}

fn instant(at: &str) -> f64 {
    at.parse::<Timestamp>().map_or(0.0, |at| at.as_duration().as_secs_f64())
}

/// When a severity fired, as shares of the window.
pub(super) fn spans(report: &Report, tier: &TierReport) -> Vec<(f64, f64)> {
    tier.firings.iter().map(|firing| share(ends(report), &firing.from, firing.seconds)).collect()
}

/// A stretch of so many seconds from an instant on, as a share of a window.
#[must_use]
pub fn share((from, to): (f64, f64), begin: &str, seconds: f64) -> (f64, f64) {
    let length = (to - from).max(1.0);
    let begin = (instant(begin) - from) / length;
    (begin, (begin + seconds / length).min(1.0))
}

fn markdown(report: &Report) -> String {
    let mut text = format!("### {}\n\n{}; {}\n\n", heading(report), window(report), asked(report));
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
    let silent = report.rules.iter().filter_map(|rule| Some(format!("{}: {}", rule.alert, silence(rule)?)));
    let lines: String = silent.chain(unknowns(report)).map(|line| format!("- {}\n", cell_of(&line))).collect();
    if !lines.is_empty() {
        let _ = write!(text, "\n{lines}");
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
