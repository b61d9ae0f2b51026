//! Contracts and oracles as the collector sees them, on a real chain node with contracts of our own.

use crate::chain::Liar;
use crate::support::{Anvil, CHAIN_ID, Collector, Scratch, Testnet, now_millis, wait_for};
use serde_json::{Value, json};

const MINT: &str = "Mint(address indexed user, uint256 usdAmount, uint256 tokenAmount, uint256 fee)";
const EVENTS_UP: &str = "watchbell_collect_probe_up{kind=\"events\",probe=\"sepolia\"}";

fn series(name: &str, contract: &str) -> String {
    format!("{name}{{chain=\"sepolia\",contract=\"{contract}\"}}")
}

fn of_oracle(name: &str, oracle: &str) -> String {
    format!("{name}{{chain=\"sepolia\",oracle=\"{oracle}\"}}")
}

/// What is counted of the token, without and with its transactions.
fn pgaux(testnet: &Testnet, transactions: bool) -> Value {
    let pauses = json!(["EmergencyModeActivated(address indexed activator, string reason)", "Paused(address account)"]);
    json!({
        "address": testnet.address("pgaux"), "gas": transactions, "denied": transactions, "version": true,
        "calls": [
            { "metric": "emergency_mode", "any": ["emergencyMode() returns (bool)", "paused() returns (bool)"] },
            { "metric": "token_supply", "call": "totalSupply() returns (uint256)", "decimals": 18 },
        ],
        "events": [
            { "metric": "emergency_pause_events", "any": pauses },
            { "metric": "pauses_confirmed", "event": "Paused(address account)", "confirmations": 2 },
            { "metric": "fees_collected_total", "event": MINT, "sum": "usdAmount", "decimals": 18 },
            { "metric": "active_users", "event": MINT, "distinct": "user", "over": "1d" },
        ],
    })
}

fn config(anvil: &Anvil, contracts: &Value, oracles: &Value) -> String {
    let chain = json!({
        "rpc": [anvil.url(), anvil.socket()], "chain_id": CHAIN_ID, "every": "500ms", "timeout": "3s",
        "contracts": contracts, "oracles": oracles,
    });
    format!("collect: {{ listen: \"$LISTEN\", chains: {{ sepolia: {chain} }} }}\n")
}

fn collector(folder: &Scratch, config: &str) -> Collector {
    let collector = Collector::start(folder.path(), config, &[]).expect("it starts");
    collector.wait_for(EVENTS_UP, |up| up > 0.0);
    collector
}

fn deployed(name: &str) -> Option<(Anvil, Scratch, Testnet)> {
    deployed_on(Anvil::start(&[])?, name)
}

/// On a chain that lives a day ago: hundreds of blocks fit before now, and one from the future is not believed.
fn deployed_a_day_ago(name: &str) -> Option<(Anvil, Scratch, Testnet)> {
    let yesterday = now_millis() / 1000 - 86_400;
    deployed_on(Anvil::start(&["--timestamp", &yesterday.to_string()])?, name)
}

fn deployed_on(anvil: Anvil, name: &str) -> Option<(Anvil, Scratch, Testnet)> {
    let folder = Scratch::new(name);
    let testnet = Testnet::deploy(&anvil, folder.path())?;
    Some((anvil, folder, testnet))
}

fn is(expected: f64) -> impl Fn(f64) -> bool {
    move |value| (value - expected).abs() < 1e-6
}

