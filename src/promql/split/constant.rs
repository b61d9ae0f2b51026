//! Numbers that are known before anything is asked.

use crate::promql::tree::{Kind, Node, Sign};

/// The value of an expression of constants, where every computer finds the same.
pub(super) fn constant(node: &Node) -> Option<f64> {
    match &node.kind {
        Kind::Number(value) => Some(*value),
        Kind::Paren(of) => constant(of),
        Kind::Unary(Sign::Minus, of) => constant(of).map(|value| -value),
        Kind::Unary(Sign::Plus, of) => constant(of),
        Kind::Call(function, _) if function.name == "pi" => Some(std::f64::consts::PI),
        Kind::Binary(binary) => {
            let (left, right) = (constant(&binary.left)?, constant(&binary.right)?);
            match binary.operator {
                "+" => Some(left + right),
                "-" => Some(left - right),
                "*" => Some(left * right),
                "/" => Some(left / right),
                "%" => Some(left % right),
                "^" => whole_power(left, right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A power of whole numbers that a float holds exactly; others differ in their last bit from library to library.
fn whole_power(base: f64, exponent: f64) -> Option<f64> {
    let is_whole = |value: f64| value.fract() == 0.0 && (0.0..64.0).contains(&exponent) && value.abs() < 9.0e15;
    if !is_whole(base) || !is_whole(exponent) {
        return None;
    }
    let mut product = 1.0_f64;
    let mut left = exponent;
    while left >= 1.0 {
        product *= base;
        left -= 1.0;
    }
    (product.abs() < 9.0e15).then_some(product)
}
