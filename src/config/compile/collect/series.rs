//! Metrics whose names somebody chose, and that no two of them are one series.

use super::labels::{Taken, labels};
use super::{Met, again};
use crate::config::settings::collect::Series;
use crate::config::written::{Entries, PlainText, collect as written};
use crate::diagnostics::{Findings, Place, codes};
use crate::model::Labels;
use std::collections::BTreeMap;

/// How names begin that are the collector's own.
const OWN_BEGINNINGS: [&str; 5] = ["watchbell_", "chain_", "oracle_", "endpoint_", "web_vitals_"];
/// Further names of its own. Those of histograms have endings as well.
const OWN: [&str; 16] = [
    "contract_up",
    "contract_info",
    "contract_gas_used_total",
    "contract_transactions_total",
    "unauthorized_access_attempts",
    "price_deviation_percentage",
    "block_time_seconds",
    "gas_price_gwei",
    "transactions_per_second",
    "api_response_time_ms",
    "error_rate_percentage",
    "page_load_time_ms",
    "javascript_errors_total",
    "navigation_phase_seconds",
    "operation_duration_ms",
    "http_request_duration_seconds",
];
/// Of histograms.
const ENDINGS: [&str; 3] = ["_bucket", "_sum", "_count"];
/// What is counted of others as well, so that a contract's may stand beside it, and what it is.
const SHARED: [(&str, &str); 5] = [
    ("active_users", "gauge"),
    ("user_actions_total", "counter"),
    ("user_registrations_total", "counter"),
    ("user_feedback_total", "counter"),
    ("http_requests_total", "counter"),
];

/// The labels that all series of a contract have.
pub(super) const OF_CONTRACTS: [&str; 2] = ["chain", "contract"];

/// The name, the help and the labels of a metric that somebody chose. `above` are the labels of its chain.
pub(super) fn series(
    metric: &PlainText,
    help: Option<&String>,
    own: &Entries<String>,
    above: &Entries<String>,
    findings: &mut Findings,
) -> Option<Series> {
    let labels = labels(own, Taken { own: &OF_CONTRACTS, above: Some(above) }, findings);
    let text = metric.as_str();
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':');
    let good = starts && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    if !good {
        findings
            .error(codes::WB163, format!("`{text}` is not the name of a metric"))
            .at(metric.place(), "letters, digits, `_` and `:`, not beginning with a digit");
        return None;
    }
    if let Some(owner) = owner(text) {
        findings
            .error(codes::WB163, format!("`{text}` is measured by {owner} itself"))
            .at(metric.place(), "choose another name");
        return None;
    }
    let help = help.cloned().unwrap_or_else(|| "As the configuration of the collector says".to_owned());
    Some(Series { metric: text.into(), help, labels })
}

/// Who measures a metric of this name already.
fn owner(metric: &str) -> Option<&'static str> {
    let stem = ENDINGS.iter().find_map(|ending| metric.strip_suffix(ending)).unwrap_or(metric);
    let is_own = OWN.contains(&metric) || OWN.contains(&stem);
    if is_own || OWN_BEGINNINGS.iter().any(|own| metric.starts_with(own)) {
        return Some("the collector");
    }
    let is_prometheus = ["up", "ALERTS", "ALERTS_FOR_STATE"].contains(&metric) || metric.starts_with("scrape_");
    is_prometheus.then_some("Prometheus")
}

/// A metric in the order of the file: what it is, and where it is written.
type Chosen<'a> = (&'a PlainText, &'a Entries<String>, &'static str);

fn chosen(contract: &written::Contract) -> impl Iterator<Item = Chosen<'_>> {
    let views = contract.calls.iter().map(|view| (&view.value.metric, &view.value.labels, "gauge"));
    let counted = contract.events.iter().map(|counted| {
        let kind = if counted.value.distinct.is_some() { "gauge" } else { "counter" };
        (&counted.value.metric, &counted.value.labels, kind)
    });
    views.chain(counted)
}

/// Metrics that are a counter in one place and a gauge in another.
pub(super) fn one_kind_each(written: &written::Collect, findings: &mut Findings) {
    let mut kinds: BTreeMap<&str, (&str, Option<Place>)> =
        SHARED.into_iter().map(|(metric, kind)| (metric, (kind, None))).collect();
    for (_, contract) in written.chains.iter().flat_map(|(_, chain)| chain.contracts.iter()) {
        for (metric, _, kind) in chosen(contract) {
            let (first, place) = *kinds.entry(metric.as_str()).or_insert((kind, Some(metric.place())));
            if first == kind {
                continue;
            }
            let finding = findings.error(codes::WB163, format!("`{}` is a {first} and a {kind}", metric.as_str()));
            finding.at(metric.place(), format!("a {kind} here")).help("rename one of them");
            match place {
                Some(place) => finding.see(place, format!("a {first} here")),
                None => finding.help(format!("the collector has a {first} of this name itself; choose another")),
            };
        }
    }
}

/// Series of a contract that two of its calls or events would write.
pub(super) fn each_once(contract: &written::Contract, findings: &mut Findings) {
    let mut met = Met::new();
    for (metric, own, kind) in chosen(contract) {
        let labels = Labels::new(own.iter().map(|(name, value)| (name.value.as_str(), value.as_str())));
        if let Some(first) = again(&mut met, (metric.as_str(), kind, labels), metric.place()) {
            findings
                .error(codes::WB164, format!("`{}` with the same labels is there twice", metric.as_str()))
                .at(metric.place(), "again here")
                .see(first, "first here")
                .help("give each its own `labels`, or count several events together with `any`");
        }
    }
}
