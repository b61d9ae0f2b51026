//! The clocks of a scenario: how much time really passed, what the machine of Watchbell shows, what the sources' show.
//!
//! They agree until the wall clock jumps. Then slots go on where it stands, moments by the time that really passed, and the
//! sources by clocks of their own, unless those jump with it.

use crate::model::{Moment, Slot, Span};

/// All clocks. What is asked of them is told by the time that really passed since the start.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    start: Slot,
    /// How far the wall clock is ahead.
    wall: Span,
    /// How far the sources' clocks are ahead.
    sources: Span,
    /// How far moments are ahead: only a start that finds the wall clock ahead of them moves them.
    moments: Span,
    /// When the wall clock jumped last. What begins anew then has its first slot later.
    jumped: Option<Span>,
}

impl Clocks {
    /// Clocks that agree, and show `start` at the beginning.
    #[must_use]
    pub fn new(start: Slot) -> Self {
        Clocks { start, wall: Span::ZERO, sources: Span::ZERO, moments: Span::ZERO, jumped: None }
    }

    /// The wall clock jumps, and the sources' with it or not.
    pub fn jump(&mut self, at: Span, by: Span, with_sources: bool) {
        self.wall += by;
        self.sources += if with_sources { by } else { Span::ZERO };
        self.jumped = Some(at);
    }

    /// Watchbell starts. Its time goes on at the wall clock where that is ahead; returns how far it was.
    pub fn start(&mut self) -> Span {
        let ahead = (self.wall - self.moments).max(Span::ZERO);
        self.moments += ahead;
        ahead
    }

    /// What the wall clock shows.
    #[must_use]
    pub fn wall(&self, at: Span) -> Slot {
        self.start + at + self.wall
    }

    /// What the sources' clocks show: they have nothing that is newer.
    #[must_use]
    pub fn sources(&self, at: Span) -> Slot {
        self.start + at + self.sources
    }

    /// The engine's time.
    #[must_use]
    pub fn moment(&self, at: Span) -> Moment {
        Moment::from_millis((self.start + at + self.moments).millis())
    }

    /// What has to be added to a slot to get its moment.
    #[must_use]
    pub fn skew(&self) -> Span {
        self.moments - self.wall
    }

    /// How much time will really have passed at a moment, in milliseconds.
    #[must_use]
    pub fn passed_at(&self, moment: i64) -> Span {
        Span::from_millis(moment - self.start.millis()) - self.moments
    }

    /// Whether a slot of this interval stands here.
    #[must_use]
    pub fn is_slot(&self, at: Span, interval: Span) -> bool {
        self.jumped != Some(at) && (at + self.wall).millis().rem_euclid(interval.millis()) == 0
    }

    /// When the next slot of this interval comes.
    #[must_use]
    pub fn next_slot(&self, at: Span, interval: Span) -> Span {
        let next = (at + self.wall).millis().div_euclid(interval.millis()) + 1;
        interval.times(next) - self.wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Span = Span::from_mins(1);

    #[test]
    fn slots_follow_the_wall_clock_and_moments_the_time_that_passed() {
        let start = Slot::from_millis(1_767_603_600_000);
        let mut clocks = Clocks::new(start);
        let at = Span::from_secs(90);
        clocks.jump(at, Span::from_secs(-100), false);
        assert_eq!(clocks.wall(at) - start, Span::from_secs(-10), "also before the start");
        assert_eq!(clocks.sources(at) - start, at);
        assert_eq!(clocks.next_slot(at, MINUTE), Span::from_secs(100));
        assert!(clocks.is_slot(Span::from_secs(100), MINUTE) && !clocks.is_slot(Span::from_secs(120), MINUTE));
        assert_eq!(clocks.wall(at).moment(clocks.skew()), clocks.moment(at));
        clocks.jump(at, Span::from_secs(160), true);
        assert!(!clocks.is_slot(at, MINUTE) && clocks.sources(at) - start == Span::from_secs(250));
    }

    #[test]
    fn a_start_moves_time_forward_to_the_wall_clock_and_never_back() {
        let mut clocks = Clocks::new(Slot::from_millis(0));
        clocks.jump(MINUTE, Span::from_hours(1), false);
        assert_eq!((clocks.start(), clocks.start(), clocks.skew()), (Span::from_hours(1), Span::ZERO, Span::ZERO));
        clocks.jump(MINUTE, Span::from_hours(-2), false);
        assert_eq!((clocks.start(), clocks.skew()), (Span::ZERO, Span::from_hours(2)));
        let at = Span::from_mins(7);
        assert_eq!(clocks.passed_at(clocks.moment(at).millis()), at);
    }
}
