//! Where things stand in a script.
//!
//! Rhai tells the line and column at which a thing begins and nothing of where it ends, nor where parentheses were. This module cuts the text
//! into the same tokens, so that a message can underline the whole of what it speaks of.

use std::ops::Range;

/// A script cut into tokens, comments left out.
#[derive(Debug)]
pub struct Tokens<'a> {
    pub text: &'a str,
    pub list: Vec<Token>,
    line_starts: Vec<usize>,
    /// Brackets and their partners, by index.
    pairs: Vec<(usize, usize)>,
    /// Brackets that have none.
    lonely: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    Number,
    /// Text in quotes of any kind, closed or not.
    Quoted,
    /// `// …`, which is kept only so that it can be refused.
    LineComment,
    Sign,
}

const SIGNS: [&str; 16] =
    ["===", "!==", "..=", "&&", "||", "==", "!=", "<=", ">=", "<>", "..", "::", "??", "?.", "=>", "**"];

impl<'a> Tokens<'a> {
    pub fn of(text: &'a str) -> Self {
        let line_starts =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        let mut list = Vec::new();
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let rest = &text[at..];
            let (kind, length) = match first {
                _ if first.is_whitespace() => (None, first.len_utf8()),
                _ if rest.starts_with("/*") => (None, block_comment(rest)),
                _ if rest.starts_with("//") => (Some(Kind::LineComment), rest.find('\n').unwrap_or(rest.len())),
                '"' | '\'' | '`' => (Some(Kind::Quoted), quoted(rest, first)),
                _ if first.is_ascii_digit() => (Some(Kind::Number), number(rest)),
                _ if first.is_ascii_alphabetic() || first == '_' => (Some(Kind::Word), word(rest)),
                _ => (Some(Kind::Sign), sign(rest, first)),
            };
            list.extend(kind.map(|kind| Token { kind, range: at..at + length }));
            at += length;
        }
        let (pairs, lonely) = (Vec::new(), Vec::new());
        let mut tokens = Tokens { text, list, line_starts, pairs, lonely };
        tokens.match_brackets();
        tokens
    }

    /// What a token says.
    pub fn says(&self, token: &Token) -> &'a str {
        &self.text[token.range.clone()]
    }

    /// The byte at this line and column, both from one; the column counts characters.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let rest = &self.text[start..];
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(offset, _)| offset)
    }

    /// The token that begins at `offset` or is the first to end after it; the end of the text where there is none.
    pub fn token_at(&self, offset: usize) -> Range<usize> {
        self.index_at(offset).map_or_else(|| self.end(), |index| self.list[index].range.clone())
    }

    /// The end of the last token: where something is missing.
    pub fn end(&self) -> Range<usize> {
        let end = self.list.last().map_or(0, |token| token.range.end);
        end..end
    }

    /// A number that begins at `offset`, with the signs and parentheses before it.
    pub fn signed_number_at(&self, offset: usize) -> Range<usize> {
        let from = self.index_at(offset).unwrap_or(self.list.len());
        let number = self.list[from..].iter().find(|token| token.kind == Kind::Number);
        self.balanced(offset..number.map_or(offset, |token| token.range.end))
    }

    /// A name and what stands in the brackets after it; or what brackets hold, where `offset` is at a bracket.
    pub fn call_at(&self, offset: usize) -> Range<usize> {
        let Some(name) = self.index_at(offset) else { return self.end() };
        let open = if self.closing(name).is_some() { name } else { name + 1 };
        let end = self.closing(open).map_or(self.list[name].range.end, |close| self.list[close].range.end);
        self.list[name].range.start..end
    }

    /// `range`, widened until every bracket in it has its partner in it.
    pub fn balanced(&self, range: Range<usize>) -> Range<usize> {
        let (mut start, mut end) = (range.start, range.end);
        for (open, close) in &self.pairs {
            let (open, close) = (&self.list[*open].range, &self.list[*close].range);
            let opens_inside = range.contains(&open.start);
            if opens_inside != range.contains(&close.start) {
                (start, end) = (start.min(open.start), end.max(close.end));
            }
        }
        start..end
    }

    /// The brackets that have no partner.
    pub fn lonely_brackets(&self) -> impl Iterator<Item = &Token> {
        self.lonely.iter().map(|index| &self.list[*index])
    }

    fn match_brackets(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        for (index, token) in self.list.iter().enumerate().filter(|(_, token)| token.kind == Kind::Sign) {
            match (self.says(token), open.last().map(|last| self.says(&self.list[*last]))) {
                ("(" | "[" | "{", _) => open.push(index),
                (")", Some("(")) | ("]", Some("[")) | ("}", Some("{")) => {
                    self.pairs.extend(open.pop().map(|at| (at, index)));
                }
                (")" | "]" | "}", _) => self.lonely.push(index),
                _ => {}
            }
        }
        self.lonely.extend(open);
    }

    fn closing(&self, open: usize) -> Option<usize> {
        self.pairs.iter().find(|(at, _)| *at == open).map(|(_, close)| *close)
    }

    fn index_at(&self, offset: usize) -> Option<usize> {
        let index = self.list.partition_point(|token| token.range.end <= offset);
        (index < self.list.len()).then_some(index)
    }
}

/// The bytes of a comment that may hold others.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            '\n' if quote != '`' => return at,
            _ if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The bytes of a number, with whatever letters follow it: `5m` is one token, so that it can be spoken of.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    let hexadecimal = text.starts_with("0x");
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        at += match byte {
            b'e' | b'E' if !hexadecimal && matches!(next, Some(b'+' | b'-')) => 2,
            b'.' if next.is_some_and(u8::is_ascii_digit) => 2,
            _ if byte.is_ascii_alphanumeric() || *byte == b'_' => 1,
            _ => break,
        };
    }
    at
}

fn word(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

fn sign(text: &str, first: char) -> usize {
    SIGNS.iter().find(|sign| text.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let tokens = Tokens::of(text);
        tokens.list.iter().map(|token| tokens.says(token)).collect()
    }

    #[test]
    fn a_script_falls_into_the_tokens_that_rhai_sees() {
        assert_eq!(words("tps<5&&!(gas >= 1.5e-3)"), ["tps", "<", "5", "&&", "!", "(", "gas", ">=", "1.5e-3", ")"]);
        assert_eq!(words("a in 9..=17 /* x /* y */ z */ || b"), ["a", "in", "9", "..=", "17", "||", "b"]);
        assert_eq!(words(r#"labels.c == "a\")" // end"#), ["labels", ".", "c", "==", r#""a\")""#, "// end"]);
        assert_eq!(words("5m > 5%"), ["5m", ">", "5", "%"]);
    }

    #[test]
    fn a_range_takes_in_the_partners_of_its_brackets() {
        let text = "((tps) < 5) && x";
        let tokens = Tokens::of(text);
        assert_eq!(&text[tokens.balanced(2..10)], "(tps) < 5");
        assert_eq!(&text[tokens.balanced(2..5)], "tps");
    }

    #[test]
    fn every_text_is_cut_at_character_boundaries() {
        for text in ["é", "\"é", "'\\é", "/* é", "1é", "…..", "\u{85}x", "`é\n", "/*/"] {
            assert!(words(text).concat().len() <= text.len());
        }
    }
}
