//! `watchbell import`: other tools' files, translated; what could not be is listed.

use super::{Answer, Colour, CommandError, output, paths};
use crate::config;
use crate::diagnostics::{Findings, Level, Place, SourceId, Sources, render};
use crate::import::prometheus::{self, Family, Translation};
use crate::rules::Context;
use crate::service::load;
use crate::yaml;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Translate other tools' files into Watchbell's.
#[derive(Debug, clap::Args)]
pub struct Import {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, clap::Subcommand)]
enum Tool {
    /// Rule files of Prometheus or vmalert: thresholds come out of the queries, into tiers, where nothing else changes.
    Prometheus(Prometheus),
}

#[derive(Debug, clap::Args)]
struct Prometheus {
    /// The rule files. One alone is translated to stdout.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The folder that the translations are written to, under the names of the files. None is overwritten.
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Make one rule of rules with the same query and different severities, with a tier for each.
    #[arg(long)]
    merge: bool,
}

/// What became of all files.
#[derive(Default)]
struct Sum {
    alerts: usize,
    split: usize,
    left: usize,
    families: usize,
    members: usize,
}

impl Import {
    /// Translates, and lists what stays as it was.
    ///
    /// # Errors
    /// When a file cannot be written, or would be overwritten.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let Tool::Prometheus(prometheus) = &self.tool;
        prometheus.run(configuration, colour)
    }
}

impl Prometheus {
    fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let targets = self.targets()?;
        let context = context(configuration)?;
        let (mut sources, mut findings, mut sum) = (Sources::default(), Findings::default(), Sum::default());
        let mut done = Vec::new();
        for (path, target) in self.files.iter().zip(targets) {
            let source = yaml::admit(path, yaml::content(path), &mut sources, &mut findings);
            let Some(source) = source else { continue };
            let text = sources.get(source).text().clone();
            drop(yaml::parse(source, &text, &mut findings));
            if findings.has_errors() {
                continue;
            }
            match prometheus::translate(&text, &context, self.merge) {
                Ok(translation) => {
                    report(&translation, source, &sources)?;
                    sum.add(&translation);
                    done.push((target, translation.text));
                }
                Err(error) => {
                    let message = format!("cannot translate `{}`: {error}", path.display());
                    output::print_aside(&format!("error: {message}\n"))?;
                    return Ok(Answer::Refused);
                }
            }
        }
        findings.keep(Level::Error);
        output::print_aside(&render::human(&findings, &sources, colour.for_stream(&io::stderr())))?;
        if findings.has_errors() {
            return Ok(Answer::Refused);
        }
        for (target, text) in &done {
            write(target.as_deref(), text)?;
        }
        output::print_aside(&self.summary(&sum))?;
        Ok(Answer::Good)
    }

    /// Where each translation goes; stdout where that is nowhere.
    fn targets(&self) -> Result<Vec<Option<PathBuf>>, CommandError> {
        let Some(folder) = &self.output else {
            if self.files.len() > 1 {
                return Err(CommandError::Usage("several files need a folder: --output FOLDER".into()));
            }
            return Ok(vec![None]);
        };
        let mut seen = BTreeSet::new();
        let targets = self.files.iter().map(|file| {
            let target = folder.join(file.file_name().unwrap_or_default());
            if target.exists() || !seen.insert(target.clone()) {
                return Err(CommandError::Usage(format!("`{}` would be overwritten", target.display())));
            }
            Ok(Some(target))
        });
        targets.collect()
    }

    fn summary(&self, sum: &Sum) -> String {
        let Sum { alerts, split, left, families, members } = sum;
        let merged = if self.merge { "merged" } else { "to merge with --merge" };
        let files = self.files.len();
        format!(
            "{files} files, {alerts} alerts: {split} split, {left} left; {families} families of {members} rules {merged}\n"
        )
    }
}

/// Says what stays as it was, what became a comment, and which families there are, in the order of the file.
fn report(translation: &Translation, source: SourceId, sources: &Sources) -> Result<(), CommandError> {
    let at = |offset: usize| {
        let start = u32::try_from(offset).unwrap_or(u32::MAX);
        sources.describe(Place { source, start, end: start })
    };
    let mut lines: Vec<(usize, String)> = Vec::new();
    for stays in &translation.left {
        lines.push((stays.at, format!("`{}` stays as it was: {}", stays.alert, stays.why)));
    }
    for (offset, key) in &translation.commented {
        lines.push((*offset, format!("`{key}` is not for Watchbell and is a comment now")));
    }
    lines.extend(translation.families.iter().map(about_family));
    lines.sort();
    let lines: String = lines.iter().map(|(offset, line)| format!("{}: {line}\n", at(*offset))).collect();
    output::print_aside(&lines)?;
    for (word, name) in &translation.renamed {
        let note = format!("note: `severity: {word}` is called `{name}` here, and messages will say so");
        output::print_aside(&format!("{note}; to keep the word, name your severities in watchbell.yaml\n"))?;
    }
    Ok(())
}

fn about_family(family: &Family) -> (usize, String) {
    let names: Vec<String> = family.members.iter().map(|(_, name)| format!("`{name}`")).collect();
    let first = family.members.iter().map(|(at, _)| *at).min().unwrap_or_default();
    let (count, names, name) = (family.members.len(), names.join(", "), &family.name);
    let line = if family.is_merged {
        format!("{count} rules ({names}) are one rule with tiers now, `{name}`")
    } else {
        format!("{count} rules ({names}) ask one query: with --merge they are one rule, `{name}`")
    };
    (first, line)
}

impl Sum {
    fn add(&mut self, translation: &Translation) {
        self.alerts += translation.alerts;
        self.split += translation.split;
        self.left += translation.left.len();
        self.families += translation.families.len();
        self.members += translation.families.iter().map(|family| family.members.len()).sum::<usize>();
    }
}

fn write(target: Option<&Path>, text: &str) -> Result<(), CommandError> {
    let Some(target) = target else { return output::print(text) };
    if let Some(folder) = target.parent() {
        let cannot = |error| CommandError::Outside(format!("cannot make `{}`: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    super::fmt::replace(target, text)
}

/// What rules may speak of: as the configuration says, where there is one.
fn context(configuration: Option<&Path>) -> Result<Context, CommandError> {
    let usual = || Some(Path::new(paths::USUAL)).filter(|usual| usual.exists());
    let Some(path) = configuration.or_else(usual) else { return Ok(Context::default()) };
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = config::load(path, Timestamp::now(), &mut sources, &mut findings);
    let unusable = || CommandError::Usage(format!("`{}` does not pass `watchbell check`", path.display()));
    let loaded = loaded.filter(|_| !findings.has_errors()).ok_or_else(unusable)?;
    Ok(load::context(&loaded.settings))
}
