//! `watchbell ci`: everything that is to be said of a change, once: check, test, diff, and backtest where a history is given.
//!
//! Each part is what its own command says. A part that cannot be had does not take the others with it: it says why, and the
//! exit code tells.

use super::check::{Check, Checked};
use super::diff::{Compared, History};
use super::test::{self, Failure, Outcome, Test};
use super::{Answer, Colour, CommandError, output};
use crate::change::render::{Besides, MARKER, inline};
use crate::diagnostics::{Level, render};
use crate::replay::Coverage;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};

/// How many bytes of findings, or of failed tests, a comment shows.
const SHOWN: usize = 8_000;

/// Check, test, compare and backtest the files as they are here against BASE, in one comment and with one exit code.
#[derive(Debug, clap::Args)]
pub struct Ci {
    /// The side before: a revision of this repository, or a folder (`./main` is always a folder).
    base: String,
    #[command(flatten)]
    history: History,
    /// Count warnings on what changed as errors.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// Let unit tests fail also where promtool lets pass.
    #[arg(long)]
    strict: bool,
    /// Do not tell the warnings that stand in this file.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the comment for the pull request to this file as well.
    #[arg(long, value_name = "FILE")]
    comment: Option<PathBuf>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Deny {
    /// All warnings.
    Warnings,
}

/// How to tell it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people at a terminal.
    Human,
    /// As a comment under a pull request.
    Markdown,
    /// One JSON object.
    Json,
}

/// What each part came to.
struct Said {
    checked: Checked,
    /// The tests, where there are any.
    tested: Option<(Vec<Outcome>, Coverage)>,
    /// What is different, and what it would have meant.
    compared: Option<Compared>,
    /// What could not be had, and why; the worst of it decides the exit code.
    missing: Vec<(&'static str, CommandError)>,
}

impl Ci {
    /// Does all of it, and tells.
    ///
    /// # Errors
    /// When there is nothing to check, or the comment cannot be written.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let said = self.said(configuration, colour)?;
        let text = match self.format {
            Format::Human => said.human(colour),
            Format::Markdown => said.markdown(),
            Format::Json => format!("{:#}\n", said.json()),
        };
        if let Some(path) = &self.comment {
            std::fs::write(path, said.markdown())
                .map_err(|cause| CommandError::Outside(format!("{} cannot be written: {cause}", path.display())))?;
        }
        output::print(&text)?;
        Ok(said.answer())
    }

    fn said(&self, configuration: Option<&Path>, colour: Colour) -> Result<Said, CommandError> {
        let is_folder = self.base.starts_with(['.', '/']) || Path::new(&self.base).is_dir();
        let since = (!is_folder).then(|| self.base.clone());
        let mut checked = Check::of_change(since, self.baseline.clone()).found(configuration)?;
        let passes = !checked.findings.has_errors();
        if self.deny.is_some() {
            checked.findings.deny_warnings();
        }
        let mut said = Said { checked, tested: None, compared: None, missing: Vec::new() };
        match Test::usual(self.strict).map(|tests| tests.outcomes(Colour::Never)) {
            None => {}
            Some(Ok((outcomes, coverage))) => said.tested = Some((outcomes, coverage.unwrap_or_default())),
            Some(Err(error)) => said.missing.push(("tests", error)),
        }
        if !passes {
            // What does not pass cannot be compared; that it does not pass is said already.
            return Ok(said);
        }
        match Compared::new(&self.base, None, configuration, colour) {
            Ok(mut compared) => {
                let played = compared.play(&self.history);
                said.missing.extend(played.err().map(|error| ("history", error)));
                said.compared = Some(compared);
            }
            Err(error) => said.missing.push(("difference", error)),
        }
        Ok(said)
    }
}

impl Said {
    fn answer(&self) -> Answer {
        let worst = self.missing.iter().map(|(_, error)| Answer::from(error)).max_by_key(|answer| u8::from(*answer));
        let failed = self.tested.iter().flat_map(|(outcomes, _)| outcomes).any(|outcome| outcome.failure.is_some());
        let is_broken = self.compared.as_ref().is_some_and(Compared::breaks_a_budget);
        let is_no = failed || is_broken || self.checked.findings.has_errors();
        if is_no { Answer::No } else { worst.unwrap_or(Answer::Good) }
    }

