//! Texts that fit, as the receiver counts: cut between characters, and never inside of what a character becomes when it
//! is escaped.

use super::Delivery;
use super::text::{alert_line, one_line, report};
use crate::engine::notice::{AlertText, Notice};

/// So many alerts are listed at most; nobody reads more in a chat.
const LISTED: usize = 20;
const ELLIPSIS: &str = "…";

/// How one receiver counts, and what it wants escaped.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// How long a text is to it.
    pub measure: fn(&str) -> usize,
    /// What a character becomes between what stands before and after it. It may be several characters, none of which is
    /// ever sent without the others.
    pub escape: fn(&str, char, &str) -> String,
    /// What stands before and after what an alert says, where that keeps it from being anything but text.
    pub around: (&'static str, &'static str),
}

impl Fit {
    /// `text`, escaped, at most `most` long; with an ellipsis where something was cut.
    pub fn cut(&self, text: &str, most: usize) -> String {
        let ellipsis = (self.measure)(ELLIPSIS);
        let (mut fitting, mut length, mut room) = (String::new(), 0, 0);
        for (at, c) in text.char_indices() {
            let piece = (self.escape)(&text[..at], c, &text[at + c.len_utf8()..]);
            length += (self.measure)(&piece);
            if length > most {
                fitting.truncate(room);
                fitting.push_str(ELLIPSIS);
                break;
            }
            fitting.push_str(&piece);
            if length + ellipsis <= most {
                room = fitting.len();
            }
        }
        fitting
    }

    /// The lines of a report that goes with it, then a line on each alert, each at most `alert` long, and together with their
    /// line ends at most `most`; the last line counts the alerts that are left out.
    pub fn lines(&self, notice: &Notice, alert: usize, most: usize) -> Vec<String> {
        let told = self.report(notice, alert, most);
        let most = most.saturating_sub(told.iter().map(|line| (self.measure)(line) + 1).sum());
        told.into_iter().chain(self.alerts(notice, alert, most)).collect()
    }

    fn report(&self, notice: &Notice, longest: usize, most: usize) -> Vec<String> {
        let (before, after) = self.around;
        let length = |line: &str| (self.measure)(line) + 1;
        let mut left = most.saturating_sub(length(ELLIPSIS));
        let mut lines: Vec<String> = Vec::new();
        for line in report(notice) {
            let line = self.cut(&one_line(line), longest);
            let line = if line.is_empty() { line } else { format!("{before}{line}{after}") };
            let Some(rest) = left.checked_sub(length(&line)) else {
                lines.push(ELLIPSIS.into());
                break;
            };
            left = rest;
            lines.push(line);
        }
        lines
    }

    fn alerts(&self, notice: &Notice, alert: usize, most: usize) -> Vec<String> {
        let (before, after) = self.around;
        let line = |one: &AlertText| format!("{} {before}{}{after}", mark(one), self.cut(&alert_line(one), alert));
        let length = |line: &str| (self.measure)(line) + 1;
        let mut left = most.saturating_sub(length(&more(notice.alerts.len())));
        let mut lines: Vec<String> = Vec::new();
        for one in notice.alerts.iter().take(LISTED) {
            let line = line(one);
            let Some(rest) = left.checked_sub(length(&line)) else { break };
            left = rest;
            lines.push(line);
        }
        let unlisted = notice.alerts.len() - lines.len();
        if unlisted > 0 {
            lines.push(more(unlisted));
        }
        lines
    }
}

impl Fit {
    /// Where the reader of `delivery` may go, as links of Markdown, at most `most` long: one that does not fit is left
    /// out whole.
    pub fn links(&self, delivery: Delivery<'_>, most: usize) -> String {
        let mut links = String::new();
        for (words, address) in delivery.ways() {
            // What stands in `(…)` cannot hold the characters that end it.
            let address = address.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
            let between = if links.is_empty() { "" } else { " · " };
            let link = format!("{between}[{words}]({address})");
            if (self.measure)(&links) + (self.measure)(&link) <= most {
                links.push_str(&link);
            }
        }
        links
    }
}

fn more(count: usize) -> String {
    format!("{ELLIPSIS} and {count} more")
}

/// What fires, and what does not any more, at first sight.
pub fn mark(alert: &AlertText) -> &'static str {
    if alert.ended.is_some() { "✅" } else { "🔴" }
}

/// Counts UTF-16 code units. Where a page says "characters" and does not say which, no other count is longer.
pub fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Counts characters, as Unicode does.
pub fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Whether `c` is the colon of an address, which readers make a link of.
pub fn begins_an_address(c: char, after: &str) -> bool {
    c == ':' && after.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Fit = Fit { measure: utf16, escape: |_, c, _| c.into(), around: ("", "") };

    #[test]
    fn a_text_is_cut_between_characters_and_keeps_to_its_limit_however_it_is_counted() {
        assert_eq!(PLAIN.cut("exactly", 7), "exactly");
        assert_eq!(PLAIN.cut("one more", 7), "one mo…");
        // A character beyond U+FFFF is two units and stays whole.
        assert_eq!(PLAIN.cut("🔴🔴🔴", 6), "🔴🔴🔴");
        assert_eq!(PLAIN.cut("🔴🔴🔴", 5), "🔴🔴…");
        assert_eq!(PLAIN.cut("🔴🔴🔴", 4), "🔴…");
        assert_eq!(PLAIN.cut("", 0), "");
    }

    #[test]
    fn what_one_character_becomes_is_never_cut() {
        let fit = Fit { escape: |_, c, _| if c == '&' { "&amp;".into() } else { c.into() }, ..PLAIN };
        for most in 1..30 {
            let cut = fit.cut("a&b&c&d&e", most);
            assert!(characters(&cut) <= most, "{most}: {cut}");
            assert!(!cut.replace("&amp;", "").contains('&'), "{most}: {cut}");
        }
        assert_eq!(fit.cut("a&b&c&d&e", 8), "a&amp;b…");
    }
}
