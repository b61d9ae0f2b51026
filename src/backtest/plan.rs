//! What has to be asked: every query of every rule, each once for the groups that share it and their grid.

use crate::model::{Name, Slot, Span};
use crate::rules::{Group, Rule, RuleSet};
use std::collections::HashMap;
use std::sync::Arc;

/// A query on a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom to ask.
    pub source: Name,
    /// What.
    pub expr: Name,
    /// How far apart slots lie.
    pub interval: Span,
    /// Where the grid lies.
    pub grid: Span,
    /// How far before its slot a query asks.
    pub query_offset: Span,
    /// How far back samples are needed before the first slot.
    pub history: Span,
}

/// For each group, for each of its alerting rules, the places of its queries' questions. None for one that is switched off.
pub type Asks = Vec<Vec<Vec<usize>>>;

/// All questions of one rule set, or of several that are compared: what they share is asked once.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The questions.
    pub questions: Vec<Question>,
    known: HashMap<(Name, Name, Span, Span, Span), usize>,
}

impl Plan {
    /// A plan of these questions, whoever asks them.
    #[must_use]
    pub fn of(questions: Vec<Question>) -> Self {
        Plan { questions, known: HashMap::new() }
    }

    /// Takes in what `rules` ask, and says which rule asks which.
    pub fn add(&mut self, rules: &RuleSet) -> Asks {
        let mut asks = Asks::new();
        for group in &rules.groups {
            let of_rule = |rule: &Arc<Rule>| {
                let queries = rule.queries.iter().filter(|_| rule.disabled.is_none());
                queries.map(|query| self.place(group, query.expr.text(), query.history)).collect()
            };
            asks.push(group.alerts().map(of_rule).collect());
        }
        asks
    }

    fn place(&mut self, group: &Group, expr: &Name, history: Span) -> usize {
        let (interval, grid, query_offset) = (group.interval, group.grid(), group.query_offset);
        let key = (group.source.clone(), expr.clone(), interval, grid, query_offset);
        let questions = &mut self.questions;
        let place = *self.known.entry(key).or_insert_with(|| {
            let (source, expr) = (group.source.clone(), expr.clone());
            questions.push(Question { source, expr, interval, grid, query_offset, history: Span::ZERO });
            questions.len() - 1
        });
        let question = &mut self.questions[place];
        question.history = question.history.max(history);
        place
    }
}

impl Question {
    /// The first slot at or after `from`.
    #[must_use]
    pub fn first_slot(&self, from: Slot) -> Slot {
        Slot::at_or_after(from.millis(), self.interval, self.grid)
    }

    /// The slots at or after `from` and before `to`: the first of them, and how many there are.
    #[must_use]
    pub fn slots(&self, from: Slot, to: Slot) -> (Slot, usize) {
        let first = self.first_slot(from);
        let span = (to - first).millis();
        let slots = if span <= 0 { 0 } else { (span - 1) / self.interval.millis() + 1 };
        (first, usize::try_from(slots).unwrap_or(0))
    }

    /// How many slots before the first one are needed to fill histories.
    #[must_use]
    pub fn slots_before(&self) -> usize {
        let spans = self.history.millis();
        let slots = if spans == 0 { 0 } else { spans / self.interval.millis() + 1 };
        usize::try_from(slots).unwrap_or(0)
    }
}
