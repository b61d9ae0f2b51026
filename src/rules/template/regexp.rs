//! Go's regular expressions on Rust's engine.
//!
//! Both descend from RE2 and agree on what matches. They differ in a few spellings, which are translated here, and in
//! what they say of a pattern that is none: what people meet most often is said in Go's words.

use super::MAX_TEXT;
use regex::{Regex, RegexBuilder};

/// How much memory a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;

/// `match`: whether `pattern` is found in `text`.
pub(super) fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    Ok(compile(pattern)?.is_match(text))
}

/// `reReplaceAll`: every match of `pattern` replaced, `$1` and `${name}` standing for groups.
pub(super) fn replace_all(pattern: &str, by: &str, text: &str) -> Result<String, String> {
    let regex = compile(pattern).map_err(|reason| format!("regexp: Compile({}): {reason}", quoted(pattern)))?;
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&text[copied..whole.start()]);
        captures.expand(by, &mut out);
        copied = whole.end();
        if out.len() > MAX_TEXT {
            return Ok(out);
        }
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let refused = |reason: String| format!("error parsing regexp: {reason}");
    let translated = Translation::of(pattern).map_err(refused)?;
    let built = RegexBuilder::new(&translated).size_limit(MAX_COMPILED).nest_limit(100).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => refused(format!("expression too large: `{pattern}`")),
        error => refused(format!("invalid or unsupported expression: `{pattern}`: {}", last_line(&error.to_string()))),
    })
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or("").trim_start_matches("error: ").to_string()
}

/// As Go quotes a pattern that it cannot compile.
fn quoted(pattern: &str) -> String {
    let raw = !pattern.contains('`') && !pattern.contains(|c: char| c.is_control() && c != '\t');
    if raw { format!("`{pattern}`") } else { super::format::quote(pattern) }
}

/// A pattern on its way from Go's spelling to Rust's.
struct Translation<'p> {
    pattern: &'p str,
    at: usize,
    out: String,
    /// Where the groups that are open start.
    open: Vec<usize>,
    /// The repetition that ended right here, and whether there is something to repeat.
    repeated: Option<usize>,
    repeatable: bool,
}

