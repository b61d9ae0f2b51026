//! Whether a wall clock was stepped. Who may read clocks brings both readings.

use super::Span;

/// A difference below this is drift, which is followed; above it is a step.
const STEP: Span = Span::from_secs(1);

/// How far the wall clock was stepped while `passed` went by and it moved by `moved`; zero if it was not.
#[must_use]
pub fn stepped(passed: Span, moved: Span) -> Span {
    let difference = moved - passed;
    if difference.millis().unsigned_abs() < STEP.millis().unsigned_abs() { Span::ZERO } else { difference }
}

#[cfg(test)]
mod tests {
    use super::{Span, stepped};

    #[test]
    fn drift_is_followed_and_a_step_is_named() {
        let half_a_minute = Span::from_secs(30);
        assert_eq!(stepped(half_a_minute, Span::from_millis(30_400)), Span::ZERO);
        assert_eq!(stepped(half_a_minute, Span::from_secs(3_630)), Span::from_hours(1));
        assert_eq!(stepped(half_a_minute, Span::from_secs(-30)), Span::from_secs(-60));
    }
}
