//! A chain: how fast it makes blocks, what gas costs, how much it carries, whether it takes blocks back, and whether its
//! nodes agree.
//!
//! What blocks mean is decided in [`window`] and [`numbers`], without I/O. A [`ChainProbe`] looks: it has [`Rpc`] judge
//! all endpoints, follows the blocks of the first that is fit, and says what was found. It looks again as soon as a new
//! block is heard of.
//!
//! One node may lie, so that no fork is counted before others were asked, no block from the future is believed, and no
//! height that leaps. A clock that jumps changes no age: it is corrected by the blocks themselves ([`Rpc::age`]).

mod follow;
mod measured;
mod numbers;
mod window;

use super::probe::{Pace, Probe, Trouble};
use super::rpc::{Failure, Head, Quantity, Rpc, Sight, Survey};
use crate::config::collect::Chain;
use crate::measures::Measures;
use follow::Follower;
use measured::Measured;
use numbers::{FeeHistory, block_time, gas_price, gwei, transactions_per_second};
use serde_json::json;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

/// For how long a reorganisation is shown by its depth: longer than anybody's interval of scraping.
const LATE: Duration = Duration::from_mins(10);
/// Depths that are remembered.
const MOST_DEPTHS: usize = 1_000;
/// The longest that a new block waits for the look before it.
const LONGEST_GAP: Duration = Duration::from_secs(2);
/// Blocks of which fees are read.
const FEE_BLOCKS: u64 = 5;

/// Looks at a chain.
pub struct ChainProbe {
    name: String,
    pace: Pace,
    rpc: Rpc,
    heads: watch::Receiver<Option<Head>>,
    follower: Follower,
    measured: Measured,
    /// Reorganisations of late: when, and how deep.
    depths: VecDeque<(Instant, u64)>,
    /// Whether the endpoints had different blocks at the last look.
    is_forked: bool,
}

impl ChainProbe {
    /// Looks at `chain` through `rpc`.
    #[must_use]
    pub fn new(chain: &Chain, rpc: &Rpc, measures: &Measures) -> Self {
        let pace = Pace { every: chain.every.to_std(), timeout: chain.timeout.to_std() };
        ChainProbe {
            name: chain.name.to_string(),
            pace,
            rpc: rpc.clone(),
            heads: rpc.heads(),
            follower: Follower::default(),
            measured: Measured::new(chain, pace, measures),
            depths: VecDeque::new(),
            is_forked: false,
        }
    }

    /// Follows the first endpoint that can be followed, and gives what it says.
    async fn follow<'a>(&mut self, survey: &'a Survey) -> Result<&'a Sight, Trouble> {
        let mut first = None;
        for sight in &survey.sights {
            let others: Vec<Sight> =
                survey.sights.iter().filter(|other| other.endpoint != sight.endpoint).cloned().collect();
            match self.follower.go_on(&self.rpc, sight, &others).await {
                Ok(replaced) => {
                    if let Some(depth) = replaced {
                        self.reorganised(sight, depth);
                    }
                    return Ok(sight);
                }
                Err(failure) => {
                    self.rpc.accuse(sight.endpoint, &failure);
                    first.get_or_insert((sight.endpoint, failure));
                }
            }
        }
        let (endpoint, failure) = first.unwrap_or((0, Failure::Unreachable("no endpoint is fit".into())));
        Err(Trouble::new(failure.reason(), format!("{} {failure}", self.rpc.label(endpoint))))
    }

    fn reorganised(&mut self, sight: &Sight, depth: u64) {
        let (chain, height) = (&self.name, sight.head.number);
        warn!(chain, depth, height, "{chain} has replaced its last {depth} blocks; it is at block {height} now");
        self.measured.reorganised();
        self.depths.truncate(MOST_DEPTHS);
        self.depths.push_front((Instant::now(), depth));
    }

    /// That endpoints have different blocks, and that they have the same again, is said once.
    fn compare(&mut self, survey: &Survey) {
        let (chain, blocks) = (&self.name, survey.disagreement.unwrap_or_default());
        match (self.is_forked, survey.is_forked) {
            (false, true) => warn!(chain, blocks, "the endpoints of {chain} have different blocks, {blocks} deep"),
            (true, false) => info!(chain, "the endpoints of {chain} have the same blocks again"),
            (false, false) | (true, true) => {}
        }
        self.is_forked = survey.is_forked;
    }

    fn deepest(&mut self) -> u64 {
        let now = Instant::now();
        self.depths.retain(|(at, _)| now - *at < LATE);
        self.depths.iter().map(|(_, depth)| *depth).max().unwrap_or_default()
    }

    /// The price of gas. A chain from before EIP-1559 knows no other than its own word for it.
    async fn gas_price(&self) -> Result<Option<f64>, Trouble> {
        let params = json!([format!("{FEE_BLOCKS:#x}"), "latest", [50]]);
        let fees = self.rpc.ask::<FeeHistory>("eth_feeHistory", params).await;
        match fees {
            Ok(fees) => Ok(gas_price(&fees)),
            Err(error) if error.is_unknown_method() => {
                let Quantity(wei) = self.rpc.ask("eth_gasPrice", json!([])).await?;
                Ok(Some(gwei(wei)))
            }
            Err(error) => Err(error.into()),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "heights and depths stay below 2^53 for ages")]
    fn show(&mut self, sight: &Sight, survey: &Survey) {
        let (window, age) = (self.follower.window(), self.rpc.age(&sight.head));
        let (time, tps) = (block_time(window, age), transactions_per_second(window, age));
        let deepest = self.deepest();
        let show = &self.measured;
        show.set(&show.block_time, time);
        show.set(&show.transactions, tps);
        show.set(&show.head, Some(sight.head.number as f64));
        show.set(&show.age, Some(age));
        show.set(&show.base_fee, sight.head.base_fee.map(gwei));
        show.set(&show.depth, Some(deepest as f64));
        show.set(&show.syncing, sight.syncing.map(|syncing| f64::from(u8::from(syncing))));
        show.set(&show.disagreement, survey.disagreement.map(|blocks| blocks as f64));
    }

    /// Returns when there is a block that was not looked at.
    async fn news(&mut self) {
        if self.heads.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Probe for ChainProbe {
    fn kind(&self) -> &'static str {
        "chain"
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let survey = self.rpc.survey().await?;
        // What is heard of from here on is worth another look.
        self.heads.mark_unchanged();
        self.compare(&survey);
        let sight = self.follow(&survey).await?;
        self.rpc.trust(&survey);
        self.show(sight, &survey);
        let price = self.gas_price().await?;
        self.measured.set(&self.measured.gas_price, price);
        Ok(())
    }

    async fn rest(&mut self, until: Instant) {
        let soonest = Instant::now() + (self.pace.every / 10).min(LONGEST_GAP);
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.news() => sleep_until(soonest.min(until)).await,
        }
    }
}
