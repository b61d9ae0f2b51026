//! What applications may send.

use crate::config::settings::collect::Operations;
use crate::config::written::collect as written;

const NAMES: usize = 200;

/// What applications may send.
pub(super) fn operations(written: &written::Operations) -> Operations {
    Operations { max_names: written.max_names.map_or(NAMES, |most| most as usize) }
}
