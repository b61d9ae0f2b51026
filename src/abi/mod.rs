//! Contracts' own language: signatures as people write them, the bytes that calls and logs are, and what answers mean.
//!
//! Pure: texts and bytes go in, values come out; asking a node is `collect`'s. Start at [`Call::parse`] and
//! [`Event::parse`]. We read answers ourselves, because a collector has to notice what a decoder for programs lets pass: a
//! `bool` that is 2, a number where a text was promised, a thousand pointers to the same kilobyte.

mod call;
mod event;
mod kind;
mod parse;
mod place;
mod read;
mod revert;
mod value;

pub use call::{BadArgument, Call};
pub use event::Event;
pub use kind::{Kind, Parameter};
pub use parse::Mistake;
pub use place::Place;
pub use read::Unreadable;
pub use revert::{Denied, Revert};
pub use value::Value;

use alloy_primitives::keccak256;

/// The hash of a canonical signature: an event's first topic; a function's or an error's first four bytes are its name.
fn hash_of(name: &str, parameters: &[Parameter]) -> [u8; 32] {
    let kinds: Vec<String> = parameters.iter().map(|parameter| parameter.kind.to_string()).collect();
    keccak256(format!("{name}({})", kinds.join(","))).0
}
