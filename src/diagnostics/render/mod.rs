//! Findings as people and programs want to see them: one file per output. Nothing here prints.

mod github;
mod human;
mod json;
mod sarif;
#[cfg(test)]
mod tests;

use super::{Finding, Findings, Level, LineColumn, Place, Sources};

pub use github::github;
pub use human::human;
pub use json::json;
pub use sarif::sarif;

/// The last line of a check: `3 files, 41 rules: 1 error, 2 warnings`.
#[must_use]
pub fn summary(files: usize, rules: usize, findings: &Findings) -> String {
    let (errors, warnings) = (findings.count(Level::Error), findings.count(Level::Warning));
    let verdict = match (errors, warnings) {
        (0, 0) => "no problems".into(),
        (0, _) => counted(warnings, "warning"),
        (_, 0) => counted(errors, "error"),
        (_, _) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    format!("{}, {}: {verdict}", counted(files, "file"), counted(rules, "rule"))
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

impl Level {
    /// Its name in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
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
