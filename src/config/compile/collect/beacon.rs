//! What browsers may send.

use super::names;
use crate::config::settings::collect::{Beacons, NamedPage, Network, Origin, Pages, PathPattern};
use crate::config::written::{AddressText, PlainText, collect as written};
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::Name;

/// What browsers may send.
pub(super) fn beacons(written: &written::Beacons, findings: &mut Findings) -> Beacons {
    let default = Beacons::default();
    let given = |list: &[Spanned<String>], otherwise: Vec<Name>, findings: &mut Findings| {
        if list.is_empty() { otherwise } else { distinct(list, findings) }
    };
    Beacons {
        origins: origins(written, findings),
        services: given(&written.services, default.services, findings),
        pages: pages(written, &default.pages, findings),
        actions: given(&written.actions, default.actions, findings),
        max_actions: written.max_actions.map_or(default.max_actions, |most| most as usize),
        registration: written.registration.as_ref().map(|action| names::given(action, findings)),
        feedback: given(&written.feedback, default.feedback, findings),
        sample: written.sample.unwrap_or(default.sample),
        max_bytes: written.max_bytes.map_or(default.max_bytes, |most| most as usize),
        max_per_second: written.max_per_second.unwrap_or(default.max_per_second),
        max_per_client: written.max_per_second_of_client.unwrap_or(default.max_per_client),
        trusted_proxies: written.trusted_proxies.iter().filter_map(|text| network(text, findings)).collect(),
        log_texts: written.log_texts,
    }
}

fn distinct(list: &[Spanned<String>], findings: &mut Findings) -> Vec<Name> {
    names::each_once(list.iter().map(|name| (name.value.as_str(), name.place)), findings);
    list.iter().map(|name| names::given(name, findings)).collect()
}

fn origins(written: &written::Beacons, findings: &mut Findings) -> Vec<Origin> {
    if written.origins.value.is_empty() {
        findings.error(codes::WB114, "no page may send anything").at(written.origins.place, "names no origin");
    }
    written.origins.value.iter().filter_map(|text| origin(text, findings)).collect()
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
    let named = written.pages.iter().map(|(name, paths)| NamedPage {
        name: names::given(name, findings),
        paths: paths.iter().filter_map(|path| self::path(path, findings)).collect(),
    });
    let named: Vec<_> = named.collect();
    match written.max_pages {
        _ if !named.is_empty() => Pages::Named(named),
        Some(most) => Pages::AsTheyCome { most: most as usize },
        None => default.clone(),
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
    network
}
