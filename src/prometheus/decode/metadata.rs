//! What kinds of metrics there are: `api/v1/metadata`.

use super::json::Envelope;
use crate::prometheus::QueryError;
use serde::Deserialize;
use std::collections::HashMap;

/// What one target says of a metric.
#[derive(Deserialize)]
struct Said {
    #[serde(default, rename = "type")]
    kind: String,
}

/// Reads the body of a successful answer: `counter`, `gauge` and so on, by metric. One on which targets disagree is left out.
pub fn decode_metadata(body: &[u8]) -> Result<HashMap<String, String>, QueryError> {
    let said: HashMap<String, Vec<Said>> = Envelope::open(200, body)?.data()?;
    let agreed = said.into_iter().filter_map(|(metric, said)| {
        let kind = said.first()?.kind.clone();
        said.iter().all(|other| other.kind == kind).then_some((metric, kind))
    });
    Ok(agreed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_on_whose_type_targets_disagree_has_none() {
        let body = br#"{"status":"success","data":{"a":[{"type":"gauge","help":"","unit":""}],"b":[{"type":"gauge"},{"type":"counter"}],"c":[]}}"#;
        let types = decode_metadata(body).unwrap();
        assert_eq!(types, HashMap::from([("a".to_owned(), "gauge".to_owned())]));
        assert!(decode_metadata(b"404 page not found").is_err());
    }
}
