//! What holds new messages back: inhibition, silences, maintenance, flapping.

use super::{Window, Zone};
use crate::model::{Matchers, Name, SilenceId, Span};
use jiff::Timestamp;

/// Alerts that, while they fire, hold others back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhibit {
    /// The alerts that hold back.
    pub source: Matchers,
    /// The alerts that are held back.
    pub target: Matchers,
    /// The labels that must be there and equal on both sides.
    pub equal: Vec<Name>,
}

/// A silence as code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What it silences.
    pub matchers: Matchers,
    /// Its first instant; since ever, where there is none.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub until: Timestamp,
    /// Who answers for it.
    pub owner: Name,
    /// Why.
    pub reason: String,
}

impl Silence {
    /// An id for whoever looks for it: the same as long as it is the same silence.
    #[must_use]
    pub fn id(&self) -> SilenceId {
        let from = self.from.map(|from| from.to_string()).unwrap_or_default();
        SilenceId::derive(&["configuration", &self.matchers.to_string(), &from, &self.until.to_string()])
    }

    /// Whether it holds back what it matches at `wall`.
    #[must_use]
    pub fn holds(&self, wall: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= wall) && wall < self.until
    }
}

/// A window of every week in which work is expected to hurt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// What it covers.
    pub matchers: Matchers,
    /// When.
    pub every: Window,
    /// The zone of that window.
    pub timezone: Zone,
    /// Why.
    pub reason: String,
}

/// When an alert counts as flapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// So many changes
    pub changes: u32,
    /// within so long.
    pub within: Span,
}
