//! Turns as a calendar that people subscribe to: iCalendar, RFC 5545.
//!
//! The text is a function of the turns alone, so that two exports can be compared. What identifies an event is everything that
//! it says: a turn that moves or changes hands is another event, and none has ever a second revision. Times are in UTC, so that no
//! reader needs zones of its own.

use super::Shift;
use crate::model::Name;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// How many octets a line may have, without its end.
const LONGEST_LINE: usize = 75;

/// A calendar called `title` of turns, each with the name of its schedule.
#[must_use]
pub fn calendar<'s>(title: &str, turns: impl IntoIterator<Item = (&'s Name, Shift<'s>)>) -> String {
    let mut lines = Lines::default();
    lines.add("BEGIN", "VCALENDAR");
    lines.add("VERSION", "2.0");
    lines.add("PRODID", "-//Watchbell//On call//EN");
    lines.add("CALSCALE", "GREGORIAN");
    lines.add("METHOD", "PUBLISH");
    // The name of RFC 7986, and the one that more readers know.
    lines.add("NAME", &text(title));
    lines.add("X-WR-CALNAME", &text(title));
    for (schedule, turn) in turns {
        if let Some(responder) = turn.responder {
            event(&mut lines, schedule, responder, &turn);
        }
    }
    lines.add("END", "VCALENDAR");
    lines.0
}

fn event(lines: &mut Lines, schedule: &Name, responder: &Name, turn: &Shift<'_>) {
    // Dates have four digits there.
    let (Some(from), Some(to)) = (utc(turn.from), utc(turn.to)) else { return };
    lines.add("BEGIN", "VEVENT");
    lines.add("UID", &uid(&[schedule, responder, &from, &to]));
    // When this revision was made. Nobody knows, and what is never revised needs no more than a time that never changes.
    lines.add("DTSTAMP", "19700101T000000Z");
    lines.add("DTSTART", &from);
    lines.add("DTEND", &to);
    lines.add("SEQUENCE", "0");
    lines.add("SUMMARY", &text(&format!("{responder} on call: {schedule}")));
    lines.add("CATEGORIES", &text(schedule));
    lines.add("STATUS", "CONFIRMED");
    // Whoever is on call can still be invited.
    lines.add("TRANSP", "TRANSPARENT");
    lines.add("END", "VEVENT");
}

/// An instant in UTC, if a calendar can say it.
fn utc(at: Timestamp) -> Option<String> {
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    (at.year() >= 0).then(|| at.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// The same for the same parts on every machine; the length before each part keeps lists apart.
fn uid(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut uid = String::from("oncall-");
    for byte in digest.iter().take(16) {
        // Writing to a text cannot fail.
        let _ = write!(uid, "{byte:02x}");
    }
    uid
}

/// A value of the type TEXT.
fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Content lines, folded.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// Adds `name:value`. A line that is too long goes on in the next, after a space, never within a character.
    fn add(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if octets + c.len_utf8() > LONGEST_LINE {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(name: &Name) -> Shift<'_> {
        let (from, to) = ("2026-01-05T08:00:00Z".parse().unwrap(), "2026-01-12T08:00:00Z".parse().unwrap());
        Shift { from, to, responder: Some(name) }
    }

    #[test]
    fn a_calendar_says_each_turn_in_utc() {
        let (schedule, person) = (Name::from("primary"), Name::from("ann"));
        let calendar = calendar("on call: primary", [(&schedule, turn(&person))]);
        assert!(calendar.ends_with("END:VCALENDAR\r\n"));
        insta::assert_snapshot!(calendar.replace("\r\n", "\n"));
    }

    #[test]
    fn long_lines_are_folded_at_75_octets_and_never_within_a_character() {
        let (schedule, person) =
            (Name::from("schicht-ä".repeat(20).as_str()), Name::from("日本語".repeat(30).as_str()));
        let calendar = calendar("x", [(&schedule, turn(&person))]);
        assert!(calendar.split("\r\n").all(|line| line.len() <= LONGEST_LINE && !line.contains('\n')));
        assert!(calendar.split("\r\n").any(|line| line.len() >= LONGEST_LINE - 2), "lines are not cut short");
        let unfolded = calendar.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("SUMMARY:{person} on call: {schedule}\r\n")), "{unfolded}");
    }

    #[test]
    fn what_has_a_meaning_there_is_escaped() {
        assert_eq!(text("a,b;c\\d\ne\r\u{7}\tf"), "a\\,b\\;c\\\\d\\ne\tf");
    }

    #[test]
    fn an_event_is_another_when_it_says_something_else() {
        let uids = [["a", "bc"], ["ab", "c"], ["a", "bd"]].map(|parts| uid(&parts));
        assert_ne!(uids[0], uids[1]);
        assert_ne!(uids[0], uids[2]);
        assert_eq!(uids[0], uid(&["a", "bc"]));
    }
}
