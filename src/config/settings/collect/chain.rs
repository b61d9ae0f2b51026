//! A chain, as meant.

use super::{Contract, Oracle};
use crate::config::Secret;
use crate::model::{Labels, Name, Span};
use std::collections::BTreeMap;

/// A chain that speaks Ethereum's JSON-RPC.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// Its name.
    pub name: Name,
    /// The addresses of its nodes, in the order of preference. May hold keys.
    pub rpc: Vec<Secret>,
    /// The number of the chain.
    pub chain_id: u64,
    /// How often to look.
    pub every: Span,
    /// The deadline of one look.
    pub timeout: Span,
    /// By how many blocks a node may be behind the others and still be asked.
    pub max_lag: u64,
    /// Further labels of all that is measured on it.
    pub labels: Labels,
    /// Its contracts, by name.
    pub contracts: BTreeMap<Name, Contract>,
    /// Its oracles, by name.
    pub oracles: BTreeMap<Name, Oracle>,
}
