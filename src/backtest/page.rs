//! A report as one page for a browser, complete in itself: no script, and nothing that is fetched.

use super::chart::{escaped, svg};
use super::render::{HEADS, asked, cells, heading, sentence, silence, spans};
use super::report::Report;
use std::fmt::Write;

/// Writes `report` as HTML.
pub(super) fn html(report: &Report) -> String {
    let mut text = String::from(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Backtest</title>\n<style>body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
         color:#222;background:#fff}table{border-collapse:collapse;width:100%}th,td{padding:.25rem .5rem;text-align:right;\
         border-bottom:1px solid #ddd}th:nth-child(-n+2),td:nth-child(-n+2){text-align:left}section{margin:2rem 0}\
         .quiet{color:#666}</style>\n",
    );
    let _ = write!(
        text,
        "<h1>{}</h1>\n<p class=\"quiet\">{} to {}; {}</p>\n",
        escaped(&heading(report)),
        report.from,
        report.to,
        escaped(&asked(report))
    );
    text.push_str("<table><tr>");
    text.push_str(&HEADS.map(|head| format!("<th>{head}</th>")).concat());
    text.push_str("</tr>\n");
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        for tier in &rule.tiers {
            let cells = cells(rule, tier).map(|cell| format!("<td>{}</td>", escaped(&cell)));
            let _ = writeln!(text, "<tr>{}</tr>", cells.concat());
        }
    }
    text.push_str("</table>\n");
    for rule in report.rules.iter().filter(|rule| rule.fired()) {
        let _ = writeln!(text, "<section><h2>{}</h2>", escaped(&rule.alert));
        let fired = rule.tiers.iter().filter(|tier| tier.fired > 0);
        let spans: Vec<_> = fired.map(|tier| (tier.severity.clone(), spans(report, tier))).collect();
        text.push_str(&svg(rule, &spans).unwrap_or_default());
        text.push_str("<ul>");
        rule.tiers.iter().for_each(|tier| text.push_str(&format!("<li>{}</li>", escaped(&sentence(tier)))));
        text.push_str("</ul></section>\n");
    }
    text.push_str("<section class=\"quiet\"><ul>");
    let silent = report.rules.iter().filter_map(|rule| Some(format!("{}: {}", rule.alert, silence(rule)?)));
    silent.chain(report.notes.iter().cloned()).for_each(|line| text.push_str(&format!("<li>{}</li>", escaped(&line))));
    text.push_str("</ul></section>\n</html>\n");
    text
}
