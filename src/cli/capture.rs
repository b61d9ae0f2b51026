//! `watchbell capture`: the series that rules need, out of a real past into a scenario.

use super::past::{self, NOT_ASKED_FOR, Past, Subject};
use super::{Answer, CommandError, output};
use crate::capture::{self, CaptureError, Fixture, Gap, Grid, LOOKBACK, Left, Outline, Row};
use crate::model::{Labels, Name, Span, duration_text};
use crate::rules::{Group, RuleSet};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Take the series that rules need out of a real past, into a scenario that `watchbell test` plays.
#[derive(Debug, clap::Args)]
// Two weeks, which other commands look at, are nothing that anybody reads.
#[command(mut_arg("from", |from| from.required(true).default_value(clap::builder::Resettable::Reset)))]
#[command(mut_arg("to", |to| to.required(true).default_value(clap::builder::Resettable::Reset)))]
pub struct Capture {
    /// Rule files, or folders of them [default: those of the configuration].
    rules: Vec<PathBuf>,
    #[command(flatten)]
    past: Past,
    /// The scenario to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
    /// Only what rules with this alert name need.
    #[arg(long = "rule", value_name = "NAME")]
    only: Vec<String>,
    /// Only what rules need that ask this source.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// How far apart the values lie [default: what suits the interval of the rules and the distance of the samples].
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// Leave series out above this number, those that never change first.
    #[arg(long, value_name = "COUNT", default_value = "200", value_parser = at_least_one)]
    max_series: NonZeroUsize,
    /// Write series without this label: a secret, or noise.
    #[arg(long = "drop-label", value_name = "LABEL")]
    drop: Vec<String>,
}

