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
        "{ rpc: [], chain_id: 5 }",
        "{ rpc: ['ftp://a.example/aKey'], chain_id: 5 }",
        "{ rpc: ['https://a.example'], chain_id: '0x1' }",
        "{ rpc: ['https://a.example'], chain_id: 5, max_lag: 0 }",
        "{ rpc: ['https://a.example'], chain_id: 5, timeout: 0s }",
        "{ rpc: ['https://a.example'], chain_id: 5, labels: { net-work: test, endpoint: mine } }",
    ]
    .map(|text| {
        let outcome = loading(&format!("collect: {{ chains: {{ sepolia: {text} }} }}"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    })
    .concat();
    insta::assert_snapshot!(told, @r#"
    { rpc: ['https://a.example'] }
    WB015 watchbell.yaml:1:33 `rpc` in this part of `sepolia`: the key `chain_id` is missing

    { rpc: [], chain_id: 5 }
    WB114 watchbell.yaml:1:38 `[]` names no address: this chain has no node

    { rpc: ['ftp://a.example/aKey'], chain_id: 5 }
    WB109 watchbell.yaml:1:39 `'ftp://a.example/aKey'` expected `http://` or `https://` or `ws://` or `wss://` and a host: this is not an address

    { rpc: ['https://a.example'], chain_id: '0x1' }
    WB014 watchbell.yaml:1:71 `'0x1'` the value of `chain_id`: expected a whole number, found the text "0x1"

    { rpc: ['https://a.example'], chain_id: 5, max_lag: 0 }
    WB016 watchbell.yaml:1:83 `0` the value of `max_lag`: expected a number of at least 1

    { rpc: ['https://a.example'], chain_id: 5, timeout: 0s }
    WB108 watchbell.yaml:1:83 `0s` no time at all: this duration has to be longer than nothing

    { rpc: ['https://a.example'], chain_id: 5, labels: { net-work: test, endpoint: mine } }
    WB138 watchbell.yaml:1:84 `net-work` letters, digits and `_`, not beginning with a digit: `net-work` is not a label name
    WB138 watchbell.yaml:1:100 `endpoint` says something else on the same series: the label `endpoint` is the collector's own
          = choose another name
    "#);
}

/// What is said of chains, apart from there being no policy.
fn table<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let told = texts.into_iter().map(|text| {
        let outcome = loading(&format!("collect: {{ chains: {text} }}"));
        format!("{text}\n{}\n", outcome.told_of(|finding| finding.code != codes::WB139))
    });
    told.collect()
}

#[test]
fn nodes_and_numbers_that_cannot_be_meant_are_told_before_anybody_is_asked() {
    let told = table([
        "{ a: { rpc: ['https://a.example/v2/', 'https://A.example:443/v2', 'wss://a.example/v2'], chain_id: 5 } }",
        "{ a: { rpc: [{ env: A }, 'http://localhost:8545', { env: A }, 'http://127.0.0.1:8545/'], chain_id: 5 } }",
        "{ a: { rpc: ['https://n.example'], chain_id: 5 }, b: { rpc: ['https://n.example/'], chain_id: 6 } }",
        "{ a: { rpc: ['https://n.example'], chain_id: 0 } }",
        "{ sepolia: { rpc: ['https://n.example'], chain_id: 1 } }",
        "{ sepolia: { rpc: ['https://n.example'], chain_id: 31337 }, staging: { rpc: ['https://m.example'], chain_id: 1 } }",
        "{ a: { rpc: ['https://n.example:99999', 'https:///v2', 'https://[::1/'], chain_id: 5 } }",
        "{ a: { rpc: [{ env: '${RPC_URL}' }], chain_id: 5 } }",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn secrets_and_placeholders_in_addresses_are_told_and_never_repeated() {
    let told = table([
        "{ a: { rpc: ['https://me:hunter2@n.example'], chain_id: 5 } }",
        "{ a: { rpc: ['wss://n.example/?apikey=hunter2'], chain_id: 5 } }",
        "{ a: { rpc: ['https://n.example/v3/0123456789abcdef0123456789abcdef'], chain_id: 5 } }",
        "{ a: { rpc: ['https://n.example/v3/${RPC_KEY}', 'https://m.example/v3/YOUR-PROJECT-ID'], chain_id: 5 } }",
        "{ a: { rpc: ['https://n.example/ethereum/mainnet', { file: /run/secrets/rpc }], chain_id: 5 } }",
    ]);
    // The line itself is shown by the table, as by `check`; beside it no secret stands.
    let said: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("WB")).collect();
    assert_eq!(said.len(), 5, "{told}");
    for line in said {
        let words = line.rsplit('`').next().unwrap_or_default();
        assert!(!words.contains("hunter2") && !words.contains("0123456789"), "{line}");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_pace_that_cannot_be_kept_is_told_where_it_is_written() {
    let told = table([
        "{ a: { rpc: [{ env: A }], chain_id: 5, every: 2s } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, every: 15s, timeout: 20s } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, every: 15ms, timeout: 10ms } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, contracts: { c: { address: '0x5fbdb2315678afecb367f032d93f642f64180aa3', every: 2s } } } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, oracles: { o: { address: '0x5fbdb2315678afecb367f032d93f642f64180aa3', price: 'f() returns (uint256 price, uint256 timestamp)', every: 2m, over: 1m } } } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, every: 5s } }",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn labels_that_series_have_already_are_told_wherever_they_are_given() {
    let told = table([
        "{ a: { rpc: [{ env: A }], chain_id: 5, labels: { __name__: x, __tmp: x, le: x, job: x, instance: x, chain: x, kind: x, service: mine, region: '' } } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, labels: { network: test }, contracts: { c: { address: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
            calls: [{ metric: m, call: 'f() returns (bool)', labels: { contract: x, network: main, kind: good } }],
            events: [{ metric: n, event: 'E()', labels: { chain: x, le: '5' } }] } } } }",
        "{ a: { rpc: [{ env: A }], chain_id: 5, oracles: { o: { address: '0x5fbdb2315678afecb367f032d93f642f64180aa3', price: 'f() returns (uint256 price, uint256 timestamp)', labels: { oracle: x, pair: gold } } } } }",
    ]);
    insta::assert_snapshot!(told);
}

/// The same inside of a chain.
fn table_of_series<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts = texts.into_iter().map(|text| format!("{{ a: {{ rpc: [{{ env: A }}], chain_id: 5, {text} }} }}"));
    table(texts.collect::<Vec<_>>().iter().map(String::as_str))
}

#[test]
fn series_that_two_would_write_and_what_changes_nothing_are_told() {
    let address = "address: '0x5fbdb2315678afecb367f032d93f642f64180aa3'";
    let contract = |text: &str| format!("contracts: {{ c: {{ {address}, {text} }} }}");
    let oracle = |name: &str, text: &str| {
        format!("{name}: {{ {address}, price: 'f() returns (uint256 price, uint256 timestamp)'{text} }}")
    };
    let texts = [
        contract("calls: [{ metric: m, call: 'f() returns (bool)' }, { metric: m, call: 'g() returns (bool)' }]"),
        contract(
            "events: [{ metric: m, event: 'E()', labels: { kind: a } }, { metric: m, event: 'F()', labels: { kind: b } }, { metric: m, event: 'F()', labels: { kind: a } }]",
        ),
        contract(
            "events: [{ metric: m, any: ['Paused(address account)', 'Paused(address indexed)', 'Unpaused(address)'] }]",
        ),
        contract("calls: [{ metric: m, any: ['f() returns (bool)', 'f() returns (bool)'] }]"),
        contract(
            "events: [{ metric: m, event: 'E(uint256 a)', decimals: 18 }, { metric: n, event: 'E(uint256 a)', distinct: a, over: 200d, confirmations: 3 }]",
        ),
        contract(
            "calls: [{ metric: up, call: 'f() returns (bool)' }, { metric: scrape_duration_seconds, call: 'f() returns (bool)' }, { metric: page_load_time_ms, call: 'f() returns (bool)' }, { metric: operation_duration_ms_count, call: 'f() returns (bool)' }, { metric: user_actions_total, call: 'f() returns (bool)' }, { metric: active_people, call: 'f() returns (bool)' }]",
        ),
        "contracts: { c: { address: '0x0000000000000000000000000000000000000000' } }".to_owned(),
        contract(
            "calls: [{ metric: m, call: 'f() returns (bool)', decimals: 18 }, { metric: n, call: 'f() returns (uint64)', decimals: 18 }], events: [{ metric: o, event: 'E(uint8 a)', sum: a, decimals: 3 }]",
        ),
        contract(
            "events: [{ metric: m, event: 'E(address a)', distinct: a, over: 7d, labels: { window: 1d } }, { metric: m, event: 'E(address a)', distinct: a, over: 1w, labels: { window: 7d } }]",
        ),
        format!(
            "oracles: {{ o: {{ {address}, price: &feed 'latestRoundData() returns (uint80, int256 answer, uint256, uint256 updatedAt, uint80)' }}, p: {{ {address}, price: *feed, decimals: 8, labels: {{ p: p }}, sources: {{ each: {{ a: {{}} }} }} }} }}"
        ),
        format!(
            "oracles: {{ {}, {} }}",
            oracle("band", ""),
            oracle("all", ", sources: { each: { band: {}, chainlink: {}, all: {} } }")
        ),
        format!(
            "oracles: {{ {}, {} }}",
            oracle("gold", ", sources: { each: { a: {}, b: {} } }"),
            oracle("silver", ", sources: { each: { c: {}, d: {} } }")
        ),
        format!(
            "oracles: {{ {}, {} }}",
            oracle("gold", ", labels: { pair: gold }, sources: { each: { a: {} }, names: [a] }"),
            oracle("silver", ", labels: { pair: silver }, sources: { each: { a: {} } }")
        ),
    ];
    insta::assert_snapshot!(table_of_series(texts.iter().map(String::as_str)));
}

#[test]
fn no_metric_of_the_collector_can_be_chosen_for_something_else() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let named = regex::Regex::new(r#"(?:\.(gauge|counter|histogram)|account)\(\s*"([a-z_]+)""#).unwrap();
    let mut found = 0;
    for path in ["collect/**/*.rs", "http_metrics/*.rs"] {
        let files = glob::glob(&sources.join(path).to_string_lossy()).unwrap().flatten();
        for file in files.filter(|file| !file.ends_with("tests.rs")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for metric in named.captures_iter(code) {
                // Of the other kind, for the few that may stand beside ours.
                let key = if metric.get(1).is_some_and(|kind| kind.as_str() == "gauge") { "events" } else { "calls" };
                let asks = if key == "events" { "event: 'E()'" } else { "call: 'f() returns (bool)'" };
                let text = format!(
                    "{{ a: {{ rpc: [{{ env: A }}], chain_id: 5, contracts: {{ c: {{ address: '0x5fbdb2315678afecb367f032d93f642f64180aa3', {key}: [{{ metric: {}, {asks} }}] }} }} }} }}",
                    &metric[2]
                );
                assert!(
                    table([text.as_str()]).contains("\nWB163"),
                    "{}: `{}` can be chosen",
                    file.display(),
                    &metric[2]
                );
                found += 1;
            }
        }
    }
    assert!(found > 40, "only {found} names were found");
}
