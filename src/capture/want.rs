//! What has to be fetched: the selectors of all queries, each once, and how long before the first slot their samples matter.

use super::grid::greatest_common_divisor;
use crate::model::{Name, Slot, Span};
use crate::promql::tree::{Grouping, Kind, Node};
use crate::promql::{Expr, Wanted};
use crate::rules::{Group, Rule, RuleSet};
use std::collections::{BTreeMap, BTreeSet};

/// How far an instant vector looks back, unless a server is told otherwise.
pub const LOOKBACK: Span = Span::from_mins(5);

/// One selector of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Whom to ask.
    pub source: Name,
    /// What: a selector without window, `offset` and `@`.
    pub selector: String,
    /// How long before the first slot its samples matter.
    pub before: Span,
}

/// All selectors, and what a scenario cannot have of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// The selectors, by source and text.
    pub all: Vec<Want>,
    /// What is asked for and cannot be in a scenario, in sentences.
    pub notes: Vec<String>,
    /// What divides every window, offset and step of the rules; zero where there is none.
    pub grain: Span,
    /// The alerts that ask by subqueries, at instants of their own.
    pub stepped: BTreeSet<String>,
    /// The labels that the rules name: in selectors, groupings, joins.
    pub labels: BTreeSet<String>,
}

impl Wants {
    /// What the rules that are not switched off ask for from `from` on, and before `to`.
    #[must_use]
    pub fn of(rules: &RuleSet, from: Slot, to: Slot) -> Self {
        let mut found: BTreeMap<(Name, String), Span> = BTreeMap::new();
        let mut wants = Wants::default();
        for group in &rules.groups {
            for rule in group.alerts().filter(|rule| rule.disabled.is_none()) {
                wants.look_at_texts(rule);
                for query in &rule.queries {
                    wants.labels.extend(labels_in(&query.expr));
                    let more = further_back(group, query.history);
                    wants.refine(group.query_offset);
                    for wanted in query.expr.wanted(LOOKBACK) {
                        wants.refine(wanted.grain);
                        wants.stepped.extend(wanted.stepped.then(|| rule.alert.to_string()));
                        wants.look_at_time(&rule.alert, &wanted, from, to);
                        let before = found.entry((group.source.clone(), wanted.selector.clone())).or_default();
                        *before = (*before).max(reach(&wanted, from) + more);
                    }
                }
            }
        }
        let want = |((source, selector), before)| Want { source, selector, before };
        wants.all = found.into_iter().map(want).collect();
        wants.notes.sort();
        wants.notes.dedup();
        wants
    }

    fn refine(&mut self, grain: Span) {
        self.grain = Span::from_millis(greatest_common_divisor(self.grain.millis(), grain.millis()));
    }

    fn look_at_texts(&mut self, rule: &Rule) {
        self.labels.extend(rule.join.iter().chain(rule.identity.iter().flatten()).map(ToString::to_string));
        let annotations = rule.annotations.iter().chain(rule.tiers.iter().flat_map(|tier| &tier.annotations));
        if rule.labels.iter().chain(annotations).any(|(_, template)| template.uses_query()) {
            self.notes.push(format!("{}: its templates ask queries, whose series are not looked for", rule.alert));
        }
    }

    fn look_at_time(&mut self, alert: &str, wanted: &Wanted, from: Slot, to: Slot) {
        let selector = &wanted.selector;
        if wanted.after > Span::ZERO {
            self.notes.push(format!("{alert}: {selector} is asked for in the future, which a scenario does not know"));
        }
        if wanted.pinned.is_some_and(|at| reach_to(at, from) > FURTHEST || at >= to.millis()) {
            self.notes.push(format!("{alert}: {selector} is asked for at an instant (`@`) that is not captured"));
        }
    }
}

/// An instant that `@` names is captured as far back as this.
const FURTHEST: Span = Span::from_hours(24);

fn reach_to(at: i64, from: Slot) -> Span {
    Span::from_millis((from.millis() - at).max(0))
}

fn reach(wanted: &Wanted, from: Slot) -> Span {
    let to_instant = wanted.pinned.map_or(Span::ZERO, |at| reach_to(at, from));
    if to_instant > FURTHEST { wanted.before } else { wanted.before + to_instant }
}

/// What a query needs beyond its own windows: the group asks for an earlier instant, and conditions look at earlier answers.
fn further_back(group: &Group, history: Span) -> Span {
    let slots = if history.is_zero() { Span::ZERO } else { history + group.interval };
    group.query_offset + slots
}

fn labels_in(expr: &Expr) -> Vec<String> {
    let mut labels = Vec::new();
    expr.root().walk(&mut |node: &Node| match &node.kind {
        Kind::Selector(selector) => labels.extend(selector.matchers.iter().map(|matcher| matcher.name.clone())),
        Kind::Aggregate(aggregate) => match &aggregate.grouping {
            Grouping::By(names) | Grouping::Without(names) => labels.extend(names.iter().cloned()),
        },
        Kind::Binary(binary) => {
            labels.extend(binary.matching.labels.iter().flat_map(|(_, names)| names.clone()));
            labels.extend(binary.matching.group.iter().flat_map(|(_, names)| names.clone()));
        }
        _ => {}
    });
    labels
}
