//! `watchbell check`: every problem of rules and configuration, in one run.

mod baseline;
mod changed;
mod collecting;
mod fix;

use super::paths::{self, Kind};
use super::{Answer, Colour, CommandError, output};
use crate::config;
use crate::diagnostics::{Findings, Level, Sources, render};
use crate::model::counted;
use crate::service::load;
use crate::side_by_side;
use crate::{lint, rules, yaml};
use clap::ValueEnum;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Find every problem of rules and configuration.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Rule files, configurations, and folders of them; `-` reads rules from stdin [default: the configuration and the rules that it names].
    paths: Vec<PathBuf>,
    /// How to tell what was found.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Count warnings as errors.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// Make the edits of findings that have one right edit, then check again.
    #[arg(long)]
    fix: bool,
    /// Do not tell the warnings that stand in this file.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the warnings of today into the file of `--baseline`.
    #[arg(long, requires = "baseline")]
    write_baseline: bool,
    /// Ask the sources of the configuration as well: what is not there, what is slow, and what would fire now.
    #[arg(long)]
    online: bool,
    /// Tell only warnings on lines, or in rules, that differ from where this revision of git and the present parted.
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
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
    /// A Code Quality report of GitLab.
    Gitlab,
    /// JUnit's XML, a suite for each file.
    Junit,
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
    /// Rules of stdin and of pipes: they can be read once only, so they have been.
    read: Vec<(PathBuf, Vec<u8>)>,
    /// Files that another command checks.
    left_out: usize,
}

/// What was looked at and found.
#[derive(Debug, Default)]
pub struct Checked {
    /// The texts that findings point into.
    pub sources: Sources,
    /// What was found.
    pub findings: Findings,
    files: usize,
    rules: usize,
    /// Where each rule stands.
    spots: Vec<rules::Spot>,
    /// What is to be said besides, for people.
    remarks: Vec<String>,
}

impl Check {
    /// A check of all that the configuration names, or, where there is none, of all that lies here. Of warnings only those are
    /// told that the change since the revision `since` brings, where one is given.
    pub fn of_change(since: Option<String>, baseline: Option<PathBuf>) -> Self {
        let is_configured = paths::found(None).is_some();
        Check {
            paths: if is_configured { Vec::new() } else { vec![PathBuf::from(".")] },
            format: Format::Human,
            deny: None,
            fix: false,
            baseline,
            write_baseline: false,
            online: false,
            changed_since: since,
            at: None,
        }
    }

    /// What is found, nothing of it being told yet.
    ///
    /// # Errors
    /// When there is nothing to check.
    pub fn found(&self, configuration: Option<&Path>) -> Result<Checked, CommandError> {
        let paths = if configuration.is_some() { Vec::new() } else { self.paths.clone() };
        let plan = Check { paths, ..Check::of_change(None, None) }.plan(configuration)?;
        let changed = self.changed_since.as_deref().map(changed::since).transpose()?;
        self.look(&plan, changed.as_ref())
    }

    /// Checks, and tells.
    ///
    /// # Errors
    /// When there is nothing to check.
    pub fn run(&self, configuration: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let plan = self.plan(configuration)?;
        let changed = self.changed_since.as_deref().map(changed::since).transpose()?;
        let mut checked = self.look(&plan, changed.as_ref())?;
        if self.fix {
            self.repair(&mut checked, &plan, changed.as_ref())?;
        }
        if self.deny.is_some() {
            checked.findings.deny_warnings();
        }
        self.tell(&checked, &plan, colour)?;
        Ok(if checked.findings.has_errors() { Answer::No } else { Answer::Good })
    }

