//! As one page for a browser, complete in itself: no script, nothing that is fetched, in light and dark, on paper as well.

use super::{Document, Line, Part, Piece, Table};
use crate::backtest::escaped;

/// The colours follow the reader's; the ink of a chart is turned with them, so that it stays legible on either ground.
const STYLE: &str = include_str!("style.css");

/// The page.
pub(super) fn html(document: &Document) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{}</h1>\n",
        escaped(&document.title.words()),
        line(&document.title)
    );
    for part in &document.parts {
        page.push_str(&written(part));
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn written(part: &Part) -> String {
    match part {
        Part::Sheet(text) => format!("<h2 class=\"sheet\">{}</h2>\n", escaped(text)),
        Part::Heading(text) => format!("<h2>{}</h2>\n", escaped(text)),
        Part::Text(text) => format!("<p>{}</p>\n", line(text)),
        Part::Notice(text) => format!("<p class=\"notice\">{}</p>\n", line(text)),
        Part::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", line(item))).collect();
            format!("<ul>\n{items}</ul>\n")
        }
        Part::Facts(facts) => {
            let facts = facts.iter().map(|(name, what)| format!("<dt>{name}</dt><dd>{}</dd>\n", line(what)));
            format!("<dl>\n{}</dl>\n", facts.collect::<String>())
        }
        Part::Table(rows) => table(rows),
        Part::Picture(picture) => format!("<figure>{}</figure>\n", picture.svg().unwrap_or_default()),
        Part::Command(command) => format!("<pre>{}</pre>\n", escaped(command)),
    }
}

/// A cell that is not longer stays on one line: a date, a name, a verdict.
const SHORT: usize = 24;

fn table(table: &Table) -> String {
    let heads = table.columns().map(|(head, figures)| {
        let class = if figures { " class=\"figure\"" } else { "" };
        format!("<th{class}>{head}</th>")
    });
    let heads: String = heads.collect();
    let mut text = format!("<div class=\"wide\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        let cells = row.iter().zip(table.columns()).map(|(cell, (_, figures))| {
            let class = match () {
                () if figures => " class=\"figure\"",
                () if cell.words().chars().count() <= SHORT => " class=\"short\"",
                () => "",
            };
            format!("<td{class}>{}</td>", line(cell))
        });
        text.push_str(&format!("<tr>{}</tr>\n", cells.collect::<String>()));
    }
    text + "</tbody>\n</table></div>\n"
}

fn line(line: &Line) -> String {
    line.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Ours(text) => escaped(text),
        Piece::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
        Piece::Data(text) => format!("<code>{}</code>", escaped(text)),
        Piece::Said(text) => format!("<span class=\"said\">{}</span>", escaped(text)),
        Piece::Severity(text) => format!("<span class=\"severity {}\">{}</span>", class_of(text), escaped(text)),
        Piece::Blank(what) => format!("<span class=\"blank\">✎ {}</span>", escaped(what)),
        Piece::Verdict(is_good, text) => {
            format!("<span class=\"{}\">{}</span>", if *is_good { "good" } else { "bad" }, escaped(text))
        }
        Piece::Link(address) => {
            let address = escaped(address);
            format!("<a href=\"{address}\" rel=\"noreferrer noopener\">{address}</a>")
        }
    }
}

/// The class that colours a severity: those of the mission's four, none for any other.
fn class_of(severity: &str) -> &'static str {
    match severity {
        "critical" => "critical",
        "high" => "high",
        "medium" => "medium",
        "low" => "low",
        _ => "",
    }
}
