//! Following the blocks of one endpoint: fetching what is missing, and asking others before a fork is believed.

use super::window::{Fork, Join, Window, is_real};
use crate::collect::rpc::{Failure, Head, Rpc, Sight};
use alloy_primitives::B256;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::sleep;
use tracing::warn;

/// How long others have to hear of a fork, where they do not know of it yet.
const GRACE: Duration = Duration::from_millis(500);

/// The blocks of a chain, and whose they are.
#[derive(Debug, Default)]
pub struct Follower {
    window: Window,
    /// The endpoint whose blocks these are.
    teller: Option<usize>,
    /// How many blocks were gone at the last look, where the chain had become shorter.
    shorter: Option<u64>,
}

impl Follower {
    /// The blocks.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Goes on to the newest block of `sight`. Gives how many blocks were replaced, where that happened.
    ///
    /// # Errors
    /// When the endpoint does not answer, or is found to lie.
    pub async fn go_on(&mut self, rpc: &Rpc, sight: &Sight, others: &[Sight]) -> Result<Option<u64>, Failure> {
        // What another endpoint has instead of these blocks says nothing about the chain: it is their disagreement.
        if self.teller.replace(sight.endpoint) != Some(sight.endpoint) {
            self.window.clear();
        }
        let mut fresh = whole(rpc, sight, &self.window.missing(&sight.head)).await?;
        let mut join = self.window.join(&fresh);
        while let Join::Earlier(heights) = join {
            let mut earlier = known(rpc.blocks(sight.endpoint, &heights.collect::<Vec<_>>()).await?)?;
            earlier.append(&mut fresh);
            fresh = earlier;
            join = self.window.join(&fresh);
        }
        self.settle(rpc, sight, others, fresh, join).await
    }

    async fn settle(
        &mut self,
        rpc: &Rpc,
        sight: &Sight,
        others: &[Sight],
        fresh: Vec<Head>,
        join: Join,
    ) -> Result<Option<u64>, Failure> {
        let before = self.shorter.take();
        match join {
            Join::Same => Ok(None),
            Join::Grows => {
                self.window.take(fresh);
                Ok(None)
            }
            // One of many nodes behind one address may be late. That the next look finds it so too is no such chance.
            Join::Shorter(gone) => match before {
                None => {
                    self.shorter = Some(gone);
                    Ok(None)
                }
                Some(_) => {
                    self.window.cut(sight.head.number + 1);
                    Ok(Some(gone))
                }
            },
            Join::Fork(fork) => {
                let is_real = confirm(rpc, sight, others, &fork).await?;
                self.window.take(fresh);
                Ok(is_real.then_some(fork.depth))
            }
            Join::Torn => Err(Failure::Implausible("its last blocks do not hang together".into())),
            Join::Earlier(_) => Err(Failure::Implausible("its blocks hang on none of the ones before".into())),
        }
    }
}

/// The blocks at `heights`, and the newest one.
async fn whole(rpc: &Rpc, sight: &Sight, heights: &[u64]) -> Result<Vec<Head>, Failure> {
    let mut blocks = if heights.is_empty() { Vec::new() } else { known(rpc.blocks(sight.endpoint, heights).await?)? };
    blocks.push(sight.head.clone());
    Ok(blocks)
}

fn known(blocks: Vec<Option<Head>>) -> Result<Vec<Head>, Failure> {
    let missing = || Failure::WrongType("it does not have a block below its newest one".into());
    blocks.into_iter().collect::<Option<Vec<_>>>().ok_or_else(missing)
}

/// Whether `fork` is one, as far as the other endpoints tell, or, where there are none, the same one once more.
async fn confirm(rpc: &Rpc, sight: &Sight, others: &[Sight], fork: &Fork) -> Result<bool, Failure> {
    let said = match is_real(fork, &hashes(rpc, others, fork.height).await) {
        Some(said) => Some(said),
        None => {
            sleep(GRACE).await;
            is_real(fork, &hashes(rpc, others, fork.height).await)
        }
    };
    let again = hashes(rpc, std::slice::from_ref(sight), fork.height).await;
    match (said, again.first().copied().flatten()) {
        (Some(false), _) => Err(Failure::Outvoted { height: fork.height }),
        (_, Some(hash)) if hash != fork.new => {
            Err(Failure::Implausible(format!("block {} is another one each time", fork.height)))
        }
        (None, _) => {
            let (endpoint, height) = (rpc.label(sight.endpoint), fork.height);
            warn!(
                rpc.endpoint = endpoint,
                height, "{endpoint} has replaced block {height} and another one has not: not counted"
            );
            Ok(false)
        }
        (Some(true), _) => Ok(true),
    }
}

async fn hashes(rpc: &Rpc, sights: &[Sight], height: u64) -> Vec<Option<B256>> {
    let ask = async |sight: &Sight| rpc.blocks(sight.endpoint, &[height]).await.ok()?.pop()?.map(|block| block.hash);
    join_all(sights.iter().map(ask)).await
}
