//! Following a chain for all of its contracts: events and transactions, from the last block that was read to the newest.
//!
//! A look asks for what is new, folds it into the [`ledger`], keeps the result and then shows it. Near the head it goes
//! block by block and holds each one's parent against the last hash, so that a reorganisation is noticed; what lies deep is
//! read in ranges. A look that finds much does a part of it; the next one follows at once.

mod beginning;
mod book;
mod distinct;
mod ledger;
mod past;
mod read;
mod replay;
#[cfg(test)]
mod tests;
mod wire;

use super::super::cursor::State;
use super::super::news::{CATCHES_UP, News};
use super::super::probe::{Pace, Probe, Trouble};
use super::super::rpc::{Head, Rpc, RpcError};
use super::{labels, pairs};
use crate::config::collect::Chain;
use crate::measures::{Gauge, Measures};
use crate::model::Labels;
use alloy_primitives::B256;
use book::Book;
use ledger::{Account, Ledger};
use past::Past;
use serde_json::json;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// How long a change of the position alone may be unwritten. What it costs is to read these blocks again.
const WRITTEN_EVERY: Duration = Duration::from_secs(30);
/// How long what was counted waits for the disk, before it is shown all the same.
const DISK_PATIENCE: Duration = Duration::from_secs(1);
/// Between two looks while there is more to read.
const BREATH: Duration = Duration::from_millis(20);
/// And when the last one failed: a node that has a block and not yet its receipts has them soon.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Follows a chain.
pub(super) struct Follower {
    chain: Chain,
    rpc: Rpc,
    news: News,
    pace: Pace,
    state: State,
    book: Book,
    ledger: Ledger,
    genesis: Option<B256>,
    /// Whether it was made sure since we started that this is the chain that was counted.
    is_met: bool,
    /// How many blocks of logs are asked for at once.
    span: u64,
    /// How many blocks are read in a step, and whether a step was begun and not ended.
    at_once: u64,
    is_reading: bool,
    /// The block since which there are more events than are told apart.
    flood_since: Option<u64>,
    past: Past,
    behind: u64,
    is_failing: bool,
    behind_gauge: Gauge,
    labels: Labels,
    /// What is on the disk, and since when.
    kept: Vec<Account>,
    written: Instant,
    /// A block whose failed transactions could not be replayed, and how often that was tried.
    unreplayed: (u64, u8),
}

impl Follower {
    pub(super) fn new(chain: &Chain, rpc: &Rpc, measures: &Measures, state: &State) -> Follower {
        let mut book = Book::of(chain, measures);
        let kept = state.of(&chain.name);
        let ledger = book.restored(&chain.name, kept.as_ref());
        book.show(&ledger);
        let behind = "Blocks that were not yet read for events and transactions";
        Follower {
            genesis: kept.as_ref().and_then(|kept| kept.genesis),
            rpc: rpc.clone(),
            news: News::of(rpc),
            pace: Pace { every: chain.every.to_std(), timeout: chain.timeout.to_std() },
            state: state.clone(),
            past: Past::of(&book),
            is_met: false,
            span: read::WIDEST,
            at_once: read::AT_ONCE as u64,
            is_reading: false,
            flood_since: None,
            behind: 0,
            is_failing: false,
            behind_gauge: measures.gauge("watchbell_collect_blocks_behind", behind),
            labels: labels(chain, &[]),
            kept: Vec::new(),
            written: Instant::now(),
            unreplayed: (0, 0),
            chain: chain.clone(),
            book,
            ledger,
        }
    }

    /// The newest block, once the endpoint that is asked has the one that we were told of.
    async fn head(&self) -> Result<Head, Trouble> {
        let mut head = self.block("latest").await?;
        if head.as_ref().is_none_or(|head| head.number < self.news.height()) {
            tokio::time::sleep(CATCHES_UP).await;
            head = self.block("latest").await?;
        }
        head.ok_or_else(|| Trouble::new("wrong_type", "the chain has no newest block"))
    }

    async fn block(&self, tag: &str) -> Result<Option<Head>, RpcError> {
        self.rpc.ask("eth_getBlockByNumber", json!([tag, false])).await
    }

    async fn hash_at(&self, number: u64) -> Result<Option<B256>, RpcError> {
        Ok(self.block(&format!("{number:#x}")).await?.map(|block| block.hash))
    }

    /// The block at a height that the node need not have: of one that is not there some nodes say nothing, others an error.
    async fn block_if_there(&self, number: u64) -> Result<Option<Head>, RpcError> {
        match self.block(&format!("{number:#x}")).await {
            Err(RpcError::Answer { .. }) => Ok(None),
            block => block,
        }
    }

    async fn hash_if_there(&self, number: u64) -> Result<Option<B256>, RpcError> {
        Ok(self.block_if_there(number).await?.map(|block| block.hash))
    }

