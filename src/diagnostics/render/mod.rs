//! Findings as people and programs want to see them: one file per output. Nothing here prints.

mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod sarif;
#[cfg(test)]
mod tests;

use super::{Edit, Finding, Findings, Level, LineColumn, Place, Sources};
use crate::model::counted;

pub use github::github;
pub use gitlab::gitlab;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;

/// The last line of a check: `3 files, 41 rules: 1 error, 2 warnings`.
#[must_use]
pub fn summary(files: usize, rules: usize, findings: &Findings) -> String {
    let levels = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")];
    let counts = levels.map(|(level, thing)| (findings.count(level), thing));
    let told: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, thing)| counted(*count, thing)).collect();
    let verdict = if told.is_empty() { "no problems".into() } else { told.join(", ") };
    format!("{}, {}: {verdict}", counted(files, "file"), counted(rules, "rule"))
}

impl Level {
    /// Its name in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// A place in lines and columns, both from one; `end` is one past the last character.
struct Located {
    /// With `/` between folders.
    file: String,
    start: LineColumn,
    end: LineColumn,
}

fn locate(place: Place, sources: &Sources) -> Located {
    let source = sources.get(place.source);
    let file = source.path().display().to_string();
    let file = if cfg!(windows) { file.replace('\\', "/") } else { file };
    Located { file, start: source.line_column(place.start), end: source.line_column(place.end) }
}

/// The text without what would speak to a terminal instead of to its reader.
fn printable(text: &str) -> String {
    let shown =
        |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() };
    text.chars().map(shown).collect()
}
