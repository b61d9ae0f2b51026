//! A page of typed parts: what is said is separate from how it is written down.
//!
//! Every text of somebody else stands in a piece of its own kind, and each renderer decides once how such a piece is kept from being
//! anything but text. So what a label holds can do nothing on any page, whoever writes the page.

mod html;
mod human;
mod markdown;
mod picture;

pub use picture::Picture;

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its title.
    pub title: Line,
    /// What stands below it.
    pub parts: Vec<Part>,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Part {
    /// Begins a section on a sheet of its own, where there are sheets.
    Sheet(String),
    /// Begins a section.
    Heading(String),
    /// A paragraph.
    Text(Line),
    /// What has to be known before anything else is read.
    Notice(Line),
    /// Items.
    List(Vec<Line>),
    /// Names with what they are.
    Facts(Vec<(&'static str, Line)>),
    /// Rows under heads.
    Table(Table),
    /// A chart.
    Picture(Picture),
    /// A line for a shell.
    Command(String),
}

/// Rows under heads.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The heads. One that begins with `#` stands over figures, which are set to the right.
    pub heads: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Line>>,
}

/// Pieces in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Piece>);

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Our own words.
    Ours(String),
    /// Our own words, said louder.
    Strong(String),
    /// What a file or a server says: labels, names, expressions.
    Data(String),
    /// What a person wrote.
    Said(String),
    /// A severity.
    Severity(String),
    /// What a person has to fill in.
    Blank(String),
    /// Something good or bad at a glance.
    Verdict(bool, String),
    /// Where more is to be found.
    Link(String),
}

impl Line {
    /// An empty line, to which pieces are added.
    #[must_use]
    pub fn new() -> Self {
        Line::default()
    }

    /// Adds words of ours.
    #[must_use]
    pub fn ours(self, text: impl Into<String>) -> Self {
        self.with(Piece::Ours(text.into()))
    }

    /// Adds words of ours, said louder.
    #[must_use]
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.with(Piece::Strong(text.into()))
    }

    /// Adds what a file or a server says.
    #[must_use]
    pub fn data(self, text: impl Into<String>) -> Self {
        self.with(Piece::Data(text.into()))
    }

    /// Adds what a person wrote.
    #[must_use]
    pub fn said(self, text: impl Into<String>) -> Self {
        self.with(Piece::Said(text.into()))
    }

    /// Adds a severity.
    #[must_use]
    pub fn severity(self, name: impl Into<String>) -> Self {
        self.with(Piece::Severity(name.into()))
    }

    /// Adds something for a person to fill in.
    #[must_use]
    pub fn blank(self, what: impl Into<String>) -> Self {
        self.with(Piece::Blank(what.into()))
    }

    /// Adds a verdict.
    #[must_use]
    pub fn verdict(self, is_good: bool, text: impl Into<String>) -> Self {
        self.with(Piece::Verdict(is_good, text.into()))
    }

    /// Adds a link, or the address as text where it can be none.
    #[must_use]
    pub fn link(self, address: impl Into<String>) -> Self {
        let address = address.into();
        let piece = if is_plain(&address) { Piece::Link(address) } else { Piece::Data(address) };
        self.with(piece)
    }

    /// Adds another line, with something between the two where neither is empty.
    #[must_use]
    pub fn and(mut self, between: &str, other: Line) -> Self {
        if !self.0.is_empty() && !other.0.is_empty() {
            self = self.ours(between);
        }
        self.0.extend(other.0);
        self
    }

    /// Lines one after the other.
    #[must_use]
    pub fn joined(lines: impl IntoIterator<Item = Line>, between: &str) -> Line {
        lines.into_iter().fold(Line::new(), |all, line| all.and(between, line))
    }

    /// What it says, without saying what is whose.
    #[must_use]
    pub fn words(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Ours(text)
            | Piece::Strong(text)
            | Piece::Data(text)
            | Piece::Said(text)
            | Piece::Severity(text)
            | Piece::Blank(text)
            | Piece::Verdict(_, text)
            | Piece::Link(text) => text.clone(),
        };
        self.0.iter().map(text).collect()
    }

    fn with(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Line::new().ours(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Line::new().ours(text)
    }
}

impl Table {
    /// A table without rows yet.
    #[must_use]
    pub fn of(heads: &[&'static str]) -> Self {
        Table { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Line>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The heads, and whether figures stand below each.
    fn columns(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.heads.iter().map(|head| head.strip_prefix('#').map_or((*head, false), |head| (head, true)))
    }
}

impl Document {
    /// A page with this title.
    #[must_use]
    pub fn titled(title: impl Into<Line>) -> Self {
        Document { title: title.into(), parts: Vec::new() }
    }

    /// Begins a section.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Heading(text.into()));
    }

    /// Adds a paragraph.
    pub fn text(&mut self, line: impl Into<Line>) {
        self.parts.push(Part::Text(line.into()));
    }

    /// Adds items, or a paragraph that says `otherwise` where there are none.
    pub fn list(&mut self, items: Vec<Line>, otherwise: &str) {
        self.parts.push(if items.is_empty() { Part::Text(otherwise.into()) } else { Part::List(items) });
    }

    /// Adds a table, or a paragraph that says `otherwise` where it has no rows.
    pub fn table(&mut self, table: Table, otherwise: &str) {
        self.parts.push(if table.rows.is_empty() { Part::Text(otherwise.into()) } else { Part::Table(table) });
    }

    /// Adds any part.
    pub fn add(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// For a place that takes Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::markdown(self)
    }

    /// One file for a browser.
    #[must_use]
    pub fn html(&self) -> String {
        html::html(self)
    }

    /// For a terminal.
    #[must_use]
    pub fn human(&self) -> String {
        human::human(self)
    }
}

/// Whether an address can stand in a link without ending it, and leads to the web alone.
fn is_plain(address: &str) -> bool {
    let is_web = address.starts_with("http://") || address.starts_with("https://");
    let ends = |letter: char| letter.is_whitespace() || letter.is_control() || "()<>[]\"'`\\|".contains(letter);
    is_web && address.len() < 2_000 && !address.contains(ends) && crate::model::visible(address) == address
}
