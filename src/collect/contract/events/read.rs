//! Reading what is new: a few blocks with their logs and transactions, or a range of logs.

use super::Follower;
use super::book::{Ordinals, Watched};
use super::ledger::{Block, Entry, MOST_TOLD_APART};
use super::wire::{Log, Receipt, Transaction, Whole, distinct};
use crate::collect::news::CATCHES_UP;
use crate::collect::probe::Trouble;
use crate::collect::rpc::{Head, RpcError, number};
use alloy_primitives::{Address, B256, Bloom};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// What is asked in one request.
pub(super) const AT_ONCE: usize = 20;
/// From here to the head blocks are read one by one; from further back, where an account waits longer.
const NEAR: u64 = 64;
/// The most blocks whose logs are asked for at once. Nodes that want fewer say so.
pub(super) const WIDEST: u64 = 2_000;

/// No transaction has more gas than this, up to which each number is told from the next.
const MOST_GAS: u128 = 1 << 53;
/// How often the logs of a new block are asked for again, where its bloom says that there may be some and the node has none.
pub(super) const ASKED_AGAIN: u32 = 2;

/// A block as far as it is read.
struct Seen {
    number: u64,
    hash: B256,
    parent: B256,
    timestamp: u64,
    transactions: Vec<Transaction>,
    /// Of which addresses and topics there may be logs, where the node says it in a form that we know.
    bloom: Option<Bloom>,
}

impl Follower {
    /// Reads the next part of what is new. No, when the chain has changed meanwhile and has to be looked at again.
    pub(super) async fn step(&mut self, head: &Head) -> Result<bool, Trouble> {
        let Some((number, hash)) = self.ledger.tip() else { return Ok(false) };
        let near = NEAR.max(self.ledger.longest_wait());
        if self.book.watched.is_empty() && head.number - number > near {
            return self
                .read_range(number + 1, number.saturating_add(self.span).min(head.number - near))
                .await
                .map(|()| true);
        }
        self.count_at_once();
        let blocks = self.blocks(number + 1, (head.number - number).min(self.at_once)).await?;
        let mut parent = hash;
        let linked: Vec<Seen> =
            blocks.into_iter().take_while(|block| std::mem::replace(&mut parent, block.hash) == block.parent).collect();
        if linked.is_empty() {
            return Ok(false);
        }
        let blocks = self.contributions(linked, head.number).await?;
        let melted = blocks.into_iter().map(|block| self.ledger.append(block)).sum();
        self.tell_of_flood(melted);
        self.is_reading = false;
        Ok(true)
    }

    /// Says so when more came than is told apart, once until a step has none of it.
    fn tell_of_flood(&mut self, melted: usize) {
        if melted == 0 {
            self.flood_since = None;
        } else if self.flood_since.is_none() {
            self.flood_since = Some(self.height_read());
            tracing::warn!(
                chain = %self.chain.name, block = self.height_read(), most = MOST_TOLD_APART,
                "a flood of events: all of them count, but only the newest are told apart, so that older ones count again if a reorganisation mines them again"
            );
        }
    }

    /// How many blocks are read in a step: half of what could not be read before the deadline, and then more again.
    fn count_at_once(&mut self) {
        let was_cut_off = std::mem::replace(&mut self.is_reading, true);
        self.at_once = if was_cut_off { (self.at_once / 2).max(1) } else { (self.at_once + 1).min(AT_ONCE as u64) };
    }