#[test]
fn every_trouble_of_a_contract_moves_its_number_and_a_bad_contract_no_other() {
    let Some((anvil, folder, testnet)) = deployed("contracts") else { return };
    let breaker = json!({
        "address": testnet.address("circuit_breaker"),
        "calls": [{ "metric": "circuit_breaker_active", "call": "isTriggered() returns (bool)" }],
        "events": [{
            "metric": "circuit_breaker_triggers",
            "event": "CircuitBreakerTriggered(uint256 indexed, uint256 indexed, uint256, uint256)",
        }],
    });
    let nobody = json!({ "address": "0x00000000000000000000000000000000000000aa", "version": true });
    let other = json!({
        "address": testnet.address("oracle_aggregator"), "every": "200ms",
        "calls": [
            { "metric": "another_type", "call": "getLatestPrice() returns (uint256 price)" },
            { "metric": "refuses", "call": "priceOf(string) returns (uint256 price, uint256 timestamp)", "args": ["nobody"], "take": "price" },
        ],
    });
    let contracts =
        json!({ "pgaux": pgaux(&testnet, true), "circuit_breaker": breaker, "nobody": nobody, "other": other });
    let collector = collector(&folder, &config(&anvil, &contracts, &json!({})));

    // All counters are there before anything happens.
    for counter in [
        "emergency_pause_events",
        "pauses_confirmed",
        "fees_collected_total",
        "contract_gas_used_total",
        "unauthorized_access_attempts",
    ] {
        assert_eq!(collector.value(&series(counter, "pgaux")), Some(0.0), "{counter}");
    }
    collector.wait_for("contract_info{chain=\"sepolia\",contract=\"pgaux\",version=\"1.0.0\"}", is(1.0));
    collector.wait_for(&series("contract_up", "nobody"), is(0.0));
    collector.wait_for(&series("contract_up", "other"), is(0.0));

    let minted = testnet.cause("mint 1000");
    testnet.cause("mint 234.5");
    let again = testnet.cause("mint 500 3");
    collector.wait_for(&series("fees_collected_total", "pgaux"), is(1734.5));
    collector.wait_for(&series("active_users", "pgaux"), is(2.0));
    collector.wait_for(&series("token_supply", "pgaux"), is(1734.5 / 3350.0));
    let paused = testnet.cause("pause drill");
    collector.wait_for(&series("emergency_mode", "pgaux"), is(1.0));
    // One emergency is two events of the contract.
    collector.wait_for(&series("emergency_pause_events", "pgaux"), is(2.0));
    testnet.cause("unpause");
    collector.wait_for(&series("emergency_mode", "pgaux"), is(0.0));
    testnet.cause("trip");
    collector.wait_for(&series("circuit_breaker_triggers", "circuit_breaker"), is(1.0));
    collector.wait_for(&series("circuit_breaker_active", "circuit_breaker"), is(1.0));
    // The cool-down ends by itself, and nothing happens on the chain.
    testnet.cause("cooldown 1");
    anvil.ask("evm_increaseTime", json!([10]));
    testnet.cause("mine");
    collector.wait_for(&series("circuit_breaker_active", "circuit_breaker"), is(0.0));

    let denied = testnet.cause("denied 3");
    testnet.cause("fail 2");
    collector.wait_for("contract_transactions_total{chain=\"sepolia\",contract=\"pgaux\",outcome=\"failed\"}", is(5.0));
    assert_eq!(
        collector.value(&series("unauthorized_access_attempts", "pgaux")),
        Some(3.0),
        "the others did something else wrong"
    );
    assert_eq!(
        collector.value("contract_transactions_total{chain=\"sepolia\",contract=\"pgaux\",outcome=\"success\"}"),
        Some(5.0)
    );
    let gas = |done: &Value| done["gas_used"].as_f64().expect("gas");
    let used = collector.value(&series("contract_gas_used_total", "pgaux")).expect("gas");
    assert!(used > gas(&minted) + gas(&again) + gas(&paused) + gas(&denied), "{used}");
    let before = used;
    let burnt = testnet.cause("gas 1000");
    collector.wait_for(&series("contract_gas_used_total", "pgaux"), is(before + gas(&burnt)));

    assert_eq!(collector.value(&series("another_type", "other")), None);
    let failures = |probe: &str, reason: &str| {
        collector.value(&format!(
            "watchbell_collect_probe_failures_total{{kind=\"contract\",probe=\"sepolia/{probe}\",reason=\"{reason}\"}}"
        ))
    };
    assert!(
        failures("nobody", "no_code") > Some(0.0) && failures("other", "wrong_type") > Some(0.0),
        "{}",
        collector.page()
    );
    assert_eq!(failures("pgaux", "timeout"), Some(0.0));
}

