//! What `watchbell collect` measures, as meant.

mod application;
mod beacon;
mod chain;
mod contract;
mod health;
mod network;
mod operation;
mod oracle;
mod origin;
mod path;

pub use application::{Application, Bounds, Endpoint, Expect, HttpMethod, JsonCheck, Statuses, Wanted};
pub use beacon::{Beacons, NamedPage, Pages, is_beacon_name};
pub use chain::Chain;
pub use contract::{Asked, Contract, Counted, Series, View, What};
pub use health::Health;
pub use network::Network;
pub use operation::{Operations, is_operation};
pub use oracle::{Feed, Listed, Oracle, Sources};
pub use origin::Origin;
pub use path::PathPattern;

use crate::model::Name;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What `watchbell collect` measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Collect {
    /// The address to listen on.
    pub listen: String,
    /// The file in which it is kept how far events were counted.
    pub state: PathBuf,
    /// The chains, by name.
    pub chains: BTreeMap<Name, Chain>,
    /// The applications, by name.
    pub applications: BTreeMap<Name, Application>,
    /// What browsers may send; nothing, where there is none.
    pub beacons: Option<Beacons>,
    /// What applications may send; nothing, where there is none.
    pub operations: Option<Operations>,
    /// What `watchbell health` calls stale.
    pub health: Health,
}
