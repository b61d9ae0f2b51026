//! What browsers may send.

use super::names;
use crate::config::settings::collect::{Beacons, NamedPage, Network, Origin, Pages, PathPattern, is_beacon_name};
use crate::config::written::{AddressText, PlainText, collect as written};
use crate::diagnostics::{Findings, Place, Spanned, codes, suggest};
use crate::model::Name;

/// What is not told apart is called so.
const OTHER: &str = "other";

/// What browsers may send.
pub(super) fn beacons(written: &written::Beacons, findings: &mut Findings) -> Beacons {
    let default = Beacons::default();
    of_no_use(written, &default, findings);
    let said = |list: &[Spanned<String>], otherwise: Vec<Name>, findings: &mut Findings| {
        if list.is_empty() { otherwise } else { said(list, findings) }
    };
    let given = |list: &[Spanned<String>], otherwise: Vec<Name>, findings: &mut Findings| {
        if list.is_empty() { otherwise } else { distinct(list, findings) }
    };
    Beacons {
        origins: origins(written, findings),
        services: given(&written.services, default.services, findings),
        pages: pages(written, &default.pages, findings),
        actions: said(&written.actions, default.actions, findings),
        max_actions: written.max_actions.map_or(default.max_actions, |most| most.value as usize),
        registration: written.registration.as_ref().map(|action| registration(action, written, findings)),
        feedback: said(&written.feedback, default.feedback, findings),
        sample: written.sample.unwrap_or(default.sample),
        max_bytes: written.max_bytes.map_or(default.max_bytes, |most| most as usize),
        max_per_second: written.max_per_second.unwrap_or(default.max_per_second),
        max_per_client: written.max_per_second_of_client.map_or(default.max_per_client, |most| most.value),
        trusted_proxies: written.trusted_proxies.iter().filter_map(|text| network(text, findings)).collect(),
        log_texts: written.log_texts,
    }
}

fn distinct(list: &[Spanned<String>], findings: &mut Findings) -> Vec<Name> {
    names::each_once(list.iter().map(|name| (name.value.as_str(), name.place)), findings);
    list.iter().map(|name| names::given(name, findings)).collect()
}

/// Names that browsers say.
fn said(list: &[Spanned<String>], findings: &mut Findings) -> Vec<Name> {
    for name in list {
        can_come(name, findings);
        not_the_rest(name, findings);
    }
    distinct(list, findings)
}

/// What is not listed has a name as well, which is nobody's.
pub(super) fn not_the_rest(name: &Spanned<String>, findings: &mut Findings) {
    if name.value == OTHER {
        findings
            .warn(codes::WB179, "`other` is what all that is not listed is called")
            .at(name.place, "would be told apart from nothing")
            .help("give it another name");
    }
}

fn can_come(name: &Spanned<String>, findings: &mut Findings) {
    // What cannot be a name at all is told elsewhere.
    if names::is_name(&name.value) && !is_beacon_name(&name.value) {
        findings
            .warn(codes::WB179, format!("no browser can say `{}`", name.value))
            .at(name.place, "it is refused when it comes")
            .help("up to 64 letters from A to Z, digits, spaces and `_ - . / :`");
    }
}

/// The action with which somebody signs up.
fn registration(action: &Spanned<String>, written: &written::Beacons, findings: &mut Findings) -> Name {
    can_come(action, findings);
    let mut known = written.actions.iter().map(|action| action.value.as_str());
    if !written.actions.is_empty() && !known.any(|known| known == action.value) {
        let known = written.actions.iter().map(|action| action.value.as_str());
        let help = suggest::did_you_mean(&action.value, known).unwrap_or_else(|| "list it in `actions`".into());
        findings
            .warn(codes::WB179, format!("`{}` is not one of the `actions`", action.value))
            .at(action.place, "a typing mistake, or an action that is counted as `other`")
            .help(help);
    }
    names::given(action, findings)
}

