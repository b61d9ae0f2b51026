//! Where each byte of a scalar's value stands in the file.
//!
//! The parser gives the value and the range of the file it was made of. Here both are walked side by side once more,
//! only for scalars in which they differ. Where they cannot be aligned (which would be our mistake), the rest of the
//! value points at the last place that could.

use super::node::Style;

/// Offsets in the value and in the file, rising; between two of them both run in step.
type Anchors = Vec<(u32, u32)>;

/// The anchors of `value`, which was written as `raw` at `start`, in a block scalar with `indent` spaces before each line.
/// `None` where the value stands in the file as it is.
pub(super) fn of(value: &str, raw: &str, start: u32, style: Style, indent: usize) -> Option<Anchors> {
    match style {
        Style::Plain if value.len() == raw.len() => None,
        Style::Quoted | Style::Plain => Some(flow(value, raw, start)),
        Style::Block => Some(block(value, raw, start, indent)),
    }
}

/// Plain and quoted scalars: line breaks fold, escapes become what they stand for.
fn flow(value: &str, raw: &str, start: u32) -> Anchors {
    let quote = raw.bytes().next().filter(|first| matches!(first, b'\'' | b'"'));
    let mut walk = Walk { value, raw, start, at: (0, usize::from(quote.is_some())), anchors: Vec::new() };
    walk.anchor();
    while walk.at.0 < value.len() && walk.at.1 < raw.len() {
        let rest = &raw[walk.at.1..];
        match (quote, rest.as_bytes()) {
            (Some(b'\''), [b'\'', b'\'', ..]) => walk.jump(1, 2),
            (Some(b'"'), [b'\\', b'\n' | b'\r', ..]) => walk.escaped_break(),
            (Some(b'"'), [b'\\', ..]) => walk.escape(rest),
            (_, [b' ' | b'\t' | b'\r' | b'\n', ..]) => walk.spaces(rest),
            _ => walk.step(),
        }
    }
    walk.anchors
}

/// Literal and folded scalars: each line of the file is found again in the value.
fn block(value: &str, raw: &str, start: u32, indent: usize) -> Anchors {
    let mut walk = Walk { value, raw, start, at: (0, 0), anchors: Vec::new() };
    let mut line_start = 0;
    for (number, line) in raw.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches(['\n', '\r']);
        // The range of the scalar begins behind the indentation of its first line.
        let spaces = content.len() - content.trim_start_matches(' ').len();
        let skipped = if number == 0 { 0 } else { spaces.min(indent) };
        walk.at.1 = line_start + skipped;
        walk.line(&content[skipped..]);
        line_start += line.len();
    }
    walk.anchors
}

/// A position in the value and in the file.
struct Walk<'a> {
    value: &'a str,
    raw: &'a str,
    start: u32,
    at: (usize, usize),
    anchors: Anchors,
}

impl Walk<'_> {
    fn anchor(&mut self) {
        let value = u32::try_from(self.at.0).unwrap_or(u32::MAX);
        let file = self.start.saturating_add(u32::try_from(self.at.1).unwrap_or(u32::MAX));
        match self.anchors.last_mut() {
            Some((last, at)) if *last == value => *at = file,
            Some((last, at)) if value - *last == file.wrapping_sub(*at) => {}
            _ => self.anchors.push((value, file)),
        }
    }

    fn step(&mut self) {
        let length = self.raw[self.at.1..].chars().next().map_or(1, char::len_utf8);
        self.at = (self.at.0 + length, self.at.1 + length);
    }

    /// So many bytes of the file were so many of the value. The former are where all of the latter stand.
    fn jump(&mut self, value: usize, raw: usize) {
        self.anchor();
        self.at = (self.at.0 + value, self.at.1 + raw);
        self.anchor();
    }

    fn escape(&mut self, rest: &str) {
        let digits = match rest.as_bytes().get(1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let made = self.value.get(self.at.0..).and_then(|value| value.chars().next()).map_or(1, char::len_utf8);
        // One character beyond the Basic Multilingual Plane may be written as two escapes.
        let pair = made == 4 && digits == 4;
        self.jump(made, if pair { 12 } else { 2 + digits });
    }

    fn escaped_break(&mut self) {
        self.at.1 += 1;
        let gap = blank(&self.raw[self.at.1..]);
        let breaks = self.raw[self.at.1..][..gap].matches('\n').count();
        self.jump(breaks.saturating_sub(1), gap);
    }

    /// Spaces inside a line are content; with a line break among them they fold.
    fn spaces(&mut self, rest: &str) {
        let gap = blank(rest);
        match rest[..gap].matches('\n').count() {
            0 => self.at = (self.at.0 + gap, self.at.1 + gap),
            1 => self.jump(1, gap),
            breaks => self.jump(breaks - 1, gap),
        }
    }

    /// Finds `content`, the next line of a block scalar, in the value: at most folded breaks lie before it.
    fn line(&mut self, content: &str) {
        if content.is_empty() {
            return;
        }
        let rest = self.value.get(self.at.0..).unwrap_or_default();
        let before = rest.len() - rest.trim_start_matches('\n').len();
        let folded = usize::from(rest.starts_with(' '));
        let found = [before, folded, 0].into_iter().find(|skip| rest[*skip..].starts_with(content));
        if let Some(skip) = found {
            self.at.0 += skip;
            self.anchor();
            self.at.0 += content.len();
        }
    }
}

fn blank(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len()
}
