//! For a pull request: one comment, found again by its first line and edited in place.
//!
//! Whatever comes out of a file stands in a code span, in which neither GitHub nor GitLab looks for mentions, links, images or
//! HTML. So a hostile change can write nothing here but its own text.

use super::{Heading, summary, visible};
use crate::change::{Difference, Item, RuleChange, Told, What};
use std::fmt::Write;

/// The first line of the comment, which nobody sees. A comment is ours when it begins with it and our own account wrote it.
pub const MARKER: &str = "<!-- watchbell:report -->";

/// How many characters a comment may have. GitHub takes 65,536 characters.
pub const LONGEST: usize = 60_000;

/// How long one text may be before it is cut.
const LONGEST_TEXT: usize = 600;

/// What others have to say in the same comment. It is Markdown, in which every text of a file is in its span already.
#[derive(Clone, Debug, Default)]
pub struct Besides {
    /// Lines that stand before everything.
    pub lines: String,
    /// What stands folded away below it, each part whole.
    pub sections: Vec<String>,
}

/// The comment, with its marker.
#[must_use]
pub fn markdown(difference: &Difference, heading: Heading<'_>, besides: &Besides) -> String {
    let mut page = format!("{MARKER}\n### Watchbell: {}\n\n", summary(difference));
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{} → {}\n\n{}", inline(heading.base), inline(heading.head), besides.lines);
    let difference = parts(difference);
    // A table after a folded part begins after a blank line.
    let sections = besides.sections.iter().map(|section| format!("{section}\n"));
    fill(page.trim_end().to_owned() + "\n\n", sections.chain(difference).collect())
}

/// What is different, in parts of which each is whole.
#[must_use]
pub fn parts(difference: &Difference) -> Vec<String> {
    let mut parts = table(difference);
    parts.extend(difference.records.iter().map(|record| {
        let alerts: Vec<String> = record.alerts.iter().map(|alert| inline(alert)).collect();
        let alerts = if alerts.is_empty() { "no alert".into() } else { alerts.join(", ") };
        let head =
            format!("\nrecording rule {} ({}), read by {alerts}\n", inline(&record.record), inline(&record.place));
        format!("{head}\n{}", list(&record.items))
    }));
    parts.extend(difference.groups.iter().map(|group| {
        format!("\ngroup {}, {} alerting rules\n\n{}", inline(&group.group), group.rules, list(&group.items))
    }));
    parts.extend(difference.told.iter().map(|it| {
        let rules: Vec<String> = it.rules.iter().map(|rule| inline(rule)).collect();
        format!("\ntold otherwise: {}\n\n- {}\n", rules.join(", "), told(&it.told))
    }));
    if !difference.service.is_empty() {
        parts.push(format!("\nthe configuration\n\n{}", list(&difference.service)));
    }
    parts
}

/// Puts parts together as long as they fit, and says how many do not.
#[must_use]
pub fn fill(mut page: String, parts: Vec<String>) -> String {
    let mut length = page.chars().count();
    let mut left = 0;
    for part in parts {
        let more = part.chars().count();
        if length + more > LONGEST {
            left += 1;
            continue;
        }
        length += more;
        page.push_str(&part);
    }
    if left > 0 {
        let _ = write!(page, "\n… and {left} more parts, too long for a comment: `watchbell diff` shows them all.\n");
    }
    page
}

/// A table with one row for each thing that is different of a rule, and what becomes of its alerts. Each rule is one part, so
/// that none is cut in two.
fn table(difference: &Difference) -> Vec<String> {
    if difference.rules.is_empty() {
        return Vec::new();
    }
    let head = "| rule | what | before | after | effect |\n| --- | --- | --- | --- | --- |\n".to_owned();
    std::iter::once(head).chain(difference.rules.iter().map(rows)).collect()
}

