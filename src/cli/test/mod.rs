//! `watchbell test`: scenarios against their snapshots, and promtool's unit tests.
//!
//! Files are played side by side and told in their order, so that the output is the same however many processors there are.

mod json;
mod junit;
mod scenario;
mod unit;

use super::paths::{self, Kind};
use super::{Answer, Colour, CommandError, output};
use crate::model::counted;
use crate::promql::eval;
use crate::replay::Coverage;
use crate::side_by_side;
use clap::ValueEnum;
use regex::Regex;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where tests lie if nobody says otherwise.
const USUAL: [&str; 2] = ["tests/scenarios", "tests/unit-tests"];

/// Play scenarios against their snapshots, and run promtool's unit tests.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Scenarios, promtool's unit-test files, or folders of them [default: tests/scenarios and tests/unit-tests].
    files: Vec<PathBuf>,
    /// Accept what happens: write the snapshots anew.
    #[arg(long)]
    accept: bool,
    /// Play only scenarios and tests whose file or title matches this regular expression.
    #[arg(long, value_name = "RE")]
    filter: Option<String>,
    /// Write a JUnit report to this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Say what of rules and policies no scenario reaches: tiers, sides of conditions, `no_data` and `on_error`, levels.
    #[arg(long)]
    coverage: bool,
    /// Fail also where promtool lets pass: an alert that no rule has, a rule file that is not there, a test that cannot fail.
    #[arg(long)]
    strict: bool,
    /// How to say how they went.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Whose windows PromQL has in unit tests: version 2 of Prometheus gives them both of their edges.
    #[arg(long, value_enum, default_value_t = Semantics::Prometheus3)]
    semantics: Semantics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Semantics {
    #[value(name = "prometheus-2")]
    Prometheus2,
    #[value(name = "prometheus-3")]
    Prometheus3,
}

/// How everything is to be played.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct Manner {
    accept: bool,
    filter: Option<Regex>,
    strict: bool,
    coverage: bool,
    semantics: eval::Semantics,
    in_colour: bool,
}

/// What became of one scenario, or of one unit test.
pub struct Outcome {
    /// Where it is written.
    pub file: PathBuf,
    /// What it is called.
    pub title: String,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// Whether it is a unit test of promtool's.
    is_unit: bool,
    /// Its story was accepted.
    is_accepted: bool,
    /// What does not fail, but is doubtful.
    notes: Vec<String>,
    coverage: Coverage,
}

/// Why a test failed.
pub enum Failure {
    /// It cannot be played; why, for people.
    Unreadable(String),
    /// What it expects has not come about, and the whole story.
    Unmet(Vec<String>, String),
    /// There is no snapshot yet; the story that would be one.
    New(String),
    /// The story differs from its snapshot; the lines that do.
    Different(String),
    /// What a unit test found otherwise.
    Failed(Vec<String>),
}

impl Failure {
    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Failure::Unreadable(text) | Failure::Different(text) => text.clone(),
            Failure::Unmet(lines, story) => {
                let lines = lines.iter().map(|line| format!("expected otherwise: {line}\n"));
                lines.chain([story.clone()]).collect()
            }
            Failure::New(story) => format!("no snapshot yet; --accept writes this one\n{story}"),
            Failure::Failed(failures) => failures.join("\n"),
        }
    }
}

impl Test {
    /// Plays the scenarios, runs the unit tests, and says how they went.
    ///
    /// # Errors
    /// When there is nothing to play, or a file cannot be written.
    pub fn run(&self, colour: Colour) -> Result<Answer, CommandError> {
        let (outcomes, coverage) = self.outcomes(colour)?;
        match self.format {
            Format::Human => {
                let lines: String = outcomes.iter().map(Outcome::line).collect();
                let covered = coverage.as_ref().map(covered).unwrap_or_default();
                output::print(&format!("{lines}{}\n{covered}", summary(&outcomes)))?;
            }
            Format::Json => output::print(&json::report(&outcomes, coverage.as_ref()))?,
        }
        if let Some(path) = &self.junit {
            let written = std::fs::write(path, junit::report(&outcomes, coverage.as_ref()));
            written.map_err(|error| CommandError::Outside(format!("cannot write `{}`: {error}", path.display())))?;
        }
        let is_good = outcomes.iter().all(|outcome| outcome.failure.is_none());
        Ok(if is_good { Answer::Good } else { Answer::No })
    }

    /// The tests that lie where they usually do, with what they reach; `None` where there are none.
    pub fn usual(strict: bool) -> Option<Self> {
        let is_there = USUAL.iter().any(|folder| Path::new(folder).exists());
        is_there.then_some(Test {
            files: Vec::new(),
            accept: false,
            filter: None,
            junit: None,
            coverage: true,
            strict,
            format: Format::Human,
            semantics: Semantics::Prometheus3,
        })
    }

