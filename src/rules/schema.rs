//! The JSON Schema of rule files: what editors show, and what files are held against first.

use super::written::File;
use crate::yaml::Validator;
use serde_json::Value;

/// The schema, as it stands in `schemas/rules.schema.json`.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}

/// The schema, compiled. That takes some milliseconds, and the result a megabyte: whoever has files to check makes one for all of
/// them, and keeps it no longer.
pub(super) fn validator() -> Validator {
    Validator::new(schema())
}
