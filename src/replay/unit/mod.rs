//! promtool's unit-test files, run as they are, with promtool's verdict.
//!
//! [`written`] is such a file as typed, [`UnitTests`] as read; [`UnitTests::run`] evaluates every rule at every
//! `evaluation_interval` from the epoch on, as promtool does: groups one after the other, recorded series and `ALERTS`
//! appended between them, and compares. Alerts live by the code that production uses. What is deliberately not judged
//! here, because promtool lets it pass, is a [`Doubt`]; `--strict` counts it.

mod case;
mod expected;
mod file;
mod play;
pub mod written;

pub use case::{Doubt, Outcome};
pub use file::{UnitTests, schema};
