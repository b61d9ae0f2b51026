//! What is found out about an expression once, before it is asked about any instant.

use super::select::Selection;
use super::{EvalError, Trouble};
use crate::model::Regexp;
use crate::promql::Expr;
use crate::promql::tree::{Kind, Node};
use std::ops::Range;

/// The parts of an expression that have to be made ready, each found again by where it begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    pub selections: Vec<Selection>,
    patterns: Vec<(usize, Regexp)>,
}

impl Prepared {
    pub(super) fn new(expr: &Expr) -> Result<Self, EvalError> {
        if let Some((name, range)) = expr.experimental() {
            return Err(Trouble::Experimental(name).at(&range));
        }
        let mut prepared = Prepared::default();
        let mut result = Ok(());
        expr.root().walk(&mut |node| {
            if result.is_ok() {
                result = prepared.take_in(node);
            }
        });
        result?;
        prepared.selections.sort_by_key(|selection| selection.start);
        Ok(prepared)
    }

    fn take_in(&mut self, node: &Node) -> Result<(), EvalError> {
        match &node.kind {
            Kind::Selector(selector) => {
                let selection = Selection::new(selector, node.range.start)
                    .map_err(|error| Trouble::InvalidPattern(error.message).at(&error.range))?;
                self.selections.push(selection);
                Ok(())
            }
            Kind::Call(function, arguments) => self.take_in_call(function.name, arguments, &node.range),
            Kind::Aggregate(aggregate) if aggregate.operation == "count_values" => {
                let label = aggregate.parameter.as_deref().map_or("", text_of);
                is_label_name(label, "invalid label name", &node.range)
            }
            _ => Ok(()),
        }
    }

    fn take_in_call(&mut self, name: &str, arguments: &[Node], range: &Range<usize>) -> Result<(), EvalError> {
        match (name, arguments) {
            ("label_replace", [_, target, _, _, written]) => {
                let written = text_of(written);
                let pattern =
                    Regexp::whole(written).map_err(|_| Trouble::InvalidPattern(written.to_owned()).at(range))?;
                self.patterns.push((range.start, pattern));
                is_label_name(text_of(target), "invalid destination label name in label_replace()", range)
            }
            ("label_join", [_, target, _, sources @ ..]) => {
                for source in sources {
                    is_label_name(text_of(source), "invalid source label name in label_join()", range)?;
                }
                is_label_name(text_of(target), "invalid destination label name in label_join()", range)
            }
            _ => Ok(()),
        }
    }

    /// The selector that begins at `start`.
    pub(super) fn selection(&self, start: usize) -> &Selection {
        let place = self.selections.binary_search_by_key(&start, |selection| selection.start);
        &self.selections[place.expect("every selector of the expression was made ready")]
    }

    /// The pattern of the `label_replace` that begins at `start`.
    pub(super) fn pattern(&self, start: usize) -> &Regexp {
        let found = self.patterns.iter().find(|(at, _)| *at == start);
        &found.expect("every pattern of the expression was made ready").1
    }
}

/// The text that `node` is, in whatever parentheses.
pub(super) fn text_of(node: &Node) -> &str {
    match &node.kind {
        Kind::Text(text) => text,
        Kind::Paren(of) => text_of(of),
        _ => unreachable!("only a text has the type of one"),
    }
}

fn is_label_name(name: &str, context: &'static str, range: &Range<usize>) -> Result<(), EvalError> {
    if name.is_empty() { Err(Trouble::InvalidLabelName { context, name: name.into() }.at(range)) } else { Ok(()) }
}