    /// Plays and runs everything, nothing of it being told yet, and says what was reached where that is asked for.
    ///
    /// # Errors
    /// When there is nothing to play, or a file cannot be read or written.
    pub fn outcomes(&self, colour: Colour) -> Result<(Vec<Outcome>, Option<Coverage>), CommandError> {
        let manner = self.manner(colour)?;
        let files = self.test_files()?;
        let played = side_by_side::each(&files, |(file, kind)| match kind {
            Kind::UnitTests => Ok(unit::run(file, &manner)),
            _ => scenario::play(file, &manner).map(|outcome| outcome.into_iter().collect()),
        });
        let played: Result<Vec<Vec<Outcome>>, CommandError> = played.into_iter().collect();
        let outcomes: Vec<Outcome> = played?.into_iter().flatten().collect();
        if outcomes.is_empty() {
            return Err(CommandError::Usage(self.nothing_to_play()));
        }
        let coverage = self.coverage.then(|| all_of(&outcomes));
        Ok((outcomes, coverage))
    }

    /// Why there is nothing to play, and where something may be.
    fn nothing_to_play(&self) -> String {
        if let Some(filter) = &self.filter {
            return format!("no file or title of a test matches --filter {filter}");
        }
        match self.files.iter().find(|path| path.is_dir()) {
            Some(folder) => format!("no test lies in {} or below it", folder.display()),
            None => format!("there is no scenario to play; name files or folders, or put them into `{}`", USUAL[0]),
        }
    }

    fn manner(&self, colour: Colour) -> Result<Manner, CommandError> {
        let filter = self.filter.as_deref().map(Regex::new).transpose();
        Ok(Manner {
            accept: self.accept,
            filter: filter.map_err(|error| CommandError::Usage(format!("--filter: {error}")))?,
            strict: self.strict,
            coverage: self.coverage,
            semantics: match self.semantics {
                Semantics::Prometheus2 => eval::Semantics::Prometheus2,
                Semantics::Prometheus3 => eval::Semantics::Prometheus3,
            },
            in_colour: self.format == Format::Human && colour.for_stream(&std::io::stdout()),
        })
    }

    fn test_files(&self) -> Result<Vec<(PathBuf, Kind)>, CommandError> {
        let usual = || USUAL.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
        let wanted: Vec<PathBuf> = if self.files.is_empty() { usual() } else { self.files.clone() };
        let mut files = Vec::new();
        for path in wanted {
            if path.is_dir() {
                files.append(&mut tests_in(&path));
            } else if paths::is_endless(&path) {
                let help = "a test names its rules as they are seen from its folder, so name its file";
                return Err(CommandError::Usage(format!("`{}` is no regular file; {help}", path.display())));
            } else if path.exists() {
                files.push(path);
            } else {
                return Err(CommandError::Usage(format!("{} does not exist", path.display())));
            }
        }
        Ok(files.into_iter().map(|path| (path.clone(), paths::kind(&path))).collect())
    }
}

/// The tests that lie in `folder` and below it. What lies there for them to use, rules and configurations, is passed over. What
/// cannot be recognised is played where it lies in the folder itself, so that a slip of the pen in its first key is told; further
/// down it may be anything.
fn tests_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = paths::expand(&[folder.to_owned()]);
    files.retain(|path| match paths::kind(path) {
        Kind::Scenario | Kind::UnitTests => true,
        Kind::Unknown => path.parent() == Some(folder),
        Kind::Rules | Kind::Configuration => false,
    });
    files
}

/// How many there were, and how they went.
pub fn summary(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let thing = if outcomes.iter().all(|outcome| !outcome.is_unit) { "scenario" } else { "test" };
    format!("{}: {} passed, {failed} failed", counted(outcomes.len(), thing), outcomes.len() - failed)
}

/// What all of them reach.
fn all_of(outcomes: &[Outcome]) -> Coverage {
    outcomes.iter().fold(Coverage::default(), |mut all, outcome| {
        all.merge(outcome.coverage.clone());
        all
    })
}

/// What is reached, and what is not, for people.
fn covered(coverage: &Coverage) -> String {
    let missing: String = coverage.missing().map(|item| format!("     {item}\n")).collect();
    format!("coverage: {} of {} reached\n{missing}", coverage.reached(), coverage.total())
}

impl Manner {
    fn leaves_out(&self, file: &Path, title: &str) -> bool {
        let is_out = |filter: &Regex| !filter.is_match(&file.display().to_string()) && !filter.is_match(title);
        self.filter.as_ref().is_some_and(is_out)
    }
}

impl Outcome {
    /// How it went, for people.
    pub fn line(&self) -> String {
        let word = if self.failure.is_some() { "FAIL" } else { "ok  " };
        let accepted = if self.is_accepted { " (accepted)" } else { "" };
        let mut text = format!("{word} {}: {}{accepted}\n", self.file.display(), self.title);
        let failure = self.failure.as_ref().map(Failure::text).unwrap_or_default();
        let notes: String = self.notes.iter().map(|note| format!("note: {note}\n")).collect();
        for line in failure.lines().chain(notes.lines()) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "     {line}");
        }
        text
    }
}
