//! `watchbell tune`: other bounds and other patience for one rule, each played over real history.

use super::past::{self, Past};
use super::{Answer, CommandError, output};
use crate::backtest::{self, Knob, Known, Report, Session, Subject, Sweep};
use crate::engine::World;
use crate::model::visible_lines;
use crate::rules::{Condition, Group, Rule};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Try other bounds and other `for` of one rule over history, and say which is worth a thought.
#[derive(Debug, clap::Args)]
pub struct Tune {
    /// The name of the alert.
    rule: String,
    /// Its severity [default: the highest that has a bound].
    #[arg(long, value_name = "SEVERITY")]
    tier: Option<String>,
    /// Its group, where several have an alert of this name.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Rule files, or folders of them [default: those of the configuration].
    #[arg(long = "rules", value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    past: Past,
    /// The journal of our own service (its SQLite file): incidents that people took for real must not be missed.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

impl Tune {
    /// Plays every candidate and prints what came of it.
    ///
    /// # Errors
    /// When rules or configuration do not pass, there is no such rule, or no source can be asked.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        let window = self.past.window()?;
        let source = self.past.load(config, &self.files)?;
        // What is wrong with the question is said before anybody is asked.
        self.subject(&source.world)?;
        let (world, notes) = self.past.with_history(&source, window, &BTreeSet::new())?;
        let subject = self.subject(&world)?;
        let known = match &self.journal {
            Some(path) => past::known(path, &source.world)?,
            None => Vec::new(),
        };
        let mut session = self.past.session(&source, [subject.world(None)], window)?.keeping();
        session.notes.extend(notes);
        past::play(&mut session)?;
        let report = Report::about(&session, &session.played()[0], |rule| rule.id == subject.rule.id);
        // Of rules of which no slot is known there is nothing to try.
        let is_unknown = report.coverage <= 0.0;
        let sweeps = if is_unknown { Vec::new() } else { sweeps(&subject, &mut session, &known) };
        let text = match self.format {
            Format::Human => human(&subject, &report, &sweeps, !known.is_empty()),
            Format::Json => json(&subject, &report, &sweeps),
        };
        output::print(&text)?;
        Ok(Answer::Good)
    }

    fn subject(&self, world: &World) -> Result<Subject, CommandError> {
        past::only_some(&world.rules, std::slice::from_ref(&self.rule))?;
        let (group, rule) = self.chosen(world)?;
        let with_bound = rule.tiers.iter().position(|tier| matches!(tier.condition, Condition::Bound(_)));
        let tier = if self.tier.is_some() { self.place(world, rule) } else { Some(with_bound.unwrap_or(0)) };
        let subject = tier.and_then(|tier| Subject::of(world, rule.id, tier));
        subject.ok_or_else(|| CommandError::Usage(format!("{} of group {} has no tier", self.rule, group.name)))
    }

    /// The only rule that is meant: of several of the name, group and severity choose.
    fn chosen<'w>(&self, world: &'w World) -> Result<(&'w Group, &'w Rule), CommandError> {
        let groups = world.rules.groups.iter();
        let all = groups.flat_map(|group| group.alerts().map(move |rule| (&**group, &**rule)));
        let mut found: Vec<(&Group, &Rule)> = all.filter(|(_, rule)| *rule.alert == *self.rule).collect();
        let refuse = |why: String| Err(CommandError::Usage(format!("{} {why}", self.rule)));
        found.retain(|(_, rule)| rule.disabled.is_none());
        if found.is_empty() {
            return refuse("is switched off".into());
        }
        let groups: Vec<String> = found.iter().map(|(group, _)| group.name.to_string()).collect();
        found.retain(|(group, _)| self.group.as_ref().is_none_or(|name| *group.name == **name));
        if found.is_empty() {
            return refuse(format!("is not in this group; it is in {}", groups.join(", ")));
        }
        let tiers: Vec<String> = found.iter().flat_map(|(_, rule)| names_of(rule)).collect();
        found.retain(|(_, rule)| self.place(world, rule).is_some());
        match (&found[..], &self.tier) {
            ([one], _) => Ok(*one),
            ([], tier) => {
                let name = tier.as_deref().unwrap_or_default();
                refuse(format!("has no tier {name}; it has {}", tiers.join(", ")))
            }
            _ => refuse(format!(
                "is the name of several rules: {}; choose with --group, --tier, or --rules FILE",
                found.iter().map(|(group, rule)| described(group, rule)).collect::<Vec<_>>().join(", ")
            )),
        }
    }

    /// The place of the tier that is asked for among those of `rule`, the first where none is.
    fn place(&self, world: &World, rule: &Rule) -> Option<usize> {
        let Some(name) = &self.tier else { return (!rule.tiers.is_empty()).then_some(0) };
        let severity = world.settings.severities.find(name)?;
        rule.tiers.iter().position(|tier| tier.severity == *severity)
    }
}

