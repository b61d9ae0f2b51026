//! Where the collector listens, and where it keeps its state: apart from the service, with which it shares the file of the
//! configuration and often the machine.

use super::{reading, source};
use crate::config::written::{Written, collect as written};
use crate::diagnostics::{Findings, Place, codes};
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

const LISTEN: &str = "127.0.0.1:9097";
const STATE: &str = "watchbell-collect.json";
const SERVICE_LISTENS: &str = "127.0.0.1:9095";
const STORE: &str = "watchbell.db";

/// The address to listen on.
pub(super) fn listen(all: &Written, written: &written::Collect, findings: &mut Findings) -> String {
    let listen = written.listen.as_ref().and_then(|text| source::address_to_listen_on(text, findings));
    let listen = listen.unwrap_or_else(|| LISTEN.into());
    let service = all.listen.as_ref().map_or(SERVICE_LISTENS, |text| text.as_str());
    let (own, other) = (written.listen.as_ref(), all.listen.as_ref());
    if let Some(text) = own.or(other).filter(|_| meet(&listen, service)) {
        let finding = findings.warn(codes::WB176, "the collector and the service listen on one address");
        finding.at(text.place(), "only the first of them to start would have it").help(format!(
            "give the collector another port than {service}; where each has a machine of its own, allow it in `checks`"
        ));
        if let (Some(_), Some(other)) = (own, other) {
            finding.see(other.place(), "the service listens here");
        }
    }
    listen
}

/// Whether two who listen would be in each other's way. Port 0 is any that is free.
fn meet(one: &str, other: &str) -> bool {
    let (Some((one, port)), Some((other, same))) = (one.rsplit_once(':'), other.rsplit_once(':')) else { return false };
    let is_all = |host: &str| host.trim_matches(['[', ']']).parse().is_ok_and(|host: IpAddr| host.is_unspecified());
    let local = |host: &str| if host == "localhost" { "127.0.0.1".to_owned() } else { host.to_lowercase() };
    port == same && port != "0" && (is_all(one) || is_all(other) || local(one) == local(other))
}

/// The file of the state.
pub(super) fn state(all: &Written, written: &written::Collect, findings: &mut Findings) -> PathBuf {
    let Some(text) = &written.state else { return STATE.into() };
    let path = PathBuf::from(reading::spoken(text, "state", findings));
    let is_folder = text.as_str().ends_with('/') || path.file_name().is_none();
    if is_folder && !text.as_str().trim().is_empty() {
        findings
            .error(codes::WB177, format!("`{}` is a folder", text.as_str()))
            .at(text.place(), "expected a file")
            .help(format!("write `{}`", path.join(STATE).display()));
    }
    let (store, place) = store(all);
    if tidy(&path) == tidy(Path::new(store)) {
        let finding = findings.error(codes::WB177, "the store of the service is in this file");
        finding.at(text.place(), "the state of the collector").help("give each a file of its own");
        if let Some(place) = place {
            finding.see(place, "the store");
        }
    }
    path
}

/// The file of the store; none where it is a server.
fn store(all: &Written) -> (&str, Option<Place>) {
    let Some(store) = &all.store else { return (STORE, None) };
    store.value.sqlite.as_ref().map_or(("", None), |path| (path.as_str(), Some(path.place())))
}

fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

#[cfg(test)]
mod tests {
    use super::meet;

    #[test]
    fn two_who_listen_meet_on_one_port_of_one_host_or_where_one_of_them_has_all_hosts() {
        for (one, other, are_in_the_way) in [
            ("127.0.0.1:9095", "127.0.0.1:9095", true),
            ("localhost:9095", "127.0.0.1:9095", true),
            ("0.0.0.0:9095", "10.0.0.1:9095", true),
            ("10.0.0.1:9095", "[::]:9095", true),
            ("10.0.0.1:9095", "10.0.0.2:9095", false),
            ("127.0.0.1:9097", "127.0.0.1:9095", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
        ] {
            assert_eq!(meet(one, other), are_in_the_way, "{one} and {other}");
        }
    }
}
