//! Whether one bound holds wherever another does.

use crate::rules::Bound;

/// Whether every value that meets `this` meets `other` too.
pub(super) fn implies(this: Bound, other: Bound) -> bool {
    pieces(this).iter().flatten().all(|piece| pieces(other).iter().flatten().any(|whole| piece.is_within(*whole)))
}

/// The values between two ends, each of which may belong to them.
#[derive(Clone, Copy)]
struct Piece {
    low: f64,
    has_low: bool,
    high: f64,
    has_high: bool,
}

impl Piece {
    #[expect(clippy::float_cmp, reason = "two bounds that were written alike are alike")]
    fn is_within(self, whole: Piece) -> bool {
        let low = self.low > whole.low || self.low == whole.low && (whole.has_low || !self.has_low);
        let high = self.high < whole.high || self.high == whole.high && (whole.has_high || !self.has_high);
        low && high
    }
}

fn pieces(bound: Bound) -> [Option<Piece>; 2] {
    let above = |low, has_low| Some(Piece { low, has_low, high: f64::INFINITY, has_high: true });
    let below = |high, has_high| Some(Piece { low: f64::NEG_INFINITY, has_low: true, high, has_high });
    match bound {
        Bound::Above(low) => [above(low, false), None],
        Bound::AtLeast(low) => [above(low, true), None],
        Bound::Below(high) => [below(high, false), None],
        Bound::AtMost(high) => [below(high, true), None],
        Bound::Outside(low, high) => [below(low, false), above(high, false)],
        Bound::Inside(low, high) => [Some(Piece { low, has_low: true, high, has_high: true }), None],
        Bound::Between(low, high) => [Some(Piece { low, has_low: false, high, has_high: false }), None],
        Bound::Equals(value) => [Some(Piece { low: value, has_low: true, high: value, has_high: true }), None],
        Bound::Differs(value) => [below(value, false), above(value, false)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_further_out_implies_the_nearer_one() {
        use Bound::{Above, AtLeast, AtMost, Below, Differs, Equals, Inside, Outside};
        for (this, other) in [
            (Above(100.0), Above(60.0)),
            (Above(60.0), AtLeast(60.0)),
            (Below(5.0), AtMost(5.0)),
            (Outside(1.0, 9.0), Outside(2.0, 8.0)),
            (Above(9.0), Outside(2.0, 8.0)),
            (Inside(3.0, 4.0), Inside(3.0, 5.0)),
            (Equals(7.0), Above(6.0)),
            (Equals(7.0), Differs(6.0)),
        ] {
            assert!(implies(this, other), "{this:?} implies {other:?}");
            assert!(!implies(other, this), "{other:?} does not imply {this:?}");
        }
        assert!(!implies(Above(1.0), Below(2.0)));
    }
}
