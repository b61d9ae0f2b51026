//! What `watchbell collect` measures: from written to meant.

mod abi;
mod application;
mod beacon;
mod chain;
mod contract;
mod health;
mod operation;
mod oracle;

use super::{Ground, names, reading, source};
use crate::config::settings::collect::Collect;
use crate::diagnostics::Findings;

const LISTEN: &str = "127.0.0.1:9097";
const STATE: &str = "watchbell-collect.json";

/// What is collected, if anything.
pub(super) fn collect(ground: &Ground<'_>, findings: &mut Findings) -> Option<Collect> {
    let written = ground.written.collect.as_ref()?;
    let listen = written.listen.as_ref().and_then(|text| source::address_to_listen_on(text, findings));
    let state = written.state.as_ref().map(|text| reading::spoken(text, "state", findings));
    abi::one_kind_each(written, findings);
    let (mut chains, mut applications) = (Vec::new(), Vec::new());
    for (name, chain) in &written.chains {
        chains.push((names::given(name, findings), chain::chain(name, chain, findings)));
    }
    for (name, application) in &written.applications {
        applications.push((names::given(name, findings), application::application(application, findings)));
    }
    Some(Collect {
        listen: listen.unwrap_or_else(|| LISTEN.into()),
        state: state.unwrap_or_else(|| STATE.into()).into(),
        chains: chains.into_iter().collect(),
        applications: applications.into_iter().collect(),
        beacons: written.beacons.as_ref().map(|beacons| beacon::beacons(beacons, findings)),
        operations: written.operations.as_ref().map(|operations| operation::operations(operations, findings)),
        health: health::health(written.health.as_ref(), findings),
    })
}
