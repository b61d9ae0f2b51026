//! `watchbell tune`: other bounds and other patience for one rule, each played over real history.

use super::past::{self, Past};
use super::{Answer, CommandError, output};
use crate::backtest::{self, Knob, Known, Session, Subject, Survey, Sweep};
use crate::engine::World;
use crate::rules::Condition;
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
        let subject = self.subject(&source.world)?;
        let known = match &self.journal {
            Some(path) => past::known(path, &source.world)?,
            None => Vec::new(),
        };
        let mut session = self.past.session(&source, [subject.world(None)], window)?.keeping();
        past::play(&mut session)?;
        let survey = session.played()[0].surveys.get(&subject.rule.id).cloned();
        let mut sweeps = Vec::new();
        let bounds = survey.as_ref().map(|survey| subject.bounds(survey)).unwrap_or_default();
        if !bounds.is_empty() {
            sweeps.push(Sweep::play(
                subject.word(),
                bounds.into_iter().map(Knob::Bound),
                &subject,
                &mut session,
                &known,
                None,
            ));
        }
        sweeps.push(Sweep::play(
            "for",
            subject.holds().into_iter().map(Knob::Hold),
            &subject,
            &mut session,
            &known,
            None,
        ));
        let text = match self.format {
            Format::Human => human(&subject, &session, survey.as_ref(), &sweeps, &known),
            Format::Json => {
                let severity = subject.severity().to_string();
                let answer =
                    serde_json::json!({ "alert": &*subject.rule.alert, "severity": severity, "sweeps": sweeps });
                format!("{answer:#}\n")
            }
        };
        output::print(&text)?;
        Ok(Answer::Good)
    }

    fn subject(&self, world: &World) -> Result<Subject, CommandError> {
        let some = past::only_some(&world.rules, std::slice::from_ref(&self.rule))?;
        let groups = some.groups.iter();
        let mut found = groups.flat_map(|group| group.alerts());
        let is_it = |rule: &crate::rules::Rule| *rule.alert == *self.rule && rule.disabled.is_none();
        let rule = found
            .find(|rule| is_it(rule))
            .ok_or_else(|| CommandError::Usage(format!("{} is switched off", self.rule)))?;
        let with_bound = rule.tiers.iter().position(|tier| matches!(tier.condition, Condition::Bound(_)));
        let tier = match &self.tier {
            None => with_bound.unwrap_or(0),
            Some(name) => rule.tiers.iter().position(|tier| *tier.severity.name() == **name).ok_or_else(|| {
                let known: Vec<String> = rule.tiers.iter().map(|tier| tier.severity.to_string()).collect();
                CommandError::Usage(format!("{} has no tier {name}; it has {}", self.rule, known.join(", ")))
            })?,
        };
        Subject::of(world, rule.id, tier).ok_or_else(|| CommandError::Usage(format!("{} has no tier", self.rule)))
    }
}

fn human(subject: &Subject, session: &Session, survey: Option<&Survey>, sweeps: &[Sweep], known: &[Known]) -> String {
    let window = session.window();
    let mut text = format!("{} {}  {} to {}\n", subject.rule.alert, subject.severity(), window.from, window.to);
    if let Some(spread) = survey.and_then(Survey::spread) {
        let _ = writeln!(text, "values: {spread}");
    }
    for sweep in sweeps {
        text.push_str(&table(sweep, !known.is_empty()));
    }
    if sweeps.len() == 1 {
        text.push_str("only `for` was tried: this severity has no single bound, or the query never answered; `watchbell import prometheus` splits\n");
        text.push_str("a bound out of a plain rule's query\n");
    }
    text
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
