//! What is written of contracts: addresses, signatures, and which of their values are meant.

use crate::abi::{Call, Event, Kind, Mistake, Parameter, Place};
use crate::config::settings::collect::Asked;
use crate::config::written::{EventText, FunctionText, PlainText};
use crate::diagnostics::{Findings, Spanned, Text, codes};
use alloy_primitives::Address;

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
    if parsed.is_zero() {
        findings
            .error(codes::WB161, "no contract lies at the zero address")
            .at(written.place(), "what stands here before somebody writes the real one")
            .help("write where the contract lies");
        return None;
    }
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

/// Tells of more digits behind the point than the value has at all: it would never be as much as 1.
pub(super) fn digits(decimals: Option<&Spanned<u8>>, value: &Place, findings: &mut Findings) {
    let Some(decimals) = decimals else { return };
    let bits = match value.kind {
        Kind::Bool => 1,
        Kind::Uint(bits) | Kind::Int(bits) => bits,
        Kind::Address | Kind::Word(_) | Kind::Bytes | Kind::Text | Kind::Tuple(_) | Kind::List(..) => return,
    };
    // 2^bits has about this many digits.
    if usize::from(decimals.value) * 1_000 > bits * 302 {
        findings
            .warn(
                codes::WB181,
                format!("a `{}` with {} digits behind the point never reaches 1", value.kind, decimals.value),
            )
            .at(decimals.place, "more than it has at all")
            .help("delete `decimals` where a value is a plain number, or yes or no");
    }
}
