//! For GitHub Actions: a workflow command per finding, which becomes a remark in the pull request.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message>

use super::{Finding, Findings, Level, Located, Sources, locate, printable};

/// All findings as workflow commands, one per line.
#[must_use]
pub fn github(findings: &Findings, sources: &Sources) -> String {
    findings.iter().map(|finding| command(finding, sources)).collect()
}

fn command(finding: &Finding, sources: &Sources) -> String {
    let mut properties = String::new();
    if let Some((place, _)) = &finding.at {
        let Located { file, start, end } = locate(*place, sources);
        let file = property(&file);
        properties = format!("file={file},line={},endLine={},col={},", start.line, end.line, start.column);
        // GitHub takes an end column only within one line, and counts it as the last character's.
        if end.line == start.line {
            properties.push_str(&format!("endColumn={},", end.column.saturating_sub(1).max(start.column)));
        }
    }
    let label = finding.at.as_ref().map(|(_, label)| label).filter(|label| !label.is_empty());
    let label = label.map_or_else(String::new, |label| format!(": {label}"));
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let text = format!("{}{label}{help}", finding.message);
    // GitHub's word for a note.
    let level = if finding.level == Level::Note { "notice" } else { finding.level.name() };
    format!("::{level} {properties}title={}::{}\n", property(&finding.code.to_string()), data(&text))
}

/// The text of a command: it ends with the line.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// The value of a property: a colon or a comma would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
