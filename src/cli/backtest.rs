//! `watchbell backtest`: what these rules would have done over real history.

use super::past::{self, Past};
use super::{Answer, CommandError, output};
use crate::backtest::{self, Format, Report, Session, Unknown};
use crate::engine::{Event, World};
use crate::model::{Labels, Slot, Span, counted, duration_text};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many differences are told one by one.
const TOLD: usize = 10;

/// Play rules over real history: what would have fired, who would have been paged.
#[derive(Debug, clap::Args)]
pub struct Backtest {
    /// Rule files, or folders of them [default: those of the configuration].
    rules: Vec<PathBuf>,
    #[command(flatten)]
    past: Past,
    /// Only rules whose alert name is one of these.
    #[arg(long = "rule", value_name = "NAME")]
    only: Vec<String>,
    /// The journal of our own service (its SQLite file): slots of which it knew nothing are unknown here as well, and what it
    /// recorded is held against what history gives now.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How to write the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

impl Backtest {
    /// Plays the rules and prints the report.
    ///
    /// # Errors
    /// When rules or configuration do not pass, or no source can be asked.
    pub fn run(&self, config: Option<&Path>) -> Result<Answer, CommandError> {
        let window = self.past.window()?;
        let subject = self.past.load(config, &self.rules)?;
        let (mut world, notes) = self.past.with_history(&subject, window, &BTreeSet::new())?;
        if !self.only.is_empty() {
            let some = past::only_some(&world.rules, &self.only)?;
            world = Arc::new(World::new(Arc::clone(&world.settings), some));
        }
        let mut session = self.past.session(&subject, [Arc::clone(&world)], window)?;
        let mut recorded = Vec::new();
        if let Some(path) = &self.journal {
            let extent;
            (recorded, extent) = past::recorded(path, &world, window.0)?;
            let ends = (window.0.from.moment(Span::ZERO), window.0.to.moment(Span::ZERO));
            session = session.knowing_no_more_than(Unknown::of(&recorded).beyond(extent, ends));
        }
        session.notes.extend(notes);
        past::play(&mut session)?;
        if let Some(path) = &self.journal {
            let kept = world.settings.retention.events;
            let kept_since = Slot::from(Timestamp::now()) - kept;
            if session.window().from < kept_since {
                session.notes.push(format!(
                    "the journal keeps what alerts did for {} (`retention: {{ events }}`): before {kept_since} there is nothing to compare",
                    duration_text::format(kept)
                ));
            }
            let from = session.window().from.max(kept_since);
            let standing = past::standing(path, &world, from)?;
            session.notes.extend(self.agreement(&session, (&standing, &recorded), from));
        }
        // Of rules that nobody asked for there is nothing to say, not even that they did not fire.
        let report = Report::about(&session, &session.played()[0], |rule| self.is_asked_for(&rule.alert));
        output::print(&backtest::render(&report, self.format))?;
        Ok(Answer::Good)
    }

    /// Whether somebody wants to hear of alerts of this name.
    fn is_asked_for(&self, alert: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == alert)
    }

    /// Whether the service recorded what history gives now, from `from` on, when its alerts stood as `standing` says.
    fn agreement(&self, session: &Session, (standing, recorded): (&[Event], &[Event]), from: Slot) -> Vec<String> {
        let played = session.played()[0].player.journal();
        let mut compared = backtest::compared(standing, recorded, played, (from, session.window().to));
        let is_asked_for = |labels: &Labels| self.is_asked_for(labels.get("alertname"));
        compared.begun_before.retain(is_asked_for);
        compared.differences.retain(|one| is_asked_for(&one.labels));
        let found = compared.differences;
        let begun = compared.begun_before.len();
        let begun = (begun > 0).then(|| {
            let alerts = counted(begun, "alert");
            format!("at the beginning {alerts} did not rest: compared from where history says the same of them as the service did")
        });
        if found.is_empty() {
            return std::iter::once("history gives, slot by slot, what the service recorded".to_owned())
                .chain(begun)
                .collect();
        }
        let head = format!(
            "history differs from what the service recorded at {} slots (late samples, or other rules then):",
            found.len()
        );
        let more = found.len().saturating_sub(TOLD);
        let more = (more > 0).then(|| format!("and {more} more"));
        let told = found.iter().take(TOLD).map(backtest::Difference::words);
        std::iter::once(head).chain(told).chain(more).chain(begun).collect()
    }
}
