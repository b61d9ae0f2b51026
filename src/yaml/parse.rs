//! From the parser's events to trees.
//!
//! Aliases are copied in, so that everything after this sees plain trees. What a file may ask for by that is bounded:
//! in number of nodes and in depth. Merge keys and duplicate keys are settled when a mapping is complete.

use super::mapping;
use super::node::{Kind, Node, Scalar, Style, Tag};
use super::{anchors, node};
use crate::diagnostics::{Code, Findings, Place, SourceId, codes};
use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span};
use std::collections::HashMap;

/// How deep collections may nest; real files need about ten.
const DEEPEST: usize = 100;
/// How many nodes one file may hold; two hundred rules for every thousand of them.
const MOST_NODES: usize = 2_000_000;
/// How many nodes aliases may add to any file, beside ten times what is written in it.
const FREE_COPIES: usize = 100_000;

/// Reads all documents of `text`. After a mistake in the notation the documents before it are returned.
#[must_use]
pub fn parse(source: SourceId, text: &str, findings: &mut Findings) -> Vec<Node> {
    let mut builder = Builder::new(source, text, findings);
    for event in Parser::new_from_str_with_options(text, options()) {
        let outcome = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(builder.not_yaml(&error)),
        };
        if let Err(Stop) = outcome {
            break;
        }
    }
    builder.documents
}

fn options() -> Options {
    let mut options = Options::default();
    // As libyaml and Go have it.
    options.block_scalar_eof_without_line_feed = true;
    // One more than we allow, so that the message is ours.
    options.flow_nesting_limit = DEEPEST + 1;
    options.block_nesting_limit = DEEPEST + 1;
    options
}

/// The reading ends here; the reason is among the findings.
struct Stop;

struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    findings: &'a mut Findings,
    open: Vec<Frame>,
    /// `None` while the node is not complete: an alias may not stand inside its own anchor.
    anchored: HashMap<usize, Option<Anchored>>,
    written: usize,
    copied: usize,
    documents: Vec<Node>,
}

/// A collection that is not complete.
struct Frame {
    start: u32,
    end: u32,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>, Option<Node>),
}

struct Anchored {
    node: Node,
    measure: node::Measure,
}

impl<'a> Builder<'a> {
    fn new(source: SourceId, text: &'a str, findings: &'a mut Findings) -> Self {
        let (open, anchored, documents) = (Vec::new(), HashMap::new(), Vec::new());
        Builder { source, text, findings, open, anchored, written: 0, copied: 0, documents }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let scalar = self.scalar(&value, style, tag.as_deref(), span);
                self.complete(scalar, anchor, self.place(span).end)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(Content::Sequence(Vec::new()), anchor, span),
            Event::MappingStart(_, anchor, _) => self.begin(Content::Mapping(Vec::new(), None), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            // The stream's and documents' borders say nothing that the nodes do not; the rest is not asked for.
            _ => Ok(()),
        }
    }

    fn scalar(&self, value: &str, style: ScalarStyle, tag: Option<&granit_parser::Tag>, span: Span) -> Node {
        let mut place = self.place(span);
        let raw = self.text.get(place.range()).unwrap_or_default();
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        // The parser writes `~` for a value that is not there.
        let value = if raw.is_empty() && style == Style::Plain { "" } else { value };
        let anchors = anchors::of(value, raw, place.start, style, span.start.col()).map(Into::into);
        if style == Style::Block {
            place.end = place.start + offset(raw.trim_end().len());
        }
        let scalar = Scalar { text: value.into(), style, tag: tag.map_or(Tag::None, tag_of), anchors };
        Node { place, kind: Kind::Scalar(scalar) }
    }

