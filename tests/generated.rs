//! Files that are made of the code: each has to be what the code makes of it now.
//!
//! `WATCHBELL_UPDATE_SCHEMAS=1 cargo test --test generated` writes them anew; the change is then reviewed like any other.

mod generated {
    pub mod reference;
}

use std::path::Path;

#[test]
fn the_schema_of_the_configuration_is_current() {
    is_current("schemas/config.schema.json", &pretty(&watchbell::config::schema()));
}

#[test]
fn the_schema_of_beacons_is_current() {
    is_current("schemas/beacon.schema.json", &pretty(&watchbell::collect::beacon::schema()));
}

#[test]
fn the_reference_of_the_configuration_is_current() {
    let page = read("docs/configuration.md");
    let table = generated::reference::of(&watchbell::config::schema());
    is_current("docs/configuration.md", &with_generated_part(&page, &table));
}

fn pretty(schema: &serde_json::Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).expect("a schema is JSON"))
}

/// `page` with what follows its marker replaced.
fn with_generated_part(page: &str, part: &str) -> String {
    const MARKER: &str = "<!-- From here on this page is made of the schema: see tests/generated.rs. -->\n";
    let (head, _) = page.split_once(MARKER).expect("the page has the marker");
    format!("{head}{MARKER}\n{part}")
}

fn is_current(path: &str, now: &str) {
    if std::env::var_os("WATCHBELL_UPDATE_SCHEMAS").is_some() {
        std::fs::write(in_repository(path), now).unwrap_or_else(|cause| panic!("{path}: {cause}"));
    }
    let stale = read(path) != now;
    assert!(
        !stale,
        "{path} is stale: run `WATCHBELL_UPDATE_SCHEMAS=1 cargo test --test generated` and review the change"
    );
}

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap_or_default()
}

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
