//! The one layout that Prometheus, Thanos, Mimir and VictoriaMetrics write, read without building anything.
//!
//! `{"status":"success","data":{"resultType":"vector","result":[{"metric":{…},"value":[1735689600.123,"1"]},…]}}`
//!
//! Where a label set ends is found by searching for `"},"value":[`. Inside a JSON string a quote is always escaped, so
//! that the quote after the comma cannot be inside one; and a text that is found too long, because an item has no value,
//! is no set of labels when it is read. Anything that is not exactly this layout is left to [`super::json`].

use super::known::Known;
use super::number;
use crate::model::{Answer, Sample};
use memchr::{memchr, memmem};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::LazyLock;

/// What VictoriaMetrics and we say when a part of a cluster did not answer.
pub const PARTIAL: &str = "the answer is partial: a part of the source's cluster did not answer";

static END_OF_LABELS: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\"},\"value\":["));

/// Longer texts of a time or of a value are none of Prometheus's.
const LONGEST_NUMBER: usize = 400;

/// Reads an instant vector into `answer`; `None` when the layout is another one, with nothing said about the body.
pub fn vector(body: &[u8], known: &mut Known, answer: &mut Answer) -> Option<()> {
    let rest = body.strip_prefix(b"{\"status\":\"success\",")?;
    let (partial, rest) = partial(rest);
    let rest = rest.strip_prefix(b"\"data\":{\"resultType\":\"vector\",\"result\":[")?;
    let rest = if let Some(rest) = rest.strip_prefix(b"]") { rest } else { items(rest, known, &mut answer.samples)? };
    answer.warnings = remarks(rest.strip_prefix(b"}")?)?;
    answer.warnings.extend(partial.then(|| PARTIAL.to_owned()));
    Some(())
}

/// Takes VictoriaMetrics's `isPartial` off.
fn partial(rest: &[u8]) -> (bool, &[u8]) {
    if let Some(rest) = rest.strip_prefix(b"\"isPartial\":false,") {
        return (false, rest);
    }
    rest.strip_prefix(b"\"isPartial\":true,").map_or((false, rest), |rest| (true, rest))
}

/// Reads the items of a list up to and with its closing bracket; gives what follows.
fn items<'a>(mut rest: &'a [u8], known: &mut Known, samples: &mut Vec<Sample>) -> Option<&'a [u8]> {
    // The time is the same for all series of an answer: it is understood once, then compared.
    let mut time: &[u8] = b"?";
    loop {
        let (text, after) = labels(rest.strip_prefix(b"{\"metric\":")?)?;
        let series = known.series(text)?;
        let number = if let Some(same) = after.strip_prefix(time) {
            same
        } else {
            let length = time_length(after)?;
            time = &after[..length];
            &after[length..]
        };
        let end = memchr(b'"', number.get(..LONGEST_NUMBER).unwrap_or(number))?;
        samples.push(Sample { series, value: number::value(&number[..end])? });
        let after = number[end + 1..].strip_prefix(b"]}")?;
        match after.split_first()? {
            (b',', next) => rest = next,
            (b']', next) => return Some(next),
            _ => return None,
        }
    }
}

/// Splits `{…},"value":[…` into the label set and what follows the bracket.
fn labels(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(after) = rest.strip_prefix(b"{},\"value\":[") {
        return Some((&rest[..2], after));
    }
    let end = END_OF_LABELS.find(rest)?;
    Some((&rest[..end + 2], &rest[end + END_OF_LABELS.needle().len()..]))
}

/// The length of `1735689600.123,"`.
fn time_length(rest: &[u8]) -> Option<usize> {
    let end = memchr(b',', rest.get(..LONGEST_NUMBER).unwrap_or(rest))?;
    serde_json::from_slice::<f64>(&rest[..end]).ok()?;
    (rest.get(end + 1) == Some(&b'"')).then_some(end + 2)
}

/// Reads what follows the data: nothing, or warnings, infos and statistics.
fn remarks(rest: &[u8]) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tail {
        #[serde(default)]
        warnings: Option<Vec<String>>,
        #[serde(default)]
        infos: Option<Vec<String>>,
        #[serde(default, rename = "stats")]
        _stats: Option<IgnoredAny>,
        #[serde(default, rename = "trace")]
        _trace: Option<IgnoredAny>,
    }
    if let Some(after) = rest.strip_prefix(b"}") {
        return after.iter().all(|byte| b" \t\r\n".contains(byte)).then(Vec::new);
    }
    let tail = [b"{", rest.strip_prefix(b",")?].concat();
    let tail: Tail = serde_json::from_slice(&tail).ok()?;
    Some(tail.warnings.into_iter().chain(tail.infos).flatten().collect())
}
