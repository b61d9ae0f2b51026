//! How often something is looked at, and when a look is given up.

use super::reading;
use crate::config::written::Duration;
use crate::diagnostics::{Findings, codes};
use crate::model::Span;
use crate::model::duration_text::format;

/// Below this a unit was mistyped, or a node is about to refuse us.
const SHORTEST: Span = Span::from_secs(1);

/// An interval and a deadline as written.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) every: Option<&'a Duration>,
    pub(super) timeout: Option<&'a Duration>,
}

/// An interval and a deadline.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) every: Span,
    pub(super) timeout: Span,
}

/// What is meant; `otherwise`, where it is not said. Nothing is told of what is not said here.
pub(super) fn pace(said: Said<'_>, otherwise: Pace, findings: &mut Findings) -> Pace {
    let pace = Pace {
        every: reading::positive_or(said.every, otherwise.every, findings),
        timeout: reading::positive_or(said.timeout, otherwise.timeout, findings),
    };
    if let Some(every) = said.every.filter(|_| pace.every < SHORTEST) {
        findings
            .warn(codes::WB173, "looks follow one another in less than a second")
            .at(every.place, format!("that is {} a minute", 60_000 / pace.every.millis().max(1)))
            .help("whoever is asked so often may refuse; write `15s` or `1m`");
    }
    if let Some(place) = said.timeout.or(said.every).map(|said| said.place).filter(|_| pace.timeout > pace.every) {
        findings
            .warn(
                codes::WB173,
                format!("a look may take {} and is due every {}", format(pace.timeout), format(pace.every)),
            )
            .at(place, "the deadline is longer than the interval")
            .help("where answers are slow, looks come later than `every` says: make `timeout` no longer than it");
    }
    pace
}
