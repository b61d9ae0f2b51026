//! Contracts: what their view functions say, and what their events and transactions come to.
//!
//! A contract's state is looked at by a probe of its own ([`views`]), at one block for all of its functions. Events and
//! transactions are followed by one probe for all contracts of a chain ([`events`]), so that fifty contracts do not read
//! each block fifty times. Both look as soon as there is a new block.

pub mod events;
mod views;

pub(super) use views::{Height, asked, has_code, pairs};

use super::cursor::State;
use super::probe::Crew;
use super::rpc::Rpc;
use crate::config::collect::Chain;
use crate::measures::Measures;
use crate::model::{Labels, Name};

/// Whether anything of this chain is counted, and a state file is needed.
#[must_use]
pub fn counts(chain: &Chain) -> bool {
    let mut contracts = chain.contracts.values();
    contracts.any(|contract| contract.gas || contract.denied.is_some() || !contract.counted.is_empty())
}

/// Lets the probes of a chain's contracts look. `state` is there where something is counted.
pub fn begin(crew: &mut Crew, chain: &Chain, rpc: &Rpc, measures: &Measures, state: Option<&State>) {
    for name in chain.contracts.keys() {
        crew.begin(views::Views::new(chain, name, rpc, measures));
    }
    if let Some(state) = state.filter(|_| counts(chain)) {
        crew.begin(events::Follower::new(chain, rpc, measures, state));
    }
}

/// The labels of something on a chain: the chain's further ones, `chain`, and these.
pub(super) fn labels(chain: &Chain, own: &[(&str, &Name)]) -> Labels {
    let labels = chain.labels.with("chain", chain.name.clone());
    own.iter().fold(labels, |labels, (name, value)| labels.with(*name, (*value).clone()))
}
