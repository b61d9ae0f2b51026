//! What a reading means, tier by tier.

use super::rows::Rows;
use crate::engine::alert::Alert;
use crate::model::{Slot, Truth};
use crate::rules::script::{Inputs, Operand, Script};
use crate::rules::{Clear, Condition, Rule, Tier};

/// The verdict on each tier, highest first. A rule has at most as many tiers as fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    holds: u32,
    unknown: u32,
}

/// What the conditions of one evaluation may look at, beside the values.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The slot.
    pub slot: Slot,
    /// The service's zone, for conditions that look at the clock.
    pub zone: &'a jiff::tz::TimeZone,
    /// Whether the named alert of the same group fires on these join labels.
    pub firing: &'a dyn Fn(&str, &crate::model::Labels) -> Truth,
}

impl Verdicts {
    /// How many tiers a rule may have.
    pub const MOST_TIERS: usize = 32;

    /// Every tier unknown.
    pub const UNKNOWN: Verdicts = Verdicts { holds: 0, unknown: u32::MAX };

    /// The verdict on tier `index`.
    #[must_use]
    pub fn get(self, index: usize) -> Truth {
        let bit = 1_u32 << index;
        match (self.holds & bit != 0, self.unknown & bit != 0) {
            (true, _) => Truth::True,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::False,
        }
    }

    fn set(&mut self, index: usize, truth: Truth) {
        let bit = 1_u32 << index;
        match truth {
            Truth::True => self.holds |= bit,
            Truth::Unknown => self.unknown |= bit,
            Truth::False => {}
        }
    }

    /// Whether no tier holds and none is unknown.
    #[must_use]
    pub fn is_calm(self) -> bool {
        self.holds == 0 && self.unknown == 0
    }

    /// Whether any tier's condition holds.
    #[must_use]
    pub fn any_holds(self) -> bool {
        self.holds != 0
    }

    /// How bad it is, for choosing among the series of one identity: firing over unknown over calm, the higher tier first.
    #[must_use]
    pub fn weight(self) -> (u32, u32) {
        // The highest tier is bit 0, so fewer trailing zeros weigh more.
        let rank = |mask: u32| 32 - mask.trailing_zeros();
        (rank(self.holds), rank(self.unknown))
    }

    /// Each tier true where either has it so, unknown where nothing decides.
    #[must_use]
    pub fn or(self, other: Verdicts) -> Verdicts {
        Verdicts { holds: self.holds | other.holds, unknown: self.unknown | other.unknown }
    }
}

/// Judges one row for `alert`: hysteresis looks at what the alert does now.
pub fn judge(alert: &Alert, tiers: &[Tier], context: &Context<'_>, rows: &Rows, row: u32) -> Verdicts {
    let value = rows.value(row, context.rule.value);
    let mut verdicts = Verdicts::default();
    for (index, tier) in tiers.iter().enumerate() {
        let fires = alert.tiers.get(index).is_some_and(|state| state.fires());
        let truth = match (&tier.condition, &tier.clear) {
            (_, Some(Clear::Bound(bound))) if fires => against(value, |value| bound.holds(value)),
            // As long as what it fires on holds, nothing is over: the two may both be true.
            (Condition::When(script), Some(Clear::When(clear))) if fires => {
                evaluate(script, context, rows, row).or(!evaluate(clear, context, rows, row))
            }
            (_, Some(Clear::When(clear))) if fires => !evaluate(clear, context, rows, row),
            (Condition::Present, _) => Truth::from(value.is_some()),
            (Condition::Bound(bound), _) => against(value, |value| bound.holds(value)),
            (Condition::When(script), _) => evaluate(script, context, rows, row),
        };
        verdicts.set(index, truth);
    }
    verdicts
}

fn against(value: Option<f64>, holds: impl Fn(f64) -> bool) -> Truth {
    value.map_or(Truth::Unknown, |value| Truth::from(holds(value)))
}

fn evaluate(script: &Script, context: &Context<'_>, rows: &Rows, row: u32) -> Truth {
    with_inputs(script, context, rows, row, |inputs| script.evaluate(inputs))
}

/// What the scripts of a tier look at, its condition's first, each once.
pub fn terms(tier: &Tier, context: &Context<'_>, rows: &Rows, row: u32) -> Vec<(String, String)> {
    let condition = if let Condition::When(script) = &tier.condition { Some(script) } else { None };
    let clear = if let Some(Clear::When(script)) = &tier.clear { Some(script) } else { None };
    let mut terms: Vec<(String, String)> = Vec::new();
    for script in condition.into_iter().chain(clear) {
        for term in with_inputs(script, context, rows, row, |inputs| script.explain(inputs)) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
    }
    terms
}

fn with_inputs<T>(
    script: &Script,
    context: &Context<'_>,
    rows: &Rows,
    row: u32,
    ask: impl FnOnce(&Inputs<'_>) -> T,
) -> T {
    let operand = |query: usize| Operand { value: rows.value(row, query), history: rows.history(row, query) };
    let operands: smallvec::SmallVec<[Operand<'_>; 4]> = (0..context.rule.queries.len()).map(operand).collect();
    let labels = &rows.row(row).key;
    let firing = |index: usize| (context.firing)(&script.firing_names()[index], labels);
    ask(&Inputs { operands: &operands, labels, slot: context.slot, zone: context.zone, firing: &firing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firing_weighs_over_unknown_over_calm_and_the_higher_tier_first() {
        let with = |index, truth| {
            let mut verdicts = Verdicts::default();
            verdicts.set(index, truth);
            verdicts.weight()
        };
        let calm = Verdicts::default().weight();
        assert!(with(0, Truth::True) > with(1, Truth::True));
        assert!(with(1, Truth::True) > with(0, Truth::Unknown));
        assert!(with(0, Truth::Unknown) > calm);
    }
}