#[test]
fn counts_go_on_after_a_crash_and_what_happened_meanwhile_counts_once() {
    let Some((anvil, folder, testnet)) = deployed_a_day_ago("cursor") else { return };
    let settings = config(&anvil, &json!({ "pgaux": pgaux(&testnet, false) }), &json!({}));
    let first = collector(&folder, &settings);
    testnet.cause("mint 1000");
    testnet.cause("pause first");
    first.wait_for(&series("emergency_pause_events", "pgaux"), is(2.0));
    let Err(second) = Collector::start(folder.path(), &settings, &[]) else {
        panic!("two collectors have one state file")
    };
    assert!(second.contains("another collector uses the state file"), "{second}");
    first.process.signal("KILL");
    drop(first);

    testnet.cause("unpause");
    testnet.cause("pause second");
    // So far behind that what lies deep is read in ranges.
    testnet.cause("mine 300 12");
    let again = collector(&folder, &settings);
    again.wait_for("watchbell_collect_blocks_behind{chain=\"sepolia\"}", is(0.0));
    assert_eq!(again.value(&series("emergency_pause_events", "pgaux")), Some(4.0));
    assert_eq!(again.value(&series("pauses_confirmed", "pgaux")), Some(2.0));
    testnet.cause("unpause");
    testnet.cause("pause third");
    again.wait_for(&series("emergency_pause_events", "pgaux"), is(6.0));
    assert_eq!(again.value(&series("pauses_confirmed", "pgaux")), Some(2.0), "the third one waits for two more blocks");
    testnet.cause("mine 2");
    again.wait_for(&series("pauses_confirmed", "pgaux"), is(3.0));
}

#[test]
fn an_event_that_is_mined_again_in_another_block_counts_once_also_when_that_happened_while_nobody_looked() {
    let Some((anvil, folder, testnet)) = deployed("forks") else { return };
    let settings = config(&anvil, &json!({ "pgaux": pgaux(&testnet, true) }), &json!({}));
    let first = collector(&folder, &settings);
    let paused = testnet.cause("pause drill");
    first.wait_for(&series("emergency_pause_events", "pgaux"), is(2.0));
    let used = first.value(&series("contract_gas_used_total", "pgaux"));

    let raw = anvil.ask("eth_getRawTransactionByHash", json!([paused["transactions"][0]]));
    anvil.ask("anvil_reorg", json!([1, [[raw, 0]]]));
    testnet.cause("mine 2");
    let reorganised = |said: &str| said.matches("the chain was reorganised").count();
    wait_for("the fork to be seen", || (reorganised(&first.process.said()) == 1).then_some(()));
    first.wait_for(&series("pauses_confirmed", "pgaux"), is(1.0));
    assert_eq!(first.value(&series("emergency_pause_events", "pgaux")), Some(2.0));
    assert_eq!(first.value(&series("contract_gas_used_total", "pgaux")), used);
    first.process.signal("KILL");
    drop(first);

    // The same again, deeper, and another event in the place of an empty block.
    anvil.ask("anvil_reorg", json!([3, [[raw, 2]]]));
    testnet.cause("unpause");
    testnet.cause("pause again");
    let again = collector(&folder, &settings);
    again.wait_for(&series("emergency_pause_events", "pgaux"), is(4.0));
    testnet.cause("mine 2");
    again.wait_for(&series("pauses_confirmed", "pgaux"), is(2.0));
    assert_eq!(again.value(&series("emergency_pause_events", "pgaux")), Some(4.0), "{}", again.process.said());
}

#[test]
fn what_waits_for_many_blocks_waits_for_them_also_after_a_gap() {
    let Some((anvil, folder, testnet)) = deployed_a_day_ago("gap") else { return };
    let events = json!([{ "metric": "pauses_confirmed", "event": "Paused(address account)", "confirmations": 200 }]);
    let settings =
        config(&anvil, &json!({ "pgaux": { "address": testnet.address("pgaux"), "events": events } }), &json!({}));
    drop(collector(&folder, &settings));
    testnet.cause("pause first");
    testnet.cause("mine 120 12");
    let again = collector(&folder, &settings);
    again.wait_for("watchbell_collect_blocks_behind{chain=\"sepolia\"}", is(0.0));
    assert_eq!(again.value(&series("pauses_confirmed", "pgaux")), Some(0.0), "it has 120 of 200");
    testnet.cause("mine 100 12");
    again.wait_for(&series("pauses_confirmed", "pgaux"), is(1.0));
}