    /// Checks, and drops what is not to be told.
    fn look(&self, plan: &Plan, changed: Option<&changed::Changed>) -> Result<Checked, CommandError> {
        let online = self.online.then(Timestamp::now);
        let mut checked = plan.check(self.at.unwrap_or_else(Timestamp::now), online)?;
        let Checked { sources, findings, spots, remarks, .. } = &mut checked;
        findings.sort();
        if let Some(path) = &self.baseline {
            let ground = baseline::Ground::new(path, sources, spots);
            let known = if self.write_baseline {
                let today = baseline::Baseline::of(findings, &ground);
                today.write(path)?;
                remarks.push(format!("{} warnings are in the baseline now", today.len()));
                today
            } else {
                baseline::Baseline::read(path)?
            };
            let gone = known.subtract(findings, &ground);
            if gone > 0 {
                remarks.push(format!("{gone} warnings of the baseline are gone; `--write-baseline` forgets them"));
            }
        }
        if let Some(changed) = changed {
            changed.keep(findings, sources, spots);
        }
        Ok(checked)
    }

    /// Makes edits until there is none left to make.
    fn repair(
        &self,
        checked: &mut Checked,
        plan: &Plan,
        changed: Option<&changed::Changed>,
    ) -> Result<(), CommandError> {
        let mut made = 0;
        // One edit may uncover another; so often none ever does.
        for _ in 0..10 {
            let now = fix::apply(&checked.findings, &checked.sources)?;
            if now == 0 {
                break;
            }
            made += now;
            *checked = self.look(plan, changed)?;
        }
        checked.remarks.push(format!("{} made", counted(made, "edit")));
        Ok(())
    }

    fn plan(&self, configuration: Option<&Path>) -> Result<Plan, CommandError> {
        let configuration = paths::found(configuration).map(Path::to_owned);
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
            if path == Path::new("-") || paths::is_endless(&path) {
                self.add_pipe(path, &mut plan)?;
                continue;
            }
            match paths::kind(&path) {
                Kind::Rules | Kind::Unknown => plan.rule_files.push(path),
                Kind::Configuration => plan.add_configuration(path)?,
                Kind::Scenario | Kind::UnitTests => plan.left_out += 1,
            }
        }
        Ok(plan)
    }

    /// Reads what is no file, and takes it for rules.
    fn add_pipe(&self, path: PathBuf, plan: &mut Plan) -> Result<(), CommandError> {
        let refused = |why: &str| CommandError::Usage(format!("`{}` is no regular file; {why}", path.display()));
        if self.fix {
            return Err(refused("`--fix` writes files, so name one"));
        }
        let (name, bytes) = if path == Path::new("-") {
            (PathBuf::from("<stdin>"), yaml::content_of(io::stdin().lock()))
        } else {
            (path.clone(), yaml::content(&path))
        };
        let bytes = bytes.map_err(|error| refused(&format!("it cannot be read: {error}")))?;
        match paths::kind_of_text(&String::from_utf8_lossy(&bytes)) {
            Kind::Rules | Kind::Unknown => plan.read.push((name, bytes)),
            Kind::Configuration => {
                let why = "a configuration names its rules as they are seen from its folder, so name its file";
                return Err(refused(why));
            }
            Kind::Scenario | Kind::UnitTests => plan.left_out += 1,
        }
        Ok(())
    }

    fn tell(&self, checked: &Checked, plan: &Plan, colour: Colour) -> Result<(), CommandError> {
        let Checked { sources, findings, files, rules, remarks, .. } = checked;
        let remarks: String = remarks.iter().map(|remark| format!("{remark}\n")).collect();
        let mut summary = format!("{remarks}{}\n", render::summary(*files, *rules, findings));
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
            Format::Sarif => render::sarif(findings, sources, &plan.first_file()),
            Format::Gitlab => render::gitlab(findings, sources, &plan.first_file()),
            Format::Junit => render::junit(findings, sources, &plan.first_file()),
        };
        output::print(&found)?;
        output::print_aside(&summary)
    }
}

