//! A pattern on its way from Go's spelling to Rust's: read once from the left, by Go's rules.
//!
//! What is written depends on no flag but `i`, `m` and `s`: which of two matches a repetition prefers is spelled out.

use super::group::{Flags, Group};
use super::{class, escape};

/// A pattern in Rust's spelling.
pub(super) struct Translated {
    pub(super) text: String,
    /// By the index of the group, of which the first is the whole match.
    pub(super) names: Vec<String>,
}

/// Translates `pattern`; `dot_is_all` says that `.` matches a newline from the start.
pub(super) fn translate(pattern: &str, dot_is_all: bool) -> Result<Translated, String> {
    let mut translation = Translation {
        pattern,
        rest: pattern,
        out: String::with_capacity(pattern.len() + 8),
        names: vec![String::new()],
        flags: Flags { dot_is_all, ..Flags::default() },
        open: Vec::new(),
        item: None,
        heaviest: 1,
        repeated: None,
    };
    while !translation.rest.is_empty() {
        translation.step()?;
    }
    if translation.open.is_empty() {
        Ok(Translated { text: translation.out, names: translation.names })
    } else {
        Err(format!("missing closing ): `{pattern}`"))
    }
}

/// How far it is.
pub(super) struct Translation<'p> {
    pub(super) pattern: &'p str,
    pub(super) rest: &'p str,
    pub(super) out: String,
    pub(super) names: Vec<String>,
    pub(super) flags: Flags,
    pub(super) open: Vec<Group>,
    /// What a repetition would repeat.
    pub(super) item: Option<Item>,
    /// The most copies that the items before `item` in this group ask for.
    pub(super) heaviest: u32,
    /// Where the repetition starts that ended right here.
    pub(super) repeated: Option<&'p str>,
}

/// Something that can be repeated, by its place in what was written. Flags may follow it: Go's `a(?i)*` repeats `a`.
pub(super) struct Item {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many copies of its innermost part it asks for.
    pub(super) copies: u32,
    pub(super) is_repetition: bool,
}

impl<'p> Translation<'p> {
    fn step(&mut self) -> Result<(), String> {
        let repeated = self.repeated.take();
        let Some(c) = self.rest.chars().next() else { return Ok(()) };
        let after = &self.rest[c.len_utf8()..];
        match c {
            '(' => return self.open_group(),
            ')' => return self.close_group(),
            '|' => self.bar(after),
            '*' | '+' | '?' | '{' => return self.repetition(repeated),
            '[' => {
                let (class, after) = class::class(self.rest)?;
                self.write(&class, after);
            }
            '\\' => return self.escape(),
            '^' | '$' | '.' => self.write(&self.rest[..1], after),
            c => self.write_literal(u32::from(c), after),
        }
        Ok(())
    }

    /// Writes one item, after which `rest` is left to read.
    pub(super) fn write(&mut self, text: &str, rest: &'p str) {
        self.settle();
        let start = self.out.len();
        self.out.push_str(text);
        self.item = Some(Item { start, end: self.out.len(), copies: 1, is_repetition: false });
        self.rest = rest;
    }

    pub(super) fn write_literal(&mut self, code: u32, rest: &'p str) {
        self.write(&literal(code), rest);
    }

    /// The item will not be repeated any more.
    pub(super) fn settle(&mut self) {
        if let Some(item) = self.item.take() {
            self.heaviest = self.heaviest.max(item.copies);
        }
    }

    fn bar(&mut self, rest: &'p str) {
        self.settle();
        self.out.push('|');
        self.rest = rest;
    }

    fn escape(&mut self) -> Result<(), String> {
        let after = self.rest.get(2..).unwrap_or_default();
        match self.rest.as_bytes().get(1) {
            Some(b'A') => self.write("\\A", after),
            Some(b'z') => self.write("\\z", after),
            // The engine's own word boundaries know all of Unicode.
            Some(b'b') => self.write("(?-u:\\b)", after),
            Some(b'B') => self.write("(?-u:\\B)", after),
            Some(b'Q') => self.quotation(after),
            _ => return self.character(),
        }
        Ok(())
    }

    fn character(&mut self) -> Result<(), String> {
        if let Some((set, after)) = escape::set(self.rest)? {
            self.write(&set, after);
        } else {
            let (code, after) = escape::code_point(self.rest)?;
            self.write_literal(code, after);
        }
        Ok(())
    }

    /// `\Q…\E`, of which a repetition takes the last character.
    fn quotation(&mut self, text: &'p str) {
        let (quoted, after) = text.split_once("\\E").unwrap_or((text, ""));
        for c in quoted.chars() {
            self.write_literal(u32::from(c), after);
        }
        self.rest = after;
    }
}

/// What matches nothing: Go lets a pattern name a surrogate, which no text contains.
pub(super) const NOTHING: &str = "[^\\x00-\\x{10FFFF}]";

fn literal(code: u32) -> String {
    char::from_u32(code).map_or_else(|| NOTHING.to_owned(), |c| regex::escape(c.encode_utf8(&mut [0; 4])))
}

/// The part of `text` that was read when `rest` is left.
pub(super) fn read<'t>(text: &'t str, rest: &str) -> &'t str {
    &text[..text.len() - rest.len()]
}
