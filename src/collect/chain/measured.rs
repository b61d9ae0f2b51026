//! The metrics of a chain.

use crate::collect::probe::Pace;
use crate::collect::rpc::labels;
use crate::config::collect::Chain;
use crate::measures::{Counter, Gauge, Label, Measures};

/// The metrics of one chain.
pub struct Measured {
    labels: Vec<(String, String)>,
    pace: Pace,
    /// The larger of the mean spacing of blocks and the age of the newest.
    pub block_time: Gauge,
    /// Base fee and median priority fee.
    pub gas_price: Gauge,
    /// Transactions of the last minute.
    pub transactions: Gauge,
    /// The height of the newest block.
    pub head: Gauge,
    /// How old the newest block is.
    pub age: Gauge,
    /// The base fee of the newest block.
    pub base_fee: Gauge,
    /// The deepest reorganisation of late.
    pub depth: Gauge,
    /// Whether the node is still catching up.
    pub syncing: Gauge,
    /// How far the endpoints are apart.
    pub disagreement: Gauge,
    reorgs: Counter,
}

impl Measured {
    /// Those of `chain`.
    pub fn new(chain: &Chain, pace: Pace, measures: &Measures) -> Self {
        let measured = Measured {
            labels: labels(chain),
            pace,
            block_time: measures.gauge(
                "block_time_seconds",
                "The larger of the mean spacing of the last ten blocks and the age of the newest one",
            ),
            gas_price: measures.gauge("gas_price_gwei", "Base fee of the newest block plus the median priority fee"),
            transactions: measures.gauge(
                "transactions_per_second",
                "Transactions of the blocks of the last minute, divided by the time they span",
            ),
            head: measures.gauge("chain_head_block", "The height of the newest block"),
            age: measures.gauge("chain_block_age_seconds", "How old the newest block is"),
            base_fee: measures.gauge("chain_base_fee_gwei", "Base fee of the newest block"),
            depth: measures.gauge("chain_reorg_depth_blocks", "Blocks replaced by the deepest reorganisation of late"),
            syncing: measures.gauge("chain_syncing", "Whether the node that is asked is still catching up"),
            disagreement: measures.gauge(
                "chain_head_disagreement_blocks",
                "Blocks between the newest one of all endpoints and the newest on which they agree",
            ),
            reorgs: measures.counter("chain_reorgs_total", "Reorganisations: blocks that were replaced by others"),
        };
        measured.reorgs.start(&measured.labels(), 0.0);
        measured
    }

    /// Shows `value`, as long as it is fresh; shows nothing, where there is none.
    pub fn set(&self, gauge: &Gauge, value: Option<f64>) {
        match value {
            Some(value) => gauge.set(&self.labels(), value, Some(self.pace.fresh_until())),
            None => gauge.forget(&self.labels()),
        }
    }

    /// Counts a reorganisation.
    pub fn reorganised(&self) {
        self.reorgs.add(&self.labels(), 1.0);
    }

    fn labels(&self) -> Vec<Label<'_>> {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}
