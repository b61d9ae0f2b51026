//! Shifts: stretches of time in which the same person is on call, or nobody. Together they leave nothing out.

use super::schedule::Schedule;
use super::{By, Duty, next_change, on_call};
use crate::model::Name;
use jiff::{SignedDuration, Timestamp};
use std::iter;

/// A stretch of time, half open, in which the same person is on call, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift<'s> {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it. The last instant of all where it does not end.
    pub to: Timestamp,
    /// Who is on call.
    pub responder: Option<&'s Name>,
}

/// A stretch in which the same thing decides.
#[derive(Clone, Copy)]
struct Piece<'s> {
    shift: Shift<'s>,
    by: By,
}

/// The shifts from `from` to `to`: they begin and end there, each begins where the one before it ends, and no two
/// neighbours have the same person.
pub fn shifts(schedule: &Schedule, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Shift<'_>> {
    let pieces = pieces(schedule, from).take_while(move |piece| piece.shift.from < to);
    joined(pieces, |one, next| one.shift.responder == next.shift.responder)
        .map(move |piece| Shift { to: piece.shift.to.min(to), ..piece.shift })
}

/// The turns of people that touch the time from `from` to `to`, whole, as they are handed over: one who takes turns with
/// nobody has turns all the same. Stretches with nobody on call are left out.
pub fn turns(schedule: &Schedule, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Shift<'_>> {
    let pieces = pieces(schedule, beginning(schedule, from));
    let turns = joined(pieces, Piece::is_same_turn).map(|piece| piece.shift).take_while(move |turn| turn.from < to);
    turns.filter(move |turn| turn.to > from && turn.responder.is_some())
}

/// The first instant after `at`, and before `horizon`, at which somebody else is on call, or nobody.
#[must_use]
pub fn next_handoff(schedule: &Schedule, at: Timestamp, horizon: Timestamp) -> Option<Shift<'_>> {
    let now = on_call(schedule, at);
    let pieces = pieces(schedule, at).map(|piece| piece.shift).take_while(|shift| shift.from < horizon);
    let mut later = pieces.skip_while(|shift| shift.responder == now);
    later.next()
}

/// Who is on call from `at` on, and until when that is certain.
pub(super) fn certain(schedule: &Schedule, at: Timestamp) -> Shift<'_> {
    piece(schedule, at).shift
}

fn piece(schedule: &Schedule, at: Timestamp) -> Piece<'_> {
    let zone = &schedule.timezone;
    let local = zone.reached(at);
    let Duty { responder, by } = Duty::at(schedule, local);
    let to = next_change(schedule, local).map_or(Timestamp::MAX, |next| zone.instant(next));
    Piece { shift: Shift { from: at, to, responder }, by }
}

fn pieces(schedule: &Schedule, from: Timestamp) -> impl Iterator<Item = Piece<'_>> {
    iter::successors(Some(piece(schedule, from)), |last| {
        let next = last.shift.to;
        (next < Timestamp::MAX).then(|| piece(schedule, next))
    })
}

/// An instant at or before the beginning of what holds at `at`, and not much further back than that is.
fn beginning(schedule: &Schedule, at: Timestamp) -> Timestamp {
    let now = piece(schedule, at);
    let earliest = match now.by {
        By::Nothing => None,
        By::Turn { layer, number } => schedule.layers[layer].rotation.handoff(number),
        By::Override(index) => Some(schedule.overrides[index].from),
    };
    let earliest = earliest.map_or(at, |local| schedule.timezone.instant(local));
    // A turn of years may have been interrupted an hour ago: only where it was not, it is looked for further back.
    let lookbacks = (0..).map_while(|doubling| at.checked_sub(SignedDuration::from_hours(24 << doubling)).ok());
    let mut origins = lookbacks.take_while(|origin| *origin > earliest);
    let since = |origin: &Timestamp| pieces(schedule, *origin).take_while(|piece| piece.shift.from < at);
    origins.find(|origin| since(origin).any(|piece| !now.is_same_turn(&piece))).unwrap_or(earliest)
}

impl Piece<'_> {
    fn is_same_turn(&self, other: &Piece<'_>) -> bool {
        (self.shift.responder, self.by) == (other.shift.responder, other.by)
    }
}

/// Neighbours that are the `same`, as one.
fn joined<'s>(
    pieces: impl Iterator<Item = Piece<'s>>,
    same: impl Fn(&Piece<'s>, &Piece<'s>) -> bool,
) -> impl Iterator<Item = Piece<'s>> {
    let mut pieces = pieces.peekable();
    iter::from_fn(move || {
        let mut joined = pieces.next()?;
        while let Some(next) = pieces.next_if(|next| same(&joined, next)) {
            joined.shift.to = next.shift.to;
        }
        Some(joined)
    })
}
