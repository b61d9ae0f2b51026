//! Contracts.

use super::pace::{Pace, Said, pace};
use super::{Met, abi, again, names, reading, series};
use crate::abi::{Denied, Kind, Parameter};
use crate::config::settings::collect::{Contract, Counted, View, What};
use crate::config::written::{Entries, EventText, FunctionText, PlainText, collect as written};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::Span;
use crate::model::duration_text::{format, parse};
use alloy_primitives::{Address, B256};

const EVERY: Span = Span::from_secs(30);
/// Further back than this, reading it again after each start takes a node hours.
const LONGEST_WINDOW: Span = Span::from_hours(24 * 90);

/// A contract on a chain with these labels and this deadline.
pub(super) fn contract(
    written: &written::Contract,
    above: &Entries<String>,
    timeout: Span,
    findings: &mut Findings,
) -> Contract {
    let denied = denied(written, findings);
    series::each_once(written, findings);
    let said = Said { every: written.every.as_ref(), timeout: None };
    Contract {
        // A wrong one is a finding; nobody asks there.
        address: abi::address(&written.address, findings).unwrap_or(Address::ZERO),
        every: pace(said, Pace { every: EVERY, timeout }, findings).every,
        gas: written.gas.unwrap_or_default(),
        denied: written.denied.unwrap_or_default().then_some(denied),
        version: written.version.unwrap_or_default(),
        views: written.calls.iter().filter_map(|view| self::view(view, above, findings)).collect(),
        counted: written.events.iter().filter_map(|counted| self::counted(counted, above, findings)).collect(),
    }
}

fn denied(written: &written::Contract, findings: &mut Findings) -> Denied {
    let mut denied = Denied::of_libraries();
    if !written.denied.unwrap_or_default()
        && let Some(first) = written.denied_by.first()
    {
        findings
            .error(codes::WB114, "`denied_by` says what `denied` counts")
            .at(first.place(), "nothing is counted")
            .help("add `denied: true`");
    }
    for own in &written.denied_by {
        if reading::spoken(own, "denied_by", findings).is_empty() {
            continue;
        }
        match denied.clone().and(own.as_str()) {
            Ok(more) => denied = more,
            Err(mistake) => abi::refuse(mistake, &own.0, findings),
        }
    }
    denied
}

/// Exactly one of two ways to say which: `call` or `any`, `event` or `any`.
fn either<'a, T>(
    one: Option<&'a T>,
    any: Option<&'a Spanned<Vec<T>>>,
    key: &str,
    place: Place,
    findings: &mut Findings,
) -> Option<Vec<&'a T>> {
    match (one, any) {
        (Some(one), None) => Some(vec![one]),
        (None, Some(any)) if !any.value.is_empty() => Some(any.value.iter().collect()),
        (None, Some(any)) => {
            findings.error(codes::WB114, "`any` names nothing").at(any.place, "empty");
            None
        }
        (Some(_), Some(any)) => {
            findings
                .error(codes::WB113, format!("`{key}` and `any` exclude each other"))
                .at(any.place, "drop one of them");
            None
        }
        (None, None) => {
            findings
                .error(codes::WB114, format!("it is not said what is read: `{key}` or `any`"))
                .at(place, "incomplete");
            None
        }
    }
}

fn view(written: &Spanned<written::View>, above: &Entries<String>, findings: &mut Findings) -> Option<View> {
    let (place, written) = (written.place, &written.value);
    let series = series::series(&written.metric, written.help.as_ref(), &written.labels, above, findings);
    let functions: Vec<&FunctionText> = either(written.call.as_ref(), written.any.as_ref(), "call", place, findings)?;
    names::each_once(functions.iter().map(|function| (function.as_str(), function.place())), findings);
    let asked: Vec<_> = functions
        .into_iter()
        .filter_map(|function| abi::asked(function, &written.args, written.take.as_ref(), findings))
        .collect();
    if let Some(asked) = asked.first() {
        abi::digits(written.decimals.as_ref(), &asked.place, findings);
    }
    let decimals = written.decimals.map_or(0, |digits| digits.value);
    (!asked.is_empty()).then_some(View { series: series?, asked, decimals })
}

