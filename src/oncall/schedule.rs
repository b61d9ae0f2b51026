//! Who is on call when, as written down: the answer for an instant is arithmetic on these values.

use crate::calendar::{Step, Window, Zone};
use crate::model::Name;
use jiff::civil::DateTime;

/// Who is on call: layers, of which the later wins where it is active, and overrides above them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The zone of every local time in it.
    pub timezone: Zone,
    /// The layers, the later above the earlier.
    pub layers: Vec<Layer>,
    /// The overrides, the later above the earlier.
    pub overrides: Vec<Override>,
}

impl Schedule {
    /// Everybody who may ever be on call, some of them more than once.
    #[must_use]
    pub fn people(&self) -> Vec<&Name> {
        let turns = self.layers.iter().flat_map(|layer| &layer.rotation.responders);
        turns.chain(self.overrides.iter().map(|change| &change.responder)).collect()
    }
}

/// People taking turns, perhaps only in a part of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Whose turn it is.
    pub rotation: Rotation,
    /// When the layer is active; always, where there is none.
    pub during: Option<Window>,
}

/// Turns. The person of handoff *k* is `responders[k mod n]`; *k* may be negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The people, in order; at least one.
    pub responders: Vec<Name>,
    /// How long a turn is.
    pub every: Step,
    /// The local time of handoff 0.
    pub from: DateTime,
    /// The first instant at which this layer counts; the layers below hold before it, so that history does not move.
    pub effective_from: Option<DateTime>,
}

/// A change of plan for a while, half open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Its first instant.
    pub from: DateTime,
    /// The first instant after it.
    pub to: DateTime,
    /// Who stands in.
    pub responder: Name,
    /// The one they stand in for, and only while that one is on call; everybody, where there is none.
    pub replace: Option<Name>,
}
