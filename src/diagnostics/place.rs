//! Where something stands in a file that was read.

use crate::model::Name;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file of a run, by its number in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// Its number, from zero, in the order in which files were added.
    #[must_use]
    pub fn index(self) -> u32 {
        self.0
    }

    /// The file with this number: what [`SourceId::index`] said.
    pub(super) fn at_index(index: u32) -> Self {
        SourceId(index)
    }
}

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The text of one file, with the means to find lines in it.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

/// Every file read in one run.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

/// A line and a column, both counted from one; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// The line, from one.
    pub line: u32,
    /// The column in characters, from one.
    pub column: u32,
}

impl Sources {
    /// Takes in a file and gives it a number.
    ///
    /// # Panics
    /// With more than four thousand million files.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> SourceId {
        let text = text.into();
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        self.0.push(Source { path: path.into(), text, line_starts });
        SourceId(u32::try_from(self.0.len() - 1).expect("fewer than 2^32 files"))
    }

    /// The file with this number.
    ///
    /// # Panics
    /// When `id` is of other sources.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0 as usize]
    }

    /// Lets go of the text of a file that was read again; places in it show nothing any more.
    ///
    /// # Panics
    /// When `id` is of other sources.
    pub fn forget(&mut self, id: SourceId) {
        let source = &mut self.0[id.0 as usize];
        source.text = Arc::from("");
        source.line_starts = vec![0];
    }

    /// All files, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.0)
    }

    /// Path and start of a place, for messages: `rules/chain.yaml:14:18`.
    #[must_use]
    pub fn describe(&self, place: Place) -> String {
        let source = self.get(place.source);
        let at = source.line_column(place.start);
        format!("{}:{}:{}", source.path.display(), at.line, at.column)
    }
}

impl Source {
    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Line and column of byte `offset`.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        // A byte order mark is no character that anybody sees.
        let before = self.text.get(start..offset as usize).unwrap_or_default().trim_start_matches('\u{feff}');
        let (line, column) = (u32::try_from(line), u32::try_from(before.chars().count() + 1));
        LineColumn { line: line.unwrap_or(u32::MAX), column: column.unwrap_or(u32::MAX) }
    }
}

impl Place {
    /// The range of bytes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it was written. Places do not count in equality: moving a rule down the file is no change.
#[derive(Clone, Copy)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// `value`, written at `place`.
    pub fn new(value: T, place: Place) -> Self {
        Spanned { value, place }
    }

    /// The same place with the value changed.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), place: self.place }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: PartialOrd> PartialOrd for Spanned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Spanned<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for Spanned<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A text in another language (PromQL, Rhai, a template) inside a YAML scalar. It knows where each of its bytes stands in
/// the file, whatever quoting, folding and indentation lie between.
#[derive(Clone)]
pub struct Text {
    /// The text as that language sees it.
    pub value: Name,
    /// The whole scalar.
    pub place: Place,
    /// Offsets in `value` and the bytes of the file they come from, rising; between two of them both run in step.
    anchors: Arc<[(u32, u32)]>,
}

impl Text {
    /// A text whose bytes stand where `anchors` (offset in the value, offset in the file; rising) say.
    pub fn new(value: impl Into<Name>, place: Place, anchors: impl Into<Arc<[(u32, u32)]>>) -> Self {
        Text { value: value.into(), place, anchors: anchors.into() }
    }

    /// Where bytes `range` of the value stand in the file.
    #[must_use]
    pub fn place_of(&self, range: Range<usize>) -> Place {
        let start = self.in_file(range.start);
        // The last byte decides, so that a range that ends with a line does not reach into the next one.
        let end = if range.end > range.start { self.in_file(range.end - 1) + 1 } else { start };
        Place { source: self.place.source, start, end: end.max(start) }
    }

    /// The pairs of offsets that this text was made with.
    #[must_use]
    pub fn anchors(&self) -> &[(u32, u32)] {
        &self.anchors
    }

    fn in_file(&self, offset: usize) -> u32 {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let after = self.anchors.partition_point(|(value, _)| *value <= offset);
        let (value, file) = if after == 0 { (0, self.place.start) } else { self.anchors[after - 1] };
        (file + (offset - value)).min(self.place.end.max(self.place.start))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "één: 1\nzwei: ü!\n");
        let bang = u32::try_from(sources.get(id).text().find('!').unwrap()).unwrap();
        assert_eq!(sources.get(id).line_column(bang), LineColumn { line: 2, column: 8 });
        assert_eq!(sources.describe(Place { source: id, start: 0, end: 1 }), "a.yaml:1:1");
    }

    #[test]
    fn a_text_finds_its_bytes_behind_indentation() {
        let mut sources = Sources::default();
        let file = "expr: |\n    a\n    b + c\n";
        let id = sources.add("a.yaml", file);
        let place = Place { source: id, start: 6, end: u32::try_from(file.len()).unwrap() };
        let text = Text::new("a\nb + c\n", place, [(0, 12), (2, 18)]);
        let at = text.place_of(6..7);
        assert_eq!(&file[at.range()], "c");
    }
}
