//! What counts as stale.

use super::reading;
use crate::config::settings::collect::Health;
use crate::config::written::collect as written;
use crate::diagnostics::Findings;

/// What counts as stale.
pub(super) fn health(written: Option<&written::Health>, findings: &mut Findings) -> Health {
    let default = Health::default();
    let Some(written) = written else { return default };
    Health {
        max_block_age: reading::positive_or(written.max_block_age.as_ref(), default.max_block_age, findings),
        max_price_age: reading::positive_or(written.max_price_age.as_ref(), default.max_price_age, findings),
    }
}
