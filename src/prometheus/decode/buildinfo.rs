//! Who answers: `api/v1/status/buildinfo`.

use super::json::Envelope;
use crate::prometheus::QueryError;
use serde::Deserialize;

/// What a server says about itself. VictoriaMetrics says nothing, or names a version of Prometheus that it is like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct BuildInfo {
    /// Its version, where it says so.
    #[serde(default)]
    pub version: Option<String>,
}

/// Reads the body of a successful answer.
pub fn decode_buildinfo(body: &[u8]) -> Result<BuildInfo, QueryError> {
    Envelope::open(200, body)?.data()
}
