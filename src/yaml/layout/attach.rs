//! Which entry a comment speaks of: the one on its line, else the next one, else the collection whose column it has.

use super::{Collection, Kind, Node, Page, Remark, Shape};
use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

/// A comment of the file.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    start: usize,
    text: String,
    column: usize,
    /// Whether nothing stands before it on its line.
    is_alone: bool,
    after_blank: bool,
}

impl Comment {
    pub(super) fn read(text: &str, range: Range<usize>) -> Self {
        let line = line_start(text, range.start);
        let is_alone = text[line..range.start].trim().is_empty();
        Comment {
            start: range.start,
            text: text[range.clone()].trim_end().to_owned(),
            column: range.start - line,
            is_alone,
            after_blank: is_alone && is_after_blank(text, line),
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind(['\n', '\r']).map_or(0, |offset| offset + 1)
}

/// Whether the line before the one that starts at `line` is blank.
fn is_after_blank(text: &str, line: usize) -> bool {
    let before = text[..line].strip_suffix('\n').unwrap_or(&text[..line]);
    let before = before.strip_suffix('\r').unwrap_or(before);
    line > 0 && before[line_start(before, before.len())..].trim().is_empty()
}

/// Puts every comment where it belongs.
pub(super) fn comments(text: &str, page: &mut Page, comments: Vec<Comment>) {
    let mut attacher = Attacher { text, comments: comments.into_iter().peekable() };
    let ends: Vec<usize> = page.documents.iter().skip(1).map(|document| first_token(&document.content)).collect();
    for (index, document) in page.documents.iter_mut().enumerate() {
        let limit = ends.get(index).copied().unwrap_or(text.len() + 1);
        if !matches!(&document.content.shape, Shape::Collection(collection) if !collection.is_flow) {
            document.lead = attacher.remarks_before(document.content.start);
        }
        attacher.attach(&mut document.content, limit, None, true);
        // Of the comments between two documents, those before the marker belong to the first.
        let border = text.get(..limit.min(text.len())).and_then(|head| head.rfind("\n---")).unwrap_or(limit);
        let border = if limit <= text.len() { border } else { limit };
        document.tail = attacher.remarks_before(border);
    }
}

fn first_token(node: &Node) -> usize {
    match &node.shape {
        Shape::Collection(collection) => {
            collection.entries.first().map_or(node.start, |entry| entry.start.max(node.start))
        }
        Shape::Scalar(_) | Shape::Alias(_) => node.start,
    }
}

struct Attacher<'a> {
    text: &'a str,
    comments: Peekable<IntoIter<Comment>>,
}

impl Attacher<'_> {
    /// All comments before `until`, as lines of their own.
    fn remarks_before(&mut self, until: usize) -> Vec<Remark> {
        let mut remarks = Vec::new();
        while let Some(comment) = self.comments.next_if(|comment| comment.start < until) {
            remarks.push(Remark { text: comment.text, after_blank: comment.after_blank });
        }
        remarks
    }

    /// The comment that stands on the line of byte `at`, behind it.
    fn on_line_of(&mut self, at: usize) -> Option<String> {
        let end = self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |length| at + length);
        let here = self.comments.next_if(|comment| (at..end).contains(&comment.start) && !comment.is_alone);
        here.map(|comment| comment.text)
    }

    /// Attaches comments in and after `node`, as far as they are its own. `limit` is where the next thing begins; `column`
    /// that of the mapping around it, and `is_last` whether that ends here.
    fn attach(&mut self, node: &mut Node, limit: usize, column: Option<usize>, is_last: bool) {
        let Shape::Collection(collection) = &mut node.shape else { return };
        if collection.is_flow {
            return self.in_brackets(collection, node.start);
        }
        let dash = usize::from(collection.kind == Kind::Sequence);
        if let Some(first) = collection.entries.first() {
            collection.column = self.column_of(first.start, dash);
        }
        let starts: Vec<usize> = collection.entries.iter().skip(1).map(|entry| entry.start).collect();
        let count = collection.entries.len();
        let own_column = collection.column;
        for (index, entry) in collection.entries.iter_mut().enumerate() {
            let limit = starts.get(index).copied().unwrap_or(limit);
            let is_block = matches!(&entry.value.shape, Shape::Collection(inner) if !inner.is_flow);
            entry.lead = self.remarks_before(entry.key.as_ref().map_or(entry.start, |key| key.start));
            let line = line_start(self.text, entry.start);
            entry.after_blank = is_after_blank(self.text, line) && (index > 0 || !entry.lead.is_empty());
            let begins = if is_block { first_token(&entry.value) } else { entry.value.start };
            if let Some(key) = &entry.key {
                let on_key_line = self
                    .comments
                    .peek()
                    .is_some_and(|comment| comment.start < begins && !comment.is_alone && key.start < comment.start);
                if on_key_line {
                    entry.head = self.comments.next().map(|comment| comment.text);
                }
            }
            let before = entry.lead.len();
            if !is_block {
                // Between a key and its value on another line nothing else can stand.
                entry.lead.extend(self.remarks_before(begins));
            }
            self.attach(&mut entry.value, limit, Some(own_column), index + 1 == count);
            let is_text_block = matches!(&entry.value.shape, Shape::Scalar(scalar)
                if matches!(scalar.written, super::Written::Block { .. }));
            if !is_block && !is_text_block {
                entry.trailing = self.on_line_of(entry.end);
            }
            // Behind the key stays only what stands alone there: of several, it is the first.
            if !is_block && (!is_text_block || entry.lead.len() > before) {
                let head = entry.head.take().map(|text| Remark { text, after_blank: false });
                entry.lead.splice(before..before, head);
            }
        }
        let takes_tail = match column {
            Some(around) => own_column > around || (is_last && own_column > 0),
            None => true,
        };
        while let Some(comment) = self
            .comments
            .next_if(|comment| takes_tail && comment.start < limit && comment.column >= own_column && comment.is_alone)
        {
            collection.tail.push(Remark { text: comment.text, after_blank: comment.after_blank });
        }
    }

    /// The column of an entry: of its dash, or of its key.
    fn column_of(&self, start: usize, dash: usize) -> usize {
        let line = line_start(self.text, start);
        let before = &self.text[line..start];
        if dash == 0 {
            return start - line;
        }
        // The dash may stand on a line before.
        match before.rfind('-') {
            Some(offset) => offset,
            None => {
                let before = &self.text[..line];
                let dash = before.rfind("- ").or(before.rfind("-\n")).unwrap_or(0);
                dash - line_start(self.text, dash)
            }
        }
    }

    /// A collection in brackets keeps its text where comments are in it.
    fn in_brackets(&mut self, collection: &mut Collection, start: usize) {
        let range = start..collection.end;
        let inside = self.comments.peek().is_some_and(|comment| range.contains(&comment.start));
        if inside {
            collection.verbatim = Some(self.text[range.clone()].to_owned());
            drop(self.remarks_before(range.end));
        }
    }
}
