//! Composite conditions: Rhai's grammar, our meaning (Kleene logic, IEEE comparison), compiled once at load.

/// A condition that compiles. Two are equal when their text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    text: std::sync::Arc<str>,
}
