//! From the parser's events to a page.
//!
//! What the events do not tell (comments, the headers of block scalars) stands in the gaps between them, where nothing
//! else can contain a `#`, `|` or `>`.

use super::attach::{self, Comment};
use super::{Collection, Document, Entry, Kind, Node, Page, Scalar, Shape, Written};
use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};
use std::ops::Range;

/// Why a file cannot be laid out anew. What is no YAML at all is told by `parse`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unreadable {
    /// Where.
    pub at: usize,
    /// What stands in the way.
    pub what: &'static str,
}

impl Page {
    /// Reads how `text` is written.
    ///
    /// # Errors
    /// Names what we do not know to lay out: directives, tags, keys that are no plain names.
    pub fn read(text: &str) -> Result<Page, Unreadable> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { text, tokens: Vec::new(), open: Vec::new(), documents: Vec::new(), is_marked: false };
        let mut options = Options::default();
        options.block_scalar_eof_without_line_feed = true;
        options.emit_anchor_events = true;
        let mut events = Parser::new_from_str_with_options(text, options).peekable();
        while let Some(event) = events.next() {
            let (event, span) = event.map_err(|_| refuse(0, "it is no YAML"))?;
            let anchor = events.next_if(|next| matches!(next, Ok((Event::Anchor(..), _))));
            let anchor = anchor.and_then(Result::ok).map(|(event, span)| {
                reader.tokens.push(range(span));
                match event {
                    Event::Anchor(_, name) => name.into_owned(),
                    _ => String::new(),
                }
            });
            reader.take(event, range(span), anchor)?;
        }
        let comments = reader.comments()?;
        if reader.documents.is_empty() {
            // A file of comments, or of nothing.
            let nothing = Node::inline("");
            reader.documents.push(Document { is_marked: false, lead: Vec::new(), content: nothing, tail: Vec::new() });
        }
        let mut page = Page { documents: reader.documents };
        attach::comments(text, &mut page, comments);
        Ok(page)
    }
}

fn refuse(at: usize, what: &'static str) -> Unreadable {
    Unreadable { at, what }
}

/// The spaces before the first line that is not blank.
fn leading_spaces(text: &str) -> usize {
    let first = text.lines().find(|line| !line.trim_matches(' ').is_empty()).unwrap_or_default();
    first.len() - first.trim_start_matches(' ').len()
}

fn range(span: Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}

struct Reader<'a> {
    text: &'a str,
    /// Everything that is no gap.
    tokens: Vec<Range<usize>>,
    open: Vec<Frame>,
    documents: Vec<Document>,
    is_marked: bool,
}

