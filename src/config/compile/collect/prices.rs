//! That no two prices of a chain are one series.

use super::{Met, again};
use crate::config::written::collect as written;
use crate::diagnostics::{Findings, Place, codes};
use crate::model::Labels;

/// Series that two oracles of a chain would write, or an oracle and a source: each is measured under its own name.
pub(super) fn each_once(chain: &written::Chain, findings: &mut Findings) {
    let (mut named, mut apart) = (Met::new(), Met::new());
    for (name, oracle) in &chain.oracles {
        let labels = Labels::new(oracle.labels.iter().map(|(name, value)| (name.value.as_str(), value.as_str())));
        let sources = oracle.sources.as_ref().map(|sources| &sources.value);
        if let Some(first) = sources.and_then(|_| again(&mut apart, labels.clone(), name.place)) {
            findings
                .error(codes::WB164, "two oracles with sources would be one `price_deviation_percentage`")
                .at(name.place, "the second one")
                .see(first, "the first one")
                .help("give each its own `labels`");
        }
        for (name, place) in
            std::iter::once((name.value.as_str(), name.place)).chain(sources.into_iter().flat_map(names))
        {
            if let Some(first) = again(&mut named, (name, labels.clone()), place) {
                findings
                    .error(codes::WB164, format!("two prices on this chain are called `{name}`"))
                    .at(place, "again here")
                    .see(first, "first here")
                    .help("a source is measured as an oracle of its own: rename one of them, or give oracles `labels`");
            }
        }
    }
}

fn names(sources: &written::Sources) -> impl Iterator<Item = (&str, Place)> {
    let each = sources.each.iter().map(|(name, _)| (name.value.as_str(), name.place));
    // Beside `each` they are of no use, which is told.
    let listed = sources.names.iter().filter(|_| sources.list.is_some());
    each.chain(listed.map(|name| (name.as_str(), name.place())))
}
