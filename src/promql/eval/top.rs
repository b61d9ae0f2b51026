//! `topk` and `bottomk`: the heap of Prometheus, because which of equal values stays depends on it.

use super::grouping::{Counted, Groups};
use super::{Element, EvalError, Trouble};
use std::ops::Range;

/// The `many` first elements of each group.
pub(super) fn evaluate(
    operation: &str,
    elements: Vec<Element>,
    many: f64,
    counted: Counted<'_>,
    range: &Range<usize>,
) -> Result<Vec<Element>, EvalError> {
    if many < 1.0 {
        return Ok(Vec::new());
    }
    if many.is_nan() {
        return Err(Trouble::ParameterIsNaN.at(range));
    }
    if many >= I64_MAX {
        return Err(Trouble::ParameterTooLarge(many).at(range));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is at least 1 and bounded below")]
    let many = (many as u64).min(elements.len() as u64) as usize;
    let goes_up = operation == "topk";
    let mut numbers = Groups::new(counted);
    let mut heaps: Vec<Heap> = Vec::new();
    for element in elements {
        let place = numbers.number(&element.labels);
        if place == heaps.len() {
            heaps.push(Heap { goes_up, elements: Vec::new() });
        }
        heaps[place].offer(element, many);
    }
    Ok(heaps.into_iter().flat_map(Heap::sorted).collect())
}

const I64_MAX: f64 = 9_223_372_036_854_775_807.0;

/// The elements that stay, the one that has to go first on top.
struct Heap {
    goes_up: bool,
    elements: Vec<Element>,
}

impl Heap {
    /// Whether `a` has to go before `b`; `NaN` goes first.
    fn goes_before(&self, a: f64, b: f64) -> bool {
        a.is_nan() || if self.goes_up { a < b } else { a > b }
    }

    fn offer(&mut self, element: Element, many: usize) {
        if self.elements.len() < many {
            self.elements.push(element);
            self.rise(self.elements.len() - 1);
            return;
        }
        let (top, value) = (self.elements[0].value, element.value);
        let is_better = if self.goes_up { top < value } else { top > value };
        if is_better || (top.is_nan() && !value.is_nan()) {
            self.elements[0] = element;
            self.sink(0);
        }
    }

    fn is_before(&self, a: usize, b: usize) -> bool {
        self.goes_before(self.elements[a].value, self.elements[b].value)
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if !self.is_before(place, parent) {
                return;
            }
            self.elements.swap(place, parent);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            if left >= self.elements.len() {
                return;
            }
            let right = left + 1;
            let child = if right < self.elements.len() && self.is_before(right, left) { right } else { left };
            if !self.is_before(child, place) {
                return;
            }
            self.elements.swap(place, child);
            place = child;
        }
    }

    /// Best first.
    fn sorted(mut self) -> Vec<Element> {
        let mut elements = std::mem::take(&mut self.elements);
        elements.sort_by(|a, b| {
            let (a, b) = (a.value, b.value);
            let order = if self.goes_up { b.partial_cmp(&a) } else { a.partial_cmp(&b) };
            a.is_nan().cmp(&b.is_nan()).then(order.unwrap_or(std::cmp::Ordering::Equal))
        });
        elements
    }
}
