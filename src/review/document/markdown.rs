//! As Markdown. What a file or a server says stands in a code span, in which nobody looks for links, mentions, images or HTML;
//! everything else is written so that no letter of it means anything.

use super::{Document, Line, Part, Picture, Piece, Table};
use crate::change::render::inline;
use crate::model::visible;

/// How wide charts are, in characters.
const WIDTH: usize = 72;
/// How high.
const ROWS: usize = 6;

/// The page as Markdown.
pub(super) fn markdown(document: &Document) -> String {
    let mut page = format!("# {}\n", line(&document.title));
    for part in &document.parts {
        page.push('\n');
        page.push_str(&written(part));
    }
    page
}

fn written(part: &Part) -> String {
    match part {
        Part::Sheet(text) | Part::Heading(text) => format!("## {}\n", plain(text)),
        Part::Text(text) => format!("{}\n", line(text)),
        Part::Notice(text) => format!("> {}\n", line(text)),
        Part::List(items) => items.iter().map(|item| format!("- {}\n", line(item))).collect(),
        Part::Facts(facts) => facts.iter().map(|(name, what)| format!("- **{name}**: {}\n", line(what))).collect(),
        Part::Table(rows) => table(rows),
        Part::Picture(picture) => chart(picture),
        Part::Command(command) => format!("```sh\n{}\n```\n", visible(command).replace("```", "'''")),
    }
}

fn chart(picture: &Picture) -> String {
    let chart = picture.braille(WIDTH, ROWS).unwrap_or_default();
    // A fence that no line of ours can close.
    format!("```text\n{}```\n", crate::model::visible_lines(&chart).replace("```", "'''"))
}

fn table(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = row(table.columns().map(|(head, _)| head.to_owned()).collect());
    text.push_str(&row(table.columns().map(|(_, figures)| if figures { "--:" } else { "---" }.to_owned()).collect()));
    for cells in &table.rows {
        // A bar ends a cell even in a code span.
        text.push_str(&row(cells.iter().map(|cell| line(cell).replace('|', "\\|").replace("\\\\|", "\\|")).collect()));
    }
    text
}

fn line(line: &Line) -> String {
    line.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Ours(text) | Piece::Severity(text) => plain(text),
        Piece::Strong(text) | Piece::Verdict(false, text) => loud(text),
        Piece::Data(text) => inline(text),
        Piece::Said(text) => said(text),
        Piece::Blank(what) => format!("✎ *{}*", plain(what)),
        Piece::Verdict(true, text) => plain(text),
        Piece::Link(address) => format!("<{address}>"),
    }
}

/// Words said louder. Stars make them so only beside a letter: what stands before the first one stays outside.
fn loud(text: &str) -> String {
    let first = text.find(|letter: char| letter.is_alphanumeric()).unwrap_or(0);
    let (before, words) = text.split_at(first);
    format!("{}**{}**", plain(before), plain(words))
}

/// Words in which no letter means anything.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for letter in visible(text).chars() {
        match letter {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' | '!' => shown.extend(['\\', letter]),
            _ => shown.push(letter),
        }
    }
    shown
}

/// What somebody wrote. Whom it mentions and what it links to stays text: a mention cannot be escaped, only put into a span.
fn said(text: &str) -> String {
    if text.contains('@') || text.trim().is_empty() {
        return inline(text);
    }
    plain(text).replace("://", "\\://").replace("www.", "www\\.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_others_is_more_than_text() {
        for (words, written) in [
            ("![x](https://example.org/y)", r"\!\[x\](https\://example.org/y)"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("@everyone come", "`@everyone come`"),
            ("# a\n- b", r"\# a⏎- b"),
            ("www.example.org", r"www\.example.org"),
            ("a | b", r"a \| b"),
            ("", "(empty)"),
        ] {
            assert_eq!(said(words), written);
        }
    }

    #[test]
    fn a_bar_in_a_cell_ends_no_cell_whoever_wrote_it() {
        let mut one = Table::of(&["who", "#pages"]);
        one.row([Line::new().data("a | b").ours(" | ").said("c | d"), "1".into()]);
        assert_eq!(table(&one), "| who | pages |\n| --- | --: |\n| `a \\| b` \\| c \\| d | 1 |\n");
    }

    #[test]
    fn what_is_no_web_address_is_no_link() {
        for address in ["javascript:alert(1)", "https://a b", "https://a)", "https://a>x", "file:///x"] {
            assert!(matches!(Line::new().link(address).0[0], Piece::Data(_)), "{address}");
        }
        assert_eq!(line(&Line::new().link("https://wiki.example.org/41")), "<https://wiki.example.org/41>");
    }
}
