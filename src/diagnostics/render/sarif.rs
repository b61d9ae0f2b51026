//! For code scanning: SARIF 2.1.0, one run with all findings.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use super::{Finding, Findings, Level, Located, Place, Sources, locate};
use crate::diagnostics::{Code, codes};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// All findings as one SARIF log. `fallback` is the file that what has no place belongs to: GitHub refuses a whole log for one
/// result without a location.
#[must_use]
pub fn sarif(findings: &Findings, sources: &Sources, fallback: &str) -> String {
    let used: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let rules: Vec<Value> = used.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, sources, fallback)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "watchbell",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    let entry = codes::entry(code);
    let (title, page) = entry.map_or(("", ""), |entry| (entry.title, entry.page));
    let level = entry.map_or(Level::Error, |entry| entry.level);
    json!({
        "id": code.to_string(),
        "shortDescription": { "text": title },
        "help": { "text": format!("watchbell explain {code}"), "markdown": page },
        "defaultConfiguration": { "level": level.name() },
    })
}

fn result(finding: &Finding, sources: &Sources, fallback: &str) -> Value {
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let mut result = json!({
        "ruleId": finding.code.to_string(),
        "level": finding.level.name(),
        "message": { "text": format!("{}{help}", finding.message) },
    });
    let nowhere = || {
        json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(fallback) },
        "region": { "startLine": 1 },
    } })
    };
    let at = finding.at.as_ref().map_or_else(nowhere, |(place, label)| location(*place, label, sources));
    result["locations"] = json!([at]);
    if !finding.see.is_empty() {
        result["relatedLocations"] =
            finding.see.iter().map(|(place, label)| location(*place, label, sources)).collect();
    }
    result
}

fn location(place: Place, label: &str, sources: &Sources) -> Value {
    let Located { file, start, end } = locate(place, sources);
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&file) },
        "region": {
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        },
    } });
    if !label.is_empty() {
        location["message"] = json!({ "text": label });
    }
    location
}

/// The path as a URI reference: an absolute one names its scheme.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let shown = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", path.bytes().map(shown).collect::<String>())
}
