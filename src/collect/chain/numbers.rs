//! Blocks in, numbers out: block time, transactions per second, the price of gas. Pure.

use super::window::Window;
use crate::collect::rpc::{Head, Quantity};
use serde::Deserialize;

/// Spacings over which the block time is averaged.
const SPACINGS: usize = 10;
/// The span of chain time over which transactions are counted.
const MINUTE: u64 = 60;
/// Wei in a gwei.
const GWEI: f64 = 1e9;

/// Seconds from one block to the next, averaged over the last ten.
#[must_use]
pub fn spacing(window: &Window) -> Option<f64> {
    let mut newest = window.blocks().rev().take(SPACINGS + 1);
    let tip = newest.next()?;
    let (steps, oldest) = newest.enumerate().last()?;
    Some(as_float(tip.timestamp.saturating_sub(oldest.timestamp)) / as_float(steps as u64 + 1))
}

/// The larger of the usual spacing and the age of the newest block: a chain that stands still must not look healthy.
#[must_use]
pub fn block_time(window: &Window, age: f64) -> Option<f64> {
    spacing(window).map(|spacing| spacing.max(age)).or(Some(age).filter(|age| *age >= 0.0))
}

/// Transactions of the blocks of the last minute, divided by the time that they span: from the block before them to the
/// newest. Where no block was made for a minute, and for twice as long as usual, there are none.
#[must_use]
pub fn transactions_per_second(window: &Window, age: f64) -> Option<f64> {
    let tip = window.tip()?;
    if age > as_float(MINUTE).max(2.0 * spacing(window).unwrap_or_default()) {
        return Some(0.0);
    }
    let is_recent = |block: &&Head| tip.timestamp.saturating_sub(block.timestamp) < MINUTE;
    let recent: Vec<&Head> = window.blocks().rev().take_while(is_recent).collect();
    // The oldest block that is known may be recent too; then it only says when the span begins.
    let before = window.blocks().rev().nth(recent.len());
    let (counted, begins) = match before {
        Some(before) => (&recent[..], before.timestamp),
        None => recent.split_last().map(|(oldest, rest)| (rest, oldest.timestamp))?,
    };
    let transactions: u64 = counted.iter().map(|block| u64::from(block.transactions.unwrap_or_default())).sum();
    let span = tip.timestamp.saturating_sub(begins);
    (span > 0).then(|| as_float(transactions) / as_float(span))
}

/// What `eth_feeHistory` answers, for blocks up to the newest and one percentile.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeHistory {
    /// One more than there are blocks: the last one is of the block that is not yet made.
    base_fee_per_gas: Vec<Quantity>,
    #[serde(default)]
    gas_used_ratio: Vec<f64>,
    #[serde(default)]
    reward: Option<Vec<Vec<Quantity>>>,
}

