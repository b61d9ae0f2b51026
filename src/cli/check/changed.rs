//! `check --changed-since`: only what is found where lines differ from a revision of git.
//!
//! A finding counts when its line changed, or any line of its rule: a bound may be wrong because of what was done to the query
//! above it. Errors count wherever they are: with one, the files cannot be used.

use crate::cli::CommandError;
use crate::diagnostics::{Finding, Findings, Level, Place, Sources};
use crate::rules::{Spot, allow::spot_of};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What differs, by file. `None` stands for a whole file that git does not have.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changed(HashMap<PathBuf, Option<Vec<Edit>>>);

/// One place at which a file differs.
#[derive(Debug, PartialEq)]
enum Edit {
    /// These lines are other ones, or new.
    Lines(RangeInclusive<u32>),
    /// Lines that stood below this one are gone; the first of them that says something stood so many columns from the left.
    Gone { below: u32, indent: usize },
}

/// Asks git which lines differ from where `revision` and the present parted.
///
/// # Errors
/// When there is no git, no repository, or no such revision.
pub(super) fn since(revision: &str) -> Result<Changed, CommandError> {
    let top = PathBuf::from(git(Path::new("."), &["rev-parse", "--show-toplevel"])?.trim_end_matches('\n'));
    let commit = format!("{revision}^{{commit}}");
    let base = git(&top, &["rev-parse", "--verify", "--end-of-options", &commit])
        .map_err(|_| CommandError::Usage(unknown(revision)))?;
    let base = base.trim();
    // What others did since then is not ours; where nothing is common, everything counts.
    let parted = git(&top, &["merge-base", base, "HEAD"]).unwrap_or_else(|_| base.to_owned());
    let diff = [
        "-c",
        "core.quotepath=off",
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--find-renames",
        "--unified=0",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        parted.trim(),
        "--",
    ];
    let mut changed =
        Changed(parse(&git(&top, &diff)?).into_iter().map(|(file, lines)| (top.join(file), Some(lines))).collect());
    let new = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    changed.0.extend(new.split('\0').filter(|file| !file.is_empty()).map(|file| (top.join(file), None)));
    Ok(changed)
}

fn unknown(revision: &str) -> String {
    let help = "fetch it first (a shallow clone has only its newest commit: `git fetch origin main`)";
    format!("git knows no revision `{revision}`; {help}")
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, CommandError> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|cause| CommandError::Outside(format!("cannot run git: {cause}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(CommandError::Outside(format!("git {}: {said}", arguments.join(" "))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a diff without context changes, by file.
fn parse(diff: &str) -> HashMap<String, Vec<Edit>> {
    let (mut files, mut file) = (HashMap::new(), None);
    let mut lines = diff.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("+++ ") {
            file = unquoted(name).strip_prefix("b/").map(str::to_owned);
        } else if let Some((old, (start, count))) = hunk(line) {
            // Whatever the lines of a hunk look like, they are no headers.
            let body: Vec<&str> = lines.by_ref().take((old + count) as usize).collect();
            let edit = match count {
                0 => Edit::Gone { below: start, indent: indent(&body) },
                count => Edit::Lines(start..=start + count - 1),
            };
            if let Some(file) = &file {
                files.entry(file.clone()).or_insert_with(Vec::new).push(edit);
            }
        }
    }
    files
}

/// How far from the left the first line of a hunk stands that says something.
fn indent(body: &[&str]) -> usize {
    let texts = body.iter().map(|line| line.get(1..).unwrap_or_default());
    let mut indents = texts.map(|text| (text, text.len() - text.trim_start().len()));
    indents.find(|(text, indent)| !matches!(text[*indent..].chars().next(), None | Some('#'))).map_or(0, |(_, it)| it)
}

/// How many lines a hunk takes away; where it adds, and how many: `@@ -3,2 +3,5 @@`.
fn hunk(line: &str) -> Option<(u32, (u32, u32))> {
    let mut words = line.strip_prefix("@@ -")?.split(' ');
    let range = |text: &str| {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let (_, old): (u32, u32) = range(words.next()?)?;
    Some((old, range(words.next()?.strip_prefix('+')?)?))
}

/// A name as git writes it: in quotes, where it has letters that need it.
fn unquoted(name: &str) -> String {
    let name = name.trim_end_matches('\t');
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\t", "\t").replace("\\\\", "\\"),
        None => name.to_owned(),
    }
}

impl Changed {
    /// Drops what is found where nothing changed.
    pub fn keep(&self, findings: &mut Findings, sources: &Sources, spots: &[Spot]) {
        let mut whole: HashMap<&Path, PathBuf> = HashMap::new();
        findings.retain(|finding| {
            let Some((place, _)) = finding.at.as_ref().filter(|_| finding.level != Level::Error) else { return true };
            let path = sources.get(place.source).path();
            let path = whole.entry(path).or_insert_with(|| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
            self.0.get(path).is_some_and(|lines| touches(finding, *place, lines.as_deref(), sources, spots))
        });
    }
}

fn touches(finding: &Finding, place: Place, edits: Option<&[Edit]>, sources: &Sources, spots: &[Spot]) -> bool {
    let Some(edits) = edits else { return true };
    let rule = spot_of(spots, place).map(|spot| spot.place);
    let others = finding.see.iter().map(|(place, _)| *place);
    rule.into_iter().chain([place]).chain(others.filter(|other| other.source == place.source)).any(|place| {
        let source = sources.get(place.source);
        let first = source.line_column(place.start);
        let last = source.line_column(place.end.max(place.start + 1) - 1).line;
        edits.iter().any(|edit| match edit {
            Edit::Lines(lines) => *lines.start() <= last && first.line <= *lines.end(),
            // What stood behind the last line was part of it where it stood as far from the left as its beginning: the
            // neighbour that follows a rule begins with a dash, further left.
            Edit::Gone { below, indent } => {
                (first.line..last).contains(below) || (*below == last && *indent + 1 >= first.column as usize)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_says_which_lines_changed_whatever_the_lines_look_like() {
        let diff = "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -3,2 +3,1 @@ rules\n-x\n-y\n+++ b/fake\n\
                    @@ -9,1 +7,0 @@\n-z\n--- a/b c.yaml\t\n+++ b/b c.yaml\t\n@@ -0,0 +1,2 @@\n+@@ -1 +50 @@\n+b\n\
                    --- \"a/\\\"q\\\".yaml\"\n+++ \"b/\\\"q\\\".yaml\"\n@@ -1 +1 @@\n-a\n+b\n--- a/gone.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n";
        let files = parse(diff);
        assert_eq!(files["a.yaml"], [Edit::Lines(3..=3), Edit::Gone { below: 7, indent: 0 }]);
        assert_eq!(files["b c.yaml"], [Edit::Lines(1..=2)]);
        assert_eq!(files["\"q\".yaml"], [Edit::Lines(1..=1)]);
        assert_eq!(files.len(), 3);
    }
}
