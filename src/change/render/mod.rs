//! A difference as text: for people at a terminal, for a pull request, for programs.
//!
//! Whatever comes out of a file is the text of whoever wrote the change, and is shown as text in each of the three.

mod human;
mod json;
mod markdown;

pub use crate::model::visible;
pub use human::human;
pub use json::json;
pub use markdown::{Besides, LONGEST, MARKER, fill, inline, markdown, parts};

use super::{Difference, What};
use std::fmt::Write;

/// What was compared, as people named it.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// The side before.
    pub base: &'a str,
    /// The side after.
    pub head: &'a str,
}

/// One line that says how much is different.
#[must_use]
pub fn summary(difference: &Difference) -> String {
    if difference.is_empty() {
        return "nothing changes in what is asked, decided or told".into();
    }
    let what = |wanted: fn(&What) -> bool| difference.rules.iter().filter(|rule| wanted(&rule.what)).count();
    let counts = [
        (what(|what| *what == What::Changed), "rule changed", "rules changed"),
        (what(|what| *what == What::Added), "new", "new"),
        (what(|what| *what == What::Removed), "gone", "gone"),
        (what(|what| matches!(what, What::Renamed(_) | What::LooksRenamed(_))), "renamed", "renamed"),
        (what(|what| matches!(what, What::SwitchedOff(_))), "switched off", "switched off"),
        (what(|what| *what == What::SwitchedOn), "switched on", "switched on"),
        (difference.groups.len(), "group changed", "groups changed"),
        (difference.records.len(), "recording rule changed", "recording rules changed"),
        (difference.told.iter().map(|told| told.rules.len()).sum(), "rule told otherwise", "rules told otherwise"),
        (difference.service.len(), "change of the configuration", "changes of the configuration"),
    ];
    let mut text = String::new();
    for (count, one, several) in counts.into_iter().filter(|(count, _, _)| *count > 0) {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{count} {}", if count == 1 { one } else { several });
    }
    text
}
