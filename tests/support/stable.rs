//! What chance decides, replaced by words that are the same in every run: times, ids, ports, signatures.
//!
//! The same id is the same word wherever it stands, so that a snapshot still shows which message speaks of which.

use regex::Regex;
use std::collections::HashMap;

/// Replaces chance by words, and remembers which word stands for what.
pub struct Stable {
    chance: Regex,
    words: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl Stable {
    /// Knows nothing yet.
    pub fn new() -> Stable {
        let chance = [
            r"(?P<address>127\.0\.0\.1:\d+)",
            r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)",
            // Slack's, which says where a message is.
            r"(?P<ts>\b\d{10}\.\d{6}\b)",
            r"(?P<second>\b1[789]\d{8}\b)",
            r"(?P<signature>v1,[A-Za-z0-9+/=]{44})",
            r"(?P<span>\b(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?s\b)",
            r"(?P<id>\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b)",
        ];
        let chance = Regex::new(&chance.join("|")).expect("it is one");
        Stable { chance, words: HashMap::new(), counts: HashMap::new() }
    }

    /// `text` without chance.
    pub fn of(&mut self, text: &str) -> String {
        let chance = self.chance.clone();
        let replaced = chance.replace_all(text, |found: &regex::Captures<'_>| {
            let kinds = ["address", "time", "ts", "second", "signature", "span", "id"];
            let kind = kinds.into_iter().find(|kind| found.name(kind).is_some()).expect("one of them was found");
            match kind {
                "ts" | "id" => self.numbered(kind, &found[0]),
                word => format!("<{word}>"),
            }
        });
        replaced.into_owned()
    }

    fn numbered(&mut self, kind: &'static str, found: &str) -> String {
        if let Some(word) = self.words.get(found) {
            return word.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let word = format!("<{kind} {count}>");
        self.words.insert(found.to_owned(), word.clone());
        word
    }
}
