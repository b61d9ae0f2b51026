//! What applications may send.

use super::{beacon, names, reading};
use crate::config::settings::collect::{Operations, is_operation};
use crate::config::written::collect as written;
use crate::diagnostics::{Findings, Spanned, codes};
use crate::model::Name;

const MOST_NAMES: u32 = 200;
const PER_SECOND: u32 = 1_000;

/// What applications may send.
pub(super) fn operations(written: &written::Operations, findings: &mut Findings) -> Operations {
    names::each_once(written.names.iter().map(|name| (name.value.as_str(), name.place)), findings);
    if let Some(most) = written.max_names.filter(|most| (most.value as usize) < written.names.len()) {
        findings
            .warn(codes::WB178, "`max_names` changes nothing here")
            .at(most.place, "there are more `names` than that, and each has its room")
            .help("make it larger, or delete it");
    }
    let names: Vec<_> = written.names.iter().filter_map(|name| operation(name, findings)).collect();
    Operations {
        token: written.token.as_ref().map(reading::secret),
        max_names: (written.max_names.map_or(MOST_NAMES, |most| most.value) as usize).max(names.len()),
        names,
        per_second: written.per_second.unwrap_or(PER_SECOND),
    }
}

fn operation(written: &Spanned<String>, findings: &mut Findings) -> Option<Name> {
    let is_good = is_operation(&written.value);
    if !is_good {
        findings
            .error(codes::WB105, format!("`{}` cannot be an operation", written.value))
            .at(written.place, "up to 64 letters, digits and `_ - . : /`");
    }
    beacon::not_the_rest(written, findings);
    is_good.then(|| written.value.as_str().into())
}