    fn begin(&mut self, content: Content, anchor: usize, span: Span) -> Result<(), Stop> {
        let Place { start, end, .. } = self.place(span);
        if self.open.len() >= DEEPEST {
            return Err(self.stop(codes::WB010, "collections are nested too deeply", span));
        }
        if anchor != 0 {
            self.anchored.insert(anchor, None);
        }
        self.open.push(Frame { start, end, anchor, content });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Stop> {
        // The parser pairs starts and ends.
        let Some(frame) = self.open.pop() else { return Ok(()) };
        let Place { start, end, .. } = self.place(span);
        // A block collection ends with its last child; the event stands at what comes after it.
        let end = if end > start { end } else { frame.end };
        let kind = match frame.content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping(entries, _) => Kind::Mapping(mapping::settle(entries, self.findings)),
        };
        let place = Place { source: self.source, start: frame.start, end };
        self.complete(Node { place, kind }, frame.anchor, end)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(Some(anchored)) = self.anchored.get(&anchor) else {
            return Err(self.stop(codes::WB007, "this alias stands inside the value it refers to", span));
        };
        let measure = anchored.measure;
        self.copied += measure.nodes;
        if self.open.len() + measure.height > DEEPEST {
            return Err(self.stop(codes::WB010, "collections are nested too deeply by this alias", span));
        }
        self.check_size(span)?;
        let node = self.anchored[&anchor].as_ref().map(|anchored| anchored.node.clone());
        node.map_or(Ok(()), |node| self.complete(node, 0, self.place(span).end))
    }

    /// Puts a complete node where it belongs; in the file it ends at `end`.
    fn complete(&mut self, node: Node, anchor: usize, end: u32) -> Result<(), Stop> {
        self.written += 1;
        if anchor != 0 {
            let measure = node.measure();
            self.copied += measure.nodes;
            self.anchored.insert(anchor, Some(Anchored { node: node.clone(), measure }));
        }
        if self.written > MOST_NODES || anchor != 0 {
            let at = granit_parser::Marker::default().with_byte_offset(Some(end as usize));
            self.check_size(Span::empty(at))?;
        }
        let Some(frame) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        frame.end = frame.end.max(end);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(entries, key) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(node),
            },
        }
        Ok(())
    }

    fn check_size(&mut self, span: Span) -> Result<(), Stop> {
        if self.written + self.copied > MOST_NODES {
            return Err(self.stop(codes::WB006, format!("the file has more than {MOST_NODES} values"), span));
        }
        if self.copied > FREE_COPIES + 10 * self.written {
            return Err(self.stop(codes::WB006, "aliases make the file many times larger than it is", span));
        }
        Ok(())
    }

    fn stop(&mut self, code: Code, message: impl Into<String>, span: Span) -> Stop {
        let place = self.place(span);
        self.findings.error(code, message).at(place, "");
        Stop
    }

    fn not_yaml(&mut self, error: &ScanError) -> Stop {
        let at = error.marker().byte_offset().unwrap_or_default();
        let start = self.text.floor_char_boundary(at);
        let length = self.text[start..].chars().next().filter(|next| *next != '\n').map_or(0, char::len_utf8);
        let place = Place { source: self.source, start: offset(start), end: offset(start + length) };
        let (code, message) = match error.kind() {
            ErrorKind::RecursionLimitExceeded => (codes::WB010, "collections are nested too deeply".to_owned()),
            ErrorKind::UnknownAnchor => (codes::WB007, "this alias has no anchor before it".to_owned()),
            kind => (codes::WB004, format!("this is not YAML: {kind}")),
        };
        let finding = self.findings.error(code, message).at(place, "");
        if let Some(help) = help_for(error.kind()) {
            finding.help(help);
        }
        Stop
    }

    fn place(&self, span: Span) -> Place {
        let range = span.byte_range().unwrap_or_default();
        Place { source: self.source, start: offset(range.start), end: offset(range.end) }
    }
}

/// What to do about the mistakes that people make most.
fn help_for(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::MappingValueNotAllowed => Some("put a text that contains `: ` in quotes"),
        ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
            Some("indent with spaces")
        }
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            Some("control characters are not allowed: delete it, or write it as an escape in double quotes (`\\x00`)")
        }
        ErrorKind::UnexpectedCharacter { .. } => Some("put a text that begins with this character in quotes"),
        ErrorKind::UnknownQuotedScalarEscape => Some("write `\\\\` for a backslash, or use single quotes"),
        _ => None,
    }
}

fn tag_of(tag: &granit_parser::Tag) -> Tag {
    match tag.core_suffix() {
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        _ if tag.handle() == "!" && tag.suffix().is_empty() => Tag::Str,
        _ => Tag::None,
    }
}

/// A file is smaller than what 32 bits count: `read` refuses others.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
