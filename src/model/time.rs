//! Three kinds of time that must not be mixed: [`Slot`], [`Moment`] and [`Span`].
//!
//! All count whole milliseconds. None of them can ask the operating system what time it is;
//! only `service/clock.rs` does.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, AddAssign, Sub};

/// A grid point of the wall clock: the instant that all queries of one evaluation ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(i64);

/// Engine time, which every timer uses. It equals the slot plus the skew and never runs backwards.
///
/// What an alert may have or not have is mostly a moment, so an `Option` of it takes no more room than itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(NonZeroU64);

/// A length of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl From<jiff::Timestamp> for Slot {
    /// The slot at an instant of the wall clock, its milliseconds cut.
    fn from(at: jiff::Timestamp) -> Self {
        Slot(at.as_millisecond())
    }
}

impl Slot {
    /// The slot at `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Slot(millis)
    }

    /// Milliseconds after the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The last grid point at or before `wall`, on the grid of `interval` shifted by `offset`.
    ///
    /// # Panics
    /// When `interval` is not positive; the rule compiler refuses such groups.
    #[must_use]
    pub fn at_or_before(wall: i64, interval: Span, offset: Span) -> Self {
        assert!(interval.0 > 0, "a group's interval is positive");
        Slot((wall - offset.0).div_euclid(interval.0) * interval.0 + offset.0)
    }

    /// The first grid point at or after `wall`, of the grid with this interval and offset.
    #[must_use]
    pub fn at_or_after(wall: i64, interval: Span, offset: Span) -> Self {
        let before = Slot::at_or_before(wall, interval, offset);
        if before.millis() == wall { before } else { before + interval }
    }

    /// The moment of this slot where the clock has `skew`.
    #[must_use]
    pub fn moment(self, skew: Span) -> Moment {
        Moment::from_millis(self.0 + skew.0)
    }
}

impl Moment {
    /// Turned over, the sign bit of a number makes the order of signed numbers that of unsigned ones.
    const SIGN: u64 = 1 << 63;

    /// The moment at `millis` milliseconds after the Unix epoch; the very first that can be said is the second.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        match NonZeroU64::new(millis.cast_unsigned() ^ Self::SIGN) {
            Some(moment) => Moment(moment),
            None => Moment(NonZeroU64::MIN),
        }
    }

    /// Milliseconds after the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        (self.0.get() ^ Self::SIGN).cast_signed()
    }

    /// What the wall clock shows at this moment where it has `skew`.
    #[must_use]
    pub fn slot(self, skew: Span) -> Slot {
        Slot((self - skew).millis())
    }
}

impl Default for Moment {
    fn default() -> Self {
        Moment::from_millis(0)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Moment").field(&self.millis()).finish()
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Span(millis)
    }

    /// A span of `seconds` seconds.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Span(seconds * 1000)
    }

    /// A span of `minutes` minutes.
    #[must_use]
    pub const fn from_mins(minutes: i64) -> Self {
        Span(minutes * 60_000)
    }

    /// A span of `hours` hours of sixty minutes.
    #[must_use]
    pub const fn from_hours(hours: i64) -> Self {
        Span(hours * 3_600_000)
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds, with their fraction.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "spans are far below 2^53 ms")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Whether this is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The span `n` times over, saturating.
    #[must_use]
    pub const fn times(self, n: i64) -> Self {
        Span(self.0.saturating_mul(n))
    }

    /// The same span for the operating system's timers; a negative one is zero.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

impl Add<Span> for Moment {
    type Output = Moment;
    fn add(self, span: Span) -> Moment {
        Moment::from_millis(self.millis().saturating_add(span.0))
    }
}

impl Sub<Span> for Moment {
    type Output = Moment;
    fn sub(self, span: Span) -> Moment {
        Moment::from_millis(self.millis().saturating_sub(span.0))
    }
}

impl Sub for Moment {
    type Output = Span;
    fn sub(self, earlier: Moment) -> Span {
        Span(self.millis().saturating_sub(earlier.millis()))
    }
}

impl Add<Span> for Slot {
    type Output = Slot;
    fn add(self, span: Span) -> Slot {
        Slot(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Slot {
    type Output = Slot;
    fn sub(self, span: Span) -> Slot {
        Slot(self.0.saturating_sub(span.0))
    }
}

impl Sub for Slot {
    type Output = Span;
    fn sub(self, earlier: Slot) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc3339(self.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc3339(self.millis()))
    }
}

/// The UTC text of an instant, as RFC 3339 has it, with milliseconds only where there are some.
fn rfc3339(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| format!("{millis}ms"), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_lies_on_the_shifted_grid_also_before_the_epoch() {
        let (interval, offset) = (Span::from_secs(30), Span::from_secs(7));
        assert_eq!(Slot::at_or_before(36_999, interval, offset).millis(), 7_000);
        assert_eq!(Slot::at_or_before(37_000, interval, offset).millis(), 37_000);
        assert_eq!(Slot::at_or_before(-1, interval, offset).millis(), -23_000);
    }

    #[test]
    fn moments_are_in_the_order_of_their_milliseconds_and_none_is_lost() {
        let millis = [i64::MIN + 1, -1, 0, 1, 1_767_603_600_250, i64::MAX];
        let moments = millis.map(Moment::from_millis);
        assert_eq!(moments.map(Moment::millis), millis);
        assert!(moments.is_sorted());
        assert_eq!(Moment::from_millis(i64::MIN), moments[0]);
        assert_eq!(size_of::<Option<Moment>>(), size_of::<i64>());
    }

    #[test]
    fn instants_print_as_rfc_3339() {
        assert_eq!(Slot::from_millis(1_767_603_600_000).to_string(), "2026-01-05T09:00:00Z");
        assert_eq!(Moment::from_millis(1_767_603_600_250).to_string(), "2026-01-05T09:00:00.25Z");
    }
}
