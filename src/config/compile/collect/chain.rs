//! Chains.

use super::labels::{Taken, labels};
use super::pace::{Pace, Said, pace};
use super::{Met, again, contract, names, oracle, prices, web};
use crate::config::settings::collect::Chain;
use crate::config::written::{SecretOrText, SecretPlace, collect as written};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::Span;
use std::collections::BTreeMap;

const USUAL: Pace = Pace { every: Span::from_secs(15), timeout: Span::from_secs(5) };
const MAX_LAG: u64 = 10;
/// What tells apart the series of one chain.
const OWN_LABELS: [&str; 10] =
    ["chain", "endpoint", "outcome", "reason", "contract", "oracle", "source", "kind", "window", "version"];
/// Chains that everybody knows by one of these names, and their numbers.
const KNOWN: [(u64, &[&str]); 9] = [
    (1, &["mainnet", "ethereum", "eth"]),
    (11_155_111, &["sepolia"]),
    (17_000, &["holesky"]),
    (560_048, &["hoodi"]),
    (10, &["optimism"]),
    (56, &["bsc"]),
    (137, &["polygon"]),
    (8_453, &["base"]),
    (42_161, &["arbitrum"]),
];

/// A chain.
pub(super) fn chain(name: &Spanned<String>, written: &written::Chain, findings: &mut Findings) -> Chain {
    if written.rpc.value.is_empty() {
        findings.error(codes::WB114, "this chain has no node").at(written.rpc.place, "names no address");
    }
    let rpc = written.rpc.value.iter().map(|url| web::node(url, findings)).collect();
    nodes_once(written, findings);
    number(name, &written.chain_id, findings);
    addresses_once(written, findings);
    prices::each_once(written, findings);
    let own = pace(Said { every: written.every.as_ref(), timeout: written.timeout.as_ref() }, USUAL, findings);
    Chain {
        name: name.value.as_str().into(),
        rpc,
        chain_id: written.chain_id.value,
        every: own.every,
        timeout: own.timeout,
        max_lag: written.max_lag.map_or(MAX_LAG, |blocks| blocks.value),
        labels: labels(&written.labels, Taken { own: &OWN_LABELS, above: None }, findings),
        contracts: written
            .contracts
            .iter()
            .map(|(name, contract)| {
                (names::given(name, findings), contract::contract(contract, &written.labels, own.timeout, findings))
            })
            .collect(),
        oracles: written
            .oracles
            .iter()
            .filter_map(|(name, oracle)| {
                let given = names::given(name, findings);
                Some((given, oracle::oracle(name, oracle, written, own.timeout, findings)?))
            })
            .collect(),
    }
}

/// A node that is listed twice has two voices where nodes are compared, and takes its own place when it fails.
fn nodes_once(written: &written::Chain, findings: &mut Findings) {
    let mut met = Met::new();
    for node in &written.rpc.value {
        if let Some(first) = again(&mut met, identity(&node.value), node.place) {
            findings
                .error(codes::WB165, "this node is there twice")
                .at(node.place, "again here")
                .see(first, "first here")
                .help("name another node, or delete one of them: two voices of one node can outvote a third");
        }
    }
}

/// Nodes that two chains name: at least one of the chains is not what its name says.
pub(super) fn nodes_of_one_chain(written: &written::Collect, findings: &mut Findings) {
    let mut seen: BTreeMap<String, (&str, Place)> = BTreeMap::new();
    for (name, chain) in &written.chains {
        for node in &chain.rpc.value {
            let (owner, first) = *seen.entry(identity(&node.value)).or_insert((&name.value, node.place));
            if owner != name.value {
                findings
                    .warn(codes::WB142, format!("this is a node of `{owner}` already"))
                    .at(node.place, "again here")
                    .see(first, "first here")
                    .help("a node serves one chain: name one of this chain, or delete it");
            }
        }
    }
}

fn identity(node: &SecretOrText) -> String {
    match node {
        SecretOrText::Text(text) => web::normal(text),
        SecretOrText::Place(SecretPlace::Env(name)) => format!("env {name}"),
        SecretOrText::Place(SecretPlace::File(path)) => format!("file {path}"),
    }
}

/// A chain with the name of a known one, and the number of another.
fn number(name: &Spanned<String>, number: &Spanned<u64>, findings: &mut Findings) {
    let named = KNOWN.iter().find(|(_, names)| names.contains(&name.value.to_lowercase().as_str()));
    let numbered = KNOWN.iter().find(|(known, _)| *known == number.value);
    if let (Some((right, _)), Some((_, [other, ..]))) = (named, numbered)
        && *right != number.value
    {
        findings
            .warn(codes::WB166, format!("{} is the number of `{other}`", number.value))
            .at(number.place, format!("and the chain is called `{}`", name.value))
            .help(format!("the number of `{}` is {right}", name.value));
    }
}

/// One contract under two names may be meant; its transactions are counted under one of them only.
fn addresses_once(written: &written::Chain, findings: &mut Findings) {
    let mut met = Met::new();
    for (_, contract) in &written.contracts {
        let place = contract.address.place();
        if let Some(first) = again(&mut met, contract.address.as_str().to_lowercase(), place) {
            findings
                .warn(codes::WB142, "another contract has this address already")
                .at(place, "again here")
                .see(first, "first here")
                .help("look whether it was copied; what `gas` and `denied` count has one of the names only");
        }
    }
}
