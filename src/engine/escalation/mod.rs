//! How an incident climbs its ladder: which rung is due when, and when to look again.
//!
//! A rung is one level in one round; `repeat` adds rounds. Pure arithmetic over a ladder and a [`Climb`]. Who hears of a
//! rung is `incident`'s business, and so is what makes the clock stand still.

use crate::config::{Ladder, Level};
use crate::model::{Moment, Span};

/// Where an incident stands on a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climb {
    /// When its clock started, moved on by all the time in which it stood still.
    pub started: Moment,
    /// How many rungs have been reached, over all rounds.
    pub reached: u32,
    /// Since when the clock stands still, if it does: somebody acknowledged, or something holds the incident back.
    pub stopped: Option<Moment>,
    /// No rung before then: what fell due while nobody looked is told one after the other.
    pub not_before: Option<Moment>,
}

/// One level in one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rung<'a> {
    /// Its number, from zero, over all rounds.
    pub number: u32,
    /// The round, from zero.
    pub round: u32,
    /// Whether a round begins with it.
    pub begins_round: bool,
    /// The level.
    pub level: &'a Level,
    /// When it is reached, from the start of the clock.
    pub at: Span,
}

/// The rung with this number; none beyond the last round. The clock of a round starts `repeat.every` after the last level of
/// the round before it.
#[must_use]
pub fn rung(ladder: &Ladder, number: u32) -> Option<Rung<'_>> {
    let levels = u32::try_from(ladder.levels.len()).ok().filter(|levels| *levels > 0)?;
    let round = number / levels;
    let again = ladder.repeat.map_or(Span::ZERO, |repeat| repeat.every);
    if round > ladder.repeat.map_or(0, |repeat| repeat.times) {
        return None;
    }
    let level = &ladder.levels[(number % levels) as usize];
    let last = ladder.levels.last().map_or(Span::ZERO, |level| level.after);
    let begins_round = number.is_multiple_of(levels);
    Some(Rung { number, round, begins_round, level, at: (last + again).times(i64::from(round)) + level.after })
}

impl Climb {
    /// A climb that begins now.
    #[must_use]
    pub fn begin(now: Moment) -> Self {
        Climb { started: now, reached: 0, stopped: None, not_before: None }
    }

    /// When the next rung is due; never while the clock stands still, or beyond the last.
    #[must_use]
    pub fn next_due(&self, ladder: &Ladder) -> Option<Moment> {
        if self.stopped.is_some() {
            return None;
        }
        let due = self.started + rung(ladder, self.reached)?.at;
        Some(self.not_before.map_or(due, |earliest| due.max(earliest)))
    }

    /// The rungs that are due now and have to be told together: all with the time of the first one.
    #[must_use]
    pub fn due<'a>(&self, ladder: &'a Ladder, now: Moment) -> Vec<Rung<'a>> {
        if self.next_due(ladder).is_none_or(|due| due > now) {
            return Vec::new();
        }
        let rungs = (self.reached..).map_while(|number| rung(ladder, number));
        let first = rung(ladder, self.reached).map(|rung| rung.at);
        rungs.take_while(|rung| Some(rung.at) == first).collect()
    }

    /// The clock stands still from now on.
    #[must_use]
    pub fn stop(self, now: Moment) -> Self {
        Climb { stopped: self.stopped.or(Some(now)), ..self }
    }

    /// The clock goes on where it stood.
    #[must_use]
    pub fn go_on(self, now: Moment) -> Self {
        let Some(since) = self.stopped else { return self };
        let paused = now - since;
        Climb {
            started: self.started + paused,
            stopped: None,
            not_before: self.not_before.map(|at| at + paused),
            ..self
        }
    }

    /// The same clock on the ladder of a lower severity: what it would have told by now counts as reached.
    #[must_use]
    pub fn moved_to(self, ladder: &Ladder, now: Moment) -> Self {
        let elapsed = self.stopped.unwrap_or(now) - self.started;
        let passed = (0..).map_while(|number| rung(ladder, number)).take_while(|rung| rung.at <= elapsed).count();
        Climb { reached: u32::try_from(passed).unwrap_or(u32::MAX), not_before: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Repeat, Resolve};

    fn level(minutes: i64) -> Level {
        Level {
            name: format!("after-{minutes}").into(),
            after: Span::from_mins(minutes),
            notify: Vec::new(),
            actions: false,
        }
    }

    fn ladder_of(minutes: &[i64], repeat: Option<Repeat>) -> Ladder {
        let levels = minutes.iter().copied().map(level).collect();
        Ladder { wait: Span::ZERO, levels, repeat, ack_expires: None, resolve: Resolve::Auto }
    }

    fn minute(minutes: i64) -> Moment {
        Moment::from_millis(minutes * 60_000)
    }

    fn times(ladder: &Ladder) -> Vec<i64> {
        (0..).map_while(|number| rung(ladder, number)).map(|rung| rung.at.millis() / 60_000).collect()
    }

    #[test]
    fn a_repeat_tells_the_whole_ladder_again_with_the_same_spacing_after_the_last_level() {
        let twice = Repeat { every: Span::from_mins(30), times: 2 };
        assert_eq!(times(&ladder_of(&[0, 5, 15], Some(twice))), [0, 5, 15, 45, 50, 60, 90, 95, 105]);
        assert_eq!(times(&ladder_of(&[0, 5], None)), [0, 5]);
        assert!(times(&ladder_of(&[], Some(twice))).is_empty());
    }

    #[test]
    fn levels_of_one_time_are_due_together_and_the_next_one_is_not() {
        let ladder = ladder_of(&[0, 0, 5], None);
        let names = |climb: Climb, at| climb.due(&ladder, at).iter().map(|rung| rung.number).collect::<Vec<_>>();
        let climb = Climb::begin(minute(0));
        assert_eq!(names(climb, minute(0)), [0, 1]);
        let climb = Climb { reached: 2, ..climb };
        assert_eq!(names(climb, minute(4)), Vec::<u32>::new());
        assert_eq!(names(climb, minute(9)), [2]);
    }

    #[test]
    fn a_clock_that_stood_still_goes_on_where_it_was() {
        let ladder = ladder_of(&[0, 5, 15], None);
        let climb = Climb { reached: 1, ..Climb::begin(minute(0)) }.stop(minute(3));
        assert_eq!(climb.next_due(&ladder), None);
        assert_eq!(climb.stop(minute(9)), climb, "stopping twice is stopping once");
        assert_eq!(climb.go_on(minute(60)).next_due(&ladder), Some(minute(62)));
    }

    #[test]
    fn on_a_lower_ladder_what_it_would_have_told_by_now_counts_as_reached() {
        let lower = ladder_of(&[0, 10, 30], None);
        let climb = Climb { reached: 1, ..Climb::begin(minute(0)) };
        assert_eq!(climb.moved_to(&lower, minute(12)).reached, 2);
        assert_eq!(climb.moved_to(&lower, minute(12)).next_due(&lower), Some(minute(30)));
    }
}
