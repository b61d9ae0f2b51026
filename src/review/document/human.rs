//! For people at a terminal.

use super::{Document, Line, Part, Piece, Table};
use crate::model::{visible, visible_lines};

/// How wide charts are, in characters.
const WIDTH: usize = 72;
/// How high.
const ROWS: usize = 5;

/// The page for a terminal: nothing in it speaks to one.
pub(super) fn human(document: &Document) -> String {
    let mut page = format!("{}\n", line(&document.title));
    let mut was_heading = false;
    for part in &document.parts {
        let is_heading = matches!(part, Part::Heading(_) | Part::Sheet(_));
        if !was_heading {
            page.push('\n');
        }
        page.push_str(&written(part));
        was_heading = is_heading;
    }
    page
}

fn written(part: &Part) -> String {
    match part {
        Part::Sheet(text) | Part::Heading(text) => format!("{}\n", visible(text).to_uppercase()),
        Part::Text(text) | Part::Notice(text) => format!("  {}\n", line(text)),
        Part::List(items) => items.iter().map(|item| format!("  - {}\n", line(item))).collect(),
        Part::Facts(facts) => {
            let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            facts.iter().map(|(name, what)| format!("  {name:width$}  {}\n", line(what))).collect()
        }
        Part::Table(rows) => table(rows),
        Part::Picture(picture) => visible_lines(&picture.braille(WIDTH, ROWS).unwrap_or_default()),
        Part::Command(command) => format!("  {}\n", visible(command)),
    }
}

fn table(table: &Table) -> String {
    let heads = table.columns().map(|(head, _)| head.to_uppercase()).collect();
    let rows: Vec<Vec<String>> =
        std::iter::once(heads).chain(table.rows.iter().map(|row| row.iter().map(line).collect())).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row: &Vec<String>| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let columns: Vec<(usize, bool)> =
        table.columns().enumerate().map(|(column, (_, figures))| (width(column), figures)).collect();
    let cell = |(cell, (width, figures)): (&String, &(usize, bool))| {
        if *figures { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    };
    let written = |row: &Vec<String>| row.iter().zip(&columns).map(cell).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| format!("  {}\n", written(row).trim_end())).collect()
}

fn line(line: &Line) -> String {
    line.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Blank(what) => format!("[fill in: {}]", visible(what)),
        Piece::Ours(text)
        | Piece::Strong(text)
        | Piece::Data(text)
        | Piece::Said(text)
        | Piece::Severity(text)
        | Piece::Verdict(_, text)
        | Piece::Link(text) => visible(text),
    }
}
