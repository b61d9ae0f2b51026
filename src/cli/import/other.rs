//! Other tools' configurations: files in, a part of `watchbell.yaml` out, and what a person has to know of it.

use super::{Format, write};
use crate::cli::{Answer, CommandError, output};
use crate::diagnostics::{Findings, Level, Place, SourceId, Sources};
use crate::import::{Imported, Kind, Note, Notes};
use crate::yaml::{self, Node};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How many times a file is read again without its broken sections.
const MOST_CUTS: usize = 20;

/// What all such imports are asked with.
#[derive(Debug, clap::Args)]
pub(super) struct Other {
    /// The file that the translation is written to. It is not overwritten.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to say what became of each part. JSON goes to stdout, with the translation in it where there is no file for it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// A file that was read, as far as it could be.
pub(super) struct Read {
    pub name: String,
    pub document: Node,
}

/// Files, and what could not be read of them.
#[derive(Default)]
pub(super) struct Reading {
    pub sources: Sources,
    pub notes: Notes,
    pub read: Vec<Read>,
}

impl Reading {
    /// Reads one file of YAML or JSON. A section that is broken is left out, and the others are read.
    pub fn add(&mut self, path: &Path) {
        let mut findings = Findings::default();
        let source = yaml::admit(path, yaml::content(path), &mut self.sources, &mut findings);
        let mut text = source.map(|source| self.sources.get(source).text().to_string());
        for _ in 0..MOST_CUTS {
            let (Some(source), Some(whole)) = (source, &text) else { break };
            let mut wrong = Findings::default();
            let documents = yaml::parse(source, whole, &mut wrong);
            let broken = if documents.is_empty() { first_error(&wrong) } else { None };
            findings.append(wrong);
            if let Some(document) = documents.into_iter().next() {
                self.read.push(Read { name: path.display().to_string(), document });
                break;
            }
            text = broken.and_then(|place| self.without_section(source, whole, place));
        }
        for finding in findings.iter().filter(|finding| finding.level == Level::Error) {
            if let Some((place, _)) = &finding.at {
                let help = finding.help.clone().unwrap_or_else(|| "mend it, and import again".into());
                self.notes.left(*place, finding.message.clone(), help);
            }
        }
    }

    /// The text with the section around `place` blanked out: from one key at the margin to the next.
    fn without_section(&mut self, source: SourceId, text: &str, place: Place) -> Option<String> {
        let starts: Vec<usize> = line_starts(text).filter(|at| text[*at..].starts_with(char::is_alphabetic)).collect();
        let broken = place.start as usize;
        let from = *starts.iter().rev().find(|at| **at <= broken)?;
        let to = starts.iter().copied().find(|at| *at > broken).unwrap_or(text.len());
        let key = text[from..].split(':').next().unwrap_or_default().to_owned();
        let start = u32::try_from(from).unwrap_or(u32::MAX);
        let what = format!("`{key}` as a whole: it is no YAML");
        self.notes.left(Place { source, start, end: start }, what, "mend it, and import again");
        let blank = text[from..to].chars().map(|c| if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) });
        Some([&text[..from], &blank.collect::<String>(), &text[to..]].concat())
    }
}

/// The JSON and YAML files in a folder and below it, sorted; a file alone is itself.
pub(super) fn files_below(path: &Path) -> Result<Vec<PathBuf>, CommandError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let cannot = |error: std::io::Error| CommandError::Usage(format!("cannot list `{}`: {error}", path.display()));
    let entries = std::fs::read_dir(path).map_err(cannot)?;
    let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inner.sort();
    let mut files = Vec::new();
    for path in inner {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_export =
            path.extension().is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known));
        if !is_hidden && path.is_dir() {
            files.extend(files_below(&path)?);
        } else if !is_hidden && is_export {
            files.push(path);
        }
    }
    Ok(files)
}

fn first_error(findings: &Findings) -> Option<Place> {
    findings.iter().find(|finding| finding.level == Level::Error)?.at.as_ref().map(|(place, _)| *place)
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).filter(|at| *at < text.len())
}

impl Other {
    /// That nothing would be overwritten.
    pub fn check(&self) -> Result<(), CommandError> {
        self.output.as_deref().map_or(Ok(()), output::must_be_new)
    }

    /// Writes the translation, or says why there is none, and what a person has to know.
    pub fn tell(&self, reading: Reading, translated: Result<Imported, String>) -> Result<Answer, CommandError> {
        let Reading { sources, notes, read } = reading;
        let mut notes = notes.sorted();
        let imported = match translated {
            Ok(imported) => imported,
            Err(why) => {
                output::print_aside(&human(&notes, &sources))?;
                output::print_aside(&format!("error: nothing was translated: {why}\n"))?;
                return Ok(Answer::Refused);
            }
        };
        notes.extend(imported.notes.iter().cloned());
        notes.sort_by_key(|note| (note.place.source, note.place.start, note.kind));
        if let Some(target) = &self.output {
            write(target, &imported.text)?;
        }
        match self.format {
            Format::Human => {
                output::print_aside(&human(&notes, &sources))?;
                if self.output.is_none() {
                    output::print(&imported.text)?;
                }
                output::print_aside(&summary(&imported, &notes))?;
            }
            Format::Json => output::print(&self.json(&imported, &notes, &read, &sources))?,
        }
        Ok(Answer::Good)
    }

    fn json(&self, imported: &Imported, notes: &[Note], read: &[Read], sources: &Sources) -> String {
        let of = |kind: Kind| {
            let own = notes.iter().filter(|note| note.kind == kind);
            own.map(|note| placed(note, sources)).collect::<Vec<_>>()
        };
        let mut answer = json!({
            "files": read.iter().map(|read| &read.name).collect::<Vec<_>>(),
            "counts": imported.counts,
            "channels": imported.channels,
            "left": of(Kind::Left),
            "differs": of(Kind::Differs),
            "secrets": of(Kind::Secret),
        });
        match &self.output {
            Some(target) => answer["written_to"] = json!(target.display().to_string()),
            None => answer["text"] = json!(imported.text),
        }
        format!("{answer:#}\n")
    }
}

fn placed(note: &Note, sources: &Sources) -> Value {
    let source = sources.get(note.place.source);
    let at = source.line_column(note.place.start);
    let file = source.path().display().to_string();
    json!({ "file": file, "line": at.line, "column": at.column, "what": note.what, "advice": note.advice })
}

fn human(notes: &[Note], sources: &Sources) -> String {
    let line = |note: &Note| {
        let (place, kind) = (sources.describe(note.place), note.kind.word());
        format!("{place}: {kind}: {}; {}\n", note.what, note.advice)
    };
    notes.iter().map(line).collect()
}

fn summary(imported: &Imported, notes: &[Note]) -> String {
    let counts: Vec<String> = imported.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let of = |kind: Kind| notes.iter().filter(|note| note.kind == kind).count();
    let (left, differs, secrets) = (of(Kind::Left), of(Kind::Differs), of(Kind::Secret));
    format!("{}; {left} left out, {differs} different, {secrets} secrets to put in place\n", counts.join(", "))
}
