//! Problems in what people wrote: what is wrong, where, and what to do about it.
//!
//! A [`Finding`] carries a [`Code`] that is never reused and has a page (`watchbell explain WB012`). This room knows
//! files and bytes; it knows nothing of rules.

mod code;
pub mod codes;
mod finding;
mod place;
pub mod render;
pub mod suggest;
mod written;

pub use code::Code;
pub use finding::{Edit, Finding, Findings, Level};
pub use place::{LineColumn, Place, Source, SourceId, Sources, Spanned, Text};
pub use written::{SPANNED, TEXT};
