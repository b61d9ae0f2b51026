//! A chain as the collector sees it: real nodes, and one that lies.

use crate::support::{
    Anvil, CHAIN_ID, Collector, Process, Scratch, http, in_repository, installed, now_millis, wait_for,
};
use serde_json::json;
use std::process::Command;

/// A part of the address that must never be seen again.
const KEY: &str = "aKeyThatNobodyMaySee";

fn collector(folder: &Scratch, every: &str, rpc: &[String], environment: &[(&str, &str)]) -> Collector {
    let chain =
        json!({ "rpc": rpc, "chain_id": CHAIN_ID, "every": every, "timeout": "2s", "labels": { "network": "test" } });
    let config = format!("collect: {{ listen: \"$LISTEN\", chains: {{ sepolia: {chain} }} }}\n");
    Collector::start(folder.path(), &config, environment).expect("it starts")
}

fn series(name: &str) -> String {
    format!("{name}{{chain=\"sepolia\",network=\"test\"}}")
}

fn of_endpoint(name: &str, endpoint: &str) -> String {
    format!("{name}{{chain=\"sepolia\",endpoint=\"{endpoint}\",network=\"test\"}}")
}

fn set_aside(endpoint: &str, reason: &str) -> String {
    format!(
        "chain_rpc_set_aside_total{{chain=\"sepolia\",endpoint=\"{endpoint}\",network=\"test\",reason=\"{reason}\"}}"
    )
}

fn is(expected: f64) -> impl Fn(f64) -> bool {
    move |value| (value - expected).abs() < 0.01
}

/// Twenty blocks, the last one made `age` seconds ago, each twelve seconds after the other with 24 transactions.
fn steady(anvil: &Anvil, age: i64) -> i64 {
    let newest = now_millis() / 1000 - age;
    for number in (0..20).rev() {
        if number < 6 {
            anvil.send(24, 2);
        }
        anvil.mine(newest - 12 * number, 20);
    }
    newest
}

/// A node whose chain begins half an hour ago.
fn node() -> Option<Anvil> {
    Anvil::start(&["--timestamp", &(now_millis() / 1000 - 1800).to_string()])
}

#[test]
fn block_time_gas_and_transactions_are_what_the_chain_did_and_every_trouble_moves_its_number() {
    let Some(anvil) = node() else { return };
    let folder = Scratch::new("chain");
    let newest = steady(&anvil, 100);
    let collector = collector(&folder, "200ms", &[anvil.url()], &[]);

    collector.wait_for(&series("block_time_seconds"), |seconds| seconds >= 100.0);
    assert!(collector.value(&series("chain_block_age_seconds")).is_some_and(|age| age >= 100.0), "it stands still");
    collector.wait_for(&series("transactions_per_second"), is(0.0));

    let newest = newest + 100;
    for (number, fee) in [(7, 20), (6, 20), (5, 20), (4, 20), (3, 20), (2, 20), (1, 20), (0, 20)] {
        anvil.send(24, 2);
        anvil.mine(newest - 12 * number, fee);
    }
    collector.wait_for(&series("transactions_per_second"), is(2.0));
    collector.wait_for(&series("gas_price_gwei"), is(22.0));

    anvil.send(24, 2);
    anvil.mine(newest + 12, 150);
    collector.wait_for(&series("gas_price_gwei"), is(152.0));
    collector.wait_for(&series("chain_base_fee_gwei"), is(150.0));

    for number in 2..7 {
        anvil.send(1, 2);
        anvil.mine(newest + 12 * number, 20);
    }
    collector.wait_for(&series("transactions_per_second"), is(5.0 / 60.0));
    collector.wait_for(&series("block_time_seconds"), is(12.0));

    for number in 1..11 {
        anvil.mine(newest + 72 + 25 * number, 20);
    }
    collector.wait_for(&series("block_time_seconds"), is(25.0));
    collector.wait_for(&series("chain_head_block"), is(44.0));
    assert_eq!(collector.value(&series("chain_syncing")), Some(0.0));
    assert_eq!(collector.value(&series("chain_reorgs_total")), Some(0.0));
    assert_eq!(collector.value(&series("chain_head_disagreement_blocks")), None, "there are no two to disagree");
    assert!(!collector.process.said().contains("WARN"), "{}", collector.process.said());
}

