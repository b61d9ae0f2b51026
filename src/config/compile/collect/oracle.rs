//! Oracles.

use super::labels::{Taken, labels};
use super::pace::{Pace, Said, pace};
use super::{abi, reading};
use crate::abi::{Call, Kind, Parameter, Place};
use crate::config::settings::collect::{Feed, Listed, Oracle, Sources};
use crate::config::written::{Entries, FunctionText, NameText, PlainText, collect as written};
use crate::diagnostics::{Findings, Spanned, codes, suggest};
use crate::model::{Name, Span};
use alloy_primitives::Address;

const EVERY: Span = Span::from_secs(30);
const HOUR: Span = Span::from_hours(1);
/// What most contracts count with.
const DECIMALS: u8 = 18;
/// The function of Chainlink's feeds.
const CHAINLINK: &str = "latestRoundData";
/// Basis points.
const CONFIDENCE_DECIMALS: u8 = 2;
const PRICES: [&str; 3] = ["price", "answer", "value"];
const TIMESTAMPS: [&str; 3] = ["timestamp", "updatedAt", "updated_at"];

const OWN_LABELS: [&str; 2] = ["chain", "oracle"];

/// An oracle of a chain with this deadline; nothing where it cannot be asked, which is a finding.
pub(super) fn oracle(
    name: &Spanned<String>,
    written: &written::Oracle,
    chain: &written::Chain,
    timeout: Span,
    findings: &mut Findings,
) -> Option<Oracle> {
    let contracts = &chain.contracts;
    let own = Asking {
        contract: written.contract.as_ref(),
        address: written.address.as_ref(),
        price: Some(&written.price),
        args: &written.args,
        take: written.take.as_ref(),
        timestamp: written.timestamp.as_ref(),
        decimals: written.decimals.as_ref(),
    };
    if own.contract.is_none() && own.address.is_none() {
        findings.error(codes::WB114, "this oracle has no contract").at(name.place, "say `contract` or `address`");
    }
    let feed = own.feed(None, &written.price, contracts, findings);
    let confidence = written.confidence.as_ref().and_then(|confidence| {
        let asked = abi::asked(&confidence.call, &[], confidence.take.as_ref(), findings)?;
        Some((asked, digits(confidence.decimals.as_ref()).unwrap_or(CONFIDENCE_DECIMALS)))
    });
    let sources = match (&written.sources, &feed) {
        (Some(sources), Some(feed)) => self::sources(sources, feed, &written.price, contracts, findings),
        (_, _) => Some(Sources::Itself),
    };
    let labels = labels(&written.labels, Taken { own: &OWN_LABELS, above: Some(&chain.labels) }, findings);
    let said = Said { every: written.every.as_ref(), timeout: None };
    let every = pace(said, Pace { every: EVERY, timeout }, findings).every;
    let over = reading::positive_or(written.over.as_ref(), HOUR, findings);
    if let Some(place) = written.over.as_ref().or(written.every.as_ref()).filter(|_| over < every) {
        findings
            .warn(codes::WB173, "availability is measured over less than one look")
            .at(place.place, "shorter than `every`")
            .help("it would be 0 or 100 and nothing between: make `over` longer than many looks");
    }
    Some(Oracle {
        feed: feed?,
        max_age: reading::positive_or(written.max_age.as_ref(), HOUR, findings),
        every,
        over,
        confidence,
        sources: sources?,
        labels,
    })
}

/// What oracles and their sources say alike.
struct Asking<'a> {
    contract: Option<&'a NameText>,
    address: Option<&'a PlainText>,
    price: Option<&'a FunctionText>,
    args: &'a [PlainText],
    take: Option<&'a PlainText>,
    timestamp: Option<&'a PlainText>,
    decimals: Option<&'a Spanned<u8>>,
}

impl Asking<'_> {
    /// The feed; what is not said is as `above` has it.
    fn feed(
        &self,
        above: Option<&Feed>,
        above_price: &FunctionText,
        contracts: &Entries<written::Contract>,
        findings: &mut Findings,
    ) -> Option<Feed> {
        let address = match (self.contract, self.address) {
            (Some(_), Some(address)) => {
                findings
                    .error(codes::WB113, "`contract` and `address` exclude each other")
                    .at(address.place(), "drop one of them");
                None
            }
            (Some(name), None) => named(name, contracts, findings),
            (None, Some(address)) => abi::address(address, findings),
            (None, None) => above.map(|above| above.address),
        };
        let text = self.price.unwrap_or(above_price);
        let call = abi::call(text, self.args, findings)?;
        let price = one_of(&call, self.take, &PRICES, "price", text, findings);
        self.digits(&call, price.as_ref(), above, text, findings);
        let timestamp = one_of(&call, self.timestamp, &TIMESTAMPS, "timestamp", text, findings);
        let decimals = digits(self.decimals).or(above.map(|above| above.decimals)).unwrap_or(DECIMALS);
        Some(Feed { address: address?, price: price?, timestamp: timestamp?, decimals, call })
    }
}

impl Asking<'_> {
    /// Feeds of one kind have other digits than most contracts, so that what is usual is hardly right for them.
    fn digits(
        &self,
        call: &Call,
        price: Option<&Place>,
        above: Option<&Feed>,
        text: &FunctionText,
        findings: &mut Findings,
    ) {
        if let Some(price) = price {
            abi::digits(self.decimals, price, findings);
        }
        let is_told_above = above.is_some_and(|above| above.call.name == call.name);
        if self.decimals.is_none() && call.name == CHAINLINK && !is_told_above {
            let taken = above.map_or(DECIMALS, |above| above.decimals);
            findings
                .warn(codes::WB181, format!("it is not said how many digits of `{CHAINLINK}` stand behind the point"))
                .at(text.place(), format!("{taken} are taken"))
                .help("say `decimals`, as the feed's `decimals()` has them: 8 for prices in dollars, as a rule");
        }
    }
}

