//! Functions that make other labels.

use super::expression::{Asked, unique};
use super::prepare::text_of;
use super::{Element, EvalError};
use crate::promql::tree::Node;

/// `label_replace(of, target, template, source, pattern)`.
pub(super) fn replace(asked: &Asked<'_>, node: &Node, arguments: &[Node], at: i64) -> Result<Vec<Element>, EvalError> {
    let [of, target, template, source, _] = arguments else { unreachable!("the arguments were counted") };
    let (target, template, source) = (text_of(target), text_of(template), text_of(source));
    let pattern = asked.prepared.pattern(node.range.start);
    let mut elements = asked.vector(of, at)?;
    for element in &mut elements {
        if let Some(value) = pattern.replace_whole(element.labels.get(source), template) {
            set(element, target, value);
        }
    }
    unique(elements, &node.range)
}

/// `label_join(of, target, separator, sources…)`.
pub(super) fn join(asked: &Asked<'_>, node: &Node, arguments: &[Node], at: i64) -> Result<Vec<Element>, EvalError> {
    let [of, target, separator, sources @ ..] = arguments else { unreachable!("the arguments were counted") };
    let (target, separator) = (text_of(target), text_of(separator));
    let mut elements = asked.vector(of, at)?;
    for element in &mut elements {
        let values: Vec<&str> = sources.iter().map(|source| element.labels.get(text_of(source))).collect();
        let value = values.join(separator);
        set(element, target, value);
    }
    unique(elements, &node.range)
}

fn set(element: &mut Element, target: &str, value: String) {
    element.labels = element.labels.with(target, value);
    // A name that was just given is true.
    element.loses_name &= target != "__name__";
}
