//! What browsers may send.

use super::reading;
use crate::config::settings::collect::Beacons;
use crate::config::written::collect as written;
use crate::diagnostics::Findings;

/// What browsers may send.
pub(super) fn beacons(written: &written::Beacons, findings: &mut Findings) -> Beacons {
    let origins = written.origins.iter();
    Beacons { origins: origins.filter_map(|origin| reading::address(origin, &["http", "https"], findings)).collect() }
}
