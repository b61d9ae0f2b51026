//! `watchbell report`: what happened, and what there is to look after, out of what the service recorded.

use super::past::{self, Whom};
use super::{Answer, CommandError, oncall};
use crate::backtest::Window;
use crate::model::{Moment, Slot, duration_text};
use crate::review::{self, Inputs, Kind, Measured, Past, Suggestion};
use crate::store::Partition;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Report on the last working day, week or month: incidents, pages, deadlines, what cannot be seen, what to tune, who is on call.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Of how long.
    #[arg(value_enum)]
    kind: Kind,
    /// The instant of the report: `now`, how long ago (`2d`), an instant, or a local time or day [default: now].
    #[arg(long, value_name = "WHEN", default_value = "now")]
    to: String,
    /// How to write it [default: by the ending of `-o`, else for people].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write it to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The journal of our own service [default: the SQLite file of the configuration].
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Ask no source: only what is on record.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    whom: Whom,
}

/// How the report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people at a terminal.
    Human,
    /// For a wiki, an issue, a message that takes it.
    Markdown,
    /// One file for a browser.
    Html,
    /// For programs.
    Json,
    /// The few lines that a routine sends.
    Short,
}

impl Report {
    /// Makes it.
    ///
    /// # Errors
    /// When rules or configuration do not pass, or the journal cannot be read.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        let subject = self.whom.load(config, &[])?;
        let journal = past::journal_of(self.journal.as_deref(), &subject)?;
        let world = &subject.world;
        let now = if self.to == "now" { past::now_in(&journal)? } else { Timestamp::now() };
        let at = self.at(&world.settings.timezone, now)?;
        let periods = self.kind.periods(at, &world.settings.timezone);
        let read = |store: &mut crate::store::Sqlite| Past::read(store, Partition(0), &world.settings, periods, at);
        let past = past::journal(&journal, read)?;
        let mut inputs = Inputs { world, past: &past, at, measured: None, suggestions: &[] };
        let (measured, suggestions);
        if !self.offline && !world.settings.sources.is_empty() {
            (measured, suggestions) = self.ask(&subject, &inputs)?;
            (inputs.measured, inputs.suggestions) = (Some(&measured), &suggestions);
        }
        let report = review::report(self.kind, &inputs);
        let text = match self.format() {
            Format::Human => report.human(),
            Format::Markdown => report.markdown(),
            Format::Html => report.html(),
            Format::Json => report.json(),
            Format::Short => report.short() + "\n",
        };
        past::deliver(&text, self.output.as_deref())?;
        Ok(Answer::Good)
    }

    /// What values were, and, where rules page for nothing, what could stand there instead.
    fn ask(&self, subject: &past::Subject, inputs: &Inputs<'_>) -> Result<(Measured, Vec<Suggestion>), CommandError> {
        let (clients, timeout) = self.whom.clients_of(subject)?;
        let periods = self.kind.periods(inputs.at, &inputs.world.settings.timezone);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let trends = (self.kind == Kind::Monthly).then_some(inputs.at);
        let mut measured = runtime.block_on(Measured::ask(inputs.world, &clients, timeout, periods, trends));
        let mut alerts = match self.kind {
            Kind::Daily => Vec::new(),
            Kind::Weekly | Kind::Monthly => review::candidates(inputs, periods.0),
        };
        alerts.retain(|alert| measured.knows(inputs.world, alert));
        let asking = self.whom.asking(subject, Timestamp::now().into())?;
        let slot = |at: Moment| Slot::from_millis(at.millis());
        let window = Window { from: slot(periods.0.from.0), to: slot(periods.0.to.0) };
        let known = inputs.past.known();
        // One that falls silent meanwhile is told of, and stops nothing.
        let suggested = review::suggest(inputs.world, &alerts, &known, (&asking, window), &runtime);
        let suggestions = suggested.unwrap_or_else(|why| {
            measured.failures.push(("other bounds".into(), why.to_string()));
            Vec::new()
        });
        Ok((measured, suggestions))
    }

    fn at(&self, zone: &crate::config::Zone, now: Timestamp) -> Result<Moment, CommandError> {
        let at = match duration_text::parse(&self.to) {
            Ok(ago) => now.as_millisecond() - ago.millis(),
            Err(_) => oncall::instant(&self.to, zone, now)?.as_millisecond(),
        };
        if at > now.as_millisecond() {
            return Err(CommandError::Usage(format!("--to {} has not come yet", self.to)));
        }
        Ok(Moment::from_millis(at))
    }

    fn format(&self) -> Format {
        self.format.unwrap_or(match past::ending(self.output.as_deref()) {
            Some("html" | "htm") => Format::Html,
            Some("md") => Format::Markdown,
            Some("json") => Format::Json,
            _ => Format::Human,
        })
    }
}
