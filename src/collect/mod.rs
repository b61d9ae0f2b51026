//! Measuring what Prometheus does not yet see: chains, contracts, oracles, endpoints, browsers, operations.
//!
//! `watchbell collect` is one exporter. Each thing that is watched is a [`Probe`](probe::Probe) with its own interval and
//! deadline; what it finds goes into [`Measures`], which an [exporter] shows. One probe that
//! fails, hangs or panics leaves the others alone, and says so in its own health metrics. Browsers and applications send
//! to us instead; what they send meets the same bounds.
//!
//! Start at [`run`]. Absent on purpose: what a value means. Thresholds, durations and people are the rules'.

pub mod application;
pub mod beacon;
pub mod chain;
pub mod contract;
pub mod cursor;
pub mod exporter;
mod file;
pub mod health;
mod names;
mod news;
pub mod operation;
pub mod oracle;
pub mod probe;
pub mod rpc;

use crate::config::collect::Collect;
mod shape;
use crate::http_metrics::HttpMetrics;
use crate::measures::Measures;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Why the collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] cursor::StateError),
    /// The nodes of a chain cannot be set up.
    #[error(transparent)]
    Chain(#[from] rpc::SetupError),
    /// An endpoint cannot be probed.
    #[error(transparent)]
    Application(#[from] application::NoProbe),
}

/// Collects as `collect` says, until `stop`.
///
/// # Errors
/// When it cannot start.
pub async fn run(collect: &Collect, stop: CancellationToken) -> Result<(), CollectError> {
    let measures = Measures::new();
    let listener = tokio::net::TcpListener::bind(&collect.listen).await;
    let listener = listener.map_err(|source| CollectError::Listen { address: collect.listen.clone(), source })?;
    let mut probes = probe::Crew::new(measures.clone(), stop.clone());
    watch_chains(&mut probes, collect, &measures)?;
    for (service, application) in &collect.applications {
        for probe in application::probes(service, application, &measures)? {
            probes.begin(probe);
        }
    }
    let mut router = exporter::router(collect, &measures);
    let mut tasks = JoinSet::new();
    if let Some(settings) = &collect.beacons {
        let beacons = beacon::Beacons::open(settings, &measures, &collect.state);
        router = router.merge(beacons.router());
        tasks.spawn(beacons.tend(stop.clone()));
    }
    if let Some(settings) = &collect.operations {
        router = router.merge(operation::router(settings, &measures));
    }
    exporter::serve(listener, router.layer(HttpMetrics::new(&measures)), stop).await;
    probes.finish().await;
    tasks.join_all().await;
    Ok(())
}

/// Lets everything on chains be looked at.
fn watch_chains(probes: &mut probe::Crew, collect: &Collect, measures: &Measures) -> Result<(), CollectError> {
    let counts = collect.chains.values().any(contract::counts);
    let state = counts.then(|| cursor::State::open(&collect.state)).transpose()?;
    for chain in collect.chains.values() {
        let rpc = rpc::Rpc::new(chain, measures)?;
        probes.begin(chain::ChainProbe::new(chain, &rpc, measures));
        contract::begin(probes, chain, &rpc, measures, state.as_ref());
        oracle::begin(probes, chain, &rpc, measures);
    }
    Ok(())
}
