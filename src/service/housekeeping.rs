//! When what is too old is forgotten: once a day, piece by piece, beside everything else.

use crate::model::{Moment, Span};
use crate::store::{Piece, Tidied};

const EVERY: Span = Span::from_hours(24);

/// How far the present round has come, what went in it, and at which moment the next one begins.
#[derive(Debug, Default)]
pub struct Housekeeping {
    piece: Option<Piece>,
    incidents: usize,
    next: Moment,
}

impl Housekeeping {
    /// The piece that is to be done now, if one is. The first round begins with the service.
    #[must_use]
    pub fn due(&self, now: Moment) -> Option<Piece> {
        self.piece.or_else(|| (now >= self.next).then(Piece::default))
    }

    /// A piece is done, and another one comes after it; or the round is over, and how many incidents went in it is returned.
    pub fn has_done(&mut self, done: Tidied, now: Moment) -> Option<usize> {
        self.piece = done.next;
        self.incidents += done.incidents;
        if self.piece.is_some() {
            return None;
        }
        self.next = now + EVERY;
        Some(std::mem::take(&mut self.incidents))
    }
}

/// The time, in milliseconds, by which it is judged what is too old: the earlier one, so that a clock that is ahead for a while
/// forgets nothing. A step forward does not take moments along, and one back does not take them back.
#[must_use]
pub fn judged_at(wall: i64, moment: Moment) -> i64 {
    wall.min(moment.millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_done_piece_by_piece_and_the_next_one_begins_a_day_later() {
        let mut house = Housekeeping::default();
        let at = Moment::from_millis;
        assert_eq!(house.due(at(5)), Some(Piece::default()));
        let piece = |incidents, next| Tidied { incidents, next };
        assert_eq!(house.has_done(piece(2, Some(Piece::Messages)), at(5)), None);
        assert_eq!(house.due(at(6)), Some(Piece::Messages));
        assert_eq!(house.has_done(piece(1, None), at(7)), Some(3));
        assert_eq!(house.due(at(6) + EVERY), None);
        assert_eq!(house.due(at(7) + EVERY), Some(Piece::default()));
        assert_eq!(house.has_done(piece(0, None), at(7) + EVERY), Some(0), "each round counts its own");
    }

    #[test]
    fn a_clock_that_is_ahead_makes_nothing_older_whichever_of_both_it_is() {
        assert_eq!(judged_at(5_000, Moment::from_millis(1_000)), 1_000, "stepped forward");
        assert_eq!(judged_at(1_000, Moment::from_millis(5_000)), 1_000, "and back");
    }
}
