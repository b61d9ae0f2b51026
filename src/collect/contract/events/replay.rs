//! Why failed transactions failed: they are made again, as questions, and the contract's refusal is read.
//!
//! A failed transaction leaves no reason on the chain. What it met was the state between two blocks, so that both are tried.

use super::Follower;
use super::book::Ordinals;
use super::ledger::Entry;
use super::wire::Transaction;
use crate::abi::Revert;
use crate::collect::probe::Trouble;
use crate::collect::rpc::RpcError;
use serde_json::{Value, json};
use std::collections::HashMap;

/// How many different ones of a block are tried. A block has room for more; who fills it is counted as far as this.
const MOST: usize = 256;
/// How often a node may not yet have the state of a block.
const TRIES: u8 = 3;

impl Follower {
    /// The failed ones that were refused for lack of a right.
    pub(super) async fn of_failed(
        &mut self,
        number: u64,
        failed: &[&Transaction],
        ordinals: &mut Ordinals,
    ) -> Result<Vec<Entry>, Trouble> {
        // Who tries the same thing a hundred times is refused a hundred times alike.
        let mut places = HashMap::new();
        let mut groups: Vec<Vec<&Transaction>> = Vec::new();
        for transaction in failed {
            let same = (transaction.from, transaction.to, &transaction.input, transaction.value.to_string());
            let place = *places.entry(same).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::new());
            }
            groups[place].push(transaction);
        }
        if groups.len() > MOST {
            tracing::warn!(chain = %self.chain.name, block = number, failed = groups.len(), "only the first {MOST} failed transactions of a block are replayed");
            groups.truncate(MOST);
        }
        let mut entries = Vec::new();
        for some in groups.chunks(super::read::AT_ONCE / 2) {
            let verdicts = self.replayed(number, some).await?;
            for (group, denied) in some.iter().zip(verdicts) {
                let Some(account) = denied else { continue };
                entries.extend(group.iter().map(|transaction| ordinals.entry(account, transaction.hash, 1.0)));
            }
        }
        Ok(entries)
    }

    /// The account in which each counts, if it was denied.
    async fn replayed(&mut self, number: u64, groups: &[Vec<&Transaction>]) -> Result<Vec<Option<usize>>, Trouble> {
        let firsts = || groups.iter().filter_map(|group| group.first());
        let calls: Vec<_> = firsts()
            .flat_map(|transaction| {
                [number, number.saturating_sub(1)].map(|block| ("eth_call", replay(transaction, block)))
            })
            .collect();
        let answers = self.rpc.batch(&calls).await?;
        let mut verdicts = Vec::new();
        for (transaction, pair) in firsts().zip(answers.chunks(2)) {
            let watched = transaction.to.and_then(|to| self.book.watched.get(&to));
            let denied = watched.and_then(|watched| watched.denied.as_ref());
            let refused = |answer: &Result<Value, RpcError>| {
                refusal(answer).is_some_and(|revert| denied.is_some_and(|(_, denied)| denied.knows(&revert)))
            };
            verdicts.push(denied.filter(|_| pair.iter().any(refused)).map(|(account, _)| *account));
        }
        let unknown = answers.iter().filter_map(|answer| answer.as_ref().err()).find(|error| !is_an_outcome(error));
        if let Some(error) = unknown {
            self.not_replayed(number, error)?;
        }
        Ok(verdicts)
    }

    /// A node that does not have the state yet is asked again, and one that has it no more is not.
    fn not_replayed(&mut self, number: u64, error: &RpcError) -> Result<(), Trouble> {
        let tries = if self.unreplayed.0 == number { self.unreplayed.1 + 1 } else { 1 };
        self.unreplayed = (number, tries);
        if tries < TRIES {
            return Err(Trouble::new(
                "rpc_error",
                format!("failed transactions of block {number} cannot be replayed: {error}"),
            ));
        }
        tracing::warn!(chain = %self.chain.name, block = number, %error, "failed transactions cannot be replayed: it stays unknown whether they were denied");
        Ok(())
    }
}

fn replay(transaction: &Transaction, block: u64) -> Value {
    let call = json!({
        "from": transaction.from, "to": transaction.to, "data": transaction.input, "value": transaction.value, "gas": transaction.gas,
    });
    json!([call, format!("{block:#x}")])
}

fn refusal(answer: &Result<Value, RpcError>) -> Option<Revert> {
    match answer {
        Err(RpcError::Answer { error, .. }) => Revert::of_error(&error.message, error.data.as_ref()),
        _ => None,
    }
}

/// Whether an error is how the transaction ended, and not that it could not be tried.
fn is_an_outcome(error: &RpcError) -> bool {
    let RpcError::Answer { error, .. } = error else { return false };
    let message = error.message.to_ascii_lowercase();
    let ends =
        ["revert", "out of gas", "gas required", "insufficient", "invalid opcode", "stack", "intrinsic gas", "exceeds"];
    error.is_revert() || ends.iter().any(|words| message.contains(words))
}
