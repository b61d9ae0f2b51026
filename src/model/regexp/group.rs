//! Parentheses, and the flags that live as long as they.

use super::translate::{Item, Translation, read};

/// What `(?imsU)` turns on.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "Go has four switches, each of its own")]
pub(super) struct Flags {
    pub(super) ignores_case: bool,
    pub(super) is_by_line: bool,
    pub(super) dot_is_all: bool,
    pub(super) is_lazy: bool,
}

impl Flags {
    /// Turns a flag on or off, if there is one of that letter.
    fn set(&mut self, letter: char, on: bool) -> Option<()> {
        let flag = match letter {
            'i' => &mut self.ignores_case,
            'm' => &mut self.is_by_line,
            's' => &mut self.dot_is_all,
            'U' => &mut self.is_lazy,
            _ => return None,
        };
        *flag = on;
        Some(())
    }

    /// As Rust's engine has them, each either on or off. That a repetition is lazy is said where it is.
    fn written(self) -> String {
        let letters = [(self.ignores_case, 'i'), (self.is_by_line, 'm'), (self.dot_is_all, 's')];
        let those = |on: bool| letters.iter().filter(move |flag| flag.0 == on).map(|flag| flag.1);
        let off: String = those(false).collect();
        let dash = if off.is_empty() { "" } else { "-" };
        format!("{}{dash}{off}", those(true).collect::<String>())
    }
}

/// A group that is open, and what held outside.
pub(super) struct Group {
    start: usize,
    flags: Flags,
    heaviest: u32,
}

impl<'p> Translation<'p> {
    pub(super) fn open_group(&mut self) -> Result<(), String> {
        let text = self.rest;
        if !text.starts_with("(?") {
            self.capture("", &text[1..]);
            return Ok(());
        }
        let named =
            [("(?P<", 4), ("(?<", 3)].iter().find(|(start, _)| text.starts_with(start) && text.len() > start.len());
        match named {
            Some(&(_, length)) => self.named_group(length),
            None => self.flags(),
        }
    }

    fn named_group(&mut self, name: usize) -> Result<(), String> {
        let text = self.rest;
        let Some(end) = text.find('>') else { return Err(format!("invalid named capture: `{text}`")) };
        let (name, rest) = (&text[name..end], &text[end + 1..]);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("invalid named capture: `{}`", read(text, rest)));
        }
        self.capture(name, rest);
        Ok(())
    }

    fn capture(&mut self, name: &str, rest: &'p str) {
        self.names.push(name.to_owned());
        self.enter("(", self.flags, rest);
    }

    /// `(?i)`, `(?i-s:` or `(?:`.
    fn flags(&mut self) -> Result<(), String> {
        let (mut flags, mut on, mut is_complete) = (self.flags, true, true);
        let mut chars = self.rest[2..].chars();
        while let Some(c) = chars.next() {
            match c {
                '-' if on => (on, is_complete) = (false, false),
                ':' if is_complete => {
                    self.enter(&format!("(?{}:", flags.written()), flags, chars.as_str());
                    return Ok(());
                }
                ')' if is_complete => {
                    self.out.push_str(&format!("(?{})", flags.written()));
                    (self.flags, self.rest) = (flags, chars.as_str());
                    return Ok(());
                }
                // A dash wants a letter after it.
                letter if flags.set(letter, on).is_some() => is_complete = true,
                _ => break,
            }
        }
        Err(format!("invalid or unsupported Perl syntax: `{}`", read(self.rest, chars.as_str())))
    }

    fn enter(&mut self, written: &str, flags: Flags, rest: &'p str) {
        self.settle();
        self.open.push(Group { start: self.out.len(), flags: self.flags, heaviest: self.heaviest });
        self.out.push_str(written);
        (self.flags, self.heaviest, self.rest) = (flags, 1, rest);
    }

    pub(super) fn close_group(&mut self) -> Result<(), String> {
        let Some(group) = self.open.pop() else { return Err(format!("unexpected ): `{}`", self.pattern)) };
        self.settle();
        self.out.push(')');
        let (start, end, copies) = (group.start, self.out.len(), self.heaviest);
        self.item = Some(Item { start, end, copies, is_repetition: false });
        (self.flags, self.heaviest, self.rest) = (group.flags, group.heaviest, &self.rest[1..]);
        Ok(())
    }
}
