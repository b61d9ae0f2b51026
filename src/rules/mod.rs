//! Rule files, from what people write to what is meant.
//!
//! `written` is the file as typed, every key with its place; `compile` understands it, one file at a time; `rule` is what
//! is meant; `join` looks at all files together. Start at [`load`], which does it once, or [`Loader`], which does it again
//! whenever files change. The JSON Schema comes from the types of `written`, and files are held against it first.

pub mod allow;
mod circle;
mod compile;
mod context;
pub mod format;
mod join;
mod load;
mod needs;
mod print;
mod rule;
mod schema;
pub mod script;
pub mod template;
pub mod written;

pub use allow::{Allow, Spot};
pub use compile::{Checked, Compiled, Recorded, compile};
pub use context::Context;
pub use load::{Loaded, Loader, find_none, load, load_contents, load_texts};
pub use print::{PrintError, print_prometheus};
pub use rule::{
    Bound, Clear, Condition, Entry, Exception, Group, InhibitedBy, Kind, NoData, OnError, Query, Record, Rule, RuleSet,
    Tier,
};
pub use schema::schema;

#[cfg(test)]
mod tests;
