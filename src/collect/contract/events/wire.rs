//! What nodes say of blocks, transactions and logs, as far as it is read.

use crate::collect::rpc::Quantity;
use alloy_primitives::{Address, B256, Bytes};
use serde::Deserialize;
use std::collections::HashSet;

/// A block with its transactions.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Whole {
    pub(super) number: Quantity,
    pub(super) hash: B256,
    pub(super) parent_hash: B256,
    pub(super) timestamp: Quantity,
    pub(super) transactions: Vec<Transaction>,
}

/// A transaction.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Transaction {
    pub(super) hash: B256,
    pub(super) from: Address,
    #[serde(default)]
    pub(super) to: Option<Address>,
    pub(super) input: Bytes,
    pub(super) value: serde_json::Value,
    pub(super) gas: serde_json::Value,
}

/// How a transaction went.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    pub(super) transaction_hash: B256,
    pub(super) block_hash: B256,
    #[serde(default)]
    pub(super) status: Option<Quantity>,
    pub(super) gas_used: Quantity,
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    pub(super) address: Address,
    pub(super) topics: Vec<B256>,
    pub(super) data: Bytes,
    pub(super) block_number: Quantity,
    pub(super) block_hash: B256,
    pub(super) transaction_hash: B256,
    /// Its place in the block.
    #[serde(default)]
    pub(super) log_index: Option<Quantity>,
    /// Newer nodes say it.
    #[serde(default)]
    pub(super) block_timestamp: Option<Quantity>,
    #[serde(default)]
    pub(super) removed: bool,
}

/// The logs that are on the chain, each once, whatever a node lists.
pub(super) fn distinct(logs: Vec<Log>) -> Vec<Log> {
    let mut met = HashSet::new();
    let mut is_new = |log: &Log| log.log_index.is_none_or(|index| met.insert((log.block_hash, index.0)));
    logs.into_iter().filter(|log| !log.removed && is_new(log)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_lists_twice_or_takes_back_is_not_there_twice() {
        let log = |index: Option<u128>, block: u8, removed| Log {
            address: Address::ZERO,
            topics: Vec::new(),
            data: Bytes::new(),
            block_number: Quantity(7),
            block_hash: B256::with_last_byte(block),
            transaction_hash: B256::ZERO,
            log_index: index.map(Quantity),
            block_timestamp: None,
            removed,
        };
        let listed =
            vec![log(Some(0), 1, false), log(Some(1), 1, false), log(Some(0), 1, false), log(Some(0), 2, false)];
        assert_eq!(distinct(listed).len(), 3, "the same place in another block is another event");
        assert_eq!(distinct(vec![log(Some(2), 1, true), log(None, 1, false), log(None, 1, false)]).len(), 2);
    }
}