fn counted(written: &Spanned<written::Counted>, above: &Entries<String>, findings: &mut Findings) -> Option<Counted> {
    let (place, written) = (written.place, &written.value);
    let series = series::series(&written.metric, written.help.as_ref(), &written.labels, above, findings);
    of_no_use(written, findings);
    let what = what(written, place, findings);
    let texts: Vec<&EventText> = either(written.event.as_ref(), written.any.as_ref(), "event", place, findings)?;
    let mut met = Met::new();
    let events = texts.into_iter().filter_map(|text| {
        let event = event(text, written, findings)?;
        once(event.0.topic, text, &mut met, findings).then_some(event)
    });
    let events: Vec<_> = events.collect();
    if let Some((_, Some(place))) = events.first().filter(|_| written.sum.is_some()) {
        abi::digits(written.decimals.as_ref(), place, findings);
    }
    let confirmations = written.confirmations.map_or(0, |blocks| u64::from(blocks.value));
    (!events.is_empty()).then_some(Counted { series: series?, events, what: what?, confirmations })
}

/// Names and `indexed` are no part of what an event is found by, so that one in two spellings would count twice.
fn once(topic: B256, text: &EventText, met: &mut Met<B256>, findings: &mut Findings) -> bool {
    let first = again(met, topic, text.place());
    if let Some(first) = first {
        findings
            .error(codes::WB164, "this event is counted twice")
            .at(text.place(), "again here")
            .see(first, "first here")
            .help("delete one of them");
    }
    first.is_none()
}

/// What is said and changes nothing.
fn of_no_use(written: &written::Counted, findings: &mut Findings) {
    if let Some(decimals) = written.decimals.filter(|_| written.sum.is_none()) {
        findings
            .warn(codes::WB178, "`decimals` changes nothing here")
            .at(decimals.place, "events are counted, and not what they hold")
            .help("say in `sum` which parameter is summed up, or delete it");
    }
    if let Some(blocks) = written.confirmations.filter(|_| written.distinct.is_some()) {
        findings
            .warn(codes::WB178, "`confirmations` changes nothing here")
            .at(blocks.place, "different values are counted as soon as they are seen")
            .help("delete it");
    }
    let Some(over) = &written.over else { return };
    let said = written.labels.iter().filter_map(|(name, value)| Some((name, parse(value).ok()?)));
    if let Some((label, said)) = { said }.find(|(_, said)| *said != over.value.0) {
        findings
            .warn(codes::WB173, format!("the label `{}` says {}", label.value, format(said)))
            .at(over.place, format!("and it is counted over {}", format(over.value.0)))
            .see(label.place, "said here")
            .help("rules go by the label: make both the same");
    }
    if over.value.0 > LONGEST_WINDOW {
        findings
            .warn(codes::WB173, "the chain is read this far back after each start")
            .at(over.place, "longer than 90 days")
            .help("until that is done, which may take hours, nothing is exported; ask Prometheus for longer windows");
    }
}

fn event(
    text: &EventText,
    written: &written::Counted,
    findings: &mut Findings,
) -> Option<(crate::abi::Event, Option<crate::abi::Place>)> {
    let event = abi::event(text, findings)?;
    let place = match (&written.sum, &written.distinct) {
        (Some(sum), _) => Some(summed(&event.parameters, sum, findings)?),
        (None, Some(distinct)) => Some(abi::place(&event.parameters, Some(distinct), text.place(), findings)?),
        (None, None) => None,
    };
    Some((event, place))
}

/// The parameter that is summed up, where the sum can only rise.
fn summed(parameters: &[Parameter], sum: &PlainText, findings: &mut Findings) -> Option<crate::abi::Place> {
    let place = abi::number(parameters, Some(sum), sum.place(), findings)?;
    if let Kind::Int(_) = place.kind {
        findings
            .error(codes::WB162, format!("`{}` may be negative, and a counter only rises", place.kind))
            .at(sum.place(), "a sum of this may fall")
            .help("sum up a parameter that is unsigned, or count the event; for what rises and falls ask a function, in `calls`");
        return None;
    }
    Some(place)
}

fn what(written: &written::Counted, place: Place, findings: &mut Findings) -> Option<What> {
    if let (Some(_), None) | (None, Some(_)) = (&written.distinct, &written.over) {
        findings.error(codes::WB114, "`distinct` and `over` go together").at(place, "one of them is missing");
        return None;
    }
    match (&written.sum, &written.distinct, &written.over) {
        (Some(sum), Some(_), _) => {
            findings.error(codes::WB113, "`sum` and `distinct` exclude each other").at(sum.place(), "drop one of them");
            None
        }
        (None, Some(_), Some(over)) => Some(What::Distinct { over: reading::positive(over, findings)? }),
        (Some(_), None, _) => Some(What::Sum { decimals: written.decimals.map_or(0, |digits| digits.value) }),
        (None, ..) => Some(What::Count),
    }
}
