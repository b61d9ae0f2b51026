//! `watchbell collect`: the exporter.

use super::{Answer, Colour, CommandError, paths, settings};
use crate::collect;
use jiff::Timestamp;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Measure what Prometheus does not yet see (chains, contracts, oracles, endpoints, browsers) and export it, until told to
/// stop.
#[derive(Debug, clap::Args)]
pub struct Collect {}

impl Collect {
    /// Collects as the configuration at `config` says.
    ///
    /// # Errors
    /// When the configuration does not pass, or says nothing about collecting, or the collector cannot start.
    pub fn run(config: Option<&Path>, colour: Colour) -> Result<Answer, CommandError> {
        let path = config.unwrap_or(Path::new(paths::USUAL));
        let Some(settings) = settings::load(path, Timestamp::now(), colour)? else { return Ok(Answer::Refused) };
        let Some(mut collect) = settings.collect else {
            let says = "the configuration has no `collect:`, so there is nothing to collect; docs/collect.md says what to write";
            return Err(CommandError::Usage(says.into()));
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        collect.state = path.parent().unwrap_or(Path::new("")).join(&collect.state);
        runtime
            .block_on(async {
                let stop = CancellationToken::new();
                tokio::spawn(crate::service::start::stop_on_signal(stop.clone()));
                collect::run(&collect, stop).await
            })
            .map_err(|error| CommandError::Outside(crate::http::chain(&error)))?;
        Ok(Answer::Good)
    }
}
