//! What Prometheus remarks about an answer that it gives all the same: its annotations.

use std::fmt;
use std::ops::Range;

/// A remark, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// How much it matters.
    pub gravity: Gravity,
    /// What it says.
    pub message: String,
    /// The bytes of the expression that it is about.
    pub range: Range<usize>,
    /// Line and column where that begins, both from 1.
    place: (usize, usize),
}

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// The answer may not be what was meant.
    Info,
    /// The answer lacks something, or is wrong.
    Warning,
}

impl Remark {
    pub(super) fn new(gravity: Gravity, message: String, range: Range<usize>, text: &str) -> Self {
        let before = &text[..range.start.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let place = (before.matches('\n').count() + 1, before.len() - line_start + 1);
        Remark { gravity, message, range, place }
    }
}

impl fmt::Display for Remark {
    /// As Prometheus writes it: `PromQL info: … (1:6)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gravity = match self.gravity {
            Gravity::Info => "info",
            Gravity::Warning => "warning",
        };
        write!(f, "PromQL {gravity}: {} ({}:{})", self.message, self.place.0, self.place.1)
    }
}
