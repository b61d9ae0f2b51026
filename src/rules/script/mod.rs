//! Composite conditions: Rhai's grammar, our meaning, compiled once at load.
//!
//! There is one meaning and one evaluator. Rhai parses; [`lower`] turns its tree into typed code of ours and refuses, with a place and a better
//! way to say it, what that code cannot express; `code` evaluates. Rhai's own evaluator never runs: it calls `+Inf > 100` false, divides integers and
//! finds `"a" > 1` merely untrue.
//!
//! **Truth** is Kleene's: what needs a missing operand is unknown, `unknown || true` is true, `unknown && false` is false, whatever the order.
//! **Numbers** are all `f64`, comparison is IEEE 754's and exact; `NaN` meets nothing, not even `!=`.
//!
//! **Windows** stand on the group's grid. `avg("5m")` looks at `(slot − 5m, slot]`: at a 30 s interval the ten slots from `slot − 4m30s` to the slot itself. A
//! window that is no multiple of the interval counts the slot it reaches into. `delta` looks at `[slot − window, slot]`, because a change over five
//! minutes lies between two samples five minutes apart; `ago` at the newest slot that is at least so long ago. Fewer samples
//! than half of the slots make the answer unknown; `held` is true only with all of them.
//!
//! The user's page is `docs/conditions.md`. Start at [`Script::compile`] and [`Script::evaluate`]. Absent on purpose: the clock, the series, any way out.

mod bounds;
mod code;
mod explain;
mod lower;
mod methods;
mod refuse;
mod scan;
#[cfg(test)]
mod tests;

use crate::model::{History, Labels, Name, Slot, Span, Truth};
use code::{Run, Test};
use explain::Term;
use std::ops::Range;

/// A condition that compiles. Two are equal when their text is.
#[derive(Clone, Debug)]
pub struct Script {
    text: Name,
    test: Test,
    terms: Box<[Term]>,
    firing: Box<[Name]>,
    queries: Box<[usize]>,
}

/// What a condition may speak of.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The rule's queries, in its order, each with its `history`.
    pub queries: Vec<(&'a str, Span)>,
    /// Which labels can be read.
    pub labels: Readable<'a>,
    /// The interval of the group.
    pub interval: Span,
}

/// The labels that a condition can read.
#[derive(Clone, Debug)]
pub enum Readable<'a> {
    /// Whatever the series has: where a rule has a single query. A label that a series lacks reads as the empty text.
    Any,
    /// The labels of `join`.
    Only(Vec<&'a str>),
}

/// One mistake in a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    /// The bytes of the script to point at.
    pub range: Range<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// What is known at one slot about the series that meet on one set of join labels.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// What each query says, in the order of [`Scope::queries`]. One that is left out says nothing.
    pub operands: &'a [Operand<'a>],
    /// The labels that can be read.
    pub labels: &'a Labels,
    /// The slot: what `now` means, and where windows end.
    pub slot: Slot,
    /// The service's time zone; asked only by a condition that looks at the clock.
    pub zone: &'a jiff::tz::TimeZone,
    /// Whether the alert with this index in [`Script::firing_names`] fires at this slot on the same join labels.
    pub firing: &'a dyn Fn(usize) -> Truth,
}

/// What one query says about one series.
#[derive(Clone, Copy, Debug, Default)]
pub struct Operand<'a> {
    /// The sample at this slot.
    pub value: Option<f64>,
    /// The series' past, this slot's sample already pushed. `None` where the query keeps none, or has never said anything.
    pub history: Option<&'a History>,
}

impl Script {
    /// Understands a condition, or says all that is wrong with it.
    ///
    /// # Errors
    /// Every mistake that could be found, in the order of the text; never an empty list.
    pub fn compile(text: &str, scope: &Scope<'_>) -> Result<Self, Vec<ScriptError>> {
        let tokens = scan::Tokens::of(text);
        refuse::check(&tokens)?;
        let lowered = lower::lower(&tokens, scope)?;
        Ok(Script {
            text: text.into(),
            test: lowered.test,
            terms: lowered.terms.into(),
            firing: lowered.firing.into(),
            queries: lowered.queries.into_iter().collect(),
        })
    }

    /// The text, as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The alerts that `firing("…")` asks for, each once.
    #[must_use]
    pub fn firing_names(&self) -> &[Name] {
        &self.firing
    }

    /// The indices of the queries that the condition speaks of, rising.
    #[must_use]
    pub fn queries_used(&self) -> &[usize] {
        &self.queries
    }

    /// What the condition says of these inputs.
    #[must_use]
    pub fn evaluate(&self, inputs: &Inputs<'_>) -> Truth {
        Run::new(inputs).test(&self.test)
    }

    /// The values that the condition looked at, as written and as found: `tps` and `3.2`, `gas.avg("5m")` and `71`. Each is named once, in the order of the text.
    #[must_use]
    pub fn explain(&self, inputs: &Inputs<'_>) -> Vec<(String, String)> {
        explain::explain(&self.terms, inputs)
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Script {}

/// Says why a query cannot be named so, if it cannot: conditions could not speak of it.
///
/// # Errors
/// Says, for a person, what is wrong with the name.
pub fn check_query_name(name: &str) -> Result<(), String> {
    let word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !word {
        return Err(format!("`{name}` is no name for a query: letters, digits and `_`, and no digit first"));
    }
    if methods::CONTEXT.contains(&name) || !lower::is_free(name) {
        return Err(format!("`{name}` means something else in conditions, so no query can be called so"));
    }
    Ok(())
}