fn named(name: &NameText, contracts: &Entries<written::Contract>, findings: &mut Findings) -> Option<Address> {
    let found = contracts.iter().find(|(known, _)| known.value == name.as_str());
    match found {
        // A wrong address has a finding of its own.
        Some((_, contract)) => abi::address(&contract.address, &mut Findings::default()),
        None => {
            let known = contracts.iter().map(|(name, _)| name.value.as_str());
            let help = suggest::did_you_mean(name.as_str(), known)
                .unwrap_or_else(|| "define it under `contracts` of this chain, or say its `address`".into());
            findings
                .error(codes::WB100, format!("there is no contract `{}`", name.as_str()))
                .at(name.place(), "not defined")
                .help(help);
            None
        }
    }
}

fn digits(written: Option<&Spanned<u8>>) -> Option<u8> {
    written.map(|digits| digits.value)
}

/// The value that is said, or one with a usual name.
fn one_of(
    call: &Call,
    said: Option<&PlainText>,
    usual: &[&str],
    key: &str,
    text: &FunctionText,
    findings: &mut Findings,
) -> Option<Place> {
    if said.is_some() {
        return abi::number(&call.outputs, said, text.place(), findings);
    }
    let found = Place::first_of(&call.outputs, usual).filter(|place| place.kind.is_number());
    if found.is_none() {
        let key = if key == "price" { "take" } else { key };
        findings
            .error(codes::WB162, format!("none of its values is called {}", either_of(usual)))
            .at(text.place(), "which one is meant?")
            .help(format!("give its values names, or say which one in `{key}`"));
    }
    found
}

fn either_of(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn sources(
    written: &Spanned<written::Sources>,
    feed: &Feed,
    price: &FunctionText,
    contracts: &Entries<written::Contract>,
    findings: &mut Findings,
) -> Option<Sources> {
    let place = written.place;
    let written = &written.value;
    match (&written.list, written.each.iter().next()) {
        (Some(list), None) => listed(list, written, feed, findings).map(|listed| Sources::Listed(Box::new(listed))),
        (Some(list), Some(_)) => {
            findings.error(codes::WB113, "`list` and `each` exclude each other").at(list.place(), "drop one of them");
            None
        }
        (None, None) => {
            findings.error(codes::WB114, "there are no sources").at(place, "say `list` or `each`");
            None
        }
        (None, Some(_)) => {
            if let Some(name) = written.names.first() {
                findings
                    .warn(codes::WB178, "`names` changes nothing here")
                    .at(name.place(), "the sources are those of `each`")
                    .help("delete `names`");
            }
            let each = written.each.iter().filter_map(|(name, source)| {
                let asking = Asking {
                    contract: source.contract.as_ref(),
                    address: source.address.as_ref(),
                    price: source.price.as_ref(),
                    args: &source.args,
                    take: source.take.as_ref(),
                    timestamp: source.timestamp.as_ref(),
                    decimals: source.decimals.as_ref(),
                };
                Some((Name::from(name.value.as_str()), asking.feed(Some(feed), price, contracts, findings)?))
            });
            Some(Sources::Each(each.collect()))
        }
    }
}

fn listed(list: &FunctionText, written: &written::Sources, feed: &Feed, findings: &mut Findings) -> Option<Listed> {
    let call = abi::call(list, &[], findings)?;
    let found = call.outputs.iter().find_map(|output| match &output.kind {
        Kind::List(element, _) => match &**element {
            Kind::Tuple(members) => Some((output.name.clone(), members.clone())),
            _ => None,
        },
        _ => None,
    });
    let Some((name, members)) = found else {
        findings.error(codes::WB162, "it gives no list of structs").at(list.place(), "expected `(…)[]`").help(
            "write `getAllPrices() returns ((uint256 price, uint256 timestamp, uint256 confidence, string source)[])`",
        );
        return None;
    };
    let place =
        if call.outputs.len() == 1 { Place::only(&call.outputs).ok() } else { Place::named(&call.outputs, &name).ok() };
    let member = |names: &[&str], findings: &mut Findings| member(&members, names, list, findings);
    let price = member(&PRICES, findings);
    let timestamp = member(&TIMESTAMPS, findings);
    let name = member(&["source", "name", "oracle"], findings);
    Some(Listed {
        list: place?,
        price: price?,
        timestamp: timestamp?,
        name: name?,
        confidence: Place::first_of(&members, &["confidence"]).filter(|place| place.kind.is_number()),
        decimals: digits(written.decimals.as_ref()).unwrap_or(feed.decimals),
        confidence_decimals: digits(written.confidence_decimals.as_ref()).unwrap_or(CONFIDENCE_DECIMALS),
        expected: written.names.iter().map(|name| name.as_str().into()).collect(),
        call,
    })
}

fn member(members: &[Parameter], names: &[&str], list: &FunctionText, findings: &mut Findings) -> Option<Place> {
    let found = Place::first_of(members, names);
    if found.is_none() {
        findings
            .error(codes::WB162, format!("no member of its structs is called {}", either_of(names)))
            .at(list.place(), "give its members names");
    }
    found
}
