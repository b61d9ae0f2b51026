//! Contracts.

use super::{abi, reading};
use crate::abi::Denied;
use crate::config::settings::collect::{Contract, Counted, View, What};
use crate::config::written::{EventText, FunctionText, collect as written};
use crate::diagnostics::{Findings, Place, Spanned, codes};
use crate::model::Span;
use alloy_primitives::Address;

const EVERY: Span = Span::from_secs(30);

/// A contract.
pub(super) fn contract(written: &written::Contract, findings: &mut Findings) -> Contract {
    let denied = denied(written, findings);
    Contract {
        // A wrong one is a finding; nobody asks there.
        address: abi::address(&written.address, findings).unwrap_or(Address::ZERO),
        every: reading::positive_or(written.every.as_ref(), EVERY, findings),
        gas: written.gas.unwrap_or_default(),
        denied: written.denied.unwrap_or_default().then_some(denied),
        version: written.version.unwrap_or_default(),
        views: written.calls.iter().filter_map(|view| self::view(view, findings)).collect(),
        counted: written.events.iter().filter_map(|counted| self::counted(counted, findings)).collect(),
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

fn view(written: &Spanned<written::View>, findings: &mut Findings) -> Option<View> {
    let (place, written) = (written.place, &written.value);
    let series = abi::series(&written.metric, written.help.as_ref(), &written.labels, findings);
    let functions: Vec<&FunctionText> = either(written.call.as_ref(), written.any.as_ref(), "call", place, findings)?;
    let asked: Vec<_> = functions
        .into_iter()
        .filter_map(|function| abi::asked(function, &written.args, written.take.as_ref(), findings))
        .collect();
    let decimals = written.decimals.map_or(0, |digits| digits.value);
    (!asked.is_empty()).then_some(View { series: series?, asked, decimals })
}

fn counted(written: &Spanned<written::Counted>, findings: &mut Findings) -> Option<Counted> {
    let (place, written) = (written.place, &written.value);
    let series = abi::series(&written.metric, written.help.as_ref(), &written.labels, findings);
    let what = what(written, place, findings);
    let texts: Vec<&EventText> = either(written.event.as_ref(), written.any.as_ref(), "event", place, findings)?;
    let events: Vec<_> = texts.into_iter().filter_map(|text| event(text, written, findings)).collect();
    let confirmations = written.confirmations.map_or(0, |blocks| u64::from(blocks.value));
    (!events.is_empty()).then_some(Counted { series: series?, events, what: what?, confirmations })
}

fn event(
    text: &EventText,
    written: &written::Counted,
    findings: &mut Findings,
) -> Option<(crate::abi::Event, Option<crate::abi::Place>)> {
    let event = abi::event(text, findings)?;
    let place = match (&written.sum, &written.distinct) {
        (Some(sum), _) => Some(abi::number(&event.parameters, Some(sum), text.place(), findings)?),
        (None, Some(distinct)) => Some(abi::place(&event.parameters, Some(distinct), text.place(), findings)?),
        (None, None) => None,
    };
    Some((event, place))
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
