//! Contracts.

use super::reading;
use crate::config::settings::collect::Contract;
use crate::config::written::collect as written;
use crate::diagnostics::Findings;
use crate::model::Span;

const EVERY: Span = Span::from_secs(30);

/// A contract.
pub(super) fn contract(written: &written::Contract, findings: &mut Findings) -> Contract {
    Contract {
        address: written.address.as_str().to_owned(),
        every: reading::positive_or(written.every.as_ref(), EVERY, findings),
    }
}
