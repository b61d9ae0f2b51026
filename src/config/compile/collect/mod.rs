//! What `watchbell collect` measures: from written to meant. What would be found out at its start, or in the night after it, is
//! told here, as far as the text alone says it.

mod abi;
mod answer;
mod application;
mod beacon;
mod chain;
mod contract;
mod health;
mod labels;
mod operation;
mod oracle;
mod pace;
mod place;
mod prices;
mod series;
mod web;

use super::{Ground, names, reading, source};
use crate::config::Needed;
use crate::config::settings::collect::Collect;
use crate::config::written::{PlainText, SecretOrText, Written};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What is collected, if anything.
pub(super) fn collect(ground: &Ground<'_>, findings: &mut Findings) -> Option<Collect> {
    let Spanned { value: written, place } = ground.written.collect.as_ref()?;
    let is_empty = written.chains.iter().next().is_none() && written.applications.iter().next().is_none();
    if is_empty && written.beacons.is_none() && written.operations.is_none() {
        findings
            .warn(codes::WB178, "nothing is collected")
            .at(*place, "names no chain, application, beacons or operations")
            .help("docs/collect.md says what can be measured");
    }
    series::one_kind_each(written, findings);
    chain::nodes_of_one_chain(written, findings);
    let (mut chains, mut applications) = (Vec::new(), Vec::new());
    for (name, chain) in &written.chains {
        chains.push((names::given(name, findings), chain::chain(name, chain, findings)));
    }
    for (name, application) in &written.applications {
        applications.push((names::given(name, findings), application::application(application, findings)));
    }
    Some(Collect {
        listen: place::listen(ground.written, written, findings),
        state: place::state(ground.written, written, findings),
        chains: chains.into_iter().collect(),
        applications: applications.into_iter().collect(),
        beacons: written.beacons.as_ref().map(|beacons| beacon::beacons(beacons, findings)),
        operations: written.operations.as_ref().map(|operations| operation::operations(operations, findings)),
        health: health::health(written.health.as_ref(), findings),
    })
}

/// What the collector needs of its machine.
pub fn needed(written: &Written) -> Needed {
    let Some(collect) = &written.collect else { return Needed::default() };
    let endpoints = collect.value.applications.iter().flat_map(|(_, application)| &application.endpoints.value);
    let endpoints = || endpoints.clone().map(|(_, endpoint)| endpoint);
    // What is wrong with it is told where it is compiled.
    let tls = |tls: &Spanned<_>| Spanned::new(source::tls(Some(tls), &mut Findings::default()), tls.place);
    let revealed = |text: &Spanned<SecretOrText>| Spanned::new(reading::secret_or_text(&text.value), text.place);
    let secrets = endpoints().flat_map(|endpoint| {
        let headers = endpoint.headers.iter().map(|(_, value)| value);
        std::iter::once(&endpoint.url).chain(headers).chain(&endpoint.body)
    });
    let named = |text: &Option<PlainText>| text.as_ref().map_or(collect.place, PlainText::place);
    let own = [("listen", &collect.value.listen), ("state", &collect.value.state)];
    let own = own.map(|(key, text)| (key.to_owned(), named(text)));
    let chains = collect.value.chains.iter().map(|(name, _)| (format!("chain {}", name.value), name.place));
    let applications = collect.value.applications.iter();
    let applications = applications.map(|(name, _)| (format!("application {}", name.value), name.place));
    Needed {
        state: Some(named(&collect.value.state)),
        parts: own.into_iter().chain(chains).chain(applications).collect(),
        trust: endpoints().filter_map(|endpoint| endpoint.tls.as_ref()).map(tls).collect(),
        nodes: collect.value.chains.iter().flat_map(|(_, chain)| &chain.rpc.value).map(revealed).collect(),
        secrets: secrets.map(revealed).collect(),
    }
}

/// What was met, and where first.
type Met<K> = BTreeMap<K, Place>;

/// Where `key` was met first, if this is not the first time.
fn again<K: Ord>(met: &mut Met<K>, key: K, place: Place) -> Option<Place> {
    match met.entry(key) {
        Entry::Occupied(first) => Some(*first.get()),
        Entry::Vacant(free) => {
            free.insert(place);
            None
        }
    }
}
