//! Blockchain metrics: block times, gas prices, network status.

use crate::dashboard::grafana::{Mapping, Panel};
use crate::dashboard::pack::Pack;
use crate::dashboard::{CHAIN, Row, of, of_query, up_or_down};

pub fn row(pack: &mut Pack<'_>) -> Row {
    let instead = r#"max by (chain) (block_time_seconds{chain=~"$chain"})"#;
    let blocks = pack.draw(of_query(("NetworkCongestion", "block_time"), CHAIN, instead, "s"));
    let gas = pack.draw(of("GasPriceSpike", CHAIN, r#"max by (chain) (gas_price_gwei{chain=~"$chain"})"#, "gwei"));
    let instead = r#"max by (chain) (transactions_per_second{chain=~"$chain"})"#;
    let transactions = pack.draw(of_query(("NetworkCongestion", "tps"), CHAIN, instead, "tx/s"));
    let instead = r#"3600 * sum by (chain, contract) (rate(contract_gas_used_total{chain=~"$chain"}[10m]))"#;
    let used = pack.draw(of("HighGasUsage", CHAIN, instead, "gas/h"));
    Row::new(
        "Blockchain Metrics",
        vec![
            Panel::graph("Block times").draws(&blocks, "{{chain}}"),
            Panel::graph("Gas prices")
                .draws(&gas, "{{chain}}")
                .ask(r#"max by (chain) (chain_base_fee_gwei{chain=~"$chain"})"#, "{{chain}}, base fee alone"),
            Panel::graph("Network status: transactions").draws(&transactions, "{{chain}}"),
        ],
    )
    .and(network())
    .and(vec![Panel::graph("Gas used by contracts").draws(&used, "{{contract}}").sized(8, 6)])
}

fn network() -> Vec<Panel> {
    let head = Panel::stat("Network status: newest block")
        .ask_now(r#"max by (chain) (chain_head_block{chain=~"$chain"})"#, "{{chain}}")
        .decimals(0)
        .plain();
    let age = Panel::stat_over_time("Network status: age of the newest block")
        .ask(r#"max by (chain) (chain_block_age_seconds{chain=~"$chain"})"#, "{{chain}}")
        .unit("s")
        .plain();
    let syncing = Panel::stat("Network status: node")
        .ask_now(r#"max by (chain) (chain_syncing{chain=~"$chain"})"#, "{{chain}}")
        .mapped(Mapping::numbers(&["in step", "catching up"]))
        .plain();
    let endpoints = Panel::states("Network status: RPC endpoints")
        .ask(r#"max by (chain, endpoint) (chain_rpc_up{chain=~"$chain"})"#, "{{endpoint}}")
        .mapped(Mapping::numbers(&["down", "up"]))
        .steps(up_or_down(), false)
        .says("The collector goes over to the next one; a chain is not seen only when all are down.");
    let reorgs = Panel::graph("Network status: reorgs and disagreement")
        .ask(r#"sum by (chain) (increase(chain_reorgs_total{chain=~"$chain"}[1h]))"#, "{{chain}}, reorgs in an hour")
        .ask(
            r#"max by (chain) (chain_head_disagreement_blocks{chain=~"$chain"})"#,
            "{{chain}}, blocks between endpoints",
        )
        .says("Blocks that were taken back, and how far the newest blocks of two endpoints lie apart.");
    vec![head.sized(4, 5), age.sized(4, 5), syncing.sized(4, 5), endpoints, reorgs.sized(16, 6)]
}
