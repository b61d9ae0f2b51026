//! The JSON Schema of rule files: what editors show, and what files are held against first.

use super::written::File;
use crate::yaml::Schema;
use serde_json::Value;

/// The schema, as it stands in `schemas/rules.schema.json`.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}

/// The schema, to be compiled.
pub(super) static SCHEMA: Schema = Schema::new(schema);
