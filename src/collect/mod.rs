//! Measuring what Prometheus does not yet see: chains, contracts, oracles, endpoints, browsers, operations.
//!
//! `watchbell collect` is one exporter. Each thing that is watched is a [`Probe`](probe::Probe) with its own interval and
//! deadline; what it finds goes into [`Measures`], which an [exporter] shows. One probe that
//! fails, hangs or panics leaves the others alone, and says so in its own health metrics. Browsers and applications send
//! to us instead; what they send meets the same bounds. A configuration that was changed is followed part by part ([`reload`]).
//!
//! Start at [`run`]. Absent on purpose: what a value means. Thresholds, durations and people are the rules'.

pub mod application;
pub mod beacon;
pub mod chain;
mod clock;
pub mod contract;
pub mod cursor;
mod difference;
mod ending;
pub mod exporter;
mod file;
pub mod health;
mod names;
mod news;
pub mod operation;
pub mod oracle;
mod parts;
pub mod probe;
pub mod reload;
pub mod rpc;
mod shape;

pub use ending::end;

use crate::config::collect::Collect;
use crate::measures::Measures;
use parts::Parts;
use reload::{Load, Report};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Why the collector did not start, or does not follow a changed configuration.
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
    /// What holds from a start to its end was changed.
    #[error("`collect.{key}` was changed, which needs a restart")]
    Fixed {
        /// Its key.
        key: &'static str,
    },
}

impl CollectError {
    /// The part of the configuration that it is about, as [`reload::Read`] calls it.
    #[must_use]
    pub fn part(&self) -> String {
        match self {
            CollectError::Listen { .. } => "listen".into(),
            CollectError::State(_) => "state".into(),
            CollectError::Fixed { key } => (*key).into(),
            CollectError::Chain(error) => format!("chain {}", error.chain()),
            CollectError::Application(error) => format!("application {}", error.service()),
        }
    }
}

/// Wishes for a reload that may be waiting.
const MOST_WISHES: usize = 16;

/// Collects as `collect` says, and as what `load` reads says after a reload, until `stop`, and for a few seconds more at most.
///
/// # Errors
/// When it cannot start.
pub async fn run(collect: Collect, load: Load, stop: CancellationToken) -> Result<(), CollectError> {
    ending::not_too_late(Box::pin(work(collect, load, &stop)), &stop).await.unwrap_or(Ok(()))
}

async fn work(collect: Collect, load: Load, stop: &CancellationToken) -> Result<(), CollectError> {
    let measures = Measures::new();
    let listener = tokio::net::TcpListener::bind(&collect.listen).await;
    let listener = listener.map_err(|source| CollectError::Listen { address: collect.listen.clone(), source })?;
    let (wishes, hear_wishes) = mpsc::channel(MOST_WISHES);
    let mut parts = Parts::none(&collect, &measures, wishes, stop.clone());
    parts.change(collect).await?;
    let routes = parts.routes();
    let following = reload::follow(parts, load, Report::new(&measures), hear_wishes, stop.clone());
    let serving = async {
        let answers = exporter::serve(listener, routes, stop.clone());
        ending::no_later(answers, ending::LAST_ANSWER, stop).await;
        stop.cancel();
    };
    let (parts, (), ()) = tokio::join!(following, serving, clock::watch(&measures, stop.clone()));
    parts.finish().await;
    Ok(())
}