impl<'p> Translation<'p> {
    fn of(pattern: &'p str) -> Result<String, String> {
        let out = String::with_capacity(pattern.len() + 8);
        let mut translation = Translation { pattern, at: 0, out, open: Vec::new(), repeated: None, repeatable: false };
        while translation.at < pattern.len() {
            translation.step()?;
        }
        if translation.open.is_empty() { Ok(translation.out) } else { Err(format!("missing closing ): `{pattern}`")) }
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn step(&mut self) -> Result<(), String> {
        let Some(c) = self.rest().chars().next() else { return Ok(()) };
        match c {
            '(' => return self.group(),
            ')' => {
                self.open.pop().ok_or_else(|| format!("unexpected ): `{}`", self.pattern))?;
                self.take(1, true);
            }
            '|' => self.take(1, false),
            '*' | '+' | '?' => return self.repetition(1),
            '{' => match repeat_length(self.rest()) {
                Some(length) => return self.repetition(length),
                // A brace that counts nothing stands for itself.
                None => self.write(1, "\\{", true),
            },
            '}' => self.write(1, "\\}", true),
            '[' => return self.class(),
            '\\' => return self.escape(false),
            '^' | '$' => self.take(1, true),
            c => self.take(c.len_utf8(), true),
        }
        Ok(())
    }

    /// Copies `length` bytes.
    fn take(&mut self, length: usize, repeatable: bool) {
        let text = &self.pattern[self.at..self.at + length];
        self.write(length, text, repeatable);
    }

    fn write(&mut self, length: usize, text: &str, repeatable: bool) {
        self.out.push_str(text);
        self.at += length;
        self.repeatable = repeatable;
        self.repeated = None;
    }

    fn group(&mut self) -> Result<(), String> {
        self.open.push(self.at);
        let rest = self.rest();
        if !rest.starts_with("(?") {
            self.take(1, false);
            return Ok(());
        }
        if rest.starts_with("(?P<") || rest.starts_with("(?<") {
            let name = rest.find('<').unwrap_or(0) + 1;
            let Some(end) = rest.find('>') else { return Err(format!("invalid named capture: `{rest}`")) };
            let good = end > name && rest[name..end].chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !good {
                return Err(format!("invalid named capture: `{}`", &rest[..=end]));
            }
            // Rust wants names to start with a letter; nothing refers to a group whose name does not.
            self.take(end + 1, false);
            return Ok(());
        }
        let flags = rest[2..].bytes().take_while(|byte| b"imsU-".contains(byte)).count();
        match rest.as_bytes().get(2 + flags) {
            Some(b':') => self.take(3 + flags, false),
            Some(b')') if flags > 0 => {
                self.open.pop();
                self.take(3 + flags, false);
            }
            None => return Err("missing argument to repetition operator: `?`".into()),
            Some(_) => {
                let shown: String = rest.chars().take(rest[..2 + flags].chars().count() + 1).collect();
                return Err(format!("invalid or unsupported Perl syntax: `{shown}`"));
            }
        }
        Ok(())
    }

    fn repetition(&mut self, length: usize) -> Result<(), String> {
        let start = self.at;
        let operator = &self.pattern[start..start + length];
        let lazy = usize::from(self.pattern[start + length..].starts_with('?'));
        if let Some(before) = self.repeated {
            let both = &self.pattern[before..start + length + lazy];
            return Err(format!("invalid nested repetition operator: `{both}`"));
        }
        if !self.repeatable {
            return Err(format!("missing argument to repetition operator: `{operator}`"));
        }
        if operator.starts_with('{') && !counts_are_fine(operator) {
            return Err(format!("invalid repeat count: `{operator}`"));
        }
        self.take(length + lazy, true);
        self.repeated = Some(start);
        Ok(())
    }

    /// `\d` and its kin mean ASCII in Go, and `\Q…\E` quotes.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let rest = self.rest();
        let Some(c) = rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".into());
        };
        let ascii = match c {
            'd' => "0-9",
            's' => "\\t\\n\\x0c\\r ",
            'w' => "0-9A-Za-z_",
            'D' => "^0-9",
            'S' => "^\\t\\n\\x0c\\r ",
            'W' => "^0-9A-Za-z_",
            _ => "",
        };
        if !ascii.is_empty() {
            self.write(2, &format!("[{ascii}]"), true);
            return Ok(());
        }
        match c {
            'b' | 'B' if !in_class => self.write(2, if c == 'b' { "(?-u:\\b)" } else { "(?-u:\\B)" }, true),
            'A' | 'z' if !in_class => self.take(2, true),
            'C' if !in_class => return Err("invalid escape sequence: `\\C`".into()),
            'Q' => self.quote(),
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => self.take(2, true),
            'x' => return self.hex(),
            'p' | 'P' => {
                let length = rest.find('}').filter(|_| rest[2..].starts_with('{')).map_or(3, |end| end + 1);
                let length = length.min(rest.len());
                let length = if rest.is_char_boundary(length) { length } else { 2 };
                self.take(length, true);
            }
            '1'..='7' | '0' => return self.octal(),
            c if c.is_ascii_punctuation() => self.write(2, &regex::escape(&c.to_string()), true),
            c => return Err(format!("invalid escape sequence: `\\{c}`")),
        }
        Ok(())
    }

    fn quote(&mut self) {
        let body = &self.rest()[2..];
        let end = body.find("\\E");
        let text = &body[..end.unwrap_or(body.len())];
        let length = 2 + text.len() + if end.is_some() { 2 } else { 0 };
        self.write(length, &regex::escape(text), !text.is_empty());
    }

    fn hex(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let length = match rest[2..].strip_prefix('{') {
            Some(braced) => braced.find('}').map(|end| end + 4),
            None => rest.get(2..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())).map(|_| 4),
        };
        let Some(length) = length else {
            let shown: String = rest.chars().take(4).collect();
            return Err(format!("invalid escape sequence: `{shown}`"));
        };
        self.take(length, true);
        Ok(())
    }

    fn octal(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let digits = rest[1..].bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        // A single digit other than zero would refer to a group, which RE2 cannot do.
        if digits == 1 && !rest.starts_with("\\0") {
            return Err(format!("invalid escape sequence: `{}`", &rest[..2]));
        }
        let code = u32::from_str_radix(&rest[1..=digits], 8).unwrap_or(0);
        self.write(1 + digits, &format!("\\x{{{code:x}}}"), true);
        Ok(())
    }

    /// `[…]`, in which Rust gives `[`, `&&`, `--` and `~~` meanings that Go does not know.
    fn class(&mut self) -> Result<(), String> {
        let start = self.at;
        let missing = || format!("missing closing ]: `{}`", &self.pattern[start..]);
        self.take(1, false);
        if self.rest().starts_with('^') {
            self.take(1, false);
        }
        let mut first = true;
        loop {
            let rest = self.rest();
            match rest.chars().next() {
                None => return Err(missing()),
                Some(']') if !first => {
                    self.take(1, true);
                    return Ok(());
                }
                Some('[') if rest.starts_with("[:") && rest.contains(":]") => {
                    let length = rest.find(":]").unwrap_or(0) + 2;
                    self.take(length, false);
                }
                Some('\\') => self.escape(true)?,
                Some(_) if falling_range(rest).is_some() => {
                    let range = falling_range(rest).unwrap_or_default();
                    return Err(format!("invalid character class range: `{range}`"));
                }
                Some('-') if rest.starts_with("--") => self.write(1, "\\-", false),
                Some(c @ ('[' | ']' | '&' | '~')) => self.write(1, &format!("\\{c}"), false),
                Some(c) => self.take(c.len_utf8(), false),
            }
            first = false;
        }
    }
}

