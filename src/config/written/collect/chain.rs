//! A chain, as written.

use super::{Contract, Duration, Entries, Oracle};
use crate::config::written::SecretOrText;
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// A chain that speaks Ethereum's JSON-RPC.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Chain {
    /// Its nodes, in the order of preference: `https://` to ask, `wss://` to be told of new blocks as well.
    pub rpc: Spanned<Vec<Spanned<SecretOrText>>>,
    /// The number of the chain. A node of another chain is not believed.
    #[schemars(range(min = 1))]
    pub chain_id: Spanned<u64>,
    /// How often to look.
    #[schemars(extend("default" = "15s"))]
    pub every: Option<Duration>,
    /// The deadline of one look. One question may take half of it, over all nodes that are asked.
    #[schemars(extend("default" = "5s"))]
    pub timeout: Option<Duration>,
    /// By how many blocks a node may be behind the others. One that is further behind is not asked.
    #[schemars(extend("default" = 10), range(min = 1))]
    pub max_lag: Option<Spanned<u64>>,
    /// Further labels of all that is measured on this chain.
    #[serde(default)]
    pub labels: Entries<String>,
    /// Its contracts, by the name that becomes their label `contract`.
    #[serde(default)]
    pub contracts: Entries<Contract>,
    /// Its oracles, by the name that becomes their label `oracle`.
    #[serde(default)]
    pub oracles: Entries<Oracle>,
}
