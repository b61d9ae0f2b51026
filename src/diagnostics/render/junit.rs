//! For whatever shows test results: JUnit's XML, a suite for each file.
//!
//! An error is a failed case. A warning is a skipped one: shown, and no reason to fail. A file without findings is one case
//! that passed, so that a report never is empty.

use super::{Finding, Findings, Level, Sources, locate};
use std::collections::BTreeMap;

/// All findings as one document. `fallback` is the file that what has no place belongs to.
#[must_use]
pub fn junit(findings: &Findings, sources: &Sources, fallback: &str) -> String {
    let mut files: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for (_, source) in sources.iter() {
        files.entry(source.path().display().to_string()).or_default();
    }
    for finding in findings.iter() {
        let file = finding.at.as_ref().map_or_else(|| fallback.to_owned(), |(place, _)| locate(*place, sources).file);
        files.entry(file).or_default().push(finding);
    }
    let suites: String = files.iter().map(|(file, findings)| suite(file, findings, sources)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"watchbell check\">\n{suites}</testsuites>\n"
    )
}

fn suite(file: &str, findings: &[&Finding], sources: &Sources) -> String {
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (failures, skipped) = (count(Level::Error), count(Level::Warning));
    let cases: String = match findings {
        [] => format!("    <testcase name=\"check\" classname=\"{}\"/>\n", escaped(file)),
        _ => findings.iter().map(|finding| case(file, finding, sources)).collect(),
    };
    format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\">\n{cases}  </testsuite>\n",
        escaped(file),
        findings.len().max(1),
    )
}

fn case(file: &str, finding: &Finding, sources: &Sources) -> String {
    let line = finding.at.as_ref().map_or(1, |(place, _)| locate(*place, sources).start.line);
    let (message, help) = (escaped(&finding.message), escaped(finding.help.as_deref().unwrap_or_default()));
    let outcome = match finding.level {
        Level::Error => format!("<failure type=\"{}\" message=\"{message}\">{help}</failure>", finding.code),
        Level::Warning => format!("<skipped message=\"{message}\">{help}</skipped>"),
        Level::Note => format!("<system-out>{message}</system-out>"),
    };
    let (name, file) = (format!("{} at line {line}", finding.code), escaped(file));
    format!("    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\">{outcome}</testcase>\n")
}

/// `text` as XML takes it: nothing in it ends an attribute or an element, and what XML cannot hold is spelt out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.extend(control.escape_default()),
            letter => escaped.push(letter),
        }
    }
    escaped
}
