//! `watchbell test`: scenarios against their snapshots.

use super::{Answer, Colour, CommandError, output};
use crate::diagnostics::{Findings, Sources, render};
use crate::replay::{self, Verdict};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Play scenario files and compare what happens with the snapshots beside them.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Scenario files, or folders of them [default: tests/scenarios].
    files: Vec<PathBuf>,
    /// Accept what happens: write the snapshots anew.
    #[arg(long)]
    accept: bool,
    /// Play only scenarios whose file or title matches this regular expression.
    #[arg(long, value_name = "RE")]
    filter: Option<String>,
    /// Write a JUnit report to this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// What became of one scenario.
struct Outcome {
    file: PathBuf,
    title: String,
    failure: Option<String>,
    note: &'static str,
}

impl Test {
    /// Plays the scenarios and says how they went.
    ///
    /// # Errors
    /// When there is nothing to play, or a file cannot be written.
    pub fn run(&self, colour: Colour) -> Result<Answer, CommandError> {
        let filter = self.filter.as_deref().map(regex::Regex::new).transpose();
        let filter = filter.map_err(|error| CommandError::Usage(format!("--filter: {error}")))?;
        let files = self.scenario_files()?;
        let mut outcomes = Vec::new();
        for file in files {
            let outcome = self.play(&file, filter.as_ref(), colour)?;
            if let Some(outcome) = outcome {
                output::print(&outcome.line())?;
                outcomes.push(outcome);
            }
        }
        if outcomes.is_empty() {
            return Err(CommandError::Usage("there is no scenario to play".into()));
        }
        let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
        output::print(&format!("{} scenarios: {} passed, {failed} failed\n", outcomes.len(), outcomes.len() - failed))?;
        if let Some(path) = &self.junit {
            std::fs::write(path, junit(&outcomes))?;
        }
        Ok(if failed == 0 { Answer::Good } else { Answer::No })
    }

    fn scenario_files(&self) -> Result<Vec<PathBuf>, CommandError> {
        let default = [PathBuf::from("tests/scenarios")];
        let wanted = if self.files.is_empty() { &default[..] } else { &self.files };
        let mut files = Vec::new();
        for path in wanted {
            if path.is_dir() {
                let mut found = yaml_files(path)?;
                found.sort();
                files.append(&mut found);
            } else if path.exists() {
                files.push(path.clone());
            } else {
                return Err(CommandError::Usage(format!("{} does not exist", path.display())));
            }
        }
        Ok(files)
    }

    /// `None` where the filter leaves it out.
    fn play(
        &self,
        file: &Path,
        filter: Option<&regex::Regex>,
        colour: Colour,
    ) -> Result<Option<Outcome>, CommandError> {
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let scenario = replay::load(file, &mut sources, &mut findings);
        let title = scenario.as_ref().map(|scenario| scenario.title.clone()).unwrap_or_default();
        let name = file.display().to_string();
        if filter.is_some_and(|filter| !filter.is_match(&name) && !filter.is_match(&title)) {
            return Ok(None);
        }
        let outcome = |failure, note| Some(Outcome { file: file.to_owned(), title: title.clone(), failure, note });
        let in_colour = colour.for_stream(&std::io::stdout());
        let Some(scenario) = scenario else {
            return Ok(outcome(Some(render::human(&findings, &sources, in_colour)), ""));
        };
        let story = replay::play(&scenario);
        let unmet = replay::unmet(&scenario, &story);
        let path = replay::path_of(file);
        let verdict = replay::compare(&path, &story, in_colour)?;
        if !unmet.is_empty() {
            // Not even --accept takes a story that does not hold what its scenario promises.
            let mut text = unmet.iter().map(|line| format!("expected otherwise: {line}\n")).collect::<String>();
            text.push_str(&story.to_string());
            return Ok(outcome(Some(text), ""));
        }
        Ok(match verdict {
            Verdict::Same => outcome(None, ""),
            Verdict::New | Verdict::Different(_) if self.accept => {
                replay::write(&path, &story)?;
                outcome(None, " (accepted)")
            }
            Verdict::New => outcome(Some(format!("no snapshot yet; --accept writes this one\n{story}")), ""),
            Verdict::Different(difference) => outcome(Some(difference), ""),
        })
    }
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml {
            files.push(path);
        }
    }
    Ok(files)
}

impl Outcome {
    fn line(&self) -> String {
        let word = if self.failure.is_some() { "FAIL" } else { "ok  " };
        let mut text = format!("{word} {}: {}{}\n", self.file.display(), self.title, self.note);
        for line in self.failure.iter().flat_map(|failure| failure.lines()) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "     {line}");
        }
        text
    }
}

fn junit(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"watchbell\" tests=\"{}\" failures=\"{failed}\">\n",
        outcomes.len()
    );
    for outcome in outcomes {
        let (name, class) = (escape(&outcome.title), escape(&outcome.file.display().to_string()));
        let _ = match &outcome.failure {
            None => writeln!(text, "    <testcase name=\"{name}\" classname=\"{class}\"/>"),
            Some(failure) => writeln!(
                text,
                "    <testcase name=\"{name}\" classname=\"{class}\"><failure>{}</failure></testcase>",
                escape(failure)
            ),
        };
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn escape(text: &str) -> String {
    // XML has no way at all to hold most control characters.
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    kept.collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
