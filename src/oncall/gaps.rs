//! Gaps: stretches of time in which nobody is on call.

use super::schedule::Schedule;
use super::shifts::certain;
use jiff::{SignedDuration, Timestamp};
use std::iter;

/// A stretch of time, half open, in which nobody is on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl Gap {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

/// The gaps from `from` to `to` that all `schedules` have together, each as long as can be.
pub fn gaps<'s>(schedules: &'s [&'s Schedule], from: Timestamp, to: Timestamp) -> impl Iterator<Item = Gap> + 's {
    let mut at = from;
    iter::from_fn(move || {
        while at < to {
            match coverage(schedules, at) {
                Coverage::Somebody(until) => at = until,
                Coverage::Nobody(_) => {
                    let gap = Gap { from: at, to: end(schedules, at, to) };
                    at = gap.to;
                    return Some(gap);
                }
            }
        }
        None
    })
}

/// Whether somebody is on call, and until when that is certain.
enum Coverage {
    Somebody(Timestamp),
    Nobody(Timestamp),
}

fn coverage(schedules: &[&Schedule], at: Timestamp) -> Coverage {
    let mut nobody_until = Timestamp::MAX;
    for schedule in schedules {
        let shift = certain(schedule, at);
        if shift.responder.is_some() {
            return Coverage::Somebody(shift.to);
        }
        nobody_until = nobody_until.min(shift.to);
    }
    Coverage::Nobody(nobody_until)
}

/// The end of the gap that holds at `at`, at most `latest`.
fn end(schedules: &[&Schedule], mut at: Timestamp, latest: Timestamp) -> Timestamp {
    while at < latest
        && let Coverage::Nobody(until) = coverage(schedules, at)
    {
        at = until;
    }
    at.min(latest)
}