/// A collection that is not complete.
struct Frame {
    anchor: Option<String>,
    collection: Collection,
    start: usize,
    key: Option<Node>,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, at: Range<usize>, anchor: Option<String>) -> Result<(), Unreadable> {
        match event {
            Event::DocumentStart(is_marked, version) => {
                if version.is_some() {
                    return Err(refuse(at.start, "it has a directive"));
                }
                self.is_marked = is_marked;
                Ok(())
            }
            Event::Scalar(.., Some(_)) | Event::SequenceStart(.., Some(_)) | Event::MappingStart(.., Some(_)) => {
                Err(refuse(at.start, "it has tags"))
            }
            Event::Scalar(text, style, _, None) => {
                let end = at.end;
                let node = self.scalar(text.into_owned(), style, at, anchor);
                self.complete(node, end)
            }
            Event::Alias(_) => {
                let name = self.text[at.start + 1..at.end].to_owned();
                self.tokens.push(at.clone());
                self.complete(Node { anchor: None, start: at.start, shape: Shape::Alias(name) }, at.end)
            }
            Event::SequenceStart(style, ..) => {
                self.begin(Kind::Sequence, style, at, anchor);
                Ok(())
            }
            Event::MappingStart(style, ..) => {
                self.begin(Kind::Mapping, style, at, anchor);
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, at: Range<usize>, anchor: Option<String>) -> Node {
        let whole = self.text;
        let raw = &whole[at.clone()];
        let written = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block(&text, &at),
            _ => Written::Inline(raw.to_owned()),
        };
        // The parser writes `~` for a value that is not there.
        let text = if raw.is_empty() && style == ScalarStyle::Plain { String::new() } else { text };
        self.tokens.push(at.clone());
        Node { anchor, start: at.start, shape: Shape::Scalar(Scalar { text, written }) }
    }

    /// A block scalar whose content stands at `at`: its header is the only `|` or `>` of the gap before.
    fn block(&mut self, text: &str, at: &Range<usize>) -> Written {
        let before = self.tokens.last().map_or(0, |token| token.end.min(at.start));
        let open = self.text[before..at.start].find(['|', '>']).map_or(before, |offset| before + offset);
        let header: String =
            self.text[open..].chars().take_while(|c| matches!(c, '|' | '>' | '+' | '-' | '0'..='9')).collect();
        self.tokens.push(open..open + header.len());
        // Blank lines before the first line belong to the content.
        let first_line = self.text[open..at.start].find('\n').map_or(at.start, |offset| open + offset + 1);
        let content = self.text.get(first_line..at.end).unwrap_or_default();
        let content = content.replace("\r\n", "\n").replace('\r', "\n");
        let content = if at.end < self.text.len() || content.ends_with('\n') {
            // Behind the last line feed stands the indentation of what comes next.
            content.rfind('\n').map_or(String::new(), |end| content[..=end].to_owned())
        } else {
            content
        };
        let indent = leading_spaces(&content).saturating_sub(leading_spaces(text));
        let lines = content.lines().map(|line| line.get(indent..).unwrap_or_default().to_owned());
        let mut lines: Vec<String> = lines.collect();
        let mut header: String = header.chars().filter(|c| !c.is_ascii_digit()).collect();
        if !header.contains('+') {
            while lines.last().is_some_and(String::is_empty) {
                lines.pop();
            }
        }
        if !content.ends_with('\n') && !header.ends_with(['-', '+']) {
            // The file ends with this line, without a line feed; wherever it goes, it will have one.
            header.push('-');
        }
        Written::Block { header, lines }
    }

    fn begin(&mut self, kind: Kind, style: StructureStyle, at: Range<usize>, anchor: Option<String>) {
        let is_flow = style == StructureStyle::Flow;
        if is_flow {
            self.tokens.push(at.clone());
        }
        let collection =
            Collection { kind, is_flow, entries: Vec::new(), tail: Vec::new(), verbatim: None, column: 0, end: at.end };
        self.open.push(Frame { anchor, collection, start: at.start, key: None });
    }

    fn end(&mut self, at: Range<usize>) -> Result<(), Unreadable> {
        let Some(Frame { anchor, mut collection, start, .. }) = self.open.pop() else { return Ok(()) };
        let last = collection.entries.last().map_or(collection.end, |entry| entry.end);
        collection.end = if collection.is_flow { at.end.max(last) } else { last };
        if collection.is_flow {
            let raw = &self.text[start..collection.end.max(start)];
            // What its author broke and what does not fit on a line stays broken.
            let is_wide = raw.contains('\n') && raw.split_whitespace().map(|word| word.len() + 1).sum::<usize>() > 100;
            collection.verbatim = is_wide.then(|| raw.to_owned());
            self.tokens.push(at);
        }
        let end = collection.end;
        self.complete(Node { anchor, start, shape: Shape::Collection(collection) }, end)
    }

    fn complete(&mut self, node: Node, end: usize) -> Result<(), Unreadable> {
        let Some(frame) = self.open.last_mut() else {
            let (lead, tail) = (Vec::new(), Vec::new());
            self.documents.push(Document { is_marked: self.is_marked, lead, content: node, tail });
            return Ok(());
        };
        let key = match (frame.collection.kind, frame.key.take()) {
            (Kind::Mapping, None) => {
                let is_name = matches!(&node.shape, Shape::Scalar(Scalar { written: Written::Inline(raw), .. })
                    if !raw.contains(['\n', '\r']) && !raw.is_empty());
                if !is_name {
                    return Err(refuse(node.start, "a key is no plain name"));
                }
                frame.key = Some(node);
                return Ok(());
            }
            (_, key) => key,
        };
        let start = key.as_ref().map_or(node.start, |key| key.start);
        frame.collection.entries.push(Entry {
            lead: Vec::new(),
            after_blank: false,
            is_apart: false,
            key,
            head: None,
            value: node,
            trailing: None,
            start,
            end,
        });
        Ok(())
    }

    /// The comments in the gaps, in their order.
    fn comments(&mut self) -> Result<Vec<Comment>, Unreadable> {
        self.tokens.sort_by_key(|token| (token.start, token.end));
        let mut comments = Vec::new();
        let mut from = 0;
        let ends = self.tokens.iter().map(|token| (token.start, token.end));
        for (start, end) in ends.chain([(self.text.len(), self.text.len())]) {
            let mut at = from;
            while let Some(hash) = self.text[at..start.max(at)].find('#').map(|offset| at + offset) {
                let end = self.text[hash..].find(['\n', '\r']).map_or(self.text.len(), |length| hash + length);
                comments.push(Comment::read(self.text, hash..end));
                at = end;
            }
            let gap = &self.text[from..start.max(from)];
            if gap.lines().any(|line| line.starts_with('%') || line.trim_start().starts_with("? ")) {
                return Err(refuse(from, "it has a directive, or a key after `?`"));
            }
            from = end.max(from);
        }
        Ok(comments)
    }
}