    /// The hashes that the chain has at these heights.
    pub(super) async fn hashes(&self, blocks: &[(u64, B256)]) -> Result<Vec<Option<B256>>, Trouble> {
        let calls: Vec<_> =
            blocks.iter().map(|(number, _)| ("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))).collect();
        let mut hashes = Vec::new();
        for answer in self.rpc.batch(&calls).await? {
            hashes.push(typed::<Option<Head>>(answer?)?.map(|block| block.hash));
        }
        Ok(hashes)
    }

    /// Blocks from `first` on, as many of `count` as the node has.
    async fn blocks(&self, first: u64, count: u64) -> Result<Vec<Seen>, Trouble> {
        let whole = !self.book.watched.is_empty();
        let calls: Vec<_> = (first..first.saturating_add(count))
            .map(|number| ("eth_getBlockByNumber", json!([format!("{number:#x}"), whole])))
            .collect();
        let mut blocks = Vec::new();
        for answer in self.rpc.batch(&calls).await? {
            let answer = answer?;
            let bloom = answer["logsBloom"].as_str().and_then(|bloom| bloom.parse().ok());
            let block = if whole {
                typed::<Option<Whole>>(answer)?.map(|block| self.seen(block)).transpose()?
            } else {
                typed::<Option<Head>>(answer)?.map(Seen::from)
            };
            let Some(block) = block else { break };
            blocks.push(Seen { bloom, ..block });
        }
        Ok(blocks)
    }

    /// A block with the transactions that concern us.
    fn seen(&self, block: Whole) -> Result<Seen, Trouble> {
        let small = |number: crate::collect::rpc::Quantity| {
            number.small().map_err(|cause| Trouble::new("wrong_type", cause.to_string()))
        };
        let concerns = |transaction: &Transaction| transaction.to.is_some_and(|to| self.book.watched.contains_key(&to));
        Ok(Seen {
            number: small(block.number)?,
            hash: block.hash,
            parent: block.parent_hash,
            timestamp: small(block.timestamp)?,
            transactions: block.transactions.into_iter().filter(concerns).collect(),
            bloom: None,
        })
    }

    /// What each block contributes, when the newest one has this height.
    async fn contributions(&mut self, blocks: Vec<Seen>, newest: u64) -> Result<Vec<Block>, Trouble> {
        let logs = self.logs_of(&blocks, newest).await?;
        let mut all = Vec::new();
        for (block, logs) in blocks.into_iter().zip(logs) {
            let mut ordinals = Ordinals::default();
            let mut entries = self.of_transactions(&block, &mut ordinals).await?;
            for log in &logs {
                entries.extend(self.book.read(log, block.timestamp, false, &mut ordinals));
            }
            all.push(Block { number: block.number, hash: block.hash, entries });
        }
        Ok(all)
    }

    /// The logs of each block. A node may have a block a moment before its logs, and says then that there are none.
    async fn logs_of(&self, blocks: &[Seen], newest: u64) -> Result<Vec<Vec<Log>>, Trouble> {
        let mut all = self.logs_by_hash(&blocks.iter().collect::<Vec<_>>()).await?;
        for times in 1..=ASKED_AGAIN {
            let doubtful: Vec<(usize, &Seen)> = blocks
                .iter()
                .enumerate()
                .filter(|(at, block)| all[*at].is_empty() && self.may_have_logs(block, newest))
                .collect();
            if doubtful.is_empty() {
                break;
            }
            tokio::time::sleep((CATCHES_UP * times).min(self.pace.timeout / 8)).await;
            let (places, blocks): (Vec<usize>, Vec<&Seen>) = doubtful.into_iter().unzip();
            for (place, logs) in places.into_iter().zip(self.logs_by_hash(&blocks).await?) {
                all[place] = logs;
            }
        }
        Ok(all)
    }

    /// Whether a block is new and its bloom has one of our events; that may be a coincidence.
    fn may_have_logs(&self, block: &Seen, newest: u64) -> bool {
        let is_new = newest.saturating_sub(block.number) < AT_ONCE as u64;
        is_new && block.bloom.is_some_and(|bloom| self.book.may_be_in(&bloom))
    }

    /// The logs of each block, asked for by its hash: a node that has another block there, or none, cannot answer that.
    async fn logs_by_hash(&self, blocks: &[&Seen]) -> Result<Vec<Vec<Log>>, Trouble> {
        let (addresses, topics) = self.book.wanted(false);
        if topics.is_empty() {
            return Ok(blocks.iter().map(|_| Vec::new()).collect());
        }
        let calls: Vec<_> = blocks
            .iter()
            .map(|block| ("eth_getLogs", filter(&json!({ "blockHash": block.hash }), &addresses, &topics)))
            .collect();
        let mut all = Vec::new();
        for (answer, block) in self.rpc.batch(&calls).await?.into_iter().zip(blocks) {
            let logs: Vec<Log> = typed(answer?)?;
            if logs.iter().any(|log| log.block_hash != block.hash) {
                return Err(Trouble::new("implausible", "a node gave the logs of another block than was asked for"));
            }
            all.push(distinct(logs));
        }
        Ok(all)
    }

    /// Logs of many blocks that lie deep.
    async fn read_range(&mut self, from: u64, to: u64) -> Result<(), Trouble> {
        let Some(end) = self.block(&format!("{to:#x}")).await? else {
            return Err(Trouble::new("behind", format!("the node does not have block {to}")));
        };
        let Some(logs) = self.logs_between(from, to, false).await? else { return Ok(()) };
        let mut ordinals = Ordinals::default();
        let mut entries = Vec::new();
        for log in &logs {
            let number = log.block_number.small().map_err(|cause| Trouble::new("wrong_type", cause.to_string()))?;
            let time = log.block_timestamp.and_then(|time| time.small().ok()).unwrap_or(end.timestamp);
            entries.extend(self.book.read(log, time, false, &mut ordinals).into_iter().map(|entry| (number, entry)));
        }
        self.ledger.append_deep(to, end.hash, entries);
        Ok(())
    }

    /// The logs between two heights. Nothing, when that was too much: the next attempt asks for half.
    pub(super) async fn logs_between(
        &mut self,
        from: u64,
        to: u64,
        only_gauges: bool,
    ) -> Result<Option<Vec<Log>>, Trouble> {
        let (addresses, topics) = self.book.wanted(only_gauges);
        let range = json!({ "fromBlock": format!("{from:#x}"), "toBlock": format!("{to:#x}") });
        match self.rpc.ask::<Vec<Log>>("eth_getLogs", json!([filter_of(&range, &addresses, &topics)])).await {
            Ok(logs) => {
                let is_within = |log: &Log| (u128::from(from)..=u128::from(to)).contains(&log.block_number.0);
                if !logs.iter().all(is_within) {
                    return Err(Trouble::new(
                        "implausible",
                        "a node gave the logs of other blocks than were asked for",
                    ));
                }
                self.span = (self.span + self.span / 4 + 1).min(WIDEST);
                Ok(Some(distinct(logs)))
            }
            Err(error) if to > from && is_too_much(&error) => {
                self.span = (to - from).div_ceil(2).max(1);
                tracing::debug!(chain = %self.chain.name, span = self.span, %error, "fewer blocks of logs are asked for at once");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the transactions of a block contribute.
    async fn of_transactions(&mut self, block: &Seen, ordinals: &mut Ordinals) -> Result<Vec<Entry>, Trouble> {
        let receipts = self.receipts(block).await?;
        let mut entries = Vec::new();
        let mut failed = Vec::new();
        for (transaction, receipt) in block.transactions.iter().zip(&receipts) {
            let Some(watched) = transaction.to.and_then(|to| self.book.watched.get(&to)) else { continue };
            let is_failed = receipt.status.is_some_and(|status| status.0 == 0);
            entries.extend(of_receipt(watched, transaction, receipt, is_failed, ordinals)?);
            if is_failed && watched.denied.is_some() {
                failed.push(transaction);
            }
        }
        entries.extend(self.of_failed(block.number, &failed, ordinals).await?);
        Ok(entries)
    }

    /// How each of a block's transactions went.
    async fn receipts(&self, block: &Seen) -> Result<Vec<Receipt>, Trouble> {
        let mut all = HashMap::new();
        if block.transactions.len() > AT_ONCE {
            all = self.receipts_of_block(block).await?;
        }
        let missing: Vec<&Transaction> = block.transactions.iter().filter(|it| !all.contains_key(&it.hash)).collect();
        for some in missing.chunks(AT_ONCE) {
            let calls: Vec<_> = some.iter().map(|it| ("eth_getTransactionReceipt", json!([it.hash]))).collect();
            for answer in self.rpc.batch(&calls).await? {
                all.extend(typed::<Option<Receipt>>(answer?)?.map(|receipt| (receipt.transaction_hash, receipt)));
            }
        }
        let of = |transaction: &Transaction| {
            let receipt = all.remove(&transaction.hash).filter(|receipt| receipt.block_hash == block.hash);
            receipt
                .ok_or_else(|| Trouble::new("behind", "a node has a block, and not the receipts of its transactions"))
        };
        block.transactions.iter().map(of).collect()
    }

    /// All of a block in one request, of a node that has that method; of another one none.
    async fn receipts_of_block(&self, block: &Seen) -> Result<HashMap<B256, Receipt>, Trouble> {
        match self
            .rpc
            .ask::<Option<Vec<Receipt>>>("eth_getBlockReceipts", json!([format!("{:#x}", block.number)]))
            .await
        {
            Ok(all) => Ok(all.into_iter().flatten().map(|receipt| (receipt.transaction_hash, receipt)).collect()),
            Err(RpcError::Answer { .. }) => Ok(HashMap::new()),
            Err(error) => Err(error.into()),
        }
    }
}

fn of_receipt(
    watched: &Watched,
    transaction: &Transaction,
    receipt: &Receipt,
    is_failed: bool,
    ordinals: &mut Ordinals,
) -> Result<Vec<Entry>, Trouble> {
    let mut entry = |account, amount| ordinals.entry(account, transaction.hash, amount);
    let mut entries = Vec::new();
    if let Some(account) = watched.gas {
        entries.push(entry(account, gas_used(transaction, receipt)?));
    }
    let outcome = if is_failed { watched.failed } else { watched.success };
    entries.extend(outcome.map(|account| entry(account, 1.0)));
    Ok(entries)
}

/// The gas that a transaction used: no more than it had, or a counter would hold for ever what a node once said.
fn gas_used(transaction: &Transaction, receipt: &Receipt) -> Result<f64, Trouble> {
    let limit = transaction.gas.as_str().and_then(|limit| number(limit).ok());
    let used = receipt.gas_used.0;
    if used > limit.map_or(MOST_GAS, |limit| limit.min(MOST_GAS)) {
        let transaction = transaction.hash;
        let said = format!("a node says that transaction {transaction} used {used} gas, which is more than it had");
        return Err(Trouble::new("implausible", said));
    }
    #[expect(clippy::cast_precision_loss, reason = "no more than 2^53")]
    Ok(used as f64)
}

fn filter(which: &Value, addresses: &BTreeSet<Address>, topics: &BTreeSet<B256>) -> Value {
    json!([filter_of(which, addresses, topics)])
}

fn filter_of(which: &Value, addresses: &BTreeSet<Address>, topics: &BTreeSet<B256>) -> Value {
    let mut filter = which.clone();
    filter["address"] = json!(addresses);
    filter["topics"] = json!([topics]);
    filter
}

/// Whether fewer blocks could have been answered: nodes say that in many words, so that every error of theirs counts.
fn is_too_much(error: &RpcError) -> bool {
    matches!(error, RpcError::Answer { .. }) || matches!(error.reason(), "too_big" | "timeout")
}

/// An answer of a batch as what it has to be.
pub(super) fn typed<T: DeserializeOwned>(answer: Value) -> Result<T, Trouble> {
    serde_json::from_value(answer)
        .map_err(|cause| Trouble::new("wrong_type", format!("an answer cannot be read: {cause}")))
}

impl From<Head> for Seen {
    fn from(head: Head) -> Self {
        Seen {
            number: head.number,
            hash: head.hash,
            parent: head.parent,
            timestamp: head.timestamp,
            transactions: Vec::new(),
            bloom: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_transaction_used_more_gas_than_it_had() {
        let used = |limit: Value, used: &str| {
            let transaction =
                json!({ "hash": B256::ZERO, "from": Address::ZERO, "input": "0x", "value": "0x0", "gas": limit });
            let receipt = json!({ "transactionHash": B256::ZERO, "blockHash": B256::ZERO, "gasUsed": used });
            let transaction: Transaction = typed(transaction).expect("a transaction");
            gas_used(&transaction, &typed(receipt).expect("a receipt")).map_err(|trouble| trouble.reason)
        };
        let absurd = format!("0x{}", "f".repeat(32));
        assert_eq!(used(json!("0x5208"), "0x5208"), Ok(21_000.0));
        assert_eq!(used(json!("0x5208"), "0x5209"), Err("implausible"));
        assert_eq!(used(json!(absurd), &absurd), Err("implausible"), "nobody has so much");
        assert_eq!(used(json!(21_000), "0x5208"), Ok(21_000.0), "a limit in another form is none");
    }
}
