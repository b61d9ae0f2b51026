//! Answers to range queries, which fill a rule's history once at its start: here simple counts for more than fast.

use super::json::{Data, Envelope, read, value};
use crate::model::{Labels, Slot};
use crate::prometheus::QueryError;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An answer to a range query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RangeAnswer {
    /// The series.
    pub series: Vec<RangeSeries>,
    /// What the source says of it: that a part of its data could not be had, for example.
    pub warnings: Vec<String>,
}

/// One series of a range query: its labels, metric name included, and its samples in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeSeries {
    /// The labels.
    pub labels: Labels,
    /// When, and what.
    pub samples: Vec<(Slot, f64)>,
}

/// One item of a matrix. Native histograms have no value to put a threshold to and are passed over.
#[derive(Deserialize)]
struct Item<'a> {
    metric: BTreeMap<String, String>,
    #[serde(default, borrow)]
    values: Vec<(f64, Digits<'a>)>,
}

/// A number as Prometheus writes it: a text, which is borrowed, since there are millions of them.
#[derive(Deserialize)]
struct Digits<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the body of a successful answer to a range query.
///
/// # Errors
/// When the body is not an answer of Prometheus's, reports an error, or is not a matrix.
pub fn decode_range(body: &[u8]) -> Result<RangeAnswer, QueryError> {
    let envelope = Envelope::open(200, body)?;
    let data: Data<'_> = envelope.data()?;
    if data.kind != "matrix" {
        return Err(QueryError::misunderstood(format_args!("it is a {} where a matrix was due", data.kind)));
    }
    let series = read::<Vec<Item<'_>>>(data.result)?.into_iter().map(series).collect::<Result<_, _>>()?;
    Ok(RangeAnswer { series, warnings: envelope.warnings() })
}

fn series(item: Item<'_>) -> Result<RangeSeries, QueryError> {
    let samples =
        item.values.iter().map(|(seconds, text)| Ok((slot(*seconds)?, value(&text.0)?))).collect::<Result<_, _>>()?;
    Ok(RangeSeries { labels: Labels::new(item.metric), samples })
}

/// Prometheus writes times as seconds with up to three decimals.
#[expect(clippy::cast_possible_truncation, reason = "checked to be far within 64 bits")]
fn slot(seconds: f64) -> Result<Slot, QueryError> {
    let millis = (seconds * 1000.0).round();
    if millis.abs() < 1e15 {
        Ok(Slot::from_millis(millis as i64))
    } else {
        Err(QueryError::misunderstood(format_args!("{seconds} is no time")))
    }
}
