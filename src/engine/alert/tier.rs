//! The life of one tier of an alert: what it is now, and what a new verdict makes of it.
//!
//! This module decides and never acts. Callers bring the time, which is why the service, a backtest and a scenario test
//! share it unchanged. Start at [`TierState::step`]. Absent on purpose: the clock, and what the tier's condition says.

use crate::model::{Moment, Span, Truth};

/// A pending tier of which nothing was known for longer than this (or its `for`, if that is more) starts anew.
const LONGEST_DARKNESS: Span = Span::from_hours(1);

/// What one tier of an alert is doing. A variant carries what is known in that state and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TierState {
    /// Its condition does not hold.
    #[default]
    Inactive,
    /// Its condition holds, but not for long enough yet.
    Pending {
        /// When it began to hold.
        since: Moment,
        /// How much of the time since then nothing was known; it does not count towards `for`.
        unknown: Span,
        /// Since when nothing is known now.
        dark: Option<Moment>,
    },
    /// It fires.
    Firing {
        /// When its condition began to hold.
        active: Moment,
        /// When it began to fire.
        since: Moment,
    },
    /// Its condition no longer holds, but it goes on firing for a while.
    Keeping {
        /// When its condition began to hold.
        active: Moment,
        /// When it began to fire.
        since: Moment,
        /// When its condition stopped.
        calm: Moment,
        /// How much of the time since then nothing was known.
        unknown: Span,
        /// Since when nothing is known now.
        dark: Option<Moment>,
    },
}

/// How long a tier waits: `for` and `keep_firing_for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `for`.
    pub hold: Span,
    /// `keep_firing_for`.
    pub keep: Span,
}

impl TierState {
    /// Returns what `truth`, at `now`, makes of this state.
    #[must_use]
    pub fn step(self, truth: Truth, now: Moment, timing: Timing) -> TierState {
        use TierState::{Firing, Inactive, Keeping, Pending};
        match (self, truth) {
            (Inactive, Truth::True) if timing.hold.is_zero() => Firing { active: now, since: now },
            (Inactive, Truth::True) => Pending { since: now, unknown: Span::ZERO, dark: None },
            (Inactive, Truth::False | Truth::Unknown) => Inactive,

            (Pending { dark: Some(since), .. }, Truth::True) if is_too_long(now - since, timing.hold) => {
                Inactive.step(truth, now, timing)
            }
            (Pending { since, unknown, dark }, Truth::True) => {
                let unknown = unknown + darkness(dark, now);
                let served = now - since - unknown;
                if served >= timing.hold {
                    Firing { active: since, since: now }
                } else {
                    Pending { since, unknown, dark: None }
                }
            }
            (Pending { .. }, Truth::False) => Inactive,
            (Pending { since, unknown, dark }, Truth::Unknown) => {
                let dark = dark.unwrap_or(now);
                if is_too_long(now - dark, timing.hold) {
                    Inactive
                } else {
                    Pending { since, unknown, dark: Some(dark) }
                }
            }

            // Nothing was learned: nobody is told anything.
            (firing @ Firing { .. }, Truth::True | Truth::Unknown) => firing,
            (Firing { .. }, Truth::False) if timing.keep.is_zero() => Inactive,
            (Firing { active, since }, Truth::False) => {
                Keeping { active, since, calm: now, unknown: Span::ZERO, dark: None }
            }

            (Keeping { active, since, .. }, Truth::True) => Firing { active, since },
            (Keeping { active, since, calm, unknown, dark }, Truth::False) => {
                let unknown = unknown + darkness(dark, now);
                let over = now - calm - unknown >= timing.keep;
                if over { Inactive } else { Keeping { active, since, calm, unknown, dark: None } }
            }
            (Keeping { active, since, calm, unknown, dark }, Truth::Unknown) => {
                Keeping { active, since, calm, unknown, dark: dark.or(Some(now)) }
            }
        }
    }

    /// A higher tier has just ended while this one's condition holds: it takes over, its `for` counted as served.
    #[must_use]
    pub fn take_over(self, now: Moment) -> TierState {
        match self {
            TierState::Pending { since, .. } => TierState::Firing { active: since, since: now },
            other @ (TierState::Inactive | TierState::Firing { .. } | TierState::Keeping { .. }) => other,
        }
    }

    /// We were not running for `span`, until `now`: that time serves nothing, and nothing was known in it. `hold` is the
    /// tier's `for`.
    #[must_use]
    pub fn slept(self, span: Span, now: Moment, hold: Span) -> TierState {
        match self {
            TierState::Pending { dark, .. } if is_too_long(span.max(darkness(dark, now)), hold) => TierState::Inactive,
            TierState::Pending { since, unknown, dark } => {
                TierState::Pending { since, unknown: unknown + span, dark: dark.map(|at| at + span) }
            }
            TierState::Keeping { active, since, calm, unknown, dark } => {
                TierState::Keeping { active, since, calm, unknown: unknown + span, dark: dark.map(|at| at + span) }
            }
            other @ (TierState::Inactive | TierState::Firing { .. }) => other,
        }
    }

    /// Nothing is known of this tier from `now` on, because its rule could not be evaluated.
    #[must_use]
    pub fn darken(self, now: Moment, timing: Timing) -> TierState {
        self.step(Truth::Unknown, now, timing)
    }

    /// How far it has got towards firing and in it; of two that are alike the one that began earlier is further.
    #[must_use]
    pub fn progress(self) -> impl Ord {
        let stage = match self {
            TierState::Inactive => 0,
            TierState::Pending { .. } => 1,
            TierState::Keeping { .. } => 2,
            TierState::Firing { .. } => 3,
        };
        (stage, std::cmp::Reverse(self.active_since()))
    }

