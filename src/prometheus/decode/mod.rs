//! The bytes of an answer, made into samples of known series.
//!
//! A server repeats the labels of the same series at every evaluation, byte for byte. So the text of a label set is only
//! a key here: its hash leads to the [`SeriesRef`](crate::model::SeriesRef) that the series already has, and labels are read once in a series'
//! life. [`scan`] goes through the one layout that Prometheus and VictoriaMetrics write, without building anything;
//! whatever looks different goes to [`json`], which is slower and understands every layout. Both give the same answer.
//!
//! Start at [`Decoder::decode`]. Absent on purpose: trust in the order of anything, in an answer or in a label set.

mod buildinfo;
mod json;
mod known;
mod metadata;
mod number;
mod range;
mod scan;
#[cfg(test)]
mod tests;

pub use buildinfo::{BuildInfo, decode_buildinfo};
pub use json::Envelope;
pub use metadata::decode_metadata;
pub use range::{RangeAnswer, RangeSeries, decode_range};

use super::QueryError;
use crate::model::{Answer, SeriesTable};
use known::Known;

/// Decodes the answers of one query, and remembers the series that it has returned.
#[derive(Debug, Default)]
pub struct Decoder {
    known: Known,
    last_count: usize,
}

impl Decoder {
    /// A decoder that knows no series yet.
    #[must_use]
    pub fn new() -> Self {
        Decoder::default()
    }

    /// The series returned so far; numbers stay valid until its epoch rises, which only [`Decoder::decode`] does.
    #[must_use]
    pub fn table(&self) -> &SeriesTable {
        self.known.table()
    }

    /// Reads the body of a successful answer to an instant query. A scalar is one sample without labels.
    ///
    /// # Errors
    /// When the body is not an answer of Prometheus's, reports an error, or is a matrix or a string. What was learnt
    /// about series before the error stays known and does no harm.
    pub fn decode(&mut self, body: &[u8]) -> Result<Answer, QueryError> {
        self.known.forget_the_dead(self.last_count);
        self.known.begin();
        let mut answer = Answer { samples: Vec::with_capacity(self.last_count), ..Answer::default() };
        if scan::vector(body, &mut self.known, &mut answer).is_none() {
            answer = json::instant(body, &mut self.known)?;
        }
        self.known.end();
        self.last_count = answer.samples.len();
        Ok(answer)
    }
}
