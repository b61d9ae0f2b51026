//! What a run says: its beginning and its end are kept, the flood between is read and dropped.
//!
//! Secrets are taken out before anything is cut, so that no cut leaves half of one.

use std::collections::VecDeque;
use std::ops::Range;

/// So much of the beginning is kept, in bytes.
const HEAD: usize = 2 * 1024;
/// So much of the end is kept, in bytes.
const TAIL: usize = 6 * 1024;
/// A longer secret is hidden only up to here; what is longer is no password but a file.
const LONGEST_SECRET: usize = 8 * 1024;
/// A shorter one would be found in any text.
const SHORTEST_SECRET: usize = 4;
const HIDDEN: &str = "[secret]";

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Output {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
    secrets: Vec<Vec<u8>>,
}

impl Output {
    /// Nothing so far; these values will not be repeated, nor will a line of one that has several.
    pub(super) fn hiding<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = secrets.into_iter().flat_map(|secret| [secret].into_iter().chain(secret.lines()));
        let long_enough = lines.map(str::trim).filter(|secret| secret.len() >= SHORTEST_SECRET);
        let mut secrets: Vec<Vec<u8>> =
            long_enough.map(|secret| secret.bytes().take(LONGEST_SECRET).collect()).collect();
        // The longest first: one may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Output { secrets, ..Output::default() }
    }

    /// Takes in what was said.
    pub(super) fn take(&mut self, said: &[u8]) {
        let room = (HEAD + self.slack()).saturating_sub(self.head.len()).min(said.len());
        self.head.extend_from_slice(&said[..room]);
        let rest = &said[room..];
        // Of a flood only its end can be what is kept.
        let most = TAIL + self.slack();
        let skipped = rest.len().saturating_sub(most);
        let surplus = (self.tail.len() + rest.len() - skipped).saturating_sub(most);
        self.tail.drain(..surplus);
        self.tail.extend(&rest[skipped..]);
        self.dropped += (skipped + surplus) as u64;
    }

    /// The text of it: printable, without secrets, cut in the middle where it is long.
    pub(super) fn text(mut self) -> String {
        let tail: Vec<u8> = std::mem::take(&mut self.tail).into();
        if self.dropped == 0 && self.head.len() + tail.len() <= HEAD + TAIL {
            let whole = [self.head.as_slice(), &tail].concat();
            return self.shown(&whole, 0..whole.len());
        }
        // What was dropped lies between: a secret that reaches into it is met whole in the slack, on either side.
        let head = if self.dropped == 0 { [self.head.as_slice(), &tail].concat() } else { self.head.clone() };
        let tail = if self.dropped == 0 { head.clone() } else { tail };
        let end = tail.len().saturating_sub(TAIL);
        let left_out = if self.dropped == 0 {
            (end - HEAD) as u64
        } else {
            self.dropped + (self.head.len() - HEAD) as u64 + end as u64
        };
        let (first, last) = (self.shown(&head, 0..HEAD), self.shown(&tail, end..tail.len()));
        format!("{}\n[… {left_out} bytes left out …]\n{}", first.trim_end(), last.trim_start())
    }

    /// A secret that begins before a cut ends at most so far behind it.
    fn slack(&self) -> usize {
        self.secrets.first().map_or(0, Vec::len)
    }

    /// The bytes in `range` as text. A secret that only reaches into it is hidden as well.
    fn shown(&self, bytes: &[u8], range: Range<usize>) -> String {
        let mut text = String::new();
        let (mut at, mut plain) = (0, Vec::new());
        while at < range.end {
            let secret = self.secrets.iter().find(|secret| bytes[at..].starts_with(secret));
            match secret {
                Some(secret) if at + secret.len() > range.start => {
                    text.push_str(&printable(&plain));
                    plain.clear();
                    text.push_str(HIDDEN);
                    at += secret.len();
                }
                Some(secret) => at += secret.len(),
                None => {
                    plain.extend(range.contains(&at).then_some(bytes[at]));
                    at += 1;
                }
            }
        }
        text.push_str(&printable(&plain));
        text
    }
}

/// Bytes as text that does nothing to whoever shows it: what is no UTF-8 and what steers a terminal is replaced.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(secrets: &[&str], chunks: &[&[u8]]) -> String {
        let mut output = Output::hiding(secrets.iter().copied());
        for chunk in chunks {
            output.take(chunk);
        }
        output.text()
    }

    #[test]
    fn what_is_short_is_kept_as_it_is_and_made_printable() {
        assert_eq!(said(&[], &[b"one\r\n", b"two\n"]), "one\ntwo\n");
        assert_eq!(said(&[], &[b"\x1b[31mred\xff\x00"]), "\u{fffd}[31mred\u{fffd}\u{fffd}");
        assert_eq!(said(&[], &[]), "");
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
        let flood = vec![b'x'; 1_000_000];
        let text = said(&[], &[b"first ", &flood, &flood, b" last"]);
        assert!(text.starts_with("first xxx") && text.ends_with("xxx last"), "{text}");
        let left_out = 2_000_011 - HEAD - TAIL;
        assert!(text.contains(&format!("\n[… {left_out} bytes left out …]\n")), "{text}");
        assert!(text.len() < HEAD + TAIL + 64, "{}", text.len());
    }

    #[test]
    fn no_secret_is_repeated_wherever_it_stands_and_however_it_is_cut() {
        let secret = "tok-0123456789abcdef";
        assert_eq!(said(&[secret, "abcdef"], &[b"a tok-01234", b"56789abcdef z abcdef"]), "a [secret] z [secret]");
        assert_eq!(said(&["line one\nline two"], &[b"it is line two"]), "it is [secret]");
        assert_eq!(said(&["no"], &[b"no is too short to be one"]), "no is too short to be one");
        for before in HEAD - 30..HEAD + 2 {
            let flood = vec![b'.'; 100_000];
            let text = said(&[secret], &[&vec![b'.'; before], secret.as_bytes(), &flood]);
            assert!(!text.contains("tok-"), "{before}");
        }
        for after in TAIL - 2..TAIL + 30 {
            for flood in [100, 100_000] {
                let text = said(&[secret], &[&vec![b'.'; HEAD + flood], secret.as_bytes(), &vec![b'.'; after]]);
                assert!(!text.contains("cdef"), "{after} {flood}");
            }
        }
    }
}
