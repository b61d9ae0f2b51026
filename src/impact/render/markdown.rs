//! For a pull request: the comment, in which every text of a file stands where nothing but itself can come of it.

use super::human::details;
use super::{HEADS, LISTED, Links, Row, asked, headline, link::link, rows, window};
use crate::backtest::escaped;
use crate::change::Difference;
use crate::change::render::{Besides, Heading, MARKER, fill, inline, parts, summary};
use crate::impact::{Impact, RuleImpact, Turn, when};
use std::fmt::Write;

/// The comment: what changed, what it would have meant, and the rest folded away below it.
#[must_use]
pub fn markdown(
    difference: &Difference,
    heading: Heading<'_>,
    impact: &Impact,
    links: &Links,
    besides: &Besides,
) -> String {
    let (before, after) = (impact.before.pages, impact.after.pages);
    let mut page = format!(
        "{MARKER}\n### Watchbell: {} · pages over {}: {before} → {after}\n\n",
        summary(difference),
        window(impact)
    );
    // Writing to a String cannot fail.
    let _ = writeln!(page, "{} → {}: {}\n", inline(heading.base), inline(heading.head), headline(impact));
    let mut all = vec![besides.lines.clone(), verdicts(impact)];
    all.extend(table(impact));
    all.extend(impact.rules.iter().map(|rule| section(impact, rule, links)));
    all.extend(besides.sections.iter().cloned());
    all.push(foot(impact));
    let whole = parts(difference).concat();
    if !whole.trim().is_empty() {
        all.push(format!("\n<details><summary>Everything that changed</summary>\n\n{whole}\n</details>\n"));
    }
    fill(page, all)
}

/// So many rules stand in the table; `watchbell diff` has them all.
const MOST_RULES: usize = 100;
/// So many lines say what stands in the way.
const MOST_VERDICTS: usize = 20;

/// What stands in the way.
fn verdicts(impact: &Impact) -> String {
    let mut lines = Vec::new();
    for rule in &impact.rules {
        lines.extend(rule.lost().map(|met| format!("- ⚠ {}: {}\n", inline(&rule.name), met.words())));
        if let Some(budget) = &rule.budget {
            let sign = if budget.is_broken { "❌" } else { "⚠" };
            lines.push(format!("- {sign} {}: {}\n", inline(&rule.name), budget.words()));
        }
    }
    let left = lines.len().saturating_sub(MOST_VERDICTS);
    lines.truncate(MOST_VERDICTS);
    if left > 0 {
        lines.push(format!("- … and {left} more\n"));
    }
    lines.concat()
}

/// The table, its head first and then the rows of each rule, as many as leave room for more than the table.
fn table(impact: &Impact) -> Vec<String> {
    if impact.rules.is_empty() {
        return vec!["\nNothing comes out otherwise.\n".into()];
    }
    let head = format!("\n| {} |\n|{}\n", HEADS.join(" | "), " --- |".repeat(HEADS.len()));
    let rows = impact.rules.iter().take(MOST_RULES).map(rows_of);
    let left = impact.rules.len().saturating_sub(MOST_RULES);
    let more = (left > 0).then(|| format!("| … and {left} more rules | | | | | | | |\n"));
    std::iter::once(head).chain(rows).chain(more).collect()
}

fn rows_of(rule: &RuleImpact) -> String {
    let row = |Row { severity, change, figures, verdict }: Row| {
        let name = cell(&format!("{} · {severity}", rule.name));
        let change = if change.is_empty() { String::new() } else { cell(&change) };
        let verdict = if verdict.is_empty() { String::new() } else { format!("**{verdict}**") };
        format!("| {name} | {change} | {} | {verdict} |\n", figures.join(" | "))
    };
    rows(rule).into_iter().map(row).collect()
}

fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

fn section(impact: &Impact, rule: &RuleImpact, links: &Links) -> String {
    let body = details(impact, rule);
    let linked = linked(rule, links);
    if body.is_empty() && linked.is_empty() {
        return String::new();
    }
    // A fence that no line of ours can close.
    let body = body.replace("```", "'''");
    let name = escaped(&rule.name);
    format!("\n<details><summary><code>{name}</code></summary>\n\n```text\n{body}```\n{linked}\n</details>\n")
}

/// The stretches that come out otherwise, where they can be looked at.
fn linked(rule: &RuleImpact, links: &Links) -> String {
    let Some(shown) = rule.after.as_ref().or(rule.before.as_ref()) else { return String::new() };
    let one = |turn: &Turn| {
        let at = turn.at().map(when)?;
        Some(format!("[{} {at}]({})", turn.kind.word(), link(links, shown, turn)?))
    };
    let all: Vec<String> = rule.turns.iter().take(LISTED).filter_map(one).collect();
    if all.is_empty() { String::new() } else { format!("\nGraphs: {}\n", all.join(", ")) }
}

fn foot(impact: &Impact) -> String {
    let same = match impact.same {
        0 => String::new(),
        1 => "1 other rule comes out as it did. ".into(),
        same => format!("{same} other rules come out as they did. "),
    };
    let notes: String = impact.notes.iter().map(|note| format!("\n- {}", inline(note))).collect();
    let asked = asked(impact);
    format!(
        "\n{same}{asked}, PromQL by the server.\n\n<details><summary>What this cannot know</summary>\n{notes}\n\n</details>\n"
    )
}
