//! What a change is held to: so many pages of one rule in a week.

use crate::backtest::RuleReport;
use crate::model::Span;
use serde::Serialize;

/// A rule that pages more often than it may.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// Pages in a week before the change.
    pub before: f64,
    /// Pages in a week with it.
    pub after: f64,
    /// How many there may be.
    pub limit: f64,
    /// Whether the change breaks it: what was too much already and does not get worse is only said.
    pub is_broken: bool,
}

impl Budget {
    /// How a rule stands that pages more than `limit` in a week; nothing where it does not.
    #[must_use]
    pub fn new(limit: f64, before: Option<&RuleReport>, after: Option<&RuleReport>, window: Span) -> Option<Self> {
        let weeks = window.as_secs_f64() / Span::from_hours(24 * 7).as_secs_f64();
        let in_a_week = |rule: Option<&RuleReport>| f64::from(rule.map_or(0, RuleReport::pages)) / weeks;
        let (before, after) = (in_a_week(before), in_a_week(after));
        (after > limit).then_some(Budget { before, after, limit, is_broken: after > before })
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let Budget { before, after, limit, is_broken } = self;
        if *is_broken {
            format!("{after:.1} pages a week instead of {before:.1}, of {limit} that it may have")
        } else {
            format!(
                "{after:.1} pages a week, of {limit} that it may have; it had {before:.1} before, so the change is not held to it"
            )
        }
    }
}
