//! The shipped rule files as text and YAML, for tests of what they say.

use serde_yaml::Value;
use std::path::{Path, PathBuf};

/// Each file of `rules/`, in the order of their names.
pub fn rule_files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = std::fs::read_dir(folder).expect("the rule pack is there");
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).expect("it can be read")).collect()
}

/// Every rule of them.
pub fn shipped_rules() -> Vec<Value> {
    let files = rule_files();
    let documents = files.iter().map(|file| serde_yaml::from_str::<Value>(file).expect("a rule file is YAML"));
    let groups: Vec<Value> = documents.flat_map(|document| list(&document, "groups")).collect();
    groups.iter().flat_map(|group| list(group, "rules")).collect()
}

/// A rule's queries, as PromQL.
pub fn queries(rule: &Value) -> Vec<String> {
    let Some(named) = rule.get("queries") else { return vec![text(rule, "expr")] };
    let each = named.as_mapping().expect("`queries` is a mapping").iter().map(|(_, query)| query);
    each.map(|query| query.as_str().map_or_else(|| text(query, "expr"), str::to_owned)).collect()
}

/// A rule's tiers.
pub fn tiers(rule: &Value) -> Vec<Value> {
    let tiers = rule["tiers"].as_mapping().expect("every rule of the pack has tiers");
    tiers.iter().map(|(_, tier)| tier.clone()).collect()
}

/// The text at `key`.
pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().expect("it is text").to_owned()
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value[key].as_sequence().expect("it is a list").clone()
}
