//! Asking a Prometheus, or anything with its API, and understanding what it answers; writing to one what rules record.
//!
//! [`Client`] carries a question to one source, within a deadline and a number of questions at once, and brings back
//! the bytes of an answer. A [`Decoder`] turns the bytes of one query's answers into samples of known series. Every way
//! in which a server can disappoint is a [`QueryError`]; `docs/queries.md` says what each means for a rule.
//!
//! Absent on purpose: the clock, rules, and any memory of what was answered before beyond the names of series.

mod backoff;
mod client;
mod decode;
mod error;
mod question;
mod reply;
#[cfg(test)]
mod tests;
mod transport;
mod write;

pub use backoff::backoff;
pub use client::Client;
pub use decode::{BuildInfo, Decoder, RangeAnswer, RangeSeries, decode_range};
pub use error::QueryError;
pub use reply::Again;
pub use write::{STALE, WriteError, Writer, Written};
