//! One file for a browser, with its charts.

use super::human::sweep;
use super::{HEADS, LISTED, Links, Row, asked, chart, headline, link::link, rows};
use crate::backtest::{escaped, svg};
use crate::change::Difference;
use crate::change::render::{Heading, human as in_words, summary};
use crate::impact::{Impact, RuleImpact, counted};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .5rem;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}\
section{margin:2rem 0}pre{overflow:auto;background:#f6f6f6;padding:.75rem}.quiet{color:#666}.bad{color:#b3261e}";

/// The page.
#[must_use]
pub fn html(difference: &Difference, heading: Heading<'_>, impact: &Impact, links: &Links) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>What the change would have meant</title>\n<style>{STYLE}</style>\n<h1>{}</h1>\n<p>{} → {}: {}</p>\n<p class=\"quiet\">{}</p>\n",
        escaped(&summary(difference)),
        escaped(heading.base),
        escaped(heading.head),
        escaped(&headline(impact)),
        escaped(&asked(impact))
    );
    page.push_str(&table(impact));
    impact.rules.iter().for_each(|rule| page.push_str(&section(impact, rule, links)));
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<section><h2>Everything that changed</h2><pre>{}</pre></section>\n<ul class=\"quiet\">",
        lines(&in_words(difference, heading, false))
    );
    impact.notes.iter().for_each(|note| page.push_str(&format!("<li>{}</li>", escaped(note))));
    page.push_str("</ul>\n</html>\n");
    page
}

/// Text of several lines, in which it is nothing but text.
fn lines(text: &str) -> String {
    text.lines().map(|line| escaped(line) + "\n").collect()
}

fn table(impact: &Impact) -> String {
    if impact.rules.is_empty() {
        return "<p>Nothing comes out otherwise.</p>\n".into();
    }
    let heads = HEADS.map(|head| format!("<th>{head}</th>")).concat();
    let mut text = format!("<table><tr>{heads}</tr>\n");
    for rule in &impact.rules {
        for Row { severity, change, figures, verdict } in rows(rule) {
            let name = format!("{} · {severity}", rule.name);
            let cells = [name, change].into_iter().chain(figures).chain([verdict]);
            let cells: String = cells.map(|cell| format!("<td>{}</td>", escaped(&cell))).collect();
            let _ = writeln!(text, "<tr>{cells}</tr>");
        }
    }
    text + "</table>\n"
}

fn section(impact: &Impact, rule: &RuleImpact, links: &Links) -> String {
    let mut text = format!("<section><h2>{}</h2>\n", escaped(&rule.name));
    text.push_str(&chart(impact, rule).and_then(|chart| svg(&chart)).unwrap_or_default());
    if let Some(budget) = rule.budget.as_ref().filter(|budget| budget.is_broken) {
        let _ = writeln!(text, "<p class=\"bad\">{}</p>", escaped(&budget.words()));
    }
    if !rule.turns.is_empty() {
        let _ = writeln!(text, "<p>{}</p>", escaped(&counted(&rule.turns)));
    }
    text.push_str("<ul>");
    rule.met.iter().for_each(|met| text.push_str(&format!("<li>{}</li>", escaped(&met.words()))));
    let shown = rule.after.as_ref().or(rule.before.as_ref());
    for turn in rule.turns.iter().take(LISTED) {
        let words = escaped(&format!("{}  {}", turn.words(), turn.labels()));
        let _ = match shown.and_then(|shown| link(links, shown, turn)) {
            Some(link) => writeln!(text, "<li><a href=\"{}\">{words}</a></li>", escaped(&link)),
            None => writeln!(text, "<li>{words}</li>"),
        };
    }
    text.push_str("</ul>\n");
    rule.swept.iter().for_each(|swept| text.push_str(&format!("<pre>{}</pre>\n", lines(&sweep(swept)))));
    text + "</section>\n"
}