#[test]
fn blocks_that_are_replaced_or_taken_back_are_counted_once_with_their_depth() {
    let Some(anvil) = node() else { return };
    let folder = Scratch::new("reorg");
    steady(&anvil, 10);
    let collector = collector(&folder, "200ms", &[anvil.url()], &[]);
    let (reorgs, depth) = (series("chain_reorgs_total"), series("chain_reorg_depth_blocks"));
    collector.wait_for(&series("chain_head_block"), is(20.0));
    assert_eq!((collector.value(&reorgs), collector.value(&depth)), (Some(0.0), Some(0.0)));

    anvil.ask("anvil_reorg", json!([3, []]));
    collector.wait_for(&reorgs, is(1.0));
    collector.wait_for(&depth, is(3.0));
    assert_eq!(anvil.height(), 20, "the chain is as long as before");

    anvil.ask("anvil_rollback", json!([5]));
    collector.wait_for(&series("chain_head_block"), is(15.0));
    collector.wait_for(&reorgs, is(2.0));
    collector.wait_for(&depth, is(5.0));
    anvil.ask("evm_mine", json!([]));
    collector.wait_for(&series("chain_head_block"), is(16.0));
    assert_eq!(collector.value(&reorgs), Some(2.0), "what was taken back is not replaced once more");
}

#[test]
fn a_new_block_is_heard_of_over_a_websocket_long_before_the_next_look_also_after_the_node_was_away() {
    let Some(mut anvil) = node() else { return };
    let folder = Scratch::new("socket");
    let collector = collector(&folder, "10m", &[anvil.socket()], &[]);
    let (head, up) = (series("chain_head_block"), of_endpoint("chain_rpc_up", &anvil.label()));
    collector.wait_for(&head, is(0.0));

    anvil.ask("evm_mine", json!([]));
    collector.wait_for(&head, is(1.0));
    anvil.ask("anvil_mine", json!(["0x5", "0x1"]));
    collector.wait_for(&head, is(6.0));

    anvil.stop();
    collector.wait_for(&up, is(0.0));
    anvil.resume();
    collector.wait_for(&up, is(1.0));
    anvil.ask("evm_mine", json!([]));
    collector.wait_for(&head, is(7.0));
    let said = collector.process.said();
    assert!(said.contains("is set aside") && said.contains("is used again"), "{said}");
}

/// A node, and whoever stands before it.
pub struct Liar {
    /// Its host and port.
    pub label: String,
    tls: String,
    _process: Process,
}

impl Liar {
    /// Starts one before `anvil`.
    pub fn before(anvil: &Anvil, folder: &Scratch) -> Option<Liar> {
        let mut command = Command::new(installed("python3")?);
        command.arg(in_repository("tests/real/liar.py")).arg(folder.path()).arg(anvil.label());
        let started = Process::start("liar", &mut command, folder.path(), |said| said.ends_with('\n'));
        let process = started.unwrap_or_else(|why| panic!("{why}"));
        let said = process.said();
        let addresses = said.trim().strip_prefix("listening on ").and_then(|both| both.split_once(' '));
        let (label, tls) = addresses.unwrap_or_else(|| panic!("no addresses: {said}"));
        Some(Liar { label: label.to_owned(), tls: tls.to_owned(), _process: process })
    }

    /// What it says from now on.
    pub fn says(&self, lie: &str) {
        let told = http::request("POST", &format!("http://{}/lie", self.label), &[], lie.as_bytes());
        assert!(told.is_ok_and(|answer| answer.status == 200), "it can be told to lie");
    }
}

/// Has the preferred endpoint tell each lie, and waits until it is set aside for it, while another one goes on serving.
fn each_lie_is_noticed(lies: &[(&str, &str)]) {
    let Some(anvil) = node() else { return };
    let folder = Scratch::new("liar");
    let Some(liar) = Liar::before(&anvil, &folder) else { return };
    anvil.ask("anvil_mine", json!(["0x3c", "0xc"]));
    let rpc = [format!("http://{}/v2/{KEY}?project={KEY}", liar.label), anvil.url()];
    let collector = collector(&folder, "200ms", &rpc, &[]);
    let up = |endpoint: &str| of_endpoint("chain_rpc_up", endpoint);
    let head = series("chain_head_block");
    collector.wait_for(&up(&liar.label), is(1.0));

    for (lie, reason) in lies {
        let times = collector.value(&set_aside(&liar.label, reason)).expect("it is counted from the start");
        liar.says(lie);
        collector.wait_for(&set_aside(&liar.label, reason), |count| count > times);
        collector.wait_for(&up(&liar.label), is(0.0));
        anvil.ask("evm_mine", json!([]));
        collector.wait_for(&head, is(f64::from(u32::try_from(anvil.height()).expect("it is small"))));
        assert_eq!(collector.value(&up(&anvil.label())), Some(1.0), "{lie}: the other one serves");
        if *reason != "wrong_chain" {
            liar.says("truth");
            collector.wait_for(&up(&liar.label), is(1.0));
        }
    }

    let (said, page) = (collector.process.said(), collector.page());
    for (lie, reason) in lies {
        let line = said.lines().find(|line| line.contains(&liar.label) && line.contains(reason));
        assert!(line.is_some(), "`{lie}` is in the log as {reason}: {said}");
    }
    assert!(!said.contains(KEY) && !page.contains(KEY), "no key is seen: {said}");
    assert_eq!(collector.value(&series("chain_reorgs_total")), Some(0.0), "no lie is a fork");
}