    /// Whether it fires, kept firing included.
    #[must_use]
    pub fn fires(self) -> bool {
        matches!(self, TierState::Firing { .. } | TierState::Keeping { .. })
    }

    /// When its condition began to hold, where it does or did until now.
    #[must_use]
    pub fn active_since(self) -> Option<Moment> {
        match self {
            TierState::Inactive => None,
            TierState::Pending { since, .. } => Some(since),
            TierState::Firing { active, .. } | TierState::Keeping { active, .. } => Some(active),
        }
    }

    /// When it began to fire, where it does.
    #[must_use]
    pub fn fired_at(self) -> Option<Moment> {
        match self {
            TierState::Inactive | TierState::Pending { .. } => None,
            TierState::Firing { since, .. } | TierState::Keeping { since, .. } => Some(since),
        }
    }
}

/// Whether a pending tier of which nothing was known for so long starts anew.
fn is_too_long(darkness: Span, hold: Span) -> bool {
    darkness > hold.max(LONGEST_DARKNESS)
}

fn darkness(dark: Option<Moment>, now: Moment) -> Span {
    dark.map_or(Span::ZERO, |since| now - since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Truth::{False, True, Unknown};

    fn run(timing: Timing, truths: &[Truth]) -> Vec<&'static str> {
        let mut state = TierState::Inactive;
        let mut names = Vec::new();
        for (minute, truth) in (0..).zip(truths) {
            state = state.step(*truth, Moment::from_millis(minute * 60_000), timing);
            names.push(match state {
                TierState::Inactive => "-",
                TierState::Pending { .. } => "pending",
                TierState::Firing { .. } => "firing",
                TierState::Keeping { .. } => "keeping",
            });
        }
        names
    }

    fn minutes(hold: i64, keep: i64) -> Timing {
        Timing { hold: Span::from_mins(hold), keep: Span::from_mins(keep) }
    }

    #[test]
    fn without_for_it_fires_on_first_sight_and_ends_at_once() {
        assert_eq!(run(minutes(0, 0), &[False, True, True, False]), ["-", "firing", "firing", "-"]);
    }

    #[test]
    fn it_fires_when_for_is_reached_not_only_when_it_is_passed() {
        assert_eq!(run(minutes(2, 0), &[True, True, True]), ["pending", "pending", "firing"]);
    }

    #[test]
    fn a_break_starts_for_anew() {
        assert_eq!(run(minutes(2, 0), &[True, True, False, True, True, True])[4..], ["pending", "firing"]);
    }

    #[test]
    fn unknown_neither_resets_nor_serves_for() {
        assert_eq!(
            run(minutes(2, 0), &[True, Unknown, Unknown, True, True, True]),
            ["pending", "pending", "pending", "pending", "firing", "firing"],
            "minutes 1 to 3 are dark, so the two minutes are served at minute 4"
        );
    }

    #[test]
    fn unknown_resolves_nothing_and_pauses_keep_firing_for() {
        assert_eq!(run(minutes(0, 0), &[True, Unknown, Unknown]), ["firing", "firing", "firing"]);
        assert_eq!(
            run(minutes(0, 2), &[True, False, Unknown, Unknown, False, False]),
            ["firing", "keeping", "keeping", "keeping", "keeping", "-"]
        );
    }

    #[test]
    fn what_was_dark_for_more_than_an_hour_starts_anew() {
        let mut truths = vec![True];
        truths.extend([Unknown; 62]);
        let names = run(minutes(5, 0), &truths);
        assert_eq!((names[61], names[62]), ("pending", "-"));
    }

    #[test]
    fn keep_firing_for_restarts_after_every_return() {
        assert_eq!(
            run(minutes(0, 2), &[True, False, True, False, False, False]),
            ["firing", "keeping", "firing", "keeping", "keeping", "-"]
        );
    }

    #[test]
    fn time_down_serves_nothing() {
        let timing = minutes(2, 0);
        let pending = TierState::Inactive.step(True, Moment::from_millis(0), timing);
        let pending = pending.slept(Span::from_mins(60), Moment::from_millis(60 * 60_000), timing.hold);
        let back = pending.step(True, Moment::from_millis(61 * 60_000), timing);
        assert!(matches!(back, TierState::Pending { .. }));
        assert!(back.step(True, Moment::from_millis(62 * 60_000), timing).fires());
    }

    #[test]
    fn time_down_and_missed_slots_of_more_than_an_hour_start_a_pending_tier_anew() {
        let (timing, at) = (minutes(2, 0), |minute: i64| Moment::from_millis(minute * 60_000));
        let pending = TierState::Inactive.step(True, at(0), timing);
        assert_eq!(pending.slept(Span::from_mins(61), at(61), timing.hold), TierState::Inactive);
        let dark = pending.darken(at(1), timing);
        assert_eq!(dark.slept(Span::from_mins(30), at(62), timing.hold), TierState::Inactive, "dark before as well");
        let anew = TierState::Pending { since: at(62), unknown: Span::ZERO, dark: None };
        assert_eq!(dark.step(True, at(62), timing), anew, "nobody looked in between");
        let firing = TierState::Inactive.step(True, at(0), minutes(0, 0));
        assert_eq!(firing.slept(Span::from_hours(9), at(540), Span::ZERO), firing, "what fires goes on firing");
    }
}
