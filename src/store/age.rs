//! What has been kept for long enough, and the pieces in which it is looked for.

use crate::model::Span;

/// What was recorded before these times, by the wall clock in milliseconds, is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// For what alerts did.
    pub events: i64,
    /// For closed incidents, with all that was told of them, and for everything else.
    pub incidents: i64,
}

impl TooOld {
    /// What is too old at `wall`, where events of alerts and incidents are kept for so long.
    #[must_use]
    pub fn at(wall: i64, events: Span, incidents: Span) -> Self {
        TooOld { events: wall - events.millis(), incidents: wall - incidents.millis() }
    }
}

/// A part of the past that is looked through at once for what is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Events that are of no incident, from the one after this number on.
    Events {
        /// The number.
        after: u64,
    },
    /// Incidents, from the one after this number on.
    Incidents {
        /// The number.
        after: u64,
    },
    /// Messages of no incident.
    Messages,
}

/// What came of looking through a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// How many incidents went.
    pub incidents: usize,
    /// The piece that comes next, where there is one.
    pub next: Option<Piece>,
}

impl Default for Piece {
    /// The first one.
    fn default() -> Self {
        Piece::Events { after: 0 }
    }
}