/// A range such as `z-a` at the start of `text`.
fn falling_range(text: &str) -> Option<&str> {
    let mut chars = text.char_indices();
    let (_, low) = chars.next()?;
    let (_, dash) = chars.next()?;
    let (at, high) = chars.next()?;
    let plain = dash == '-' && low != '\\' && high != '\\' && high != ']' && high < low;
    plain.then(|| &text[..at + high.len_utf8()])
}

/// The length of `{2}`, `{2,}` or `{2,3}` at the start of `text`.
fn repeat_length(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let (least, most) = text[1..end].split_once(',').unwrap_or((&text[1..end], ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!least.is_empty() && digits(least) && digits(most)).then_some(end + 1)
}

/// Go repeats at most a thousand times, and not downwards.
fn counts_are_fine(operator: &str) -> bool {
    let counts = operator.trim_matches(['{', '}']);
    let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
    let number = |text: &str| text.parse::<u32>().unwrap_or(if text.is_empty() { 1000 } else { 1001 });
    number(least) <= number(most) && number(most) <= 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        assert_eq!(replace_all(r"^(\w+)\.(.*)$", "$2/${1}x", "web.example.org").unwrap(), "example.org/webx");
        assert_eq!(replace_all("a*", "-", "baac").unwrap(), "-b-c-");
        assert_eq!(replace_all(r"[[:digit:]&&[]+", "N", "a1&[b").unwrap(), "aNb");
        assert!(!matches(r"^\d$", "٣").unwrap());
        assert!(matches(r"^\Qa.b\E$", "a.b").unwrap());
        assert!(matches(r"x{,2}", "x{,2}").unwrap());
    }

    #[test]
    fn mistakes_are_told_in_gos_words() {
        let said = |pattern: &str| matches(pattern, "").unwrap_err();
        assert_eq!(said("(a"), "error parsing regexp: missing closing ): `(a`");
        assert_eq!(said("a)"), "error parsing regexp: unexpected ): `a)`");
        assert_eq!(said("a**"), "error parsing regexp: invalid nested repetition operator: `**`");
        assert_eq!(said("*a"), "error parsing regexp: missing argument to repetition operator: `*`");
        assert_eq!(said("[a"), "error parsing regexp: missing closing ]: `[a`");
        assert_eq!(said("a{2000}"), "error parsing regexp: invalid repeat count: `{2000}`");
        assert_eq!(said(r"\y"), "error parsing regexp: invalid escape sequence: `\\y`");
        assert_eq!(said("(?=a)"), "error parsing regexp: invalid or unsupported Perl syntax: `(?=`");
        assert_eq!(
            replace_all("(", "", "").unwrap_err(),
            "regexp: Compile(`(`): error parsing regexp: missing closing ): `(`"
        );
    }
}
