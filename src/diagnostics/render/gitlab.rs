//! For GitLab: a Code Quality report, which shows findings in the merge request.
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use super::{Finding, Findings, Level, Sources, locate};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// All findings as one list. `fallback` is the file that what has no place belongs to: GitLab shows nothing without one.
#[must_use]
pub fn gitlab(findings: &Findings, sources: &Sources, fallback: &str) -> String {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let list: Vec<Value> = findings.iter().map(|finding| object(finding, sources, fallback, &mut seen)).collect();
    format!("{:#}\n", Value::from(list))
}

fn object(finding: &Finding, sources: &Sources, fallback: &str, seen: &mut HashMap<String, usize>) -> Value {
    let (file, line) = match &finding.at {
        Some((place, _)) => {
            let located = locate(*place, sources);
            (located.file, located.start.line)
        }
        None => (fallback.to_owned(), 1),
    };
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    // GitLab compares fingerprints of two branches. A line's number would make each finding below an edit a new one, so
    // equal findings of a file are told apart by their order.
    let key = format!("{}\0{file}\0{}", finding.code, finding.message);
    let number = seen.entry(key.clone()).or_default();
    *number += 1;
    json!({
        "description": format!("{}{help}", finding.message),
        "check_name": finding.code.to_string(),
        "fingerprint": fingerprint(&key, *number),
        "severity": severity(finding.level),
        "location": { "path": file, "lines": { "begin": line } },
    })
}

fn fingerprint(key: &str, number: usize) -> String {
    let hash = Sha256::digest(format!("{key}\0{number}"));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Note => "info",
        Level::Warning => "minor",
        Level::Error => "critical",
    }
}
