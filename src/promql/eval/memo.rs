//! What subqueries were worth at their steps. Those lie on a grid of their own, so that a rule which is asked at every slot
//! asks for nearly the same steps each time; only the new ones are evaluated.
//!
//! A step is remembered with all that evaluating it did: what it remarked and how many samples it counted. It is forgotten
//! when a sample comes that it could have seen, and when the window has moved on. Nothing of an expression with `@` is
//! remembered: what that sees has nothing to do with the step.

use super::{Element, Remark};
use crate::promql::Expr;
use crate::promql::tree::{Kind, Node, Shift};
use crate::series::SeriesSet;
use std::collections::BTreeMap;

/// How many elements one query remembers: steps of a week, a minute apart, for a few dozen series.
const MOST: usize = 500_000;

/// Steps of all subqueries of one expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    subqueries: Vec<OfSubquery>,
    /// How many elements are remembered.
    elements: usize,
    /// How many samples the set had seen at the last question.
    seen: u64,
    /// How many steps were evaluated so far.
    pub evaluated: u64,
}

#[derive(Clone, Debug)]
struct OfSubquery {
    /// Where it begins in the text; no two begin at one place.
    start: usize,
    /// How much later than the step what it sees may be.
    ahead: i64,
    steps: BTreeMap<i64, Step>,
}

/// What evaluating one step came to.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub elements: Vec<Element>,
    pub remarks: Vec<Remark>,
    /// How many samples it counted.
    pub samples: usize,
}

impl Memo {
    /// A memo for the subqueries of `expr`.
    pub(super) fn new(expr: &Expr) -> Self {
        let mut subqueries = Vec::new();
        expr.root().walk(&mut |node| {
            if let Kind::Subquery(subquery) = &node.kind
                && let Some(ahead) = ahead(&subquery.of)
            {
                subqueries.push(OfSubquery { start: node.range.start, ahead, steps: BTreeMap::new() });
            }
        });
        Memo { subqueries, ..Memo::default() }
    }

    /// Forgets what samples that came since the last question could have changed.
    pub(super) fn refresh(&mut self, set: &SeriesSet) {
        let earliest = set.earliest_since(self.seen);
        self.seen = set.samples();
        let Some(earliest) = earliest else { return };
        for subquery in &mut self.subqueries {
            drop_all(&subquery.steps.split_off(&earliest.saturating_sub(subquery.ahead)), &mut self.elements);
        }
    }

    /// Forgets all.
    pub(super) fn reset(&mut self) {
        self.subqueries.iter_mut().for_each(|subquery| subquery.steps.clear());
        (self.elements, self.seen) = (0, 0);
    }

    /// What the subquery `node` was worth at `at`.
    pub(super) fn step(&self, node: &Node, at: i64) -> Option<&Step> {
        let subquery = self.subqueries.iter().find(|subquery| subquery.start == node.range.start)?;
        subquery.steps.get(&at)
    }

    /// Remembers what the subquery `node` is worth at `at`, as long as there is room.
    pub(super) fn remember(&mut self, node: &Node, at: i64, step: impl FnOnce() -> Step) {
        self.evaluated += 1;
        let known = self.subqueries.iter_mut().find(|subquery| subquery.start == node.range.start);
        let Some(subquery) = known.filter(|_| self.elements < MOST) else { return };
        let step = step();
        // An empty step takes room as well.
        self.elements += step.elements.len() + 1;
        subquery.steps.insert(at, step);
    }

    /// The window of the subquery `node` has moved on to `start`.
    pub(super) fn forget_before(&mut self, node: &Node, start: i64) {
        let known = self.subqueries.iter_mut().find(|subquery| subquery.start == node.range.start);
        let Some(subquery) = known.filter(|known| known.steps.first_key_value().is_some_and(|(at, _)| *at < start))
        else {
            return;
        };
        let kept = subquery.steps.split_off(&start);
        drop_all(&std::mem::replace(&mut subquery.steps, kept), &mut self.elements);
    }
}

fn drop_all(steps: &BTreeMap<i64, Step>, elements: &mut usize) {
    *elements -= steps.values().map(|step| step.elements.len() + 1).sum::<usize>();
}

/// How much later than the instant asked about what `node` sees may be; nothing where that depends on something else.
fn ahead(node: &Node) -> Option<i64> {
    let shifted = |time: Shift| if time.at.is_some() { None } else { Some((-time.offset).max(0)) };
    let below = || node.children().into_iter().map(ahead).try_fold(0, |most, own| Some(most.max(own?)));
    match &node.kind {
        Kind::Selector(selector) => shifted(selector.time),
        Kind::Subquery(subquery) => Some(shifted(subquery.time)?.saturating_add(below()?)),
        _ => below(),
    }
}