impl Capture {
    /// Fetches the series and writes the scenario.
    ///
    /// # Errors
    /// When rules or configuration do not pass, a source does not answer, nothing is found, or the file cannot be written.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        let (window, now) = self.past.window()?;
        let folder = self.folder()?;
        let every = self.every()?;
        let subject = self.past.load(config, &self.rules)?;
        let mut outline = Outline::of(self.chosen(&subject.world.rules)?, window).map_err(CommandError::Usage)?;
        let asking = self.past.asking(&subject, now)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let fetched = runtime.block_on(capture::fetch(&asking, &outline.wants.all, outline.start, outline.last));
        let fetched = fetched.map_err(told)?;
        outline.remark_on(&fetched).map_err(CommandError::Usage)?;
        let grid = outline.grid(&fetched, every);
        let seen = runtime.block_on(capture::is_there(&asking, &outline.wants.all, grid)).map_err(told)?;
        let mut rows: Vec<(Labels, Row)> = Vec::new();
        for (labels, samples) in fetched.samples {
            let is_there = |point: usize| seen.series.get(&labels).is_some_and(|points| points[point]);
            let row = grid.lay(&samples, LOOKBACK, is_there);
            rows.push((labels, row));
        }
        let mut rows = self.without_dropped(rows, &mut outline)?;
        outline.remark_on_grid(&rows, grid);
        outline.notes.extend(Left::of(&mut rows, self.max_series.get()).words());
        let gaps = outline.gaps(&seen.gaps, grid);
        for note in &outline.notes {
            output::print_aside(&format!("note: {note}\n"))?;
        }
        let sources: BTreeSet<&Name> = outline.groups().map(|group| &group.source).collect();
        let sources = sources.iter().map(|source| format!("{source} ({})", asking.clients[*source].url())).collect();
        self.write(&self.fixture(&subject, &outline, &folder, sources, (grid, rows, gaps))?)?;
        Ok(Answer::Good)
    }

    /// The folder of the scenario: what it names is seen from there.
    fn folder(&self) -> Result<PathBuf, CommandError> {
        let path = self.output.display();
        if self.output.exists() && !self.force {
            return Err(CommandError::Usage(format!("{path} is there already; name another file, or --force")));
        }
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().map_err(|error| CommandError::Usage(format!("cannot write {path}: {error}")))
    }

    fn every(&self) -> Result<Option<Span>, CommandError> {
        let Some(text) = &self.every else { return Ok(None) };
        match duration_text::parse(text) {
            Ok(every) if every > Span::ZERO => Ok(Some(every)),
            Ok(_) => Err(CommandError::Usage("--every: values need some time between them".into())),
            Err(error) => Err(CommandError::Usage(format!("--every: {error}"))),
        }
    }

    /// The rules, those switched off that are not meant.
    fn chosen(&self, rules: &RuleSet) -> Result<RuleSet, CommandError> {
        let rules = if self.only.is_empty() { rules.clone() } else { past::only_some(rules, &self.only)? };
        if self.sources.is_empty() {
            return Ok(rules);
        }
        let known: BTreeSet<&str> = rules.groups.iter().map(|group| &*group.source).collect();
        if let Some(unknown) = self.sources.iter().find(|name| !known.contains(&***name)) {
            let known: Vec<&str> = known.into_iter().collect();
            let message = format!("no rule asks a source called {unknown}; they ask {}", known.join(", "));
            return Err(CommandError::Usage(message));
        }
        let is_asked = |group: &Group| self.sources.iter().any(|name| **name == *group.source);
        Ok(rules.only(|group, rule| rule.disabled.is_none() && is_asked(group), NOT_ASKED_FOR))
    }

    fn without_dropped(
        &self,
        rows: Vec<(Labels, Row)>,
        outline: &mut Outline,
    ) -> Result<Vec<(Labels, Row)>, CommandError> {
        for label in self.drop.iter().filter(|label| outline.wants.labels.contains(*label)) {
            outline.notes.push(format!("the rules name the label {label}, without which they may say something else"));
        }
        let mut kept: BTreeMap<Labels, (Labels, Row)> = BTreeMap::new();
        for (labels, row) in rows {
            let fewer = labels.filtered(|name| !self.drop.iter().any(|dropped| dropped == name));
            if let Some((other, _)) = kept.insert(fewer, (labels.clone(), row)) {
                let dropped = self.drop.join(", ");
                let message = format!("{other} and {labels} are one series without {dropped}; drop fewer labels");
                return Err(CommandError::Usage(message));
            }
        }
        Ok(kept.into_iter().map(|(labels, (_, row))| (labels, row)).collect())
    }

    fn fixture(
        &self,
        subject: &Subject,
        outline: &Outline,
        folder: &Path,
        sources: Vec<String>,
        (grid, rows, gaps): (Grid, Vec<(Labels, Row)>, Vec<Gap>),
    ) -> Result<Fixture, CommandError> {
        let seen = |file: &Path| Ok::<_, CommandError>(seen_from(folder, &file.canonicalize()?));
        let files: BTreeSet<&str> = outline.groups().map(|group| &*group.file).collect();
        let (from, to) = (outline.start, outline.last);
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let mut remarks = vec![
            format!("Captured by `watchbell capture` at {now}, from {}:", sources.join(", ")),
            format!("the slots from {from} to {to}."),
        ];
        remarks.extend(self.drop.iter().map(|label| format!("The label {label} is dropped from every series.")));
        remarks.extend(outline.notes.iter().map(|note| format!("Note: {note}.")));
        Ok(Fixture {
            remarks,
            title: format!("captured from {from} to {to}"),
            only: outline.only(NOT_ASKED_FOR),
            rules: files.into_iter().map(|file| seen(Path::new(file))).collect::<Result<_, _>>()?,
            config: subject.config.as_deref().map(seen).transpose()?,
            start: outline.start,
            lasts: outline.last - outline.start,
            grid,
            rows,
            gaps,
        })
    }

    fn write(&self, fixture: &Fixture) -> Result<(), CommandError> {
        let path = self.output.display();
        std::fs::write(&self.output, fixture.text())
            .map_err(|error| CommandError::Usage(format!("cannot write {path}: {error}")))?;
        output::print(&format!("{path}: {} series; play it with: watchbell test --accept {path}\n", fixture.rows.len()))
    }
}

/// Without any series there is nothing to write.
fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a whole number from 1 on".to_owned())
}

fn told(error: CaptureError) -> CommandError {
    match error {
        CaptureError::Silent { .. } | CaptureError::Refused(..) => CommandError::Outside(error.to_string()),
        CaptureError::TooMuch | CaptureError::Twice { .. } => CommandError::Usage(error.to_string()),
    }
}

/// The way from a folder to a file, both without links and `..`, as it is written in a file of that folder.
fn seen_from(folder: &Path, file: &Path) -> String {
    let shared = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Path::new(".."));
    let way: PathBuf = up.chain(file.components().skip(shared).map(|part| Path::new(part.as_os_str()))).collect();
    way.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_its_reader_sees_it() {
        let table = [
            ("/a/b", "/a/b/rules.yaml", "rules.yaml"),
            ("/a/tests/scenarios", "/a/rules/chain.yaml", "../../rules/chain.yaml"),
            ("/a/b", "/c", "../../c"),
        ];
        for (folder, file, way) in table {
            assert_eq!(seen_from(Path::new(folder), Path::new(file)), way);
        }
    }
}
