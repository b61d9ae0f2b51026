//! Chains.

use super::{contract, names, oracle, reading};
use crate::config::settings::collect::Chain;
use crate::config::written::{Entries, collect as written};
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::{Labels, Name, Span};

const EVERY: Span = Span::from_secs(15);
const TIMEOUT: Span = Span::from_secs(5);
const MAX_LAG: u64 = 10;
/// What tells apart the series of one chain.
const OWN_LABELS: [&str; 10] =
    ["chain", "endpoint", "outcome", "reason", "contract", "oracle", "source", "kind", "window", "version"];
const WEB: &[&str] = &["http", "https", "ws", "wss"];

/// A chain.
pub(super) fn chain(name: &Spanned<String>, written: &written::Chain, findings: &mut Findings) -> Chain {
    if written.rpc.value.is_empty() {
        findings.error(codes::WB114, "this chain has no node").at(written.rpc.place, "names no address");
    }
    let rpc = written.rpc.value.iter().map(|url| reading::secret_address_of(url, WEB, findings)).collect();
    let addresses: Vec<_> =
        written.contracts.iter().map(|(_, contract)| contract.address.as_str().to_lowercase()).collect();
    let places = written.contracts.iter().map(|(_, contract)| contract.address.place());
    names::each_once(addresses.iter().map(String::as_str).zip(places), findings);
    Chain {
        name: name.value.as_str().into(),
        rpc,
        chain_id: written.chain_id.value,
        every: reading::positive_or(written.every.as_ref(), EVERY, findings),
        timeout: reading::positive_or(written.timeout.as_ref(), TIMEOUT, findings),
        max_lag: written.max_lag.map_or(MAX_LAG, |blocks| blocks.value),
        labels: labels(&written.labels, findings),
        contracts: written
            .contracts
            .iter()
            .map(|(name, contract)| (names::given(name, findings), contract::contract(contract, findings)))
            .collect(),
        oracles: written
            .oracles
            .iter()
            .filter_map(|(name, oracle)| {
                let given = names::given(name, findings);
                Some((given, oracle::oracle(name, oracle, &written.contracts, findings)?))
            })
            .collect(),
    }
}

/// Further labels. What the collector says of a series by itself cannot be said otherwise.
fn labels(written: &Entries<String>, findings: &mut Findings) -> Labels {
    Labels::new(written.iter().filter_map(|(name, value)| {
        let label = reading::label_name(name, findings)?;
        if OWN_LABELS.contains(&name.value.as_str()) {
            findings
                .error(codes::WB138, format!("the label `{label}` is the collector's own"))
                .at(name.place, "says something else on the same series")
                .help("choose another name");
            return None;
        }
        Some((label, Name::from(value.as_str())))
    }))
}
