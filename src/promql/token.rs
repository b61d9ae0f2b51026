//! PromQL as a list of tokens, each with its place.
//!
//! Keywords are words here; what a word means where is decided by the parser, because PromQL lets most keywords be metric
//! and label names as well. What is no token ends the list with [`Kind::Bad`] and the reason.

use std::ops::Range;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// The bytes.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Letters, digits, underscores, and colons outside brackets.
    Word,
    /// A number.
    Number,
    /// A number with units.
    Duration,
    /// A quoted text, without its quotes and escapes.
    Text(String),
    /// Punctuation or an operator, as it is written.
    Sign(&'static str),
    /// The end of the text.
    End,
    /// Something that no expression can contain, and why.
    Bad(String),
}

/// Longer signs come first.
const SIGNS: [&str; 24] = [
    "==", "!=", "=~", "!~", ">=", "<=", "(", ")", "{", "}", "[", "]", ",", ":", "@", "=", "+", "-", "*", "/", "%", "^",
    "<", ">",
];

/// The tokens of `text`, ending with [`Kind::End`] or [`Kind::Bad`].
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader { text, at: 0, open: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        let token = reader.next();
        let is_last = matches!(token.kind, Kind::End | Kind::Bad(_));
        tokens.push(token);
        if is_last {
            return tokens;
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that are open, and where.
    open: Vec<(&'static str, usize)>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accept(c)).unwrap_or(rest.len());
    }

    fn inside(&self, bracket: &str) -> bool {
        self.open.last().is_some_and(|(open, _)| *open == bracket)
    }

    fn next(&mut self) -> Token {
        self.skip_space_and_comments();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return self.end() };
        let after = self.rest()[first.len_utf8()..].chars().next();
        let kind = match first {
            '"' | '\'' | '`' => self.text(first),
            '0'..='9' => self.number(),
            '.' if after.is_some_and(|c| c.is_ascii_digit()) => self.number(),
            c if is_letter(c) || (c == ':' && self.open.iter().all(|(open, _)| *open == "(")) => self.word(),
            _ => self.sign(first),
        };
        Token { range: start..self.at.max(start), kind }
    }

    fn skip_space_and_comments(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if !self.rest().starts_with('#') {
                return;
            }
            self.take_while(|c| c != '\n' && c != '\r');
        }
    }

    /// The end; what is still open is named where it was opened, which is where people look for it.
    fn end(&self) -> Token {
        let Some(unclosed) = self.open.last() else { return Token { range: self.at..self.at, kind: Kind::End } };
        let name = match unclosed.0 {
            "(" => "unclosed left parenthesis",
            "[" => "unclosed left bracket",
            _ => "unclosed left brace",
        };
        Token { range: unclosed.1..unclosed.1 + 1, kind: Kind::Bad(name.into()) }
    }

    fn word(&mut self) -> Kind {
        let in_braces = self.inside("{");
        let in_brackets = self.inside("[");
        self.take_while(|c| is_letter(c) || c.is_ascii_digit() || (c == ':' && !in_braces && !in_brackets));
        Kind::Word
    }

    /// Reads a number, or a duration where units follow.
    fn number(&mut self) -> Kind {
        let start = self.at;
        let hex = self.rest().get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"));
        if hex {
            self.at += 2;
            self.take_while(|c| c.is_ascii_hexdigit() || c == '_');
        } else {
            self.take_while(|c| c.is_ascii_digit() || c == '_' || c == '.');
            self.exponent();
        }
        if !self.rest().starts_with(is_word_part) {
            let number = &self.text[start..self.at];
            return super::number::parse(number)
                .map_or_else(|| Kind::Bad(format!("bad number or duration syntax: {number:?}")), |_| Kind::Number);
        }
        self.take_while(is_word_part);
        let word = &self.text[start..self.at];
        if super::number::is_duration(word) {
            Kind::Duration
        } else {
            Kind::Bad(format!("bad number or duration syntax: {word:?}"))
        }
    }

    /// Takes `e5`, `E-5`; an `e` without digits stays where it is and spoils the number.
    fn exponent(&mut self) {
        let rest = self.rest();
        let Some(after) = rest.strip_prefix(['e', 'E']) else { return };
        let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            self.at += rest.len() - digits.len();
            self.take_while(|c| c.is_ascii_digit() || c == '_');
        }
    }

    fn text(&mut self, quote: char) -> Kind {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            let Some(c) = self.rest().chars().next().filter(|c| quote == '`' || *c != '\n') else {
                // Only the first line of it is marked; the rest is rarely meant to be inside.
                self.at = start + self.text[start..].find('\n').unwrap_or(self.text.len() - start);
                return Kind::Bad("unterminated quoted string".into());
            };
            self.at += c.len_utf8();
            match c {
                _ if c == quote => return Kind::Text(value),
                '\\' if quote != '`' => match super::escape::read(self.rest(), quote) {
                    Ok((escaped, length)) => {
                        value.push(escaped);
                        self.at += length;
                    }
                    Err(reason) => return Kind::Bad(reason),
                },
                _ => value.push(c),
            }
        }
    }

    fn sign(&mut self, first: char) -> Kind {
        let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) else {
            self.at += first.len_utf8();
            return Kind::Bad(format!("unexpected character: {first:?}"));
        };
        let start = self.at;
        self.at += sign.len();
        match *sign {
            "(" | "[" | "{" => self.open.push((sign, start)),
            ")" | "]" | "}" => {
                let opening = match *sign {
                    ")" => ("(", "parenthesis"),
                    "]" => ("[", "bracket"),
                    _ => ("{", "brace"),
                };
                if !self.inside(opening.0) {
                    return Kind::Bad(format!("unexpected right {}", opening.1));
                }
                self.open.pop();
            }
            _ => {}
        }
        Kind::Sign(sign)
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit()
}
