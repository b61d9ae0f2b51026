//! What is collected now, part by part, and how that becomes what a changed configuration says.
//!
//! A part is a chain with all that lies on it, an application, what browsers may send, or what applications may send. One
//! that was changed stops and begins anew; one that was not goes on, with what it has counted and how far it has read. All
//! that can fail comes first, so that a configuration that cannot be acted on changes nothing. A start takes the same path.
//!
//! Start at [`Parts::change`].

use super::application::EndpointProbe;
use super::cursor::{State, StateError};
use super::difference::{missing, words};
use super::operation::Timers;
use super::probe::{Crew, Infirmary};
use super::reload::Wish;
use super::rpc::Ready;
use super::{CollectError, application, beacon, chain, contract, exporter, operation, oracle};
use crate::config::collect::{Beacons, Chain, Collect, Operations};
use crate::http_metrics::HttpMetrics;
use crate::measures::Measures;
use crate::model::Name;
use axum::Router;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Everything that is collected.
pub(super) struct Parts {
    settings: Collect,
    measures: Measures,
    infirmary: Infirmary,
    requests: HttpMetrics,
    /// Opened with the first part that keeps anything, in the file or beside it, and kept from then on: whoever has it is
    /// the only one who writes there.
    state: Option<State>,
    chains: BTreeMap<Name, Part>,
    applications: BTreeMap<Name, Part>,
    beacons: Option<Tended>,
    operations: Option<Door>,
    wishes: mpsc::Sender<Wish>,
    routes: watch::Sender<Router>,
    stop: CancellationToken,
}

/// Probes, and the owner of what they show.
struct Part {
    measures: Measures,
    crew: Crew,
}

/// What takes in beacons, and the task that shows what changes by time alone.
struct Tended {
    beacons: beacon::Beacons,
    measures: Measures,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What takes in timers.
struct Door {
    router: Router,
    timers: Timers,
    measures: Measures,
}

/// What a change needs and could not be had for sure.
struct Prepared {
    state: Option<State>,
    chains: BTreeMap<Name, Ready>,
    applications: BTreeMap<Name, (Measures, Vec<EndpointProbe>)>,
}

impl Parts {
    /// Nothing yet, at the address and with the state file of `collect`. What is asked of `wishes` comes from whoever asks
    /// for a reload; all ends with `stop`.
    pub(super) fn none(
        collect: &Collect,
        measures: &Measures,
        wishes: mpsc::Sender<Wish>,
        stop: CancellationToken,
    ) -> Self {
        let settings = Collect {
            chains: BTreeMap::new(),
            applications: BTreeMap::new(),
            beacons: None,
            operations: None,
            ..collect.clone()
        };
        Parts {
            settings,
            measures: measures.clone(),
            infirmary: Infirmary::new(measures.clone()),
            requests: HttpMetrics::new(measures),
            state: None,
            chains: BTreeMap::new(),
            applications: BTreeMap::new(),
            beacons: None,
            operations: None,
            wishes,
            routes: watch::Sender::new(Router::new()),
            stop,
        }
    }

    /// What is answered over HTTP, from now on and after each change.
    pub(super) fn routes(&self) -> watch::Receiver<Router> {
        self.routes.subscribe()
    }

    /// Collects as `settings` say from now on, and says what is other than before.
    ///
    /// # Errors
    /// When that cannot be; then everything is as it was.
    pub(super) async fn change(&mut self, settings: Collect) -> Result<String, CollectError> {
        let prepared = self.prepare(&settings).await?;
        // Nothing fails from here.
        let words = words(&self.settings, &settings);
        let old = std::mem::replace(&mut self.settings, settings);
        self.state = self.state.take().or(prepared.state);
        self.change_chains(prepared.chains, &old).await;
        self.change_applications(prepared.applications, &old).await;
        self.change_beacons(old.beacons.as_ref()).await;
        self.change_operations(old.operations.as_ref());
        let parts = self.chains.values().chain(self.applications.values());
        self.infirmary.keep_only(&parts.flat_map(|part| part.crew.called()).cloned().collect());
        drop(self.routes.send_replace(self.router()));
        Ok(words)
    }

    /// Gathers what `settings` need for what is other than before.
    async fn prepare(&self, settings: &Collect) -> Result<Prepared, CollectError> {
        let fixed = |key, is_same| if is_same { Ok(()) } else { Err(CollectError::Fixed { key }) };
        fixed("listen", settings.listen == self.settings.listen)?;
        fixed("state", settings.state == self.settings.state)?;
        let chains = settings.chains.iter().filter(|(name, chain)| self.settings.chains.get(*name) != Some(*chain));
        let chains = chains.map(|(name, chain)| Ok((name.clone(), Ready::of(chain)?)));
        let chains = chains.collect::<Result<_, CollectError>>()?;
        let applications = settings.applications.iter();
        let changed = applications.filter(|(name, one)| self.settings.applications.get(*name) != Some(*one));
        let applications = changed.map(|(name, one)| {
            let measures = self.measures.apart();
            let probes = application::probes(name, one, &measures)?;
            Ok((name.clone(), (measures, probes)))
        });
        let applications = applications.collect::<Result<_, CollectError>>()?;
        let keeps = settings.chains.values().any(contract::counts) || settings.beacons.is_some();
        let state = if keeps && self.state.is_none() { Some(open(settings.state.clone()).await?) } else { None };
        Ok(Prepared { state, chains, applications })
    }