#[test]
fn an_endpoint_that_gives_no_answer_is_set_aside_and_named_while_another_one_serves() {
    each_lie_is_noticed(&[
        ("html", "not_json"),
        ("status", "status"),
        ("busy", "rate_limited"),
        ("limited", "rate_limited"),
        ("huge", "too_big"),
        ("hang", "timeout"),
    ]);
}

#[test]
fn an_endpoint_whose_blocks_cannot_be_true_is_set_aside_and_named_while_another_one_serves() {
    each_lie_is_noticed(&[
        ("lag", "behind"),
        ("future", "implausible"),
        ("leap", "implausible"),
        ("fickle", "implausible"),
        ("chain", "wrong_chain"),
    ]);
}

#[test]
fn endpoints_that_all_lie_for_long_are_two_lines_of_the_log_and_two_when_they_stop() {
    let Some(anvil) = node() else { return };
    let (folder, second) = (Scratch::new("all-lie"), Scratch::new("all-lie-second"));
    let (Some(one), Some(other)) = (Liar::before(&anvil, &folder), Liar::before(&anvil, &second)) else { return };
    let collector = collector(&folder, "200ms", &[&one, &other].map(|liar| format!("http://{}", liar.label)), &[]);
    let both = [&one, &other];
    let until = |series: &dyn Fn(&Liar) -> String, good: &dyn Fn(f64) -> bool| {
        for liar in both {
            collector.wait_for(&series(liar), good);
        }
    };
    until(&|liar| of_endpoint("chain_rpc_up", &liar.label), &is(1.0));

    for liar in both {
        liar.says("future");
    }
    // Each is tried again, and fails as before.
    until(&|liar| set_aside(&liar.label, "implausible"), &|count| count >= 2.0);
    until(&|liar| of_endpoint("chain_rpc_up", &liar.label), &is(0.0));
    for liar in both {
        liar.says("truth");
    }
    until(&|liar| of_endpoint("chain_rpc_up", &liar.label), &is(1.0));

    let said = collector.process.said();
    let lines = |liar: &Liar, words: &str| {
        let is_of = |line: &&str| line.contains(&liar.label) && line.contains(words);
        said.lines().filter(is_of).filter(|line| line.contains("endpoint ")).count()
    };
    for liar in both {
        assert_eq!((lines(liar, "is set aside"), lines(liar, "is used again")), (1, 1), "{said}");
    }
}

#[test]
fn of_three_endpoints_two_are_away_or_frozen_and_the_third_serves_over_tls() {
    let (Some(mut away), Some(frozen), Some(good)) = (node(), node(), node()) else { return };
    let folder = Scratch::new("failover");
    let Some(liar) = Liar::before(&good, &folder) else { return };
    away.stop();
    frozen.signal("STOP");
    let rpc = [away.url(), frozen.url(), format!("wss://{}/?key={KEY}", liar.tls)];
    let certificate = folder.path().join("ca.pem").display().to_string();
    let collector = collector(&folder, "200ms", &rpc, &[("SSL_CERT_FILE", &certificate)]);

    good.ask("evm_mine", json!([]));
    collector.wait_for(&series("chain_head_block"), is(1.0));
    collector.wait_for(&set_aside(&away.label(), "unreachable"), |count| count >= 1.0);
    collector.wait_for(&set_aside(&frozen.label(), "timeout"), |count| count >= 1.0);
    let up = |label: &str| collector.value(&of_endpoint("chain_rpc_up", label));
    assert_eq!((up(&away.label()), up(&frozen.label()), up(&liar.tls)), (Some(0.0), Some(0.0), Some(1.0)));

    frozen.signal("CONT");
    away.resume();
    wait_for("all to be used again", || {
        (up(&away.label()) == Some(1.0) && up(&frozen.label()) == Some(1.0)).then_some(())
    });
    // Each has a chain of its own, so that they have no block in common but perhaps the first.
    collector.wait_for(&series("chain_head_disagreement_blocks"), |blocks| blocks >= 1.0);
    assert!(!collector.process.said().contains(KEY), "no key is seen: {}", collector.process.said());
}