fn rows(rule: &RuleChange) -> String {
    let what = match &rule.what {
        What::Added => "**new**".into(),
        What::Removed => "**gone**".into(),
        What::Renamed(was) => format!("**renamed**, was {}", cell(was)),
        What::LooksRenamed(was) => format!("**looks renamed**, was {}", cell(was)),
        What::SwitchedOff(because) if because.is_empty() => "**switched off**".into(),
        What::SwitchedOff(because) => format!("**switched off**, because: {}", cell(because)),
        What::SwitchedOn => "**switched on**".into(),
        What::Changed => "changed".into(),
    };
    let live = cell(&rule.live.words());
    let sign = if rule.can_end_alerts() { "⚠ " } else { "" };
    let name = cell(&format!("{}/{}", rule.group, rule.alert));
    let mut rows = format!("| {name} {} | {what} | | | {sign}{live} |\n", cell(&rule.place));
    for item in &rule.items {
        let effect = item.effect.map_or("", crate::change::Effect::words);
        let _ = writeln!(
            rows,
            "| | {} | {} | {} | {effect} |",
            cell(&item.subject),
            cell_of(item.before.as_ref()),
            cell_of(item.after.as_ref())
        );
    }
    for record in &rule.through {
        let _ = writeln!(rows, "| | reads {} | | | it changed |", cell(record));
    }
    for told in &rule.told {
        let severity = cell(told.severity.name());
        let _ = writeln!(
            rows,
            "| | told at {severity} | {} | {} | |",
            cell_of(told.before.as_ref()),
            cell_of(told.after.as_ref())
        );
    }
    rows
}

fn list(items: &[Item]) -> String {
    let line = |item: &Item| {
        let effect = item.effect.map(|effect| format!(" ({})", effect.words())).unwrap_or_default();
        format!("- {}: {} → {}{effect}\n", inline(&item.subject), side(item.before.as_ref()), side(item.after.as_ref()))
    };
    items.iter().map(line).collect()
}

fn told(told: &Told) -> String {
    format!("at {}: {} → {}", inline(told.severity.name()), side(told.before.as_ref()), side(told.after.as_ref()))
}

fn cell_of(text: Option<&String>) -> String {
    side(text).replace('|', "\\|")
}

fn side(text: Option<&String>) -> String {
    text.map_or_else(|| "–".into(), |text| inline(text))
}

/// Any text as a code span that it cannot leave.
#[must_use]
pub fn inline(text: &str) -> String {
    let mut shown = visible(text);
    if shown.chars().count() > LONGEST_TEXT {
        shown = shown.chars().take(LONGEST_TEXT).chain(['…']).collect();
    }
    if shown.trim().is_empty() {
        return "(empty)".into();
    }
    // A span ends at as many backticks as it began with, so it begins with more than the text has in a row.
    let longest = shown.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if shown.starts_with('`') || shown.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// The same for a cell of a table, which a bar would end, even in a span.
fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_span_or_its_cell() {
        for (text, span) in [
            ("a > 1", "`a > 1`"),
            ("`@everyone`", "`` `@everyone` ``"),
            ("``` ![x](https://example.org)", "```` ``` ![x](https://example.org) ````"),
            ("a | b", "`a | b`"),
            ("a\n<!-- x -->\u{202e}\u{1b}[31m", r"`a⏎<!-- x -->\u{202e}\u{1b}[31m`"),
            (" \t", r"` \u{9}`"),
            ("  ", "(empty)"),
            ("", "(empty)"),
        ] {
            assert_eq!(inline(text), span);
        }
        assert_eq!(cell("a | b"), r"`a \| b`");
    }

    #[test]
    fn a_comment_that_would_be_too_long_says_what_it_leaves_out() {
        let page = fill("head\n".into(), vec!["x".repeat(LONGEST - 10), "y".repeat(20), "z".into(), "w".repeat(20)]);
        assert!(page.len() < LONGEST + 200);
        assert!(
            page.ends_with("z\n… and 2 more parts, too long for a comment: `watchbell diff` shows them all.\n"),
            "{page}"
        );
    }
}
