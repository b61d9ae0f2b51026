//! Applications and their endpoints.

use super::{names, reading};
use crate::config::settings::collect::{Application, Endpoint};
use crate::config::written::collect as written;
use crate::diagnostics::Findings;
use crate::model::Span;

const EVERY: Span = Span::from_secs(30);
const TIMEOUT: Span = Span::from_secs(10);

/// An application.
pub(super) fn application(written: &written::Application, findings: &mut Findings) -> Application {
    Application {
        every: reading::positive_or(written.every.as_ref(), EVERY, findings),
        timeout: reading::positive_or(written.timeout.as_ref(), TIMEOUT, findings),
        endpoints: written
            .endpoints
            .iter()
            .map(|(name, endpoint)| (names::given(name, findings), self::endpoint(endpoint, findings)))
            .collect(),
    }
}

fn endpoint(written: &written::Endpoint, findings: &mut Findings) -> Endpoint {
    Endpoint { url: reading::secret_address(&written.url, findings) }
}