impl Checked {
    /// How much was looked at, and what was found, in a line.
    pub fn summary(&self) -> String {
        render::summary(self.files, self.rules, &self.findings)
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

    /// The file that what has no place is counted to, by programs that want one.
    fn first_file(&self) -> String {
        let read = self.read.first().map(|(path, _)| path);
        let first = self.configuration.as_ref().or(self.rule_files.first()).or(read);
        first.map_or_else(|| paths::USUAL.to_owned(), |path| path.display().to_string())
    }

    /// Checks; `online` is the instant for which sources are asked, if they are to be.
    fn check(&self, now: Timestamp, online: Option<Timestamp>) -> Result<Checked, CommandError> {
        let mut checked = Checked::default();
        let mut rule_files: Vec<PathBuf> = Vec::new();
        let path = self.configuration.as_deref();
        let configuration = path.and_then(|path| self.configuration(path, now, &mut checked));
        if let Some(loaded) = configuration.as_ref().filter(|_| self.is_whole) {
            rule_files.clone_from(&loaded.rule_files);
        }
        rule_files.extend(self.rule_files.iter().cloned());
        let mut seen = BTreeSet::new();
        rule_files.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
        // Without a configuration any name may be right.
        let settings = configuration.as_ref().map(|loaded| &loaded.settings);
        let context = settings.map_or_else(rules::Context::default, load::context);
        let contents = side_by_side::each(&rule_files, |path| yaml::content(path));
        let read = self.read.iter().map(|(path, bytes)| (path.as_path(), Ok(bytes.clone())));
        let files = rule_files.iter().map(PathBuf::as_path).zip(contents).chain(read);
        let loaded = rules::load_contents(files, &context, &mut checked.sources, &mut checked.findings);
        let files = rule_files.len() + self.read.len();
        let only_collects = settings.is_some_and(|settings| {
            settings.collect.is_some() && settings.rules.is_empty() && settings.sources.is_empty()
        });
        if !only_collects && self.left_out == 0 || files > 0 {
            rules::find_none(&loaded.set, &mut checked.findings);
        }
        let checks = settings.map(|settings| settings.checks.clone()).unwrap_or_default();
        lint::check(&loaded, &checks, &mut checked.findings);
        if let Some(settings) = settings {
            lint::action_argument::check(settings, &mut checked.findings);
        }
        if let Some((loaded, path)) = configuration.as_ref().filter(|_| self.is_whole).zip(path) {
            collecting::check(loaded, path, &mut checked.findings);
        }
        let whole = configuration.as_ref().filter(|_| self.is_whole && !checked.findings.has_errors());
        if let Some(whole) = whole {
            lint::unused_action::check(&whole.actions, &whole.settings, &loaded, &mut checked.findings);
            lint::unused_policy::check(&whole.policies, &whole.settings, &loaded, &mut checked.findings);
        }
        if let Some(at) = online {
            let settings = settings.ok_or_else(|| {
                CommandError::Usage("`--online` needs a configuration, which names the sources".into())
            })?;
            ask(&loaded, settings, at, &mut checked.findings)?;
            if let Some(loaded) = configuration.as_ref().filter(|_| self.is_whole) {
                collecting::secrets(loaded, &mut checked.findings);
            }
        }
        let used = lint::settle(&loaded, &checks, &mut checked.findings);
        if whole.is_some() {
            lint::allowed_for_nothing(&checks, &used, &mut checked.findings);
        }
        checked.spots = loaded.spots;
        checked.files += files;
        checked.rules = loaded.set.groups.iter().map(|group| group.rules.len()).sum();
        Ok(checked)
    }

    /// The configuration that rules are held against. Where only rules are checked, nothing is said of it but what makes it
    /// unusable.
    fn configuration(&self, path: &Path, now: Timestamp, checked: &mut Checked) -> Option<config::Loaded> {
        let mut findings = Findings::default();
        let loaded = config::load(path, now, &mut checked.sources, &mut findings);
        if self.is_whole {
            checked.files += loaded.as_ref().map_or(1, |loaded| loaded.sources.len());
        } else {
            findings.keep(Level::Error);
        }
        checked.findings.append(findings);
        loaded
    }
}

/// Asks the sources about the rules. What cannot be used need not be asked.
fn ask(
    loaded: &rules::Loaded,
    settings: &config::Settings,
    at: Timestamp,
    findings: &mut Findings,
) -> Result<(), CommandError> {
    if findings.has_errors() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lint::online::check(loaded, settings, lint::online::instant(at.as_millisecond()), findings));
    Ok(())
}
