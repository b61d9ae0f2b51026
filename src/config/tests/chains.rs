//! What chains are collected, and what is said of what cannot be.

use super::*;
use crate::config::collect::Chain;

fn chain(text: &str) -> Chain {
    let collect = loading(&format!("collect: {{ chains: {{ sepolia: {text} }} }}")).settings().collect;
    collect.and_then(|collect| collect.chains.into_values().next()).expect("a chain is configured")
}

#[test]
fn addresses_and_a_number_alone_mean_the_usual() {
    let meant = chain("{ rpc: ['https://a.example/key', { env: SECOND }, 'wss://b.example'], chain_id: 11155111 }");
    let rpc = [
        Secret::Inline("https://a.example/key".into()),
        Secret::Env("SECOND".into()),
        Secret::Inline("wss://b.example".into()),
    ];
    assert_eq!((meant.rpc.as_slice(), meant.chain_id), (&rpc[..], 11_155_111));
    assert_eq!((meant.every.millis(), meant.timeout.millis(), meant.max_lag), (15_000, 5_000, 10));
    assert!(meant.labels.is_empty() && meant.name.as_str() == "sepolia");
}

#[test]
fn what_no_chain_can_be_is_told_at_its_place() {
    let told: String = [
        "{ rpc: ['https://a.example'] }",
        "{ rpc: [], chain_id: 1 }",
        "{ rpc: ['ftp://a.example/aKey'], chain_id: 1 }",
        "{ rpc: ['https://a.example'], chain_id: '0x1' }",
        "{ rpc: ['https://a.example'], chain_id: 1, max_lag: 0 }",
        "{ rpc: ['https://a.example'], chain_id: 1, timeout: 0s }",
        "{ rpc: ['https://a.example'], chain_id: 1, labels: { net-work: test, endpoint: mine } }",
    ]
    .map(|text| {
        let outcome = loading(&format!("collect: {{ chains: {{ sepolia: {text} }} }}"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    })
    .concat();
    insta::assert_snapshot!(told, @r#"
    { rpc: ['https://a.example'] }
    WB015 watchbell.yaml:1:33 `rpc` in this part of `sepolia`: the key `chain_id` is missing

    { rpc: [], chain_id: 1 }
    WB114 watchbell.yaml:1:38 `[]` names no address: this chain has no node

    { rpc: ['ftp://a.example/aKey'], chain_id: 1 }
    WB109 watchbell.yaml:1:39 `'ftp://a.example/aKey'` expected `http://` or `https://` or `ws://` or `wss://` and a host: this is not an address

    { rpc: ['https://a.example'], chain_id: '0x1' }
    WB014 watchbell.yaml:1:71 `'0x1'` the value of `chain_id`: expected a whole number, found the text "0x1"

    { rpc: ['https://a.example'], chain_id: 1, max_lag: 0 }
    WB016 watchbell.yaml:1:83 `0` the value of `max_lag`: expected a number of at least 1

    { rpc: ['https://a.example'], chain_id: 1, timeout: 0s }
    WB108 watchbell.yaml:1:83 `0s` no time at all: this duration has to be longer than nothing

    { rpc: ['https://a.example'], chain_id: 1, labels: { net-work: test, endpoint: mine } }
    WB138 watchbell.yaml:1:84 `net-work` letters, digits and `_`, not beginning with a digit: `net-work` is not a label name
    WB138 watchbell.yaml:1:100 `endpoint` says something else on the same series: the label `endpoint` is the collector's own
          = choose another name
    "#);
}
