//! What nodes say of blocks, transactions and logs, as far as it is read.

use crate::collect::rpc::Quantity;
use alloy_primitives::{Address, B256, Bytes};
use serde::Deserialize;

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
    /// Newer nodes say it.
    #[serde(default)]
    pub(super) block_timestamp: Option<Quantity>,
    #[serde(default)]
    pub(super) removed: bool,
}