    async fn change_chains(&mut self, ready: BTreeMap<Name, Ready>, old: &Collect) {
        let is_there = |name: &Name| self.settings.chains.contains_key(name);
        let ended = end(&mut self.chains, |name| ready.contains_key(name) || !is_there(name)).await;
        for (name, ready) in ready {
            if let Some(chain) = self.settings.chains.get(&name) {
                let part = self.begin_chain(chain, ready);
                self.chains.insert(name, part);
            }
        }
        let gone = |name: &Name| match (old.chains.get(name), self.settings.chains.get(name)) {
            (Some(old), Some(new)) => {
                let contracts = missing("contract", &old.contracts, &new.contracts);
                contracts.into_iter().chain(missing("oracle", &old.oracles, &new.oracles)).collect()
            }
            _ => Vec::new(),
        };
        clear(ended, &self.chains, gone);
    }

    /// Lets everything on a chain be looked at.
    fn begin_chain(&self, chain: &Chain, ready: Ready) -> Part {
        let (measures, mut crew) = (self.measures.apart(), self.crew());
        let rpc = ready.begin(&measures);
        crew.begin(chain::ChainProbe::new(chain, &rpc, &measures));
        contract::begin(&mut crew, chain, &rpc, &measures, self.state.as_ref());
        oracle::begin(&mut crew, chain, &rpc, &measures);
        Part { measures, crew }
    }

    async fn change_applications(&mut self, ready: BTreeMap<Name, (Measures, Vec<EndpointProbe>)>, old: &Collect) {
        let is_there = |name: &Name| self.settings.applications.contains_key(name);
        let ended = end(&mut self.applications, |name| ready.contains_key(name) || !is_there(name)).await;
        for (name, (measures, probes)) in ready {
            let mut crew = self.crew();
            for probe in probes {
                crew.begin(probe);
            }
            self.applications.insert(name, Part { measures, crew });
        }
        let gone = |name: &Name| match (old.applications.get(name), self.settings.applications.get(name)) {
            (Some(old), Some(new)) => missing("endpoint", &old.endpoints, &new.endpoints),
            _ => Vec::new(),
        };
        clear(ended, &self.applications, gone);
    }

    fn crew(&self) -> Crew {
        Crew::new(self.infirmary.clone(), self.stop.child_token())
    }

    /// What browsers have counted goes on; that of a service that is no more goes.
    async fn change_beacons(&mut self, old: Option<&Beacons>) {
        if self.settings.beacons.as_ref() == old {
            return;
        }
        let measures = match self.beacons.take() {
            Some(tended) => tended.finish().await,
            None => self.measures.apart(),
        };
        let Some(settings) = &self.settings.beacons else { return measures.withdraw() };
        for service in old.iter().flat_map(|old| &old.services).filter(|service| !settings.services.contains(service)) {
            measures.withdraw_with(("service", service));
        }
        let beacons = beacon::Beacons::open(settings, &measures, &self.settings.state);
        let stop = self.stop.child_token();
        let task = tokio::spawn(beacons.clone().tend(stop.clone()));
        self.beacons = Some(Tended { beacons, measures, stop, task });
    }

    /// What applications have reported goes on.
    fn change_operations(&mut self, old: Option<&Operations>) {
        if self.settings.operations.as_ref() == old {
            return;
        }
        let before = self.operations.take().map(|door| (door.timers, door.measures));
        let (timers, measures) = before.unwrap_or_else(|| {
            let measures = self.measures.apart();
            (Timers::new(&measures), measures)
        });
        let Some(settings) = &self.settings.operations else { return measures.withdraw() };
        let router = operation::router(settings, &timers, &measures);
        self.operations = Some(Door { router, timers, measures });
    }

    fn router(&self) -> Router {
        let mut router = exporter::router(&self.settings, &self.measures, self.wishes.clone());
        if let Some(Tended { beacons, .. }) = &self.beacons {
            router = router.merge(beacons.router());
        }
        if let Some(Door { router: operations, .. }) = &self.operations {
            router = router.merge(operations.clone());
        }
        router.layer(self.requests.clone())
    }

    /// Stops everything, and waits until it has.
    pub(super) async fn finish(mut self) {
        end(&mut self.chains, |_| true).await;
        end(&mut self.applications, |_| true).await;
        if let Some(tended) = self.beacons {
            tended.finish().await;
        }
    }
}

impl Tended {
    /// Stops, and gives back the owner of what it has shown.
    async fn finish(self) -> Measures {
        self.stop.cancel();
        if let Err(cause) = self.task.await {
            tracing::error!(error = %cause, "showing what browsers sent came to an end of its own");
        }
        self.measures
    }
}

/// Takes the state file, in a thread that may wait for the disk.
async fn open(path: PathBuf) -> Result<State, StateError> {
    let taken = path.clone();
    let opened = tokio::task::spawn_blocking(move || State::open(&taken)).await;
    opened.unwrap_or_else(|cause| Err(StateError::Io { path, source: std::io::Error::other(cause) }))
}

/// Stops parts, and gives the owners of what they have shown.
async fn end(parts: &mut BTreeMap<Name, Part>, ends: impl Fn(&Name) -> bool) -> Vec<(Name, Measures)> {
    let names: Vec<Name> = parts.keys().filter(|name| ends(name)).cloned().collect();
    let mut ended = Vec::new();
    for name in names {
        if let Some(part) = parts.remove(&name) {
            part.crew.finish().await;
            ended.push((name, part.measures));
        }
    }
    ended
}

/// Clears away what parts that have ended have shown. What those that took their places will measure grows old meanwhile,
/// but what is `gone` goes at once; and what they have counted is theirs already.
fn clear<'a>(
    ended: Vec<(Name, Measures)>,
    parts: &BTreeMap<Name, Part>,
    gone: impl Fn(&Name) -> Vec<(&'static str, &'a Name)>,
) {
    for (name, measures) in ended {
        for label in gone(&name) {
            measures.withdraw_with((label.0, label.1));
        }
        match parts.get(&name) {
            Some(next) => measures.give_way(&next.measures),
            None => measures.withdraw(),
        }
    }
}
