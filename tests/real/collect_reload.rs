//! A collector whose configuration is changed while it runs: what was changed begins anew, everything else goes on.

use crate::support::{Anvil, CHAIN_ID, Collector, Scratch, http, wait_for};
use serde_json::{Value, json};

const MINED: &str = r#"contract_transactions_total{chain="sepolia",contract="treasury",outcome="success"}"#;
const TRADES: &str = r#"operation_duration_ms_count{operation="trade",outcome="ok"}"#;
const GOOD: &str = "watchbell_collect_config_last_reload_successful";

/// A configuration of one chain with a contract of which transactions are counted, of one application with the endpoints
/// of these names, and of what applications may send.
fn config(anvil: &Anvil, every: &str, endpoints: &[&str]) -> Value {
    let accounts = anvil.ask("eth_accounts", json!([]));
    let endpoint = |name: &&str| ((*name).to_owned(), json!({ "url": "http://$LISTEN/-/healthy", "every": "200ms" }));
    json!({ "collect": {
        "listen": "$LISTEN",
        "chains": { "sepolia": {
            "rpc": [anvil.url()], "chain_id": CHAIN_ID, "every": every, "timeout": "2s",
            "contracts": { "treasury": { "address": accounts[1], "gas": true } },
        } },
        "applications": { "web": { "endpoints": endpoints.iter().map(endpoint).collect::<serde_json::Map<_, _>>() } },
        "operations": {},
    } })
}

/// Sends so many transactions to the contract, and waits until `wanted` in all are counted.
fn mined(anvil: &Anvil, collector: &Collector, count: usize, wanted: f64) {
    anvil.send(count, 2);
    anvil.ask("evm_mine", json!([]));
    collector.wait_for(MINED, |mined| mined >= wanted);
    assert_eq!(collector.value(MINED), Some(wanted), "each counts once");
}

fn reload(collector: &Collector) -> (u16, String) {
    let answer = http::request("POST", &format!("{}/-/reload", collector.url()), &[], b"").expect("it answers");
    (answer.status, answer.body)
}

fn endpoint_up(endpoint: &str) -> String {
    format!("endpoint_up{{endpoint=\"{endpoint}\",service=\"web\"}}")
}

fn probe_up(probe: &str) -> String {
    format!("watchbell_collect_probe_up{{kind=\"endpoint\",probe=\"web/{probe}\"}}")
}

fn trade(collector: &Collector) {
    let timer = json!({ "name": "operation_duration_ms", "value": 412, "tags": { "operation": "trade" } });
    let answer = http::post_json(&format!("{}/v1/operations", collector.url()), &timer).expect("it answers");
    assert_eq!(answer.status, 202, "{}", answer.body);
}

