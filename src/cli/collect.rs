//! `watchbell collect`: the exporter.

use super::{Answer, Colour, CommandError, paths, settings};
use crate::collect;
use crate::collect::reload::{Read, Unfit};
use crate::config::Settings;
use crate::config::collect::Collect as Meant;
use crate::diagnostics::{Finding, Findings, Sources, render};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What is said where there is no `collect:`.
const NOTHING: &str =
    "the configuration has no `collect:`, so there is nothing to collect; docs/collect.md says what to write";

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
        let path = paths::configuration(config)?;
        let Some(settings) = settings::load(path, Timestamp::now(), colour)? else { return Ok(Answer::Refused) };
        let collect = meant(settings, path).ok_or_else(|| CommandError::Usage(NOTHING.into()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let path: PathBuf = path.to_owned();
        let load = Arc::new(move || again(&path));
        let state = collect.state.clone();
        let ended = runtime.block_on(async {
            let stop = CancellationToken::new();
            tokio::spawn(crate::service::start::stop_on_signal(stop.clone()));
            collect::run(collect, load, stop).await
        });
        collect::end(runtime, &state);
        ended.map_err(|error| CommandError::Outside(crate::http::chain(&error)))?;
        Ok(Answer::Good)
    }
}

/// What is to be collected by the configuration at `path`, if anything.
fn meant(settings: Settings, path: &Path) -> Option<Meant> {
    let mut collect = settings.collect?;
    collect.state = settings::state_of(&collect, path);
    Some(collect)
}

/// Reads the configuration at `path` once more.
fn again(path: &Path) -> Result<Read, Unfit> {
    let (loaded, sources) = settings::read_with_places(path, Timestamp::now()).map_err(|(findings, sources)| {
        Unfit { full: render::human(&findings, &sources, false), short: places(&findings, &sources) }
    })?;
    let places = loaded.needed.parts.into_iter().map(|(part, place)| (part, sources.describe(place))).collect();
    let collect = meant(loaded.settings, path);
    let collect = collect.ok_or_else(|| Unfit::of(NOTHING.into()))?;
    Ok(Read { collect, places })
}

/// One line for each mistake: file, line and column, and what is wrong.
fn places(findings: &Findings, sources: &Sources) -> String {
    let line = |finding: &Finding| {
        let place = finding.at.as_ref().map(|(place, _)| format!("{}: ", sources.describe(*place)));
        format!("{}{} ({})\n", place.unwrap_or_default(), finding.message, finding.code)
    };
    findings.iter().map(line).collect()
}
