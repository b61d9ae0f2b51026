//! `check --baseline`: what is known already, so that an old repository can start today.
//!
//! A finding is known by its file, rule, code and text, not by its line: an edit above it makes no new one. The file has a line
//! for each, sorted, so that two branches merge. Errors are never known: with one, the files cannot be used.

use crate::cli::CommandError;
use crate::diagnostics::{Finding, Findings, Level, Sources, codes};
use crate::rules::{Spot, allow::spot_of};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// One finding, as it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    file: String,
    rule: String,
    code: String,
    message: String,
}

/// What is known, and how often.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Baseline(BTreeMap<Known, usize>);

/// What findings are known against: the files, their rules, and the folder that paths are seen from.
pub(super) struct Ground<'a> {
    sources: &'a Sources,
    spots: &'a [Spot],
    home: PathBuf,
}

impl<'a> Ground<'a> {
    /// Paths are seen from the folder of `baseline`, wherever the command runs.
    pub fn new(baseline: &Path, sources: &'a Sources, spots: &'a [Spot]) -> Self {
        let folder = baseline.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let home = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Ground { sources, spots, home }
    }

    fn name_of(&self, path: &Path) -> String {
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        whole.strip_prefix(&self.home).unwrap_or(&whole).to_string_lossy().replace('\\', "/")
    }

    fn known(&self, finding: &Finding) -> Known {
        let place = finding.at.as_ref().map(|(place, _)| *place);
        let rule = place.and_then(|place| spot_of(self.spots, place));
        Known {
            file: place.map_or_else(String::new, |place| self.name_of(self.sources.get(place.source).path())),
            rule: rule.map_or_else(String::new, |spot| spot.name.to_string()),
            code: finding.code.to_string(),
            message: finding.message.clone(),
        }
    }
}

impl Baseline {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When there is none, or a line of it is not one of a baseline.
    pub fn read(path: &Path) -> Result<Self, CommandError> {
        let text = fs::read_to_string(path).map_err(|cause| {
            CommandError::Usage(format!(
                "cannot read the baseline `{}`: {cause}; `--write-baseline` makes one",
                path.display()
            ))
        })?;
        Baseline::parse(&text).map_err(|(line, cause)| {
            CommandError::Usage(format!("{}:{line}: not a line of a baseline: {cause}", path.display()))
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, serde_json::Error)> {
        let mut known = BTreeMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let one: Known = serde_json::from_str(line).map_err(|cause| (number + 1, cause))?;
            *known.entry(one).or_default() += 1;
        }
        Ok(Baseline(known))
    }

    /// All warnings among `findings`.
    pub fn of(findings: &Findings, ground: &Ground<'_>) -> Self {
        let mut known = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.level == Level::Warning) {
            *known.entry(ground.known(finding)).or_default() += 1;
        }
        Baseline(known)
    }

    /// How many findings it has.
    pub fn len(&self) -> usize {
        self.0.values().sum()
    }

    /// Writes it to `path`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CommandError> {
        fs::write(path, self.text())
            .map_err(|cause| CommandError::Outside(format!("cannot write the baseline `{}`: {cause}", path.display())))
    }

    fn text(&self) -> String {
        let line = |known: &Known| format!("{}\n", serde_json::to_string(known).expect("texts are JSON"));
        self.0.iter().map(|(known, count)| line(known).repeat(*count)).collect()
    }

    /// Drops the findings that are known, each as often as it is, and returns how many known ones of these files are gone.
    pub fn subtract(mut self, findings: &mut Findings, ground: &Ground<'_>) -> usize {
        findings.retain(|finding| {
            if finding.level != Level::Warning {
                return true;
            }
            match self.0.get_mut(&ground.known(finding)) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            }
        });
        let files: BTreeSet<String> = ground.sources.iter().map(|(_, source)| ground.name_of(source.path())).collect();
        // Most runs ask no source, and then nothing is known to be gone of what a source says.
        let is_of_files = |known: &Known| {
            let code = codes::find(&known.code).map(|entry| entry.code);
            files.contains(&known.file) && !code.is_some_and(codes::depends_on_a_source)
        };
        self.0.iter().filter(|(known, _)| is_of_files(known)).map(|(_, left)| left).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_never_known() {
        let sources = Sources::default();
        let ground = Ground::new(Path::new("known.jsonl"), &sources, &[]);
        let mut findings = Findings::default();
        findings.warn(codes::WB069, "the same words");
        findings.error(codes::WB069, "the same words");
        let known = Baseline::of(&findings, &ground);
        let text = known.text().repeat(2);
        let gone = Baseline::parse(&text).unwrap().subtract(&mut findings, &ground);
        assert_eq!((known.len(), findings.count(Level::Warning), findings.count(Level::Error)), (1, 0, 1));
        assert_eq!(gone, 0, "a finding without a file is of no file that was looked at");
    }
}
