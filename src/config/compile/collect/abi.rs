//! What is written of contracts: addresses, signatures, and which of their values are meant.

use super::reading;
use crate::abi::{Call, Event, Mistake, Parameter, Place};
use crate::config::settings::collect::{Asked, Series};
use crate::config::written::{Entries, EventText, FunctionText, PlainText, collect as written};
use crate::diagnostics::{Findings, Text, codes};
use crate::model::{Labels, Name};
use alloy_primitives::Address;
use std::collections::BTreeMap;

/// The address of a contract.
pub(super) fn address(written: &PlainText, findings: &mut Findings) -> Option<Address> {
    let text = written.as_str();
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
    let parsed = digits.and_then(|digits| digits.parse::<Address>().ok());
    let Some(parsed) = parsed else {
        findings
            .error(codes::WB161, format!("`{text}` is not the address of a contract"))
            .at(written.place(), "expected `0x` and 40 hexadecimal digits");
        return None;
    };
    let letters = || text[2..].chars().filter(char::is_ascii_alphabetic);
    let is_mixed = letters().any(|c| c.is_ascii_uppercase()) && letters().any(|c| c.is_ascii_lowercase());
    if is_mixed && parsed.to_checksum(None) != text {
        findings
            .error(codes::WB161, format!("`{text}` is not what somebody meant to write"))
            .at(written.place(), "its capitals are a checksum, and do not fit its digits")
            .help("copy it again from where it is known; in small letters there is no check");
        return None;
    }
    Some(parsed)
}

/// A function with its arguments.
pub(super) fn call(written: &FunctionText, args: &[PlainText], findings: &mut Findings) -> Option<Call> {
    let call = Call::parse(written.as_str()).map_err(|mistake| refuse(mistake, &written.0, findings)).ok()?;
    let texts: Vec<&str> = args.iter().map(PlainText::as_str).collect();
    match call.with(&texts) {
        Ok(call) => Some(call),
        Err(bad) => {
            let place = args.get(bad.index).map_or(written.place(), PlainText::place);
            findings
                .error(codes::WB160, bad.said)
                .at(place, "does not fit the signature")
                .help("arguments stand in `args`, in their order");
            None
        }
    }
}

/// An event.
pub(super) fn event(written: &EventText, findings: &mut Findings) -> Option<Event> {
    Event::parse(written.as_str()).map_err(|mistake| refuse(mistake, &written.0, findings)).ok()
}

/// A mistake in a signature that stands in `text`.
pub(super) fn refuse(mistake: Mistake, text: &Text, findings: &mut Findings) {
    let finding = findings.error(codes::WB160, format!("`{}` is not a signature: {}", text.value, mistake.said));
    finding.at(text.place_of(mistake.at), "here");
    if let Some(help) = mistake.help {
        finding.help(help);
    }
}

/// The value that is meant of those that a function gives or an event has: the named one, or the only one.
pub(super) fn place(
    values: &[Parameter],
    name: Option<&PlainText>,
    otherwise: crate::diagnostics::Place,
    findings: &mut Findings,
) -> Option<Place> {
    let found = match name {
        Some(name) => Place::named(values, name.as_str()),
        None => Place::only(values),
    };
    match found {
        Ok(place) => Some(place),
        Err(why) => {
            let finding = findings.error(codes::WB162, why);
            match name {
                Some(name) => finding.at(name.place(), "not one of its values"),
                None => finding
                    .at(otherwise, "which one is meant?")
                    .help("give the values names, and say the name in `take`"),
            };
            None
        }
    }
}

/// Like [`place`], of a value that can be a sample.
pub(super) fn number(
    values: &[Parameter],
    name: Option<&PlainText>,
    otherwise: crate::diagnostics::Place,
    findings: &mut Findings,
) -> Option<Place> {
    let place = place(values, name, otherwise, findings)?;
    if !place.kind.is_number() {
        findings
            .error(codes::WB162, format!("`{}` is no number", place.kind))
            .at(name.map_or(otherwise, PlainText::place), "a sample is a number, or yes or no");
        return None;
    }
    Some(place)
}

/// A function, and the number that is meant of what it gives.
pub(super) fn asked(
    function: &FunctionText,
    args: &[PlainText],
    take: Option<&PlainText>,
    findings: &mut Findings,
) -> Option<Asked> {
    let call = call(function, args, findings)?;
    let place = number(&call.outputs, take, function.place(), findings)?;
    Some(Asked { call, place })
}

/// Metrics whose names are the collector's own, beside all that begin with `watchbell_`, `chain_` and `oracle_`.
const OWN: [&str; 10] = [
    "contract_up",
    "contract_info",
    "contract_gas_used_total",
    "contract_transactions_total",
    "unauthorized_access_attempts",
    "price_deviation_percentage",
    "block_time_seconds",
    "gas_price_gwei",
    "transactions_per_second",
    "endpoint_up",
];

/// The name, the help and the labels of a metric that somebody chose.
pub(super) fn series(
    metric: &PlainText,
    help: Option<&String>,
    labels: &Entries<String>,
    findings: &mut Findings,
) -> Option<Series> {
    let text = metric.as_str();
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':');
    let good = starts && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
    if !good {
        findings
            .error(codes::WB163, format!("`{text}` is not the name of a metric"))
            .at(metric.place(), "letters, digits, `_` and `:`, not beginning with a digit");
        return None;
    }
    if OWN.contains(&text) || ["watchbell_", "chain_", "oracle_"].iter().any(|own| text.starts_with(own)) {
        findings
            .error(codes::WB163, format!("`{text}` is measured by the collector itself"))
            .at(metric.place(), "choose another name");
        return None;
    }
    let labels = labels
        .iter()
        .filter_map(|(name, value)| Some((reading::label_name(name, findings)?, Name::from(value.as_str()))));
    let labels = Labels::new(labels.collect::<Vec<_>>());
    let help = help.cloned().unwrap_or_else(|| "As the configuration of the collector says".to_owned());
    Some(Series { metric: text.into(), help, labels })
}

/// Metrics that are a counter in one place and a gauge in another.
pub(super) fn one_kind_each(written: &written::Collect, findings: &mut Findings) {
    let mut kinds: BTreeMap<&str, (&str, crate::diagnostics::Place)> = BTreeMap::new();
    for (_, contract) in written.chains.iter().flat_map(|(_, chain)| chain.contracts.iter()) {
        let views = contract.calls.iter().map(|view| (&view.value.metric, "gauge"));
        let counted = contract
            .events
            .iter()
            .map(|counted| (&counted.value.metric, if counted.value.distinct.is_some() { "gauge" } else { "counter" }));
        for (metric, kind) in views.chain(counted) {
            let (first, place) = *kinds.entry(metric.as_str()).or_insert((kind, metric.place()));
            if first != kind {
                findings
                    .error(codes::WB163, format!("`{}` is a {first} and a {kind}", metric.as_str()))
                    .at(metric.place(), format!("a {kind} here"))
                    .see(place, format!("a {first} here"))
                    .help("rename one of them");
            }
        }
    }
}