#[test]
fn an_emergency_does_not_wait_for_a_disk_that_stands_still_and_the_disk_is_said() {
    let Some((anvil, folder, testnet)) = deployed("stalled") else { return };
    let settings = config(&anvil, &json!({ "pgaux": pgaux(&testnet, false) }), &json!({}));
    let collector = collector(&folder, &settings);
    // What opens this to write waits until somebody opens it to read.
    let new = folder.path().join("watchbell-collect.json.new");
    let made = std::process::Command::new("mkfifo").arg(&new).status().expect("mkfifo runs");
    assert!(made.success());
    testnet.cause("pause drill");
    collector.wait_for(&series("emergency_pause_events", "pgaux"), is(2.0));
    let failures = "watchbell_collect_probe_failures_total{kind=\"events\",probe=\"sepolia\",reason=\"state\"}";
    collector.wait_for(failures, |failures| failures > 0.0);
    assert!(collector.process.said().contains("the disk does not take it"), "{}", collector.process.said());

    std::fs::read(&new).expect("what was written");
    std::fs::remove_file(&new).expect("ours");
    collector.wait_for(EVENTS_UP, is(1.0));
    testnet.cause("unpause");
    testnet.cause("pause again");
    collector.wait_for(&series("emergency_pause_events", "pgaux"), is(4.0));
}

#[test]
fn an_event_that_a_node_lists_twice_counts_once() {
    let Some((anvil, folder, testnet)) = deployed("twice") else { return };
    let Some(liar) = Liar::before(&anvil, &folder) else { return };
    let settings = config(&anvil, &json!({ "pgaux": pgaux(&testnet, false) }), &json!({}));
    let collector = collector(&folder, &settings.replace(&anvil.url(), &format!("http://{}", liar.label)));
    liar.says("twice");
    testnet.cause("pause first");
    testnet.cause("mine 3");
    collector.wait_for(&series("pauses_confirmed", "pgaux"), |pauses| pauses > 0.0);
    assert_eq!(collector.value(&series("pauses_confirmed", "pgaux")), Some(1.0));
    assert_eq!(collector.value(&series("emergency_pause_events", "pgaux")), Some(2.0));
}

#[test]
fn another_chain_or_another_event_counts_from_nothing_and_says_so() {
    let Some((anvil, folder, testnet)) = deployed("anew") else { return };
    let settings = config(&anvil, &json!({ "pgaux": pgaux(&testnet, false) }), &json!({}));
    let first = collector(&folder, &settings);
    testnet.cause("mint 1000");
    testnet.cause("pause drill");
    first.wait_for(&series("emergency_pause_events", "pgaux"), is(2.0));
    first.wait_for(&series("fees_collected_total", "pgaux"), is(1000.0));
    drop(first);

    let changed = settings.replace("\"sum\":\"usdAmount\"", "\"sum\":\"fee\"");
    assert_ne!(changed, settings);
    let second = collector(&folder, &changed);
    assert_eq!(second.value(&series("fees_collected_total", "pgaux")), Some(0.0));
    assert_eq!(second.value(&series("emergency_pause_events", "pgaux")), Some(2.0), "what did not change goes on");
    assert!(second.process.said().contains("what it counts was changed"), "{}", second.process.said());
    drop(second);

    let Some(other) = Anvil::start(&["--timestamp", "1700000000"]) else { return };
    let elsewhere = changed.replace(&anvil.url(), &other.url()).replace(&anvil.socket(), &other.socket());
    let third = collector(&folder, &elsewhere);
    assert_eq!(third.value(&series("emergency_pause_events", "pgaux")), Some(0.0));
    assert!(third.process.said().contains("this is another chain than before"), "{}", third.process.said());
}

