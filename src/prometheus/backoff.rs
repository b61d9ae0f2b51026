//! How long to wait before asking again.

use crate::model::{Span, spread};

const FIRST: i64 = 100;
const LONGEST: i64 = 2_000;

/// The wait before retry number `attempt` (from 0) of what `key` names. It doubles up to two seconds; half of it is
/// drawn from the key, so that questions that failed together do not come back together.
#[must_use]
pub fn backoff(key: &[&str], attempt: u32) -> Span {
    let whole = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
    let attempt = attempt.to_string();
    let key: Vec<&str> = key.iter().copied().chain([attempt.as_str()]).collect();
    let drawn = spread(&key, (whole / 2).unsigned_abs());
    Span::from_millis(whole / 2 + i64::try_from(drawn).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_stay_bounded_and_differ_by_key() {
        let waits: Vec<i64> = (0..8).map(|attempt| backoff(&["main", "up"], attempt).millis()).collect();
        assert!(
            waits
                .iter()
                .zip([100, 200, 400, 800, 1600, 2000, 2000, 2000])
                .all(|(w, most)| (most / 2..most).contains(w))
        );
        assert_ne!(backoff(&["main", "up"], 4), backoff(&["main", "down"], 4));
    }
}
