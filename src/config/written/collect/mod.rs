//! What `watchbell collect` measures, as written.

mod application;
mod beacon;
mod chain;
mod contract;
mod health;
mod operation;
mod oracle;

pub use application::{Application, Endpoint, Expect, HttpMethod, JsonCheck, Plain, StatusText};
pub use beacon::{Beacons, Paths};
pub use chain::Chain;
pub use contract::{Contract, Counted, View};
pub use health::Health;
pub use operation::Operations;
pub use oracle::{Confidence, Oracle, Source, Sources};

use super::{Duration, Entries, PlainText};
use schemars::JsonSchema;
use serde::Deserialize;

/// What `watchbell collect` measures and exports for Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Collect {
    /// The address to listen on: `/metrics`, and what browsers and applications send to.
    #[schemars(extend("default" = "127.0.0.1:9097"))]
    pub listen: Option<PlainText>,
    /// The file in which it is kept how far events were counted, seen from the folder of the configuration.
    #[schemars(extend("default" = "watchbell-collect.json"))]
    pub state: Option<PlainText>,
    /// Chains, by the name that becomes their label `chain`.
    pub chains: Entries<Chain>,
    /// Applications whose endpoints are asked, by the name that becomes their label `service`.
    pub applications: Entries<Application>,
    /// What browsers may send.
    pub beacons: Option<Beacons>,
    /// What applications may send: how long their operations took.
    pub operations: Option<Operations>,
    /// What `watchbell health` calls stale.
    pub health: Option<Health>,
}
