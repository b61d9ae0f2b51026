//! When what is too old is forgotten: once a day, piece by piece, beside everything else.

use crate::store::Piece;

const EVERY_MILLIS: i64 = 24 * 3_600_000;

/// How far the present round has come, and when the next one begins, by the wall clock.
#[derive(Debug, Default)]
pub struct Housekeeping {
    piece: Option<Piece>,
    next: i64,
}

impl Housekeeping {
    /// The piece that is to be done now, if one is. The first round begins with the service.
    #[must_use]
    pub fn due(&self, wall: i64) -> Option<Piece> {
        self.piece.or_else(|| (wall >= self.next).then(Piece::default))
    }

    /// A piece is done; `next` comes after it, or the round is over.
    pub fn has_done(&mut self, next: Option<Piece>, wall: i64) {
        self.piece = next;
        if next.is_none() {
            self.next = wall + EVERY_MILLIS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_done_piece_by_piece_and_the_next_one_begins_a_day_later() {
        let mut house = Housekeeping::default();
        assert_eq!(house.due(5), Some(Piece::default()));
        house.has_done(Some(Piece::Messages), 5);
        assert_eq!(house.due(6), Some(Piece::Messages));
        house.has_done(None, 7);
        assert_eq!(house.due(7 + EVERY_MILLIS - 1), None);
        assert_eq!(house.due(7 + EVERY_MILLIS), Some(Piece::default()));
    }
}
