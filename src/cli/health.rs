//! `watchbell health`: one answer.

use super::service::Format;
use super::{Answer, Colour, CommandError, output, paths, settings};
use crate::collect::health::{self, Whole};
use jiff::Timestamp;
use std::path::Path;

/// Ask the chains, the contracts and the oracles of `collect:` how they are, and say it in one word: healthy (exit code 0),
/// degraded (1) or down (3), and why.
#[derive(Debug, clap::Args)]
pub struct Health {
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

impl Health {
    /// Asks what the configuration at `config` names.
    ///
    /// # Errors
    /// When there is nothing to ask, or it cannot be asked at all.
    pub fn run(&self, config: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let path = paths::configuration(config)?;
        let Some(settings) = settings::load(path, Timestamp::now(), colour)? else { return Ok(Answer::Refused) };
        let Some(collect) = settings.collect.filter(|collect| !collect.chains.is_empty()) else {
            let says = "`collect.chains` of the configuration names no chain, so there is nothing to ask; \
                        docs/collect.md says what to write";
            return Err(CommandError::Usage(says.into()));
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let health = runtime.block_on(health::ask::check(&collect));
        match self.format {
            Format::Human => output::print(&health.to_string())?,
            Format::Json => output::print(&format!("{:#}\n", health.json()))?,
        }
        Ok(match health.whole() {
            Whole::Healthy => Answer::Good,
            Whole::Degraded => Answer::No,
            Whole::Down => Answer::OutsideFailed,
        })
    }
}