#[test]
fn what_a_reload_changes_begins_anew_and_no_count_of_anything_else_falls() {
    let Some(anvil) = Anvil::start(&[]) else { return };
    let folder = Scratch::new("collect-reload");
    let before = config(&anvil, "200ms", &["home"]);
    let collector = Collector::start(folder.path(), &before.to_string(), &[]).expect("it starts");
    collector.wait_for(MINED, |mined| mined < 1.0);
    collector.wait_for(r#"watchbell_collect_probe_up{kind="events",probe="sepolia"}"#, |up| up > 0.0);
    mined(&anvil, &collector, 3, 3.0);
    trade(&collector);
    collector.wait_for(&endpoint_up("home"), |up| up > 0.0);
    assert_eq!(collector.value(GOOD), Some(1.0));

    // Another application: the chain goes on as if nothing was.
    let asked = format!("chain_rpc_requests_total{{chain=\"sepolia\",endpoint=\"{}\",outcome=\"ok\"}}", anvil.label());
    let asked_before = collector.value(&asked).expect("it is counted");
    collector.configure(folder.path(), &config(&anvil, "200ms", &["home", "shop"]).to_string());
    collector.process.signal("HUP");
    collector.wait_for(&endpoint_up("shop"), |up| up > 0.0);
    assert!(collector.value(&asked) >= Some(asked_before), "{}", collector.page());
    assert_eq!((collector.value(MINED), collector.value(TRADES)), (Some(3.0), Some(1.0)));
    let said = collector.process.said();
    assert!(said.contains("reloaded: changed: application `web`"), "{said}");
    let begun = said.lines().filter(|line| line.contains("the probe sees") && line.contains("sepolia")).count();
    assert_eq!(begun, 2, "of the chain no probe began anew: {said}");

    // The chain itself, and a second time in a row: nothing counts twice, and nothing is forgotten.
    for every in ["300ms", "400ms"] {
        collector.configure(folder.path(), &config(&anvil, every, &["home", "shop"]).to_string());
        assert_eq!(reload(&collector), (200, "reloaded; changed: chain `sepolia`\n".into()));
        assert_eq!(collector.value(MINED), Some(3.0), "also at once");
        assert!(collector.value(&asked) >= Some(asked_before), "{}", collector.page());
    }
    mined(&anvil, &collector, 2, 5.0);
    assert_eq!(reload(&collector), (200, "reloaded; nothing is other than before\n".into()));

    // What is gone is shown no more; what was reported meanwhile counts on.
    collector.configure(folder.path(), &config(&anvil, "400ms", &["shop"]).to_string());
    assert_eq!(reload(&collector).0, 200);
    let page = collector.page();
    assert!(!page.contains("\"home\"") && !page.contains("web/home"), "{page}");
    assert_eq!(collector.value(&endpoint_up("shop")), Some(1.0), "it is shown until it is measured again");
    trade(&collector);
    assert_eq!(collector.value(TRADES), Some(2.0));
    let mut without = config(&anvil, "400ms", &[]);
    without["collect"]["applications"] = json!({});
    collector.configure(folder.path(), &without.to_string());
    assert_eq!(reload(&collector), (200, "reloaded; changed: application `web`\n".into()));
    let page = collector.page();
    assert!(!page.contains("service=\"web\"") && !page.contains("web/shop"), "{page}");
    assert_eq!(collector.value(MINED), Some(5.0));
}

#[test]
fn what_browsers_and_applications_sent_counts_on_under_other_settings_and_goes_with_them() {
    let folder = Scratch::new("collect-reload-doors");
    let with = |origin: &str, max_names: u32| {
        json!({ "collect": {
            "listen": "$LISTEN",
            "beacons": { "origins": [origin], "services": ["web"] }, "operations": { "max_names": max_names },
        } })
    };
    let collector = Collector::start(folder.path(), &with("https://a.example", 5).to_string(), &[]).expect("it starts");
    let buy = |origin: &str| {
        let batch = br#"{"items":[{"kind":"action","action":"buy"}]}"#;
        let headers = [("content-type", "text/plain"), ("origin", origin)];
        let answer = http::request("POST", &format!("{}/v1/beacon", collector.url()), &headers, batch);
        answer.expect("it answers").status
    };
    let bought = r#"user_actions_total{action="buy",service="web"}"#;
    assert_eq!(buy("https://a.example"), 204);
    trade(&collector);

    collector.configure(folder.path(), &with("https://b.example", 1).to_string());
    assert_eq!(reload(&collector), (200, "reloaded; changed: `beacons`, `operations`\n".into()));
    assert_eq!((buy("https://a.example"), buy("https://b.example")), (403, 204));
    trade(&collector);
    assert_eq!((collector.value(bought), collector.value(TRADES)), (Some(2.0), Some(2.0)));

    collector.configure(folder.path(), r#"collect: { listen: "$LISTEN" }"#);
    assert_eq!(reload(&collector).0, 200);
    assert_eq!(buy("https://b.example"), 404);
    assert_eq!((collector.value(bought), collector.value(TRADES)), (None, None));
}

#[test]
fn a_configuration_that_does_not_pass_or_cannot_be_followed_changes_nothing_and_says_where_it_is_wrong() {
    let Some(anvil) = Anvil::start(&[]) else { return };
    let folder = Scratch::new("collect-reload-bad");
    let good = config(&anvil, "200ms", &["home"]).to_string();
    let collector = Collector::start(folder.path(), &good, &[]).expect("it starts");
    collector.wait_for(&endpoint_up("home"), |up| up > 0.0);
    mined(&anvil, &collector, 1, 1.0);

    let token = "aTokenThatNobodyMaySee";
    let bad = format!("collect:\n  chains:\n    sepolia: {{ rpc: [\"https://example.org/{token}\"], chain_id: no }}\n");
    collector.configure(folder.path(), &bad);
    let (status, said) = reload(&collector);
    assert_eq!(status, 500, "{said}");
    let place = format!("{}:3:", folder.path().join("watchbell.yaml").display());
    assert!(said.starts_with(&place) && said.lines().count() == 1 && !said.contains(token), "{said}");
    let log = collector.process.said();
    assert!(log.contains("the configuration is not followed") && log.contains("watchbell.yaml:3:"), "{log}");
    assert_eq!(collector.value(GOOD), Some(0.0));

    // Good text that cannot be acted on.
    for (part, value, says) in [
        ("listen", json!("127.0.0.1:1"), "`collect.listen` was changed, which needs a restart\n"),
        ("state", json!("other.json"), "`collect.state` was changed, which needs a restart\n"),
        (
            "chains",
            json!({ "main": { "rpc": [{ "env": "NOT_SET_ANYWHERE" }], "chain_id": 1 } }),
            "the address of node 1 of chain main cannot be used: the environment variable `NOT_SET_ANYWHERE` is not set\n",
        ),
    ] {
        let mut other = config(&anvil, "200ms", &["shop"]);
        other["collect"][part] = value;
        collector.configure(folder.path(), &other.to_string());
        let (status, said) = reload(&collector);
        let place = format!("{}:1:", folder.path().join("watchbell.yaml").display());
        assert!(status == 500 && said.starts_with(&place) && said.ends_with(&format!(": {says}")), "{said}");
    }

    // Whoever comes from elsewhere changes nothing.
    for header in [("origin", "https://evil.example"), ("x-forwarded-for", "198.51.100.7")] {
        let answer = http::request("POST", &format!("{}/-/reload", collector.url()), &[header], b"");
        assert_eq!(answer.expect("it answers").status, 403, "{header:?}");
    }
    mined(&anvil, &collector, 1, 2.0);
    assert_eq!((collector.value(&endpoint_up("shop")), collector.value(&probe_up("home"))), (None, Some(1.0)));

    collector.configure(folder.path(), &good);
    collector.process.signal("HUP");
    wait_for("the reload to be good", || (collector.value(GOOD) == Some(1.0)).then_some(()));
    assert!(
        collector.process.said().contains("reloaded: nothing is other than before"),
        "{}",
        collector.process.said()
    );
}
