//! Looking at all endpoints at once: whether each serves our chain, how far it is, and whether they have the same blocks.

use super::agreement::{DEPTHS, Hashes, agreed, outvoted};
use super::doubt::{contradictions, doubt};
use super::wire::Said;
use super::{Call, Failure, Head, Inner, Rpc, RpcError, check_chain, typed};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What one endpoint says.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Which one.
    pub endpoint: usize,
    /// Its newest block.
    pub head: Head,
    /// Whether it is still catching up, where it says so.
    pub syncing: Option<bool>,
}

/// What the endpoints say together.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Those that are fit, in order of preference; at least one.
    pub sights: Vec<Sight>,
    /// How many blocks lie between the newest block of all and the newest one on which all agree. `None` where there are no
    /// two to agree.
    pub disagreement: Option<u64>,
    /// Whether they have different blocks at the same height, rather than some fewer than others.
    pub is_forked: bool,
}

impl Rpc {
    /// Looks at every endpoint that is not left alone, judges them by what they say of themselves, of each other and of the
    /// time, and makes the newest block known.
    ///
    /// # Errors
    /// When none is fit.
    pub async fn survey(&self) -> Result<Survey, RpcError> {
        let inner = &self.inner;
        let all = inner.credible(inner.look_at_all().await);
        inner.find_laggards(&all).await;
        let agreement = inner.compare(&inner.fit(&all)).await;
        let sights = inner.fit(&all);
        for sight in &sights {
            inner.publish(sight.endpoint, sight.head.clone());
        }
        // One that is left alone is still shown as what it is.
        for endpoint in &inner.endpoints {
            inner.tally.stands(&endpoint.label, &endpoint.record().standing);
        }
        let disagreement = (all.len() > 1).then(|| spread(&all).max(agreement.apart));
        if sights.is_empty() {
            return Err(inner.nobody("eth_getBlockByNumber"));
        }
        Ok(Survey { sights, disagreement, is_forked: agreement.is_forked })
    }

    /// The blocks of one endpoint at `heights`; one that it does not have is `None`.
    ///
    /// # Errors
    /// When it gives no answer that counts; it is set aside then.
    pub async fn blocks(&self, endpoint: usize, heights: &[u64]) -> Result<Vec<Option<Head>>, Failure> {
        self.inner.blocks(endpoint, heights, self.inner.timeout).await
    }
}

impl Inner {
    async fn look_at_all(&self) -> Vec<Sight> {
        let now = Instant::now();
        let due = (0..self.endpoints.len()).filter(|index| self.endpoints[*index].record().standing.is_due(now));
        join_all(due.map(|index| self.look_at(index))).await.into_iter().flatten().collect()
    }

    async fn look_at(&self, index: usize) -> Option<Sight> {
        let calls: [Call<'_>; 3] = [
            ("eth_chainId", json!([])),
            ("eth_getBlockByNumber", json!(["latest", false])),
            ("eth_syncing", json!([])),
        ];
        let endpoint = &self.endpoints[index];
        let said = timeout(self.timeout, endpoint.ask(&calls)).await;
        let sight = said.unwrap_or(Err(Failure::Timeout(self.timeout))).and_then(|said| self.sight(index, said));
        self.tally.asked(&endpoint.label, sight.as_ref().map(|_| true));
        match sight {
            Ok(sight) => {
                self.named(index);
                endpoint.record().standing.worked();
                Some(sight)
            }
            Err(failure) => {
                self.failed(index, &failure);
                None
            }
        }
    }

    fn sight(&self, endpoint: usize, said: Vec<Said>) -> Result<Sight, Failure> {
        let Ok([chain, head, syncing]) = <[Said; 3]>::try_from(said) else {
            return Err(Failure::NotJson("fewer answers than questions".into()));
        };
        check_chain(self.chain_id, chain)?;
        let head = head.map_err(|error| Failure::WrongType(format!("its newest block: {error}")))?;
        let head: Head = typed("eth_getBlockByNumber", &head)?;
        // `false`, or an object of its progress; not every node tells.
        let syncing = syncing.ok().map(|said| said.get() != "false");
        Ok(Sight { endpoint, head, syncing })
    }

    /// Those whose newest block can be true; the others are set aside.
    fn credible(&self, sights: Vec<Sight>) -> Vec<Sight> {
        let (mut kept, millis) = (Vec::new(), self.millis());
        for sight in sights {
            let before = self.endpoints[sight.endpoint].record().head.clone();
            match doubt(before.as_ref(), &sight.head, millis) {
                Some(failure) => self.failed(sight.endpoint, &failure),
                None => kept.push(sight),
            }
        }
        let heads: Vec<_> = kept.iter().map(|sight| (sight.endpoint, sight.head.clone())).collect();
        let liars = contradictions(&heads, millis);
        for (endpoint, failure) in &liars {
            self.failed(*endpoint, failure);
        }
        kept.retain(|sight| liars.iter().all(|(endpoint, _)| *endpoint != sight.endpoint));
        for sight in &kept {
            self.remember(sight.endpoint, &sight.head);
        }
        kept
    }

