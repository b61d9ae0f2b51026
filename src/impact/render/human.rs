//! For people at a terminal.

use super::{HEADS, LISTED, Row, asked, chart, headline, rows};
use crate::backtest::{braille, in_words};
use crate::impact::{Impact, RuleImpact, Swept, Turn, counted};
use crate::model::{counted as counted_of, visible_lines};
use std::fmt::Write;

/// How wide charts are, in characters.
const WIDTH: usize = 72;
/// How high.
const ROWS: usize = 4;

/// The impact, rule by rule.
#[must_use]
pub fn human(impact: &Impact) -> String {
    // Writing to a String cannot fail.
    let mut text = format!("\nover history: {}\n{}\n\n", headline(impact), asked(impact));
    text.push_str(&table(impact));
    for rule in &impact.rules {
        let _ = write!(text, "\n{}\n{}", rule.name, details(impact, rule));
    }
    if impact.same > 0 {
        let rules = counted_of(impact.same, "other rule");
        let _ = writeln!(text, "\n{rules} come{} out as before", if impact.same == 1 { "s" } else { "" });
    }
    for rule in &impact.rules {
        if let Some(budget) = &rule.budget {
            let verdict = if budget.is_broken { "broken" } else { "used up" };
            let _ = writeln!(text, "budget {verdict}: {}: {}", rule.name, budget.words());
        }
    }
    impact.notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
    visible_lines(&text)
}

fn table(impact: &Impact) -> String {
    let mut lines = vec![HEADS.map(str::to_uppercase)];
    for rule in &impact.rules {
        for (place, Row { severity, change, figures, verdict }) in rows(rule).into_iter().enumerate() {
            let name = if place == 0 { format!("{} · {severity}", rule.name) } else { format!("  · {severity}") };
            let [incidents, pages, out, flaps, firing] = figures;
            lines.push([name, change, incidents, pages, out, flaps, firing, verdict]);
        }
    }
    if lines.len() == 1 {
        return "nothing comes out otherwise\n".into();
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let line = |line: &[String; 8]| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// Everything about one rule, below its name.
pub(super) fn details(impact: &Impact, rule: &RuleImpact) -> String {
    let mut text = chart(impact, rule).and_then(|chart| braille(&chart, WIDTH, ROWS)).unwrap_or_default();
    let shown = rule.after.as_ref().or(rule.before.as_ref());
    if let Some((values, shown)) = shown.and_then(|shown| Some((shown.values?, shown))) {
        let unit = shown.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let _ = writeln!(text, "  values: {values}{unit}");
    }
    for met in &rule.met {
        let _ = writeln!(text, "  {}", met.words());
    }
    if !rule.turns.is_empty() {
        let _ = writeln!(text, "  {}", counted(&rule.turns));
    }
    for turn in rule.turns.iter().take(LISTED) {
        let _ = writeln!(text, "    {}  {}", turn.words(), labels(turn));
    }
    if rule.turns.len() > LISTED {
        let _ = writeln!(text, "    and {} more", rule.turns.len() - LISTED);
    }
    rule.swept.iter().for_each(|swept| text.push_str(&sweep(swept)));
    visible_lines(&text)
}

fn labels(turn: &Turn) -> &str {
    if turn.labels() == "{}" { "" } else { turn.labels() }
}

/// Each candidate on one line, and what to think of it.
pub(super) fn sweep(swept: &Swept) -> String {
    let mut text = format!("  {} `{}`:\n", swept.severity, swept.sweep.knob);
    for (place, candidate) in swept.sweep.candidates.iter().enumerate() {
        let is_was = swept.was.as_ref() == Some(&candidate.value);
        let mark = match (candidate.is_now, is_was, swept.sweep.suggested == Some(place)) {
            (true, _, _) => "after",
            (_, true, _) => "before",
            (_, _, true) => "try",
            _ => "",
        };
        let missed: Vec<String> = candidate.missed.iter().map(|number| format!("INC-{number}")).collect();
        let missed = if missed.is_empty() { String::new() } else { format!("  misses {}", missed.join(", ")) };
        let _ = writeln!(
            text,
            "  {mark:>8} {:>9}  {:>12}  {:>9}  {:>8} firing{missed}",
            candidate.value,
            counted_of(candidate.incidents, "incident"),
            counted_of(candidate.pages as usize, "page"),
            in_words(candidate.firing_seconds)
        );
    }
    let why = &swept.sweep.why;
    let _ = match swept.sweep.suggested {
        Some(place) => writeln!(text, "  try {} {}: {why}", swept.sweep.knob, swept.sweep.candidates[place].value),
        None => writeln!(text, "  {why}"),
    };
    text
}
