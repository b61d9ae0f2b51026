//! When the configuration is read again: at SIGHUP, and when somebody on this machine asks.
//!
//! What does not pass, or cannot be acted on, changes nothing: it is told in full in the log, in short to whoever asked, and
//! `watchbell_collect_config_last_reload_successful` is 0 until there is a good one.

use super::parts::Parts;
use crate::config::collect::Collect;
use crate::http::chain;
use crate::measures::{Gauge, Measures};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// Why there is nothing to collect by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// With what was written, for the log.
    pub full: String,
    /// Places and mistakes alone: lines of the configuration may hold secrets, which are nobody's who asks over HTTP.
    pub short: String,
}

impl Unfit {
    /// What is said in the log and to whoever asked in the same words.
    #[must_use]
    pub fn of(text: String) -> Self {
        Unfit { full: text.clone(), short: text }
    }
}

/// What there is to collect by.
#[derive(Clone, Debug)]
pub struct Read {
    /// What is meant.
    pub collect: Collect,
    /// File, line and column of its parts: `listen`, `state`, `chain NAME`, `application NAME`.
    pub places: BTreeMap<String, String>,
}

/// Reads the configuration. Called in a thread that may wait for the disk.
pub type Load = Arc<dyn Fn() -> Result<Read, Unfit> + Send + Sync>;

/// Somebody wants the configuration to be read, and hears what came of it.
pub type Wish = oneshot::Sender<Result<String, String>>;

/// Whether the last reload was good.
pub(super) struct Report {
    successful: Gauge,
    at: Gauge,
}

impl Report {
    /// That of a good start.
    pub(super) fn new(measures: &Measures) -> Self {
        let gauge = |name: &str, help| measures.gauge(&format!("watchbell_collect_config_last_reload_{name}"), help);
        let successful = gauge("successful", "Whether the last reload of the configuration was good");
        let at = gauge("success_timestamp_seconds", "When the configuration was last read and good, by the wall clock");
        let report = Report { successful, at };
        report.tell(true);
        report
    }

    fn tell(&self, is_good: bool) {
        self.successful.set(&[], f64::from(u8::from(is_good)), None);
        if is_good {
            self.at.set(&[], jiff::Timestamp::now().as_duration().as_secs_f64(), None);
        }
    }
}

/// Has `parts` follow the configuration until `stop`, and gives them back.
pub(super) async fn follow(
    mut parts: Parts,
    load: Load,
    report: Report,
    mut wishes: mpsc::Receiver<Wish>,
    stop: CancellationToken,
) -> Parts {
    let mut hangups = signal(SignalKind::hangup())
        .inspect_err(|cause| warn!(error = %cause, "cannot listen for SIGHUP; POST /-/reload does the same"))
        .ok();
    loop {
        let wish = tokio::select! {
            biased;
            () = stop.cancelled() => return parts,
            Some(wish) = wishes.recv() => Some(wish),
            () = hangup(&mut hangups) => None,
        };
        let outcome = reload(&mut parts, &load).await;
        report.tell(outcome.is_ok());
        if let Some(wish) = wish {
            let _gone = wish.send(outcome);
        }
    }
}

async fn hangup(hangups: &mut Option<Signal>) {
    let heard = match hangups {
        Some(hangups) => hangups.recv().await,
        None => None,
    };
    match heard {
        Some(()) => info!("SIGHUP: reading the configuration again"),
        None => std::future::pending().await,
    }
}

/// What changed, or why nothing did.
async fn reload(parts: &mut Parts, load: &Load) -> Result<String, String> {
    let load = Arc::clone(load);
    let loaded = tokio::task::spawn_blocking(move || load()).await;
    let loaded = loaded.unwrap_or_else(|cause| {
        let text = format!("reading the configuration ended abnormally: {cause}");
        Err(Unfit::of(text))
    });
    let unfit = match loaded {
        Ok(Read { collect, places }) => match parts.change(collect).await {
            Ok(words) => {
                info!("reloaded: {words}");
                return Ok(words);
            }
            Err(cause) => {
                let place = places.get(&cause.part()).map(|place| format!("{place}: ")).unwrap_or_default();
                Unfit::of(format!("{place}{}", chain(&cause)))
            }
        },
        Err(unfit) => unfit,
    };
    error!("the configuration is not followed; what ran goes on running\n{}", unfit.full);
    Err(unfit.short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::collect::Health;

    fn collect(listen: &str, state: &str) -> Collect {
        Collect {
            listen: listen.into(),
            state: state.into(),
            chains: BTreeMap::new(),
            applications: BTreeMap::new(),
            beacons: None,
            operations: None,
            health: Health::default(),
        }
    }

    #[tokio::test]
    async fn what_holds_until_a_restart_is_refused_where_it_is_written() {
        let (usual, stop) = (collect("127.0.0.1:9097", "state.json"), CancellationToken::new());
        let mut parts = Parts::none(&usual, &Measures::new(), mpsc::channel(1).0, stop);
        let mut said = async |collect: Collect| {
            let places = [("listen", "watchbell.yaml:2:11"), ("state", "watchbell.yaml:3:10")];
            let places = places.map(|(part, place)| (part.to_owned(), place.to_owned())).into();
            let read = Read { collect, places };
            let load: Load = Arc::new(move || Ok(read.clone()));
            reload(&mut parts, &load).await
        };
        let listen = "watchbell.yaml:2:11: `collect.listen` was changed, which needs a restart";
        assert_eq!(said(collect("127.0.0.1:1", "state.json")).await, Err(listen.to_owned()));
        let state = "watchbell.yaml:3:10: `collect.state` was changed, which needs a restart";
        assert_eq!(said(collect("127.0.0.1:9097", "other.json")).await, Err(state.to_owned()));
        assert!(said(usual).await.is_ok());
    }
}
