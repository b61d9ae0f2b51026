//! `watchbell check`: every problem of rules and configuration, in one run.

use super::paths::{self, Kind};
use super::{Answer, Colour, CommandError, output};
use crate::config::{self, Settings};
use crate::diagnostics::{Findings, Level, Sources, render};
use crate::service::load;
use crate::{lint, rules};
use clap::ValueEnum;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Find every problem of rules and configuration.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Rule files, configurations, and folders of them [default: the configuration and the rules that it names].
    paths: Vec<PathBuf>,
    /// How to tell what was found.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Count warnings as errors.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// The time at which what has a date is judged [default: now], as `2026-01-05T09:00:00Z`.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// How to tell what was found.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people: the lines of the file, with carets.
    Human,
    /// One JSON object per finding and line.
    Json,
    /// Workflow commands of GitHub Actions.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Deny {
    /// All warnings.
    Warnings,
}

/// What is to be checked.
#[derive(Debug, Default)]
struct Plan {
    /// The configuration that rules are held against.
    configuration: Option<PathBuf>,
    /// Whether it is itself to be checked, with the rules that it names.
    is_whole: bool,
    rule_files: Vec<PathBuf>,
    /// Files that another command checks.
    left_out: usize,
}

/// What was looked at and found.
#[derive(Debug, Default)]
struct Checked {
    sources: Sources,
    findings: Findings,
    files: usize,
    rules: usize,
}

impl Check {
    /// Checks, and tells.
    ///
    /// # Errors
    /// When there is nothing to check.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let plan = self.plan(configuration)?;
        let mut checked = plan.check(self.at.unwrap_or_else(Timestamp::now));
        if self.deny.is_some() {
            checked.findings.deny_warnings();
        }
        checked.findings.sort();
        self.tell(&checked, &plan, colour)?;
        Ok(if checked.findings.has_errors() { Answer::No } else { Answer::Good })
    }

    fn plan(&self, configuration: Option<&Path>) -> Result<Plan, CommandError> {
        let usual = || Some(Path::new(paths::USUAL)).filter(|usual| usual.exists());
        let configuration = configuration.or_else(usual).map(Path::to_owned);
        if self.paths.is_empty() {
            let none = || CommandError::Usage(format!("there is no `{}` here; name the files to check", paths::USUAL));
            return Ok(Plan {
                configuration: Some(configuration.ok_or_else(none)?),
                is_whole: true,
                ..Plan::default()
            });
        }
        let mut plan = Plan { configuration, ..Plan::default() };
        for path in paths::expand(&self.paths) {
            match paths::kind(&path) {
                Kind::Rules | Kind::Unknown => plan.rule_files.push(path),
                Kind::Configuration => plan.add_configuration(path)?,
                Kind::Scenario | Kind::UnitTests => plan.left_out += 1,
            }
        }
        Ok(plan)
    }

    fn tell(&self, checked: &Checked, plan: &Plan, colour: Colour) -> Result<(), CommandError> {
        let Checked { sources, findings, files, rules } = checked;
        let mut summary = format!("{}\n", render::summary(*files, *rules, findings));
        if plan.left_out > 0 {
            summary = format!("left out, as `watchbell test` runs them: {} test files\n{summary}", plan.left_out);
        }
        let found = match self.format {
            Format::Human => {
                output::print_aside(&render::human(findings, sources, colour.for_stream(&io::stderr())))?;
                return output::print(&summary);
            }
            Format::Json => render::json(findings, sources),
            Format::Github => render::github(findings, sources),
            Format::Sarif => render::sarif(findings, sources),
        };
        output::print(&found)?;
        output::print_aside(&summary)
    }
}

impl Plan {
    fn add_configuration(&mut self, path: PathBuf) -> Result<(), CommandError> {
        if self.is_whole {
            return Err(CommandError::Usage(format!(
                "`{}` is a second configuration; check them one by one",
                path.display()
            )));
        }
        self.configuration = Some(path);
        self.is_whole = true;
        Ok(())
    }

    fn check(&self, now: Timestamp) -> Checked {
        let mut checked = Checked::default();
        let mut rule_files: Vec<PathBuf> = Vec::new();
        let path = self.configuration.as_deref();
        let settings = path.and_then(|path| self.settings(path, now, &mut rule_files, &mut checked));
        rule_files.extend(self.rule_files.iter().cloned());
        let mut seen = BTreeSet::new();
        rule_files.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
        // Without a configuration any name may be right.
        let context = settings.as_ref().map_or_else(rules::Context::default, load::context);
        let loaded = rules::load(&rule_files, &context, &mut checked.sources, &mut checked.findings);
        lint::check(&loaded, &mut checked.findings);
        if self.left_out == 0 || !rule_files.is_empty() {
            rules::find_none(&loaded.set, &mut checked.findings);
        }
        checked.files += rule_files.len();
        checked.rules = loaded.set.groups.iter().map(|group| group.rules.len()).sum();
        checked
    }

    /// The settings that rules are held against. Where only rules are checked, nothing is said of the configuration but
    /// what makes it unusable.
    fn settings(
        &self,
        path: &Path,
        now: Timestamp,
        rule_files: &mut Vec<PathBuf>,
        checked: &mut Checked,
    ) -> Option<Settings> {
        let mut findings = Findings::default();
        let loaded = config::load(path, now, &mut checked.sources, &mut findings);
        if self.is_whole {
            checked.files += loaded.as_ref().map_or(1, |loaded| loaded.sources.len());
        } else {
            findings.keep(Level::Error);
        }
        checked.findings.append(findings);
        let loaded = loaded?;
        if self.is_whole {
            rule_files.extend(loaded.rule_files);
        }
        Some(loaded.settings)
    }
}
