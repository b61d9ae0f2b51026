//! The JSON Schema of rule files: what editors show, and what files are held against first.

use super::written::File;
use crate::yaml::Validator;
use serde_json::Value;
use std::sync::OnceLock;

/// The schema, as it stands in `schemas/rules.schema.json`.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}

/// The schema, compiled once.
pub(super) fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| Validator::new(schema()))
}
