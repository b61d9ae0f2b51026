//! Arithmetic and comparisons between two vectors: each series finds its partner by labels.

use super::binary::{compares, counted, holds, of_numbers};
use super::expression::Asked;
use super::grouping::{Counted, Groups, is_of_the_metric};
use super::{Element, EvalError, Names, Trouble};
use crate::model::Labels;
use crate::promql::tree::{Binary, Node, On, Side};

/// The elements that `operation` makes of both sides.
pub(super) fn evaluate(
    asked: &Asked<'_>,
    operation: &Binary,
    node: &Node,
    left: Vec<Element>,
    right: Vec<Element>,
) -> Result<Vec<Element>, EvalError> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let one_is_left = matches!(operation.matching.group, Some((Side::Right, _)));
    let (many, one) = if one_is_left { (right, left) } else { (left, right) };
    let counted = counted(&operation.matching);
    let mut partners = Groups::new(counted);
    for (place, element) in one.iter().enumerate() {
        let group = partners.number(&element.labels);
        if group < place {
            let series = Box::new([element.labels.clone(), one[group].labels.clone()]);
            let (group, side) = (counted.of(&element.labels), if one_is_left { "left" } else { "right" });
            return Err(Trouble::ManyToMany { group, side, series }.at(&node.range));
        }
    }
    let mut results = Results::new(operation, partners.len());
    let mut elements = Vec::new();
    for element in &many {
        let Some(partner) = partners.find(&element.labels) else { continue };
        let labels = labels_of_result(asked, operation, &element.labels, &one[partner].labels);
        results.take(partner, &labels).map_err(|trouble| trouble.at(&node.range))?;
        let (mine, other) = (element.value, one[partner].value);
        let (left, right) = if one_is_left { (other, mine) } else { (mine, other) };
        let filters = compares(operation.operator) && !operation.returns_bool;
        if filters && !holds(operation.operator, left, right) {
            continue;
        }
        // A comparison that filters hands on what it has compared.
        let value = if filters { left } else { of_numbers(operation.operator, left, right) };
        elements.push(Element { labels, value, loses_name: operation.returns_bool });
    }
    Ok(elements)
}

/// What is already in the result, so that nothing comes twice; also of what a comparison filters away.
struct Results<'a> {
    is_grouped: bool,
    matched: Vec<bool>,
    labels: Vec<Option<Groups<'a>>>,
}

impl Results<'_> {
    fn new(operation: &Binary, partners: usize) -> Self {
        let is_grouped = operation.matching.group.is_some();
        let labels = if is_grouped { (0..partners).map(|_| None).collect() } else { Vec::new() };
        Results { is_grouped, matched: vec![false; partners], labels }
    }

    fn take(&mut self, partner: usize, labels: &Labels) -> Result<(), Trouble> {
        if !self.is_grouped {
            let was_matched = std::mem::replace(&mut self.matched[partner], true);
            return if was_matched { Err(Trouble::ManyToOne { labels: labels.clone() }) } else { Ok(()) };
        }
        let known = self.labels[partner].get_or_insert_with(|| Groups::new(Counted::All));
        let before = known.len();
        if known.number(labels) < before { Err(Trouble::NotUnique { labels: labels.clone() }) } else { Ok(()) }
    }
}

/// The labels that come out when a series meets its partner.
fn labels_of_result(asked: &Asked<'_>, operation: &Binary, mine: &Labels, others: &Labels) -> Labels {
    let changes_meaning = !compares(operation.operator);
    let loses_name = changes_meaning || (operation.returns_bool && asked.options.names == Names::GoAtOnce);
    let keeps = |name: &str| {
        if loses_name && is_of_the_metric(name) {
            return false;
        }
        match (&operation.matching.group, &operation.matching.labels) {
            (None, Some((On::These, labels))) => labels.iter().any(|label| label == name),
            (None, Some((On::AllBut, labels))) => labels.iter().all(|label| label != name),
            _ => true,
        }
    };
    let labels = mine.filtered(keeps);
    match &operation.matching.group {
        Some((_, include)) if !include.is_empty() => {
            // An empty value takes the label away.
            include.iter().fold(labels, |labels, label| labels.with(label.as_str(), others.get(label)))
        }
        _ => labels,
    }
}