    /// Makes sure that the tip of the ledger is on the chain.
    async fn find_place(&mut self, head: &Head) -> Result<(), Trouble> {
        self.meet(head).await?;
        let Some((number, hash)) = self.ledger.tip() else { return Ok(()) };
        let goes_on = head.hash == hash || (head.parent == hash && number.checked_add(1) == Some(head.number));
        if goes_on {
            return Ok(());
        }
        let there = if number > head.number { self.hash_if_there(number).await? } else { self.hash_at(number).await? };
        if there == Some(hash) { Ok(()) } else { self.find_ancestor(head).await }
    }

    /// Goes back to the newest block that is still on the chain.
    async fn find_ancestor(&mut self, head: &Head) -> Result<(), Trouble> {
        let blocks: Vec<(u64, B256)> = self.ledger.recent.iter().map(|block| (block.number, block.hash)).collect();
        let oldest = blocks.first().map_or(0, |(number, _)| *number);
        let may_be_there: Vec<_> = blocks.into_iter().filter(|(number, _)| *number <= head.number).collect();
        for some in may_be_there.rchunks(read::AT_ONCE) {
            let hashes = self.hashes(some).await?;
            let common = some.iter().zip(hashes).rev().find(|((_, ours), theirs)| Some(*ours) == *theirs);
            if let Some(((number, _), _)) = common {
                let number = *number;
                let taken_back = self.ledger.rewind(number);
                tracing::info!(chain = %self.chain.name, block = number, taken_back, "the chain was reorganised");
                return Ok(());
            }
        }
        self.lost(head, oldest).await
    }

    /// No block that we remember is on the chain.
    async fn lost(&mut self, head: &Head, oldest: u64) -> Result<(), Trouble> {
        let first = self.hash_if_there(0).await?;
        if self.is_another(first) {
            let newest = self.newest(head).await?;
            self.begin_anew(head, first, newest);
            return Ok(());
        }
        let number = oldest.saturating_sub(1).min(head.number);
        let hash = if number == head.number { Some(head.hash) } else { self.hash_at(number).await? };
        let hash = hash.ok_or_else(|| Trouble::new("behind", "the node does not have its own past"))?;
        tracing::warn!(chain = %self.chain.name, block = number, "none of the blocks that we remember is on the chain of the node that answers: it was reorganised further back, or another node is asked");
        self.ledger.rewind(number);
        self.ledger.begin([(number, hash)]);
        Ok(())
    }

    /// Keeps what changed, and shows it. What cannot be kept is shown all the same: an emergency is not to wait for a disk.
    async fn keep(&mut self) -> Result<(), Trouble> {
        let mut kept = Ok(());
        if self.kept != self.ledger.accounts || self.written.elapsed() > WRITTEN_EVERY {
            let accounts = self.ledger.accounts.clone();
            let chain = self.book.kept(&self.ledger, self.chain.chain_id, self.genesis);
            kept = match tokio::time::timeout(DISK_PATIENCE, self.state.keep(&self.chain.name, chain)).await {
                Ok(kept) => kept,
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the disk does not take it")),
            };
            if kept.is_ok() {
                (self.kept, self.written) = (accounts, Instant::now());
            }
        }
        self.book.show(&self.ledger);
        kept.map_err(|cause| {
            Trouble::new("state", format!("what was counted cannot be written to the state file: {cause}"))
        })
    }

    fn height_read(&self) -> u64 {
        self.ledger.tip().map_or(0, |(number, _)| number)
    }

    /// Reads what is new until then.
    async fn follow(&mut self, head: &Head, until: Instant) -> Result<(), Trouble> {
        self.find_place(head).await?;
        if self.height_read() <= head.number {
            self.ledger.lower(head.number);
        }
        let mut outcome = self.keep().await;
        while self.height_read() < head.number && Instant::now() < until && self.step(head).await? {
            outcome = outcome.and(self.keep().await);
        }
        outcome
    }

    /// Reads what is new, and some of the past.
    async fn look_once(&mut self) -> Result<(), Trouble> {
        // Some of the deadline is left for the last step, and for writing.
        let until = Instant::now() + self.pace.timeout / 2;
        let head = self.head().await?;
        let followed = self.follow(&head, until).await;
        self.behind = head.number.saturating_sub(self.height_read());
        #[expect(clippy::cast_precision_loss, reason = "a number of blocks")]
        self.behind_gauge.set(&pairs(&self.labels), self.behind as f64, Some(self.pace.fresh_until()));
        followed?;
        self.look_back(&head, until).await
    }
}

impl Probe for Follower {
    fn kind(&self) -> &'static str {
        "events"
    }

    fn name(&self) -> &str {
        &self.chain.name
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        // So it stays where the look panics or is cut off: the next one comes no sooner than after any other failure.
        self.is_failing = true;
        let looked = self.look_once().await;
        self.is_failing = looked.is_err();
        looked
    }

    async fn rest(&mut self, until: Instant) {
        if self.behind > 0 || self.past.is_reading() {
            let pause = if self.is_failing { AFTER_FAILURE } else { BREATH };
            tokio::time::sleep_until(until.min(Instant::now() + pause)).await;
        } else {
            self.news.wait(until).await;
        }
    }
}
