//! The engine, driven by given readings and a given clock: `watchbell test` and `watchbell demo`.
//!
//! [`written`] is a scenario file as typed, [`Scenario`] as meant; [`play`] drives the same engine that runs in production
//! and gives a [`Story`]: every transition, every incident step, every message at its time. The [`demo`] is a scenario as
//! well, whose answers the PromQL evaluator gives over made-up metrics. Absent on purpose: any clock, any socket.

mod border;
mod clocks;
mod coverage;
pub mod demo;
mod expect;
mod feed;
mod ledger;
mod offline;
mod post;
mod recorded;
mod remedies;
mod scenario;
mod snapshot;
mod stage;
mod story;
pub mod unit;
pub mod written;

pub use coverage::{Coverage, Item, What};
pub use expect::{Expectation, unmet};
pub use scenario::{Event, EventKind, Scenario, load, schema};
pub use snapshot::{Verdict, compare, path_of, write};
pub use stage::{journal, play, play_covered};
pub use story::{Line, Story};
