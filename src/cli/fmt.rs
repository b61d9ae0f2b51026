//! `watchbell fmt`: rule files in their canonical layout, without a change of meaning.

use super::paths::{self, Kind};
use super::{Answer, Colour, CommandError, output};
use crate::config;
use crate::diagnostics::{Findings, Level, Place, Sources, codes, render};
use crate::model::counted;
use crate::rules::format::{self, Unformatted};
use crate::yaml;
use jiff::Timestamp;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Write rule files in their canonical layout: order of keys, indentation, long expressions broken. Comments stay.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// Rule files and folders of them; `-` reads stdin and writes stdout [default: the rules of the configuration].
    paths: Vec<PathBuf>,
    /// Change nothing: list what would change, and answer "no" if anything would.
    #[arg(long)]
    check: bool,
}

/// What became of the files.
#[derive(Default)]
struct Tally {
    sources: Sources,
    findings: Findings,
    files: usize,
    changed: Vec<PathBuf>,
}

impl Fmt {
    /// Formats, and says what changed.
    ///
    /// # Errors
    /// When there is nothing to format, or a file cannot be written.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        if self.paths.iter().any(|path| path == Path::new("-")) {
            return self.stdin(colour);
        }
        let files = self.files(configuration)?;
        // Asked of all of them before the first is written.
        files.iter().try_for_each(|path| refuse_what_is_no_file(path))?;
        let mut tally = Tally::default();
        for path in files {
            self.file(&path, &mut tally)?;
        }
        self.tell(&tally, colour)
    }

    fn files(&self, configuration: Option<&Path>) -> Result<Vec<PathBuf>, CommandError> {
        if !self.paths.is_empty() {
            let files = paths::expand(&self.paths).into_iter();
            return Ok(files
                .filter(|path| self.paths.contains(path) || matches!(paths::kind(path), Kind::Rules | Kind::Unknown))
                .collect());
        }
        let none = || CommandError::Usage(format!("there is no `{}` here; name the files to format", paths::USUAL));
        let path = paths::found(configuration).ok_or_else(none)?;
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let loaded = config::load(path, Timestamp::now(), &mut sources, &mut findings);
        match loaded {
            Some(loaded) => Ok(loaded.rule_files),
            None => Err(CommandError::Findings(render::human(&findings, &sources, false))),
        }
    }

    fn file(&self, path: &Path, tally: &mut Tally) -> Result<(), CommandError> {
        tally.files += 1;
        let Some(source) = yaml::admit(path, yaml::content(path), &mut tally.sources, &mut tally.findings) else {
            return Ok(());
        };
        let text = tally.sources.get(source).text().clone();
        let Some(formatted) = formatted(source, &text, &mut tally.findings) else { return Ok(()) };
        if *formatted == *text {
            return Ok(());
        }
        tally.changed.push(path.to_owned());
        if self.check { Ok(()) } else { replace(path, &formatted) }
    }

    fn stdin(&self, colour: Colour) -> Result<Answer, CommandError> {
        if self.paths.len() > 1 {
            return Err(CommandError::Usage("`-` stands alone".into()));
        }
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|cause| CommandError::Outside(format!("cannot read stdin: {cause}")))?;
        let mut tally = Tally { files: 1, ..Tally::default() };
        let name = Path::new("<stdin>");
        let source = yaml::admit(name, Ok(bytes.clone()), &mut tally.sources, &mut tally.findings);
        let formatted = source.and_then(|source| {
            let text = tally.sources.get(source).text().clone();
            formatted(source, &text, &mut tally.findings)
        });
        // Whoever pipes an editor's text through loses nothing where it cannot be formatted, not even what is no text.
        let answer = formatted.map_or_else(|| bytes.clone(), String::into_bytes);
        if answer != bytes {
            tally.changed.push(name.to_owned());
        }
        if self.check {
            return self.tell(&tally, colour);
        }
        output::print_bytes(&answer)?;
        tell_findings(&tally, colour)
    }

    fn tell(&self, tally: &Tally, colour: Colour) -> Result<Answer, CommandError> {
        let answer = tell_findings(tally, colour)?;
        for path in &tally.changed {
            output::print(&format!("{} {}\n", if self.check { "would change" } else { "changed" }, path.display()))?;
        }
        let (files, changed) = (tally.files, tally.changed.len());
        output::print_aside(&format!(
            "{}: {changed} {}\n",
            counted(files, "file"),
            if self.check { "would change" } else { "changed" }
        ))?;
        Ok(match answer {
            Answer::Good if self.check && changed > 0 => Answer::No,
            answer => answer,
        })
    }
}

/// A file would stand in the place of a pipe or a device from then on. What is not there is told by whoever reads it.
fn refuse_what_is_no_file(path: &Path) -> Result<(), CommandError> {
    if !paths::is_endless(path) {
        return Ok(());
    }
    let help = "`watchbell fmt -` reads stdin and writes stdout";
    Err(CommandError::Usage(format!("`{}` is no regular file and is not replaced by one; {help}", path.display())))
}

fn tell_findings(tally: &Tally, colour: Colour) -> Result<Answer, CommandError> {
    output::print_aside(&render::human(&tally.findings, &tally.sources, colour.for_stream(&io::stderr())))?;
    Ok(if tally.findings.has_errors() { Answer::Refused } else { Answer::Good })
}

/// The text in its layout, or nothing and a finding.
fn formatted(source: crate::diagnostics::SourceId, text: &str, findings: &mut Findings) -> Option<String> {
    let mut problems = Findings::default();
    drop(yaml::parse(source, text, &mut problems));
    if problems.has_errors() {
        problems.keep(Level::Error);
        findings.append(problems);
        return None;
    }
    match format::format(text) {
        Ok(formatted) => Some(formatted),
        Err(Unformatted::Unreadable(reason)) => {
            let at = u32::try_from(reason.at).unwrap_or(u32::MAX);
            let place = Place { source, start: at, end: at };
            findings.warn(codes::WB017, format!("left as it is: {reason}")).at(place, "");
            None
        }
        Err(error @ Unformatted::Changed(_)) => {
            findings.error(codes::WB017, error.to_string()).at(Place { source, start: 0, end: 0 }, "");
            None
        }
    }
}

/// Writes a file whole or not at all: beside it first, then in its place. Where a link leads, what it leads to is replaced.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), CommandError> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let outcome = write_beside(&path, &beside, text);
    if outcome.is_err() {
        // It may never have been there.
        drop(fs::remove_file(&beside));
    }
    outcome.map_err(|error| CommandError::Outside(format!("cannot write `{}`: {error}", path.display())))
}

fn write_beside(path: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create_new(beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if let Ok(before) = fs::metadata(path) {
        fs::set_permissions(beside, before.permissions())?;
    }
    fs::rename(beside, path)
}