#[test]
fn prices_that_are_old_missing_or_far_apart_are_seen_by_source() {
    let Some((anvil, folder, testnet)) = deployed("oracles") else { return };
    let price = "getLatestPrice() returns (uint256 price, uint256 timestamp)";
    let list = "getAllPrices() returns ((uint256 price, uint256 timestamp, uint256 confidence, string source)[])";
    let one = "priceOf(string) returns (uint256 price, uint256 timestamp)";
    let oracles = json!({
        "aggregator": {
            "contract": "feeds", "price": price, "every": "200ms",
            "confidence": { "call": "aggregatedConfidence() returns (uint256)" },
            "sources": { "list": list, "names": ["chainlink", "band", "third"] },
        },
        // The same sources, asked one by one.
        "asked": {
            "contract": "feeds", "price": price, "every": "200ms", "labels": { "way": "each" },
            "sources": { "each": { "c": { "price": one, "args": ["chainlink"] }, "b": { "price": one, "args": ["band"] } } },
        },
        "alone": { "address": testnet.address("pgaux"), "price": "getCurrentPrice() returns (uint256 price, uint256 timestamp)" },
    });
    let feeds = json!({ "feeds": { "address": testnet.address("oracle_aggregator") } });
    let config = config(&anvil, &feeds, &oracles);
    let collector = Collector::start(folder.path(), &config, &[]).expect("it starts");
    let deviation = "price_deviation_percentage{chain=\"sepolia\"}";
    collector.wait_for(&of_oracle("oracle_price", "aggregator"), is(3350.0));
    collector.wait_for(&of_oracle("oracle_price", "alone"), is(3350.0));
    collector.wait_for(&of_oracle("oracle_up", "alone"), is(1.0));
    collector.wait_for(&of_oracle("oracle_up", "third"), is(0.0));
    collector.wait_for(deviation, is(0.0));
    assert_eq!(collector.value(&of_oracle("oracle_up", "aggregator")), None, "it is made of others");
    assert_eq!(collector.value(&of_oracle("oracle_availability_percentage", "aggregator")), Some(100.0));

    testnet.cause("confidence 82.5");
    collector.wait_for(&of_oracle("oracle_confidence_percentage", "aggregator"), is(82.5));
    collector.wait_for(&of_oracle("oracle_confidence_percentage", "band"), is(82.5));
    testnet.cause("deviate 4");
    collector.wait_for(deviation, is(4.0 / 1.02));
    collector.wait_for("price_deviation_percentage{chain=\"sepolia\",way=\"each\"}", is(4.0 / 1.02));
    testnet.cause("kill band");
    collector.wait_for(&of_oracle("oracle_up", "band"), is(0.0));
    collector.wait_for("oracle_up{chain=\"sepolia\",oracle=\"b\",way=\"each\"}", is(0.0));
    wait_for("the deviation of one price to be none", || collector.value(deviation).is_none().then_some(()));
    testnet.cause("stale 7200");
    collector
        .wait_for(&of_oracle("oracle_update_latency_seconds", "aggregator"), |age| (7200.0..7300.0).contains(&age));
    collector.wait_for(&of_oracle("oracle_up", "chainlink"), is(0.0));
    collector.wait_for(&of_oracle("oracle_availability_percentage", "chainlink"), |percent| percent < 100.0);
    testnet.cause("price 3400");
    collector.wait_for(&of_oracle("oracle_price", "chainlink"), is(3400.0));
    collector.wait_for(&of_oracle("oracle_up", "band"), is(1.0));
}

#[test]
fn a_node_that_gives_few_logs_at_once_and_keeps_no_old_states_holds_nothing_up() {
    let Some((anvil, folder, testnet)) = deployed_a_day_ago("narrow") else { return };
    let Some(liar) = Liar::before(&anvil, &folder) else { return };
    let through_liar = |transactions| {
        let contracts = json!({ "pgaux": pgaux(&testnet, transactions) });
        config(&anvil, &contracts, &json!({})).replace(&anvil.url(), &format!("http://{}", liar.label))
    };
    drop(collector(&folder, &through_liar(false)));
    testnet.cause("pause first");
    testnet.cause("mine 300 12");
    liar.says("narrow");
    let second = collector(&folder, &through_liar(false));
    second.wait_for(&series("emergency_pause_events", "pgaux"), is(2.0));
    second.wait_for("watchbell_collect_blocks_behind{chain=\"sepolia\"}", is(0.0));
    drop(second);

    liar.says("truth");
    let third = collector(&folder, &through_liar(true));
    liar.says("forgetful");
    testnet.cause("denied 2");
    testnet.cause("unpause");
    testnet.cause("pause again");
    third.wait_for(&series("emergency_pause_events", "pgaux"), is(4.0));
    assert_eq!(
        third.value("contract_transactions_total{chain=\"sepolia\",contract=\"pgaux\",outcome=\"failed\"}"),
        Some(2.0)
    );
    assert_eq!(third.value(&series("unauthorized_access_attempts", "pgaux")), Some(0.0), "nobody knows");
    assert!(third.process.said().contains("failed transactions cannot be replayed"), "{}", third.process.said());
}
