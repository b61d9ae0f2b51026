//! The schema that editors read is the one that files are held against.

use crate::rules::schema;

/// `WATCHBELL_UPDATE_SCHEMAS=1 cargo test` writes it anew.
#[test]
fn the_schema_in_the_repository_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/rules.schema.json");
    let fresh = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("WATCHBELL_UPDATE_SCHEMAS").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == fresh, "{path} is stale: run the tests with WATCHBELL_UPDATE_SCHEMAS=1");
}
