//! Reading template text as words: what stands outside of `{{ }}` is one word, what stands inside is cut as Go cuts it.
//!
//! Mistakes come as words too ([`Kind::Error`]), because Go's parser decides where and how they are told.

use std::fmt;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    /// A printable character of no other kind, such as the comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

/// Words with a meaning of their own at the start of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// One word and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    /// The byte at which it starts.
    pub at: usize,
    /// The line on which it starts, from 1.
    pub line: usize,
    /// Its text.
    pub text: &'t str,
    /// What is wrong, for [`Kind::Error`].
    pub mistake: String,
}

/// The reader of words.
pub(super) struct Lexer<'t> {
    input: &'t str,
    at: usize,
    start: usize,
    start_line: usize,
    /// How far newlines are counted, and how many there were.
    counted: usize,
    newlines: usize,
    parens: usize,
    inside: bool,
    failed: bool,
}

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

impl<'t> Lexer<'t> {
    pub fn new(input: &'t str) -> Self {
        Lexer {
            input,
            at: 0,
            start: 0,
            start_line: 1,
            counted: 0,
            newlines: 0,
            parens: 0,
            inside: false,
            failed: false,
        }
    }

    /// The next word; at the end of the text, for ever [`Kind::End`].
    pub fn next_token(&mut self) -> Token<'t> {
        if self.failed {
            return self.word_of(Kind::End, "");
        }
        if self.inside { self.action() } else { self.text() }
    }

    fn rest(&self) -> &'t str {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn word(&mut self, kind: Kind) -> Token<'t> {
        let text = &self.input[self.start..self.at];
        self.word_of(kind, text)
    }

    fn word_of(&mut self, kind: Kind, text: &'t str) -> Token<'t> {
        let token = Token { kind, at: self.start, line: self.start_line, text, mistake: String::new() };
        self.skip_to_here();
        token
    }

    /// What was read since the last word is no word.
    fn skip_to_here(&mut self) {
        self.start = self.at;
        let passed = &self.input[self.counted.min(self.at)..self.at];
        self.newlines += passed.matches('\n').count();
        self.counted = self.counted.max(self.at);
        self.start_line = 1 + self.newlines;
    }

    fn mistake(&mut self, mistake: impl Into<String>) -> Token<'t> {
        self.failed = true;
        let text = &self.input[self.start..self.at.max(self.start)];
        Token { kind: Kind::Error, at: self.start, line: self.start_line, text, mistake: mistake.into() }
    }

    fn text(&mut self) -> Token<'t> {
        loop {
            let Some(open) = self.rest().find("{{") else {
                self.at = self.input.len();
                return if self.at > self.start { self.word(Kind::Text) } else { self.word(Kind::End) };
            };
            let delimiter = self.at + open;
            let mut text = &self.input[self.start..delimiter];
            if trims_left(&self.input[delimiter + 2..]) {
                text = text.trim_end_matches(SPACES);
            }
            if !text.is_empty() {
                self.at = self.start + text.len();
                let token = self.word(Kind::Text);
                self.at = delimiter;
                self.skip_to_here();
                return token;
            }
            self.at = delimiter;
            self.skip_to_here();
            if let Some(token) = self.left_delimiter() {
                return token;
            }
        }
    }

    /// `{{`, or nothing after a comment.
    fn left_delimiter(&mut self) -> Option<Token<'t>> {
        self.at += 2;
        let marker = if trims_left(self.rest()) { 2 } else { 0 };
        if self.input[self.at + marker..].starts_with("/*") {
            self.at += marker;
            self.skip_to_here();
            return self.comment();
        }
        let token = self.word(Kind::LeftDelim);
        self.inside = true;
        self.parens = 0;
        self.at += marker;
        self.skip_to_here();
        Some(token)
    }

    fn comment(&mut self) -> Option<Token<'t>> {
        self.at += 2;
        let Some(close) = self.rest().find("*/") else {
            return Some(self.mistake("unclosed comment"));
        };
        self.at += close + 2;
        let Some(trims) = self.right_delimiter() else {
            return Some(self.mistake("comment ends before closing delimiter"));
        };
        self.at += if trims { 4 } else { 2 };
        if trims {
            self.trim_left();
        }
        self.skip_to_here();
        None
    }

    fn trim_left(&mut self) {
        self.at = self.input.len() - self.rest().trim_start_matches(SPACES).len();
    }

    /// Whether a right delimiter stands here, and whether it trims.
    fn right_delimiter(&self) -> Option<bool> {
        let bytes = self.rest().as_bytes();
        if bytes.len() >= 4 && is_space(bytes[0]) && bytes[1..].starts_with(b"-}}") {
            return Some(true);
        }
        bytes.starts_with(b"}}").then_some(false)
    }

    fn action(&mut self) -> Token<'t> {
        if let Some(trims) = self.right_delimiter() {
            return if self.parens == 0 { self.close(trims) } else { self.mistake("unclosed left paren") };
        }
        let Some(next) = self.bump() else { return self.mistake("unclosed action") };
        match next {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.word(Kind::Assign),
            ':' if self.bump() == Some('=') => self.word(Kind::Declare),
            ':' => self.mistake("expected :="),
            '|' => self.word(Kind::Pipe),
            '"' => self.quoted(),
            '`' => self.raw(),
            '$' => self.name(Kind::Variable),
            '\'' => self.char_constant(),
            '.' if self.peek().is_some_and(|c| !c.is_ascii_digit()) => self.name(Kind::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.at -= 1;
                self.number()
            }
            '(' => {
                self.parens += 1;
                self.word(Kind::LeftParen)
            }
            ')' if self.parens == 0 => self.mistake("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.word(Kind::RightParen)
            }
            c if is_alphanumeric(c) => self.identifier(),
            ' '..='~' => self.word(Kind::Char),
            c => self.mistake(format!("unrecognized character in action: {}", unicode_name(c))),
        }
    }

    fn close(&mut self, trims: bool) -> Token<'t> {
        if trims {
            self.at += 2;
            self.skip_to_here();
        }
        self.at += 2;
        let token = self.word(Kind::RightDelim);
        if trims {
            self.trim_left();
            self.skip_to_here();
        }
        self.inside = false;
        token
    }

    fn space(&mut self) -> Token<'t> {
        while self.peek().is_some_and(|c| SPACES.contains(&c)) {
            self.bump();
        }
        // The last space may belong to ` -}}`.
        self.at -= 1;
        if self.right_delimiter() == Some(true) {
            if self.at == self.start {
                return self.action();
            }
        } else {
            self.at += 1;
        }
        self.word(Kind::Space)
    }

    fn identifier(&mut self) -> Token<'t> {
        self.take_name();
        let word = &self.input[self.start..self.at];
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match word {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            _ => Kind::Identifier,
        };
        self.word(kind)
    }

    /// A field or a variable, whose first character is read.
    fn name(&mut self, kind: Kind) -> Token<'t> {
        if self.at_terminator() {
            return self.word(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        self.take_name();
        if self.at_terminator() { self.word(kind) } else { self.bad_character() }
    }

    fn take_name(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.bump();
        }
    }

    fn bad_character(&mut self) -> Token<'t> {
        let character = self.peek().map_or_else(|| "U+FFFFFFFFFFFFFFFF".into(), unicode_name);
        self.mistake(format!("bad character {character}"))
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with("}}"),
        }
    }

    fn quoted(&mut self) -> Token<'t> {
        if self.skip_quoted('"') { self.word(Kind::String) } else { self.mistake("unterminated quoted string") }
    }

    fn char_constant(&mut self) -> Token<'t> {
        let closed = self.skip_quoted('\'');
        if closed { self.word(Kind::CharConstant) } else { self.mistake("unterminated character constant") }
    }

    /// Reads up to and with `quote`; false when the line or the text ends first.
    fn skip_quoted(&mut self, quote: char) -> bool {
        loop {
            match self.bump() {
                Some('\\') => {
                    if matches!(self.bump(), None | Some('\n')) {
                        return false;
                    }
                }
                None | Some('\n') => return false,
                Some(c) if c == quote => return true,
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self) -> Token<'t> {
        let Some(close) = self.rest().find('`') else {
            self.at = self.input.len();
            return self.mistake("unterminated raw quoted string");
        };
        self.at += close + 1;
        self.word(Kind::RawString)
    }

    fn number(&mut self) -> Token<'t> {
        let mut kind = Kind::Number;
        let mut good = self.scan_number();
        if good && matches!(self.peek(), Some('+' | '-')) {
            kind = Kind::Complex;
            good = self.scan_number() && self.input[..self.at].ends_with('i');
        }
        if good {
            return self.word(kind);
        }
        let text = super::format::quote(&self.input[self.start..self.at]);
        self.mistake(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.bump();
            return false;
        }
        true
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| valid.contains(c));
        if accepted {
            self.bump();
        }
        accepted
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }
}

impl fmt::Display for Token<'_> {
    /// As Go's parser names a word in its messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::End => f.write_str("EOF"),
            Kind::Error => f.write_str(&self.mistake),
            Kind::Keyword(_) | Kind::Dot | Kind::Nil => write!(f, "<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                write!(f, "{}...", super::format::quote(&start))
            }
            _ => f.write_str(&super::format::quote(self.text)),
        }
    }
}

fn trims_left(after_delimiter: &str) -> bool {
    let bytes = after_delimiter.as_bytes();
    bytes.len() >= 2 && bytes[0] == b'-' && is_space(bytes[1])
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// As Go's `%#U` prints a character.
fn unicode_name(c: char) -> String {
    let code = u32::from(c);
    if super::format::is_printable(c) { format!("U+{code:04X} '{c}'") } else { format!("U+{code:04X}") }
}