    /// Marks those that are too far behind one that has their newest block too. One whose newest block the best does not
    /// have is not behind: they have different chains, of which more is said elsewhere.
    async fn find_laggards(&self, sights: &[Sight]) {
        let Some(best) = sights.iter().max_by_key(|sight| sight.head.number) else { return };
        let lag = |sight: &Sight| best.head.number - sight.head.number;
        let (late, good): (Vec<&Sight>, Vec<&Sight>) = sights.iter().partition(|sight| lag(sight) > self.max_lag);
        for sight in good {
            self.lags(sight.endpoint, None);
        }
        let heights: Vec<u64> = late.iter().map(|sight| sight.head.number).collect();
        let there =
            if late.is_empty() { Ok(Vec::new()) } else { self.blocks(best.endpoint, &heights, self.timeout / 2).await };
        for (sight, there) in late.into_iter().zip(there.unwrap_or_default()) {
            let is_same_chain = there.is_some_and(|block| block.hash == sight.head.hash);
            self.lags(sight.endpoint, is_same_chain.then(|| lag(sight)));
        }
    }

    /// Compares the blocks of these at the newest height that all have, and below it where they differ. Who is outvoted is
    /// set aside.
    async fn compare(&self, sights: &[Sight]) -> Agreement {
        let heights = sights.iter().map(|sight| sight.head.number);
        let (Some(newest), Some(common)) = (heights.clone().max(), heights.min()) else { return Agreement::default() };
        if agreed(&[common], &self.hashes(sights, &[common]).await).is_some() {
            return Agreement { apart: newest - common, is_forked: false };
        }
        let heights: Vec<u64> = DEPTHS.iter().filter_map(|depth| common.checked_sub(*depth)).collect();
        let all = self.hashes(sights, &heights).await;
        for (who, height) in outvoted(&heights, &all) {
            self.failed(sights[who].endpoint, &Failure::Outvoted { height });
        }
        let agreed = agreed(&heights, &all).or_else(|| heights.last()?.checked_sub(1)).unwrap_or_default();
        Agreement { apart: newest - agreed, is_forked: agreed < common }
    }

    async fn hashes(&self, sights: &[Sight], heights: &[u64]) -> Vec<Hashes> {
        join_all(sights.iter().map(async |sight| {
            if heights == [sight.head.number] {
                return vec![Some(sight.head.hash)];
            }
            let blocks = self.blocks(sight.endpoint, heights, self.timeout / 2).await.unwrap_or_default();
            blocks.into_iter().map(|block| block.map(|block| block.hash)).collect()
        }))
        .await
    }

    /// Those that still count, in order of preference.
    fn fit(&self, sights: &[Sight]) -> Vec<Sight> {
        let is_fit = |sight: &&Sight| self.endpoints[sight.endpoint].record().standing.is_good();
        sights.iter().filter(is_fit).cloned().collect()
    }

    async fn blocks(&self, index: usize, heights: &[u64], patience: Duration) -> Result<Vec<Option<Head>>, Failure> {
        let params = |height: &u64| json!([format!("{height:#x}"), false]);
        let calls: Vec<Call<'_>> = heights.iter().map(|height| ("eth_getBlockByNumber", params(height))).collect();
        let read = |all: Vec<Said>| heights.iter().zip(all).map(|(height, said)| block(*height, said)).collect();
        self.attempt(index, &calls, patience, &read).await
    }

    fn lags(&self, index: usize, behind: Option<u64>) {
        let endpoint = &self.endpoints[index];
        let change = endpoint.record().standing.lags(behind);
        self.say(index, change, behind.map(Failure::Behind).as_ref());
    }
}

/// How far the endpoints agree.
#[derive(Clone, Copy, Debug, Default)]
struct Agreement {
    /// Blocks between the newest one and the newest on which all agree.
    apart: u64,
    is_forked: bool,
}

/// Blocks between the newest heads of the one that is furthest and the one that is least far.
fn spread(sights: &[Sight]) -> u64 {
    let heights = sights.iter().map(|sight| sight.head.number);
    heights.clone().max().unwrap_or_default() - heights.min().unwrap_or_default()
}

/// A block that was asked for by its height. Some nodes say `null` for one that they do not have, others an error.
fn block(height: u64, said: Said) -> Result<Option<Head>, Failure> {
    let Ok(result) = said else { return Ok(None) };
    let block: Option<Head> = typed("eth_getBlockByNumber", &result)?;
    match block {
        Some(block) if block.number != height => {
            Err(Failure::Implausible(format!("asked for block {height}, it gave block {}", block.number)))
        }
        block => Ok(block),
    }
}
