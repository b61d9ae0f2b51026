//! Looking at the values themselves: how they are spread, and how near they came to each bound.

use super::past::Part;
use crate::model::{SeriesTable, Severity, Slot};
use crate::notify::text::number;
use crate::rules::{Bound, Condition, Rule, Tier};
use crate::series::is_stale;
use std::collections::BTreeMap;
use std::fmt;

/// A value this near to a bound, as a share of it, is a near miss where it turns back.
const NEAR: f64 = 0.9;
/// How many values are kept to tell how they are spread.
const KEPT: usize = 20_000;
/// How many columns a chart has at most.
const COLUMNS: usize = 240;

/// What the values of a rule's shown query did over the window.
#[derive(Clone, Debug)]
pub struct Survey {
    from: Slot,
    to: Slot,
    /// The lowest and the highest value in each column of a chart.
    pub columns: Vec<Option<(f64, f64)>>,
    /// How near values came to the bounds, by severity.
    pub tiers: BTreeMap<Severity, Nearness>,
    series: SeriesTable,
    states: Vec<Vec<State>>,
    kept: Vec<f64>,
    stride: usize,
    seen: usize,
}

/// How near values came to a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nearness {
    /// The nearest that any came, as a share of the bound: above one it was crossed.
    pub nearest: Option<f64>,
    /// How often a series came within a tenth of the bound, and turned back without crossing it.
    pub misses: u32,
    /// How often a series crossed it.
    pub crossings: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Far,
    Near,
    Crossed,
}

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Spread {
    /// Half of them are at most this.
    pub p50: f64,
    /// 95 of a hundred are.
    pub p95: f64,
    /// 99 of a hundred are.
    pub p99: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, p50, p95, p99, max] = [self.min, self.p50, self.p95, self.p99, self.max].map(number);
        write!(f, "least {min}, p50 {p50}, p95 {p95}, p99 {p99}, most {max}")
    }
}

impl Survey {
    /// Nothing seen yet of the time from `from` to `to`.
    #[must_use]
    pub fn new(from: Slot, to: Slot) -> Self {
        Survey {
            from,
            to,
            columns: vec![None; COLUMNS],
            tiers: BTreeMap::new(),
            series: SeriesTable::new(),
            states: Vec::new(),
            kept: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }

    /// Looks at a part of the answers to the query that `rule` shows.
    pub fn read(&mut self, rule: &Rule, part: &Part, from: Slot, until: Slot) {
        for column in &part.columns {
            let series = self.series.intern(column.labels.clone()).0 as usize;
            let tiers = rule.tiers_for(&column.labels);
            if self.states.len() <= series {
                self.states.resize(series + 1, Vec::new());
            }
            self.states[series].resize(tiers.len(), State::Far);
            let mut slot = part.first;
            for &value in &column.values {
                if slot >= from && slot < until && !is_stale(value) {
                    self.see(slot, value);
                    self.come_near(series, tiers, value);
                }
                slot = slot + part.step;
            }
        }
    }

    fn see(&mut self, slot: Slot, value: f64) {
        if value.is_nan() {
            return;
        }
        if self.seen.is_multiple_of(self.stride) {
            if self.kept.len() == KEPT {
                let mut place = 0;
                self.kept.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push(value);
            }
        }
        self.seen += 1;
        let column = self.column_of(slot);
        let bounds = self.columns[column].get_or_insert((value, value));
        *bounds = (bounds.0.min(value), bounds.1.max(value));
    }

    /// The column of a chart in which `slot` lies.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a chart"
    )]
    pub fn column_of(&self, slot: Slot) -> usize {
        let share = (slot - self.from).millis() as f64 / (self.to - self.from).millis().max(1) as f64;
        ((share * COLUMNS as f64) as usize).min(COLUMNS - 1)
    }

    fn come_near(&mut self, series: usize, tiers: &[Tier], value: f64) {
        for (state, tier) in self.states[series].iter_mut().zip(tiers) {
            let Condition::Bound(bound) = tier.condition else { continue };
            let Some(near) = nearness(bound, value) else { continue };
            let known = self.tiers.entry(tier.severity.clone()).or_default();
            known.nearest = Some(known.nearest.map_or(near, |nearest: f64| nearest.max(near)));
            let now = match () {
                () if bound.holds(value) => State::Crossed,
                () if near >= NEAR => State::Near,
                () => State::Far,
            };
            match (*state, now) {
                (State::Far | State::Near, State::Crossed) => known.crossings += 1,
                (State::Near, State::Far) => known.misses += 1,
                _ => {}
            }
            // On the way back from beyond the bound a value is near it once more, and has missed nothing.
            if !(*state == State::Crossed && now == State::Near) {
                *state = now;
            }
        }
    }

    /// How the values are spread, if there were any.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let mut sorted = self.kept.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: usize| sorted[(sorted.len() * share / 100).min(sorted.len() - 1)];
        let extreme =
            |pick: fn(f64, f64) -> f64, of: fn(&(f64, f64)) -> f64| self.columns.iter().flatten().map(of).reduce(pick);
        let (min, max) = (extreme(f64::min, |pair| pair.0)?, extreme(f64::max, |pair| pair.1)?);
        (!sorted.is_empty()).then(|| Spread { p50: at(50), p95: at(95), p99: at(99), min, max })
    }
}

/// How near `value` comes to `bound`, as a share of it: one at the bound, more beyond it. `None` where there is no share, as of
/// a bound of zero, or no one direction.
fn nearness(bound: Bound, value: f64) -> Option<f64> {
    let (bound, beyond) = match bound {
        Bound::Above(bound) | Bound::AtLeast(bound) => (bound, value - bound),
        Bound::Below(bound) | Bound::AtMost(bound) => (bound, bound - value),
        Bound::Outside(..) | Bound::Inside(..) | Bound::Between(..) | Bound::Equals(_) | Bound::Differs(_) => {
            return None;
        }
    };
    let share = 1.0 + beyond / bound.abs();
    (bound != 0.0 && share.is_finite()).then_some(share)
}
