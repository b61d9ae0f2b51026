//! A report as one page for a browser, complete in itself: no script, and nothing that is fetched.

use super::chart::{Chart, escaped, svg};
use super::render::{HEADS, asked, cells, ends, heading, listed, sentence, silence, spans, unknowns, values, window};
use super::report::{Report, TierReport};
use std::fmt::Write;

/// Writes `report` as HTML.
pub(super) fn html(report: &Report) -> String {
    let mut text = String::from(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Backtest</title>\n<style>body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
         color:#222;background:#fff}h1{font-size:1.4rem}h2{font-size:1.1rem}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:.25rem .5rem;text-align:right;\
         border-bottom:1px solid #ddd}th:nth-child(-n+2),td:nth-child(-n+2){text-align:left}section{margin:2rem 0}\
         .quiet{color:#666}</style>\n",
    );
    let _ = write!(
        text,
        "<h1>{}</h1>\n<p class=\"quiet\">{}; {}</p>\n",
        escaped(&heading(report)),
        window(report),
        escaped(&asked(report))
    );
    text.push_str("<div class=\"wide\"><table><tr>");
    text.push_str(&HEADS.map(|head| format!("<th>{head}</th>")).concat());
    text.push_str("</tr>\n");
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        for tier in &rule.tiers {
            let cells = cells(rule, tier).map(|cell| format!("<td>{}</td>", escaped(&cell)));
            let _ = writeln!(text, "<tr>{}</tr>", cells.concat());
        }
    }
    text.push_str("</table></div>\n");
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        let _ = writeln!(text, "<section><h2>{}</h2>", escaped(&rule.alert));
        let chart = Chart::of(rule, ends(report), |tier| spans(report, tier));
        text.push_str(&svg(&chart).unwrap_or_default());
        text.push_str(&list(values(rule).into_iter().map(|line| escaped(&line)).chain(rule.tiers.iter().map(told))));
        text.push_str("</section>\n");
    }
    let silent = report.rules.iter().filter_map(|rule| Some(format!("{}: {}", rule.alert, silence(rule)?)));
    let lines = silent.chain(unknowns(report)).chain(report.notes.iter().cloned());
    let _ = writeln!(text, "<section class=\"quiet\">{}</section>", list(lines.map(|line| escaped(&line))));
    text.push_str("</html>\n");
    text
}

/// What is to be said of one severity: a sentence, and when it fired.
fn told(tier: &TierReport) -> String {
    format!("{}{}", escaped(&sentence(tier)), list(listed(tier).iter().map(|line| escaped(line))))
}

/// A list of what is HTML already; nothing where there is nothing.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{item}</li>")).collect();
    if items.is_empty() { items } else { format!("<ul>{items}</ul>") }
}
