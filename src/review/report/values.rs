//! How the values of each rule were, beside the period before: what baselines are made of.

use super::{Inputs, components};
use crate::backtest::condition;
use crate::notify::text::number;
use crate::review::measured::{Course, Measured};
use crate::rules::{Bound, Kind, Rule};
use serde::Serialize;

/// The values of one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueLine {
    /// The name of its alerts.
    pub alert: String,
    /// What it is about, where it says so.
    pub component: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// What good looks like, in words.
    pub target: Option<String>,
    /// The condition of its highest severity, in words.
    pub condition: Option<String>,
    /// Its values in the period; nothing where there were none.
    pub now: Option<Course>,
    /// Its values before.
    pub before: Option<Course>,
}

/// The rules that were measured, by component and in the order of their files.
pub(super) fn lines(inputs: &Inputs<'_>, measured: &Measured) -> Vec<ValueLine> {
    let rules = inputs.world.rules.groups.iter().flat_map(|group| group.alerts());
    let mut lines: Vec<ValueLine> =
        rules.filter_map(|rule| Some(line(rule, measured.courses.get(&rule.id)?))).collect();
    lines.sort_by(|a, b| a.component.is_none().cmp(&b.component.is_none()).then_with(|| a.component.cmp(&b.component)));
    lines
}

fn line(rule: &Rule, (now, before): &(Option<Course>, Option<Course>)) -> ValueLine {
    let first = rule.tiers.first().filter(|_| rule.kind == Kind::Extended);
    ValueLine {
        alert: rule.alert.to_string(),
        component: components::of(rule).map(str::to_owned),
        unit: rule.unit.as_ref().map(ToString::to_string),
        target: rule.target.map(bound_words),
        condition: first.map(condition),
        now: *now,
        before: *before,
    }
}

/// A bound as people write it: `at most 30`, `from 12 to 15`.
fn bound_words(bound: Bound) -> String {
    match bound {
        Bound::Above(n) => format!("above {}", number(n)),
        Bound::AtLeast(n) => format!("at least {}", number(n)),
        Bound::Below(n) => format!("below {}", number(n)),
        Bound::AtMost(n) => format!("at most {}", number(n)),
        Bound::Inside(low, high) => format!("from {} to {}", number(low), number(high)),
        Bound::Between(low, high) => format!("between {} and {}", number(low), number(high)),
        Bound::Outside(low, high) => format!("outside {} to {}", number(low), number(high)),
        Bound::Equals(n) => format!("equal to {}", number(n)),
        Bound::Differs(n) => format!("other than {}", number(n)),
    }
}