/// The base fee of the newest block plus the median priority fee, in gwei. An empty block has nobody's priority fee.
#[must_use]
pub fn gas_price(fees: &FeeHistory) -> Option<f64> {
    let base = fees.base_fee_per_gas.iter().rev().nth(1)?;
    let is_used = |place: usize| fees.gas_used_ratio.get(place).is_none_or(|ratio| *ratio > 0.0);
    let rewards = fees.reward.iter().flatten().enumerate();
    let rewards = rewards.filter(|(place, _)| is_used(*place)).filter_map(|(_, reward)| reward.first());
    let mut rewards: Vec<u128> = rewards.map(|Quantity(wei)| *wei).collect();
    rewards.sort_unstable();
    // Of an even number the lower one: it was paid, what lies between was not.
    let median = rewards.get(rewards.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    Some(gwei(base.0.saturating_add(median)))
}

/// Wei in gwei.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a price is shown, not paid")]
pub fn gwei(wei: u128) -> f64 {
    wei as f64 / GWEI
}

#[expect(clippy::cast_precision_loss, reason = "seconds and counts stay far below 2^53")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::rpc::tests::head;
    use serde_json::json;

    /// Blocks with these spacings and numbers of transactions, after a first one.
    fn window(blocks: &[(u64, u32)]) -> Window {
        let mut timestamp = 1_000_000;
        let later = blocks.iter().zip(1..).map(|((spacing, transactions), number)| {
            timestamp += spacing;
            Head { timestamp, transactions: Some(*transactions), ..head(number) }
        });
        let mut window = Window::default();
        window.take(std::iter::once(Head { timestamp: 1_000_000, ..head(0) }).chain(later).collect());
        window
    }

    fn is(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 1e-9)
    }

    #[test]
    fn the_block_time_is_the_mean_of_ten_spacings_or_the_age_where_that_is_more() {
        let steady = window(&[(12, 0); 20]);
        assert!(is(block_time(&steady, 3.0), 12.0));
        assert!(is(block_time(&steady, 47.0), 47.0), "it stands still");
        assert!(is(block_time(&steady, -400.0), 12.0), "a block from the future makes nothing faster");
        let slow = window(&[&[(12, 0); 10][..], &[(12, 0); 5], &[(36, 0); 5]].concat());
        assert!(is(block_time(&slow, 0.0), 24.0), "five of the last ten took three times as long");
        assert!(is(block_time(&window(&[(12, 0), (14, 0)]), 0.0), 13.0), "a young chain has fewer");
        assert!(is(block_time(&window(&[]), 5.0), 5.0), "a single block has only its age");
        assert_eq!(block_time(&Window::default(), -1.0), None);
    }

    #[test]
    fn transactions_are_those_of_the_last_minute_over_the_time_that_they_span() {
        let steady = window(&[(12, 144); 20]);
        assert!(is(transactions_per_second(&steady, 5.0), 12.0));
        let collapsed = window(&[&[(12, 144); 10][..], &[(12, 1); 5]].concat());
        assert!(is(transactions_per_second(&collapsed, 5.0), 5.0 / 60.0));
        let young = window(&[(12, 24)]);
        assert!(is(transactions_per_second(&young, 5.0), 2.0), "the first block only says when the second began");
        assert!(is(transactions_per_second(&steady, 61.0), 0.0), "no block for a minute, no transactions");
        let slow = window(&[(90, 180); 4]);
        assert!(is(transactions_per_second(&slow, 100.0), 2.0), "a chain whose blocks take longer than a minute");
        assert!(is(transactions_per_second(&slow, 181.0), 0.0));
        assert_eq!(transactions_per_second(&window(&[]), 5.0), None, "one block spans nothing");
        assert_eq!(transactions_per_second(&window(&[(0, 9)]), 5.0), None, "no time has passed");
    }

    #[test]
    fn the_price_of_gas_is_the_newest_base_fee_and_the_median_of_what_was_added_to_it() {
        let fees = |history| gas_price(&serde_json::from_value(history).expect("it is a fee history"));
        // 150 gwei, and 132 for the block that is not yet made.
        let spike = json!({
            "oldestBlock": "0x1", "baseFeePerGas": ["0x4a817c800", "0x22ecb25c00", "0x1ebbdb2d00"], "gasUsedRatio": [0.5, 0.4],
            "reward": [["0x3b9aca00"], ["0x77359400"]],
        });
        assert!(is(fees(spike), 151.0));
        let empty_blocks = json!({
            "baseFeePerGas": ["0x4a817c800", "0x4a817c800", "0x4a817c800", "0x4a817c800"], "gasUsedRatio": [0.0, 0.9, 0.0],
            "reward": [["0x0"], ["0x77359400"], ["0x0"]],
        });
        assert!(is(fees(empty_blocks), 22.0));
        let without_rewards =
            json!({ "baseFeePerGas": ["0x4a817c800", "0x4a817c800"], "gasUsedRatio": [0.0], "reward": null });
        assert!(is(fees(without_rewards), 20.0));
        assert_eq!(fees(json!({ "baseFeePerGas": [] })), None);
    }
}
