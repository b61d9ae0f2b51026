//! What outlives a collector: who may write it, and that a disk that hangs keeps nobody from ending.

use crate::support::{Anvil, CHAIN_ID, Collector, Scratch, http};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const ORIGIN: &str = "https://app.example";
const USERS: &str = r#"active_users{service="web",window="1d"}"#;

fn browsers() -> String {
    let beacons = json!({ "origins": [ORIGIN], "services": ["web"] });
    json!({ "collect": { "listen": "$LISTEN", "state": "state.json", "beacons": beacons } }).to_string()
}

/// A write to the file never ends from now on: nobody reads what its successor is written into.
fn hang(file: &Path) {
    let made = Command::new("mkfifo").arg(file.with_added_extension("new")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
}

/// Stops it, and says what it said.
fn stopped(mut collector: Collector) -> String {
    collector.process.signal("TERM");
    assert!(collector.process.wait().success(), "{}", collector.process.said());
    collector.process.said()
}

#[test]
fn one_collector_has_the_file_also_where_browsers_alone_are_counted() {
    let folder = Scratch::new("collect-state-one");
    let first = Collector::start(folder.path(), &browsers(), &[]).expect("it starts");
    let batch = br#"{"items":[{"kind":"visit","visitor":"0b51f6de-0c5e-4b0e"}]}"#;
    let headers = [("content-type", "text/plain"), ("origin", ORIGIN)];
    let answer = http::request("POST", &format!("{}/v1/beacon", first.url()), &headers, batch);
    assert_eq!(answer.expect("it answers").status, 204);
    let Err(second) = Collector::start(folder.path(), &browsers(), &[]) else {
        panic!("two collectors have one state file")
    };
    assert!(second.contains("another collector uses the state file"), "{second}");
    stopped(first);
    let again = Collector::start(folder.path(), &browsers(), &[]).expect("it is free again");
    again.wait_for(USERS, |users| users > 0.0);
}

#[test]
fn a_disk_that_hangs_while_visitors_are_kept_does_not_keep_it_from_ending() {
    let folder = Scratch::new("collect-state-visitors");
    let collector = Collector::start(folder.path(), &browsers(), &[]).expect("it starts");
    hang(&folder.path().join("state.visitors.json"));
    let said = stopped(collector);
    assert!(said.contains("state.visitors.json could not be written within"), "{said}");
}

#[test]
fn a_disk_that_hangs_while_events_are_kept_does_not_keep_it_from_ending() {
    let Some(anvil) = Anvil::start(&[]) else { return };
    let folder = Scratch::new("collect-state-events");
    let treasury: Value = anvil.ask("eth_accounts", json!([]))[1].clone();
    let config = json!({ "collect": {
        "listen": "$LISTEN",
        "state": "state.json",
        "chains": { "sepolia": {
            "rpc": [anvil.url()], "chain_id": CHAIN_ID, "every": "200ms", "timeout": "5s",
            "contracts": { "treasury": { "address": treasury, "gas": true } },
        } },
    } });
    let collector = Collector::start(folder.path(), &config.to_string(), &[]).expect("it starts");
    collector.wait_for(r#"watchbell_collect_probe_up{kind="events",probe="sepolia"}"#, |up| up > 0.0);
    hang(&folder.path().join("state.json"));
    anvil.send(1, 2);
    anvil.ask("evm_mine", json!([]));
    let unwritten = r#"watchbell_collect_probe_failures_total{kind="events",probe="sepolia",reason="state"}"#;
    collector.wait_for(unwritten, |failures| failures > 0.0);
    let said = stopped(collector);
    assert!(said.contains("state.json could not be written within"), "{said}");
}
