//! The mission's health check, against a real chain node with contracts of our own.

use crate::support::{Anvil, CHAIN_ID, Collector, Scratch, Testnet, http};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn config(anvil: &Anvil, testnet: &Testnet) -> String {
    let aggregator = testnet.address("oracle_aggregator");
    let chain = json!({
        "rpc": [anvil.url()], "chain_id": CHAIN_ID, "timeout": "2s",
        "contracts": { "pgaux": { "address": testnet.address("pgaux"), "version": true } },
        "oracles": {
            "aggregator": { "address": aggregator, "price": "getLatestPrice() returns (uint256 price, uint256 timestamp)" },
        },
    });
    format!("collect: {{ listen: \"$LISTEN\", chains: {{ sepolia: {chain} }} }}\n")
}

/// The exit code of `watchbell health`, and what it says in its machine form.
fn health(config: &Path) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    let output = command.arg("--config").arg(config).args(["health", "--format", "json"]).output().expect("it runs");
    let said = serde_json::from_slice(&output.stdout);
    let said = said.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), said)
}

#[test]
fn the_whole_is_healthy_then_degraded_by_an_old_price_then_down_without_its_node() {
    let Some(mut anvil) = Anvil::start(&[]) else { return };
    let folder = Scratch::new("health");
    let Some(testnet) = Testnet::deploy(&anvil, folder.path()) else { return };
    let collector = Collector::start(folder.path(), &config(&anvil, &testnet), &[]).expect("it starts");
    let file = folder.path().join("watchbell.yaml");

    let (code, said) = health(&file);
    assert_eq!((code, &said["status"]), (Some(0), &json!("healthy")), "{said:#}");
    let of = |said: &Value, part: &str, name: &str| said["metrics"][part]["items"][name].clone();
    assert_eq!(of(&said, "contracts", "sepolia/pgaux"), json!({ "status": "healthy", "version": "1.0.0" }));
    let price = of(&said, "oracle", "sepolia/aggregator");
    assert_eq!((&price["status"], &price["price"]), (&json!("healthy"), &json!(3350.0)), "{price}");
    let block = of(&said, "blockchain", "sepolia");
    assert_eq!(block["block_number"], json!(anvil.height()), "{block}");

    testnet.cause("stale 700");
    let (code, said) = health(&file);
    assert_eq!((code, &said["status"]), (Some(1), &json!("degraded")), "{said:#}");
    assert_eq!(of(&said, "oracle", "sepolia/aggregator")["status"], "stale");
    let over_http = http::get(&format!("{}/api/v1/health", collector.url())).expect("it answers");
    assert_eq!((over_http.status, &over_http.json()["status"]), (200, &json!("degraded")));

    testnet.cause("stale -5000000");
    let price = of(&health(&file).1, "oracle", "sepolia/aggregator");
    assert_eq!(price["status"], "error", "a price of the future would be fresh for ever: {price}");

    anvil.stop();
    let (code, said) = health(&file);
    assert_eq!((code, &said["status"]), (Some(3), &json!("down")), "{said:#}");
    let why = of(&said, "contracts", "sepolia/pgaux")["error"].to_string();
    assert!(why.contains(&anvil.label()), "it names the node that gives no answer: {why}");
}
