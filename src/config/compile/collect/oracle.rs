//! Oracles.

use super::reading;
use crate::config::settings::collect::Oracle;
use crate::config::written::collect as written;
use crate::diagnostics::Findings;
use crate::model::Span;

const EVERY: Span = Span::from_secs(30);

/// An oracle.
pub(super) fn oracle(written: &written::Oracle, findings: &mut Findings) -> Oracle {
    Oracle {
        contract: written.contract.as_str().into(),
        every: reading::positive_or(written.every.as_ref(), EVERY, findings),
    }
}
