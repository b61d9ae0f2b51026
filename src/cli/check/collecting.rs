//! What `watchbell collect` needs of this machine to start: a folder for its state, a state that is one, certificates.
//!
//! Who checks may be on another machine, a runner of CI for example. So what is not here at all, at a path that begins at the
//! root, is only noted; what is here and cannot be used is a mistake anywhere.

use crate::cli::settings::state_of;
use crate::collect::cursor::{self, StateError};
use crate::collect::{contract, rpc};
use crate::config::collect::Collect;
use crate::config::{Loaded, Tls};
use crate::diagnostics::{Finding, Findings, Place, Spanned, codes};
use crate::http::{self, ClientError};
use std::error::Error;
use std::path::Path;

/// Tells what a start on this machine would end with.
pub fn check(loaded: &Loaded, config: &Path, findings: &mut Findings) {
    let Some(collect) = &loaded.settings.collect else { return };
    if let Some(place) = loaded.needed.state.filter(|_| is_kept(collect)) {
        state(&state_of(collect, config), &collect.state, place, findings);
    }
    for tls in &loaded.needed.trust {
        trust(tls, findings);
    }
}

/// Whether anything is kept at all.
fn is_kept(collect: &Collect) -> bool {
    collect.beacons.is_some() || collect.chains.values().any(contract::counts)
}

fn state(path: &Path, written: &Path, place: Place, findings: &mut Findings) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = folder.display();
    if !folder.exists() {
        absent(written, format!("there is no folder `{shown}`"), findings)
            .at(place, "the collector does not start where it is missing")
            .help("make the folder, or name another");
    } else if !folder.is_dir() {
        findings.error(codes::WB177, format!("`{shown}` is a file, and no folder")).at(place, "cannot be in there");
    } else if path.is_dir() {
        findings
            .error(codes::WB177, format!("`{}` is a folder", path.display()))
            .at(place, "expected a file")
            .help("name a file in it");
    } else if let Err(cause @ (StateError::Foreign { .. } | StateError::Newer { .. })) = cursor::read_only(path) {
        findings.error(codes::WB177, cause.to_string()).at(place, "the collector would not start");
    }
}

fn trust(tls: &Spanned<Tls>, findings: &mut Findings) {
    let Tls { ca_file, cert_file, key_file, .. } = &tls.value;
    let mut files = [ca_file, cert_file, key_file].into_iter().flatten();
    if let Some(missing) = files.find(|file| !file.exists()) {
        absent(missing, format!("there is no file `{}`", missing.display()), findings)
            .at(tls.place, "the collector does not start where it is missing")
            .help("a path is seen from the folder in which the collector is started");
    } else if let Err(cause) = http::trust(&tls.value) {
        findings.error(codes::WB168, http::chain(&cause)).at(tls.place, "the collector would not start");
    }
}

/// Tells which secrets cannot be had, for who says that this is the machine.
pub fn secrets(loaded: &Loaded, findings: &mut Findings) {
    for node in &loaded.needed.nodes {
        let address = node.value.reveal().map_err(ClientError::from);
        if let Err(cause) = address.and_then(|address| rpc::address_of_node(address.expose())) {
            not_had(&cause, node.place, "the collector would not start here", findings);
        }
    }
    for secret in &loaded.needed.secrets {
        if let Err(cause) = secret.value.reveal() {
            not_had(&cause, secret.place, "the probe of this endpoint would fail here", findings);
        }
    }
}

fn not_had(cause: &dyn Error, place: Place, says: &str, findings: &mut Findings) {
    findings
        .warn(codes::WB269, http::chain(cause))
        .at(place, says)
        .help("run this where the collector runs, with the environment that it gets");
}

/// Something that is not here. At a path from the root it may well be where the collector runs.
fn absent<'f>(written: &Path, message: String, findings: &'f mut Findings) -> &'f mut Finding {
    if written.is_absolute() { findings.remark(codes::WB115, message) } else { findings.warn(codes::WB115, message) }
}
