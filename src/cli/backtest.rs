//! `watchbell backtest`: what these rules would have done over real history.

use super::past::{self, Past};
use super::{Answer, CommandError, output};
use crate::backtest::{self, Format, Report};
use crate::engine::World;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
        let mut world = Arc::clone(&subject.world);
        if !self.only.is_empty() {
            let some = past::only_some(&world.rules, &self.only)?;
            world = Arc::new(World::new(Arc::clone(&world.settings), some));
        }
        let mut session = self.past.session(&subject, [world], window)?;
        past::play(&mut session)?;
        let report = Report::new(&session, &session.played()[0]);
        output::print(&backtest::render(&report, self.format))?;
        Ok(Answer::Good)
    }
}
