//! Any layout of an answer that JSON allows. Slower than [`super::scan`], and the measure of what is right.

use super::known::Known;
use super::{number, scan::PARTIAL};
use crate::model::{Answer, Sample};
use crate::prometheus::QueryError;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What surrounds every answer of Prometheus's API, good or bad.
#[derive(Deserialize)]
#[serde(expecting = "an object with a status and data")]
pub struct Envelope<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
    #[serde(default, rename = "isPartial")]
    is_partial: Option<bool>,
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of `body`, which came with `status`. An error that the server reports is the error given.
    pub fn open(status: u16, body: &'a [u8]) -> Result<Self, QueryError> {
        let envelope: Envelope<'a> = serde_json::from_slice(body)
            .map_err(|cause| QueryError::NotPrometheus { status, what: describe(body, &cause) })?;
        match &*envelope.status {
            "success" => Ok(envelope),
            "error" => Err(QueryError::Refused {
                status,
                kind: envelope.error_type.unwrap_or_default(),
                message: envelope.error.unwrap_or_default(),
            }),
            other => Err(QueryError::NotPrometheus { status, what: format!("its status is `{other}`") }),
        }
    }

    /// The data, which every successful answer has.
    pub fn data<T: Deserialize<'a>>(&self) -> Result<T, QueryError> {
        let data = self.data.ok_or_else(|| QueryError::misunderstood("it has no data"))?;
        serde_json::from_str(data.get()).map_err(QueryError::misunderstood)
    }

    /// What makes the answer less than it seems; infos, which say how a query is better written, are not among it.
    pub fn warnings(self) -> Vec<String> {
        Envelope { infos: None, ..self }.remarks()
    }

    fn remarks(self) -> Vec<String> {
        let partial = (self.is_partial == Some(true)).then(|| PARTIAL.to_owned());
        self.warnings.into_iter().chain(self.infos).flatten().chain(partial).collect()
    }
}

/// The data of a query: its type, and a result that depends on it.
#[derive(Deserialize)]
pub struct Data<'a> {
    /// `vector`, `scalar`, `matrix` or `string`.
    #[serde(borrow, rename = "resultType")]
    pub kind: Cow<'a, str>,
    /// The result, unread.
    #[serde(borrow)]
    pub result: &'a RawValue,
}

/// One item of a vector. `value` and `histogram` exclude each other.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    metric: &'a RawValue,
    #[serde(default)]
    value: Option<(f64, String)>,
    #[serde(default)]
    histogram: Option<IgnoredAny>,
}

/// Reads an answer to an instant query.
pub fn instant(body: &[u8], known: &mut Known) -> Result<Answer, QueryError> {
    let envelope = Envelope::open(200, body)?;
    let data: Data<'_> = envelope.data()?;
    let mut answer = Answer::default();
    match &*data.kind {
        "vector" => vector(data.result, known, &mut answer)?,
        "scalar" => {
            let (_, text): (f64, String) = read(data.result)?;
            answer.samples.push(Sample { series: known.unlabelled(), value: value(&text)? });
        }
        other => return Err(QueryError::WrongType { kind: other.to_owned() }),
    }
    answer.warnings = envelope.remarks();
    Ok(answer)
}

fn vector(result: &RawValue, known: &mut Known, answer: &mut Answer) -> Result<(), QueryError> {
    for item in read::<Vec<Item<'_>>>(result)? {
        let labels = item.metric.get();
        let series = known
            .series(labels.as_bytes())
            .ok_or_else(|| QueryError::misunderstood(format_args!("{} is no set of labels", shorten(labels))))?;
        let value = match (item.value, item.histogram) {
            (Some((_, text)), _) => value(&text)?,
            (None, Some(_)) => {
                answer.histograms.push(series);
                f64::NAN
            }
            (None, None) => return Err(QueryError::misunderstood("a series has no value")),
        };
        answer.samples.push(Sample { series, value });
    }
    Ok(())
}

/// Reads a part of the answer.
pub fn read<'a, T: Deserialize<'a>>(part: &'a RawValue) -> Result<T, QueryError> {
    serde_json::from_str(part.get()).map_err(QueryError::misunderstood)
}

/// Reads a value.
pub fn value(text: &str) -> Result<f64, QueryError> {
    number::value(text.as_bytes())
        .ok_or_else(|| QueryError::misunderstood(format_args!("`{}` is no number", shorten(text))))
}

/// Says what a body is that is not an answer.
fn describe(body: &[u8], cause: &serde_json::Error) -> String {
    let start = String::from_utf8_lossy(&body[..body.len().min(400)]);
    let start = start.trim_start();
    if body.is_empty() {
        "it is empty".to_owned()
    } else if start.starts_with('<') {
        format!("it looks like HTML: {}", shorten(start))
    } else if cause.is_eof() {
        format!("the JSON ends in the middle, after {} bytes", body.len())
    } else {
        format!("{cause}: {}", shorten(start))
    }
}

/// The first line of `text`, or what fits of it.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(120).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