    /// One line for each part, with whether it is good.
    fn lines(&self) -> Vec<(bool, String)> {
        let findings = &self.checked.findings;
        let mut lines = vec![(!findings.has_errors(), format!("checks: {}", self.checked.summary()))];
        match &self.tested {
            None => lines.push((true, "tests: there are none".into())),
            Some((outcomes, coverage)) => {
                let is_good = outcomes.iter().all(|outcome| outcome.failure.is_none());
                let reached = format!("{} of {} tiers, sides and levels reached", coverage.reached(), coverage.total());
                lines.push((is_good, format!("tests: {}; {reached}", test::summary(outcomes))));
            }
        }
        if self.compared.is_none() && self.missing.is_empty() {
            lines.push((false, "difference: what does not pass is not compared".into()));
        }
        lines.extend(self.missing.iter().map(|(part, error)| (false, format!("{part}: {error}"))));
        lines
    }

    fn human(&self, colour: Colour) -> String {
        let in_colour = colour.for_stream(&io::stdout());
        let mut text = render::human(&self.checked.findings, &self.checked.sources, in_colour);
        text.extend(self.failures().map(Outcome::line));
        let line = |(is_good, line): (bool, String)| format!("{} {line}\n", if is_good { "ok  " } else { "FAIL" });
        text.extend(self.lines().into_iter().map(line));
        if let Some(compared) = &self.compared {
            text.push('\n');
            text.push_str(&compared.human(colour));
        }
        text
    }

    fn markdown(&self) -> String {
        let sign = |is_good: bool| if is_good { "✅" } else { "❌" };
        let line = |(is_good, line): (bool, String)| format!("- {} {}\n", sign(is_good), inline(&line));
        let lines: String = self.lines().into_iter().map(line).collect();
        let mut sections = Vec::new();
        if self.checked.findings.iter().next().is_some() {
            let found = render::human(&self.checked.findings, &self.checked.sources, false);
            sections.push(folded("What the checks found", &found));
        }
        let failures: String = self.failures().map(Outcome::line).collect();
        if !failures.is_empty() {
            sections.push(folded("Tests that failed", &failures));
        }
        match &self.compared {
            Some(compared) => compared.markdown(&Besides { lines, sections }),
            None => format!("{MARKER}\n### Watchbell: this does not pass\n\n{lines}{}", sections.concat()),
        }
    }

    fn json(&self) -> Value {
        let findings = render::json(&self.checked.findings, &self.checked.sources);
        let findings: Vec<Value> = findings.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let failure = |outcome: &Outcome| json!({ "file": outcome.file.display().to_string(), "title": outcome.title, "failure": outcome.failure.as_ref().map(Failure::text) });
        let tests = self.tested.as_ref().map(|(outcomes, coverage)| {
            let failures: Vec<Value> = self.failures().map(failure).collect();
            json!({
                "passed": outcomes.len() - failures.len(), "failed": failures.len(), "failures": failures,
                "coverage": { "reached": coverage.reached(), "total": coverage.total() },
            })
        });
        let count = |level| self.checked.findings.count(level);
        json!({
            "check": { "errors": count(Level::Error), "warnings": count(Level::Warning), "findings": findings },
            "tests": tests,
            "diff": self.compared.as_ref().map(Compared::json),
            "missing": self.missing.iter().map(|(part, error)| json!({ "part": part, "why": error.to_string() })).collect::<Vec<_>>(),
            "exit_code": u8::from(self.answer()),
        })
    }

    fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.tested.iter().flat_map(|(outcomes, _)| outcomes).filter(|outcome| outcome.failure.is_some())
    }
}

/// Text of several lines, folded away, in a fence that none of them can close.
fn folded(title: &str, text: &str) -> String {
    let mut shown: String = text.replace("```", "'''");
    if shown.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|end| shown.is_char_boundary(*end)).unwrap_or(0);
        shown.truncate(end);
        shown.push_str("\n… and more; the job's own output has all of it\n");
    }
    format!("\n<details><summary>{title}</summary>\n\n```text\n{shown}\n```\n\n</details>\n")
}
