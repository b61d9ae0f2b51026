//! The series that rules need, out of a real past into a scenario that can be read and played.
//!
//! An [`Outline`] says which slots are captured, its [`Wants`] which selectors the rules ask for and how far back; [`fetch`] asks for
//! their samples, [`Grid`] puts these onto one grid, and a [`Fixture`] is the scenario's text. Only `fetch` asks anybody. Absent on purpose: deciding anything about a value; a
//! fixture that plays otherwise than the past did is a fault of the grid, and is said.

mod fetch;
mod fixture;
mod grid;
mod outline;
mod want;

pub use fetch::{CaptureError, Fetched, Seen, fetch, is_there};
pub use fixture::{Fixture, Gap, Left};
pub use grid::{Grid, Row};
pub use outline::Outline;
pub use want::{LOOKBACK, Want, Wants};