fn names_of(rule: &Rule) -> Vec<String> {
    rule.tiers.iter().map(|tier| tier.severity.to_string()).collect()
}

/// Which rule of several that share a name.
fn described(group: &Group, rule: &Rule) -> String {
    format!("{} in group {} ({})", names_of(rule).join(", "), group.name, group.file)
}

/// What is tried: other bounds, where the rule has one and values, and other `for`.
fn sweeps(subject: &Subject, session: &mut Session, known: &[Known]) -> Vec<Sweep> {
    let survey = session.played()[0].surveys.get(&subject.rule.id);
    let bounds = survey.map(|survey| subject.bounds(survey)).unwrap_or_default();
    let bounds: Vec<Knob> = bounds.into_iter().map(Knob::Bound).collect();
    let holds = subject.holds().into_iter().map(Knob::Hold).collect();
    let all = [(subject.word(), bounds), ("for", holds)].into_iter().filter(|(_, knobs)| !knobs.is_empty());
    all.map(|(word, knobs)| Sweep::play(word, knobs, subject, session, known, None)).collect()
}

fn json(subject: &Subject, report: &Report, sweeps: &[Sweep]) -> String {
    let (severity, rule) = (subject.severity().to_string(), report.rules.first());
    let answer = serde_json::json!({
        "alert": &*subject.rule.alert,
        "severity": severity,
        "coverage": report.coverage,
        "unknown_seconds": rule.map(|rule| rule.unknown_seconds),
        "failures": rule.map(|rule| &rule.failures),
        "sweeps": sweeps,
        "notes": report.notes,
    });
    format!("{answer:#}\n")
}

fn human(subject: &Subject, report: &Report, sweeps: &[Sweep], with_known: bool) -> String {
    let mut text = format!("{} {}  {} to {}\n", subject.rule.alert, subject.severity(), report.from, report.to);
    if let Some(spread) = report.rules.first().and_then(|rule| rule.values) {
        let _ = writeln!(text, "values: {spread}");
    }
    text.extend(backtest::unknowns(report).iter().map(|line| format!("{line}\n")));
    for sweep in sweeps {
        text.push_str(&table(sweep, with_known));
    }
    match sweeps.len() {
        0 => text.push_str("nothing was tried, since no slot is known\n"),
        1 => {
            text.push_str("only `for` was tried: this severity has no single bound, or the query never answered; `watchbell import prometheus` splits\n");
            text.push_str("a bound out of a plain rule's query\n");
        }
        _ => {}
    }
    text.extend(report.notes.iter().map(|note| format!("note: {note}\n")));
    visible_lines(&text)
}

fn table(sweep: &Sweep, with_known: bool) -> String {
    let missed = if with_known { "  missed" } else { "" };
    let mut text = format!("\n{:>14}  incidents  pages  firing{missed}\n", sweep.knob);
    for (place, candidate) in sweep.candidates.iter().enumerate() {
        let mark = match (candidate.is_now, sweep.suggested == Some(place)) {
            (true, _) => "now",
            (_, true) => "try",
            _ => "",
        };
        let firing = backtest::in_words(candidate.firing_seconds);
        let missed: Vec<String> = candidate.missed.iter().map(|number| format!("INC-{number}")).collect();
        let line = format!(
            "{mark:>4} {:>9}  {:>9}  {:>5}  {firing:>6}  {}",
            candidate.value,
            candidate.incidents,
            candidate.pages,
            missed.join(", ")
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let _ = writeln!(text, "{}", suggestion(sweep));
    text
}

fn suggestion(sweep: &Sweep) -> String {
    match sweep.suggested {
        Some(place) => format!("try {} {}: {}", sweep.knob, sweep.candidates[place].value, sweep.why),
        None => sweep.why.clone(),
    }
}
