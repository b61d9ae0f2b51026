//! `watchbell import`: other tools' files, translated; what could not be is listed.

mod human;
mod json;
mod other;

use super::{Answer, Colour, CommandError, output, paths};
use crate::config;
use crate::diagnostics::{Findings, Level, SourceId, Sources, render};
use crate::import::prometheus::{self, Manner, Translation};
use crate::import::{Export, Imported, alertmanager, grafana_oncall, opsgenie};
use crate::rules::Context;
use crate::service::load;
use crate::yaml;
use jiff::Timestamp;
use other::{Other, Reading};
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
    /// Alertmanager's configuration: routes become policies, receivers channels. The same receivers hear of every alert.
    Alertmanager(Alertmanager),
    /// An export of Grafana OnCall: people, schedules, escalation chains and routes.
    GrafanaOncall(Exported),
    /// An export of Opsgenie: users, teams, schedules, escalations and routing rules.
    Opsgenie(Exported),
}

#[derive(Debug, clap::Args)]
struct Exported {
    /// The files of the export (JSON), or folders with them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    other: Other,
}

#[derive(Debug, clap::Args)]
struct Alertmanager {
    /// The configuration (`alertmanager.yml`).
    file: PathBuf,
    #[command(flatten)]
    other: Other,
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
    /// Split rules without a severity as well: they have this one then.
    #[arg(long, value_name = "NAME")]
    severity: Option<String>,
    /// How to say what became of each rule. JSON goes to stdout, with the translations in it where there is no folder.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

/// A translated file.
struct Done {
    file: PathBuf,
    /// Where the translation goes, if not to stdout.
    target: Option<PathBuf>,
    source: SourceId,
    translation: Translation,
}

impl Import {
    /// Translates, and lists what stays as it was.
    ///
    /// # Errors
    /// When a file cannot be written, or would be overwritten.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        match &self.tool {
            Tool::Prometheus(prometheus) => prometheus.run(configuration, colour),
            Tool::Alertmanager(alertmanager) => alertmanager.run(),
            Tool::GrafanaOncall(exported) => exported.run(grafana_oncall::translate),
            Tool::Opsgenie(exported) => exported.run(opsgenie::translate),
        }
    }
}

impl Alertmanager {
    fn run(&self) -> Result<Answer, CommandError> {
        self.other.check()?;
        let mut reading = Reading::default();
        reading.add(&self.file);
        let translated = match reading.read.first() {
            Some(read) => alertmanager::translate(&read.document, &read.name).map_err(|why| why.to_string()),
            None => Err("there is nothing in it that can be read".into()),
        };
        self.other.tell(reading, translated)
    }
}

impl Exported {
    fn run(
        &self,
        translate: impl Fn(&[Export<'_>], Timestamp) -> Result<Imported, String>,
    ) -> Result<Answer, CommandError> {
        self.other.check()?;
        let mut reading = Reading::default();
        for path in &self.paths {
            other::files_below(path)?.iter().for_each(|file| reading.add(file));
        }
        let exports: Vec<Export<'_>> =
            reading.read.iter().map(|read| Export { name: &read.name, document: &read.document }).collect();
        let translated = translate(&exports, Timestamp::now());
        self.other.tell(reading, translated)
    }
}

impl Prometheus {
    fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let targets = self.targets()?;
        let context = context(configuration)?;
        let manner = self.manner(&context)?;
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let mut done = Vec::new();
        for (path, target) in self.files.iter().zip(targets) {
            let source = yaml::admit(path, yaml::content(path), &mut sources, &mut findings);
            let Some(source) = source else { continue };
            let text = sources.get(source).text().clone();
            drop(yaml::parse(source, &text, &mut findings));
            if findings.has_errors() {
                continue;
            }
            match prometheus::translate(&text, &context, &manner) {
                Ok(translation) => done.push(Done { file: path.clone(), target, source, translation }),
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
        self.tell(&done, &sources)?;
        Ok(Answer::Good)
    }

    /// Writes the translations, and says what became of each rule.
    fn tell(&self, done: &[Done], sources: &Sources) -> Result<(), CommandError> {
        if self.format == Format::Human {
            output::print_aside(&done.iter().map(|done| human::report(done, sources)).collect::<String>())?;
        }
        for Done { target, translation, .. } in done {
            match target {
                Some(target) => write(target, &translation.text)?,
                None if self.format == Format::Human => output::print(&translation.text)?,
                None => {}
            }
        }
        match self.format {
            Format::Human => output::print_aside(&human::summary(done, self.merge)),
            Format::Json => output::print(&json::report(done, sources)),
        }
    }

    fn manner(&self, context: &Context) -> Result<Manner, CommandError> {
        let unknown = self.severity.as_deref().filter(|name| context.severities.find(name).is_none());
        match unknown {
            Some(name) => Err(CommandError::Usage(format!("--severity: no severity is called `{name}`"))),
            None => Ok(Manner { merges: self.merge, severity: self.severity.clone() }),
        }
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
            output::must_be_new(&target)?;
            if seen.insert(target.clone()) { Ok(Some(target)) } else { Err(output::overwritten(&target)) }
        });
        targets.collect()
    }
}

fn write(target: &Path, text: &str) -> Result<(), CommandError> {
    if let Some(folder) = target.parent() {
        let cannot = |error| CommandError::Outside(format!("cannot make `{}`: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    super::fmt::replace(target, text)
}

/// What rules may speak of: as the configuration says, where there is one.
fn context(configuration: Option<&Path>) -> Result<Context, CommandError> {
    let Some(path) = paths::found(configuration) else { return Ok(Context::default()) };
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = config::load(path, Timestamp::now(), &mut sources, &mut findings);
    let unusable = || CommandError::Usage(format!("`{}` does not pass `watchbell check`", path.display()));
    let loaded = loaded.filter(|_| !findings.has_errors()).ok_or_else(unusable)?;
    Ok(load::context(&loaded.settings))
}