/// What is said and changes nothing.
fn of_no_use(written: &written::Beacons, default: &Beacons, findings: &mut Findings) {
    let pages = written.max_pages.filter(|_| written.pages.iter().next().is_some());
    let actions = written.max_actions.filter(|_| !written.actions.is_empty());
    let all = written.max_per_second.unwrap_or(default.max_per_second);
    let client = written.max_per_second_of_client.filter(|most| most.value > all);
    let unused = [
        ("max_pages", "those of `pages` are told apart", pages.map(|most| most.place)),
        ("max_actions", "those of `actions` are told apart", actions.map(|most| most.place)),
        ("max_per_second_of_client", "`max_per_second` of all browsers is less", client.map(|most| most.place)),
    ];
    for (key, why, place) in unused {
        if let Some(place) = place {
            findings
                .warn(codes::WB178, format!("`{key}` changes nothing here"))
                .at(place, why)
                .help("delete one of them");
        }
    }
}

fn origins(written: &written::Beacons, findings: &mut Findings) -> Vec<Origin> {
    if written.origins.value.is_empty() {
        findings.error(codes::WB114, "no page may send anything").at(written.origins.place, "names no origin");
    }
    let mut origins: Vec<(Origin, Place)> = Vec::new();
    for text in &written.origins.value {
        let Some(origin) = origin(text, findings) else { continue };
        match origins.iter().find(|(known, _)| *known == origin) {
            Some((_, first)) => {
                findings
                    .warn(codes::WB142, format!("`{}` is listed twice", text.as_str()))
                    .at(text.place(), "again here")
                    .see(*first, "first here")
                    .help("delete one of them");
            }
            None => origins.push((origin, text.place())),
        }
    }
    origins.into_iter().map(|(origin, _)| origin).collect()
}

fn origin(text: &AddressText, findings: &mut Findings) -> Option<Origin> {
    let origin = Origin::parse(text.as_str());
    if origin.is_none() {
        findings
            .error(codes::WB109, format!("`{}` is not an origin", text.as_str()))
            .at(text.place(), "expected scheme and host, and the port where it is not the usual one")
            .help("write `https://app.example.org`, or `https://*.example.org` for all hosts below a name");
    }
    origin
}

fn pages(written: &written::Beacons, default: &Pages, findings: &mut Findings) -> Pages {
    let mut earlier: Vec<(PathPattern, Place)> = Vec::new();
    let named = written.pages.iter().map(|(name, paths)| {
        let patterns = paths.iter().filter_map(|text| {
            let pattern = path(text, findings)?;
            shadowed(&pattern, text, &earlier, findings);
            earlier.push((pattern.clone(), text.place()));
            Some(pattern)
        });
        let paths = patterns.collect();
        not_the_rest(name, findings);
        NamedPage { name: names::given(name, findings), paths }
    });
    let named: Vec<_> = named.collect();
    match written.max_pages {
        _ if !named.is_empty() => Pages::Named(named),
        Some(most) => Pages::AsTheyCome { most: most.value as usize },
        None => default.clone(),
    }
}

/// The first page whose path fits is the one.
fn shadowed(pattern: &PathPattern, text: &PlainText, earlier: &[(PathPattern, Place)], findings: &mut Findings) {
    if let Some((_, place)) = earlier.iter().find(|(earlier, _)| earlier.covers(pattern)) {
        findings
            .warn(codes::WB179, format!("no visit is counted for `{}`", text.as_str()))
            .at(text.place(), "never comes to its turn")
            .see(*place, "fits all of them before")
            .help("write what is narrower first");
    }
}

fn path(text: &PlainText, findings: &mut Findings) -> Option<PathPattern> {
    let pattern = PathPattern::parse(text.as_str());
    if pattern.is_none() {
        findings
            .error(codes::WB109, format!("`{}` is not the path of a page", text.as_str()))
            .at(text.place(), "expected `/` and its parts")
            .help("write for example `/trade/:id`, or `/docs/*` for all that is below");
    }
    pattern
}

fn network(text: &PlainText, findings: &mut Findings) -> Option<Network> {
    let network = Network::parse(text.as_str());
    if network.is_none() {
        findings
            .error(codes::WB109, format!("`{}` is not an address or a network", text.as_str()))
            .at(text.place(), "expected an IP address, or one with the length of its prefix")
            .help("write for example `10.0.0.1` or `10.0.0.0/8`");
    }
    if network.is_some_and(|network| network.is_everybody()) {
        findings
            .warn(codes::WB180, "everybody counts as a proxy")
            .at(text.place(), "holds every address")
            .help("a browser could say any address and pass `max_per_second_of_client`: name the proxies themselves");
    }
    network
}
