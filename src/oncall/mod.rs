//! Who is on call when: schedules as values, and the arithmetic that answers for any instant.
//!
//! [`on_call`] is a pure function of schedule and instant; nothing is stored, nothing is walked through from some beginning.
//! Zones are asked only at the edge: which local time an instant has [reached](crate::calendar::Zone::reached), and at which
//! instant a local time comes. In between all is comparing and counting on the calendar, where no hour is missing or twice.
//!
//! This room is no part of the engine because the configuration's checks ask the same questions, and they come before any
//! engine. Start at [`on_call`]; [`shifts`] is the same for a stretch of time. Absent on purpose: the clock, any I/O, people's
//! ways of being reached.

mod gaps;
mod ical;
mod layer;
mod overrides;
mod schedule;
mod shifts;
#[cfg(test)]
mod tests;

pub use gaps::{Gap, gaps};
pub use ical::calendar;
pub use schedule::{Layer, Override, Rotation, Schedule};
pub use shifts::{Shift, next_handoff, shifts, turns};

use crate::model::Name;
use jiff::Timestamp;
use jiff::civil::DateTime;
use overrides::Standing;

/// Who is on call in `schedule` at `instant`; nobody is a legal answer.
#[must_use]
pub fn on_call(schedule: &Schedule, instant: Timestamp) -> Option<&Name> {
    Duty::at(schedule, schedule.timezone.reached(instant)).responder
}

/// Who is on call at a local time that was reached, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Duty<'s> {
    responder: Option<&'s Name>,
    by: By,
}

/// What decides who is on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Nothing does: nobody is.
    Nothing,
    /// A turn of a layer.
    Turn { layer: usize, number: i64 },
    /// An override.
    Override(usize),
}

impl<'s> Duty<'s> {
    fn at(schedule: &'s Schedule, local: DateTime) -> Self {
        let duty = Duty::of_layers(&schedule.layers, local);
        match overrides::stand_in(&schedule.overrides, local, duty.responder) {
            Standing::Nobody => duty,
            Standing::In { responder, index } => Duty { responder: Some(responder), by: By::Override(index) },
        }
    }

    /// The last layer that is active decides.
    fn of_layers(layers: &'s [Layer], local: DateTime) -> Self {
        match layers.iter().rposition(|layer| layer.is_active(local)) {
            Some(layer) => {
                let rotation = &layers[layer].rotation;
                let number = rotation.turn(local);
                Duty { responder: rotation.responder(number), by: By::Turn { layer, number } }
            }
            None => Duty { responder: None, by: By::Nothing },
        }
    }
}

/// The first local time after `local` at which another answer is possible; none where it holds for ever.
fn next_change(schedule: &Schedule, local: DateTime) -> Option<DateTime> {
    let (from_overrides, layers_count) = overrides::next_change(&schedule.overrides, local);
    let from_layers = layers_count.then(|| layer::next_change(&schedule.layers, local)).flatten();
    earlier(from_overrides, from_layers)
}

/// The earlier of two times, either of which may never come.
fn earlier(a: Option<DateTime>, b: Option<DateTime>) -> Option<DateTime> {
    a.into_iter().chain(b).min()
}
