//! In which direction a condition went: which of two bounds lets more values fire.

use super::Effect;
use crate::rules::Bound;

/// How the values that meet one bound lie to those that meet another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The same values meet both.
    Same,
    /// Fewer meet the second one.
    Less,
    /// More meet the second one.
    More,
    /// Some meet only the first, some only the second.
    Other,
}

/// Asks the bounds themselves, at every place where an answer can change: their ends, just beside these, and far out.
pub(super) fn reach(before: Bound, after: Bound) -> Reach {
    let ends = ends(before).into_iter().chain(ends(after)).flatten();
    let beside = ends.flat_map(|end| [end.next_down(), end, end.next_up()]);
    let values = beside.chain([f64::NEG_INFINITY, f64::MIN, 0.0, f64::MAX, f64::INFINITY]);
    let (mut lost, mut won) = (false, false);
    for value in values {
        lost |= before.holds(value) && !after.holds(value);
        won |= !before.holds(value) && after.holds(value);
    }
    match (lost, won) {
        (false, false) => Reach::Same,
        (true, false) => Reach::Less,
        (false, true) => Reach::More,
        (true, true) => Reach::Other,
    }
}

impl Reach {
    /// Of a condition.
    pub(super) fn of_firing(self) -> Option<Effect> {
        match self {
            Reach::Less => Some(Effect::FiresLess),
            Reach::More => Some(Effect::FiresMore),
            Reach::Same | Reach::Other => None,
        }
    }

    /// Of what keeps a firing tier firing.
    pub(super) fn of_holding(self) -> Option<Effect> {
        match self {
            Reach::Less => Some(Effect::EndsSooner),
            Reach::More => Some(Effect::EndsLater),
            Reach::Same | Reach::Other => None,
        }
    }
}

fn ends(bound: Bound) -> [Option<f64>; 2] {
    match bound {
        Bound::Above(end) | Bound::AtLeast(end) | Bound::Below(end) | Bound::AtMost(end) => [Some(end), None],
        Bound::Equals(end) | Bound::Differs(end) => [Some(end), None],
        Bound::Outside(low, high) | Bound::Inside(low, high) | Bound::Between(low, high) => [Some(low), Some(high)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_fewer_values_meet_is_stricter_whichever_way_it_looks() {
        use Bound::{Above, AtLeast, AtMost, Below, Between, Differs, Equals, Inside, Outside};
        for (before, after, reach_after) in [
            (Above(80.0), Above(100.0), Reach::Less),
            (Above(100.0), Above(80.0), Reach::More),
            (Below(5.0), Below(3.0), Reach::Less),
            (Below(3.0), Below(5.0), Reach::More),
            (Above(80.0), AtLeast(80.0), Reach::More),
            (AtMost(80.0), Below(80.0), Reach::Less),
            (Above(80.0), Below(80.0), Reach::Other),
            (Outside(10.0, 20.0), Outside(5.0, 25.0), Reach::Less),
            (Outside(10.0, 20.0), Outside(5.0, 15.0), Reach::Other),
            (Outside(10.0, 20.0), Above(20.0), Reach::Less),
            (Inside(10.0, 20.0), Between(10.0, 20.0), Reach::Less),
            (Inside(10.0, 20.0), Inside(10.0, 30.0), Reach::More),
            (Equals(1.0), Equals(2.0), Reach::Other),
            (Equals(1.0), AtLeast(1.0), Reach::More),
            (Differs(0.0), Above(0.0), Reach::Less),
            (Equals(0.0), Inside(0.0, 0.0), Reach::Same),
            (Above(f64::INFINITY), AtLeast(f64::INFINITY), Reach::More),
            (Above(0.3), Above(0.1 + 0.2), Reach::Less),
        ] {
            assert_eq!(reach(before, after), reach_after, "{before:?} → {after:?}");
        }
    }
}
