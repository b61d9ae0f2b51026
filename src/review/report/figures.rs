//! How much happened.

use super::Inputs;
use crate::model::Severity;
use crate::review::clock::{Average, Clock, Period};
use crate::review::record::{Record, Round};
use serde::Serialize;

/// How much happened in a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Incidents that opened in it.
    pub opened: usize,
    /// Incidents that fired again soon after their end.
    pub reopened: usize,
    /// Those that opened, by the highest severity that each had; every configured severity, the highest first.
    pub by_severity: Vec<OfSeverity>,
    /// Pages.
    pub pages: usize,
    /// Those of them before nine, after six, or on a weekend.
    pub out_of_hours: usize,
    /// Incidents that opened and paged somebody, and that nobody acknowledged.
    pub unacknowledged: usize,
    /// Incidents that opened and are over, without anybody having done anything.
    pub untouched: usize,
    /// From the first message to the first acknowledgement.
    pub to_acknowledge: Option<Average>,
    /// From the opening to the end.
    pub to_resolve: Option<Average>,
}

/// Incidents of one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfSeverity {
    /// The severity.
    pub severity: String,
    /// How many.
    pub incidents: usize,
}

impl Figures {
    /// What happened in `period`.
    #[must_use]
    pub fn of(inputs: &Inputs<'_>, period: Period, clock: Clock<'_>) -> Self {
        let records = || inputs.past.records.iter();
        let opened: Vec<&Record> = records().filter(|record| period.holds(record.opened())).collect();
        let rounds = || records().flat_map(|record| &record.rounds).filter(|round| period.holds(round.opened));
        let pages = || records().flat_map(|record| &record.pages).filter(|page| period.holds(page.at));
        let of_severity = |severity: &Severity| OfSeverity {
            severity: severity.to_string(),
            incidents: opened.iter().filter(|record| record.worst == *severity).count(),
        };
        Figures {
            opened: opened.len(),
            reopened: rounds().filter(|round| round.generation > 1).count(),
            by_severity: inputs.world.settings.severities.iter().map(of_severity).collect(),
            pages: pages().count(),
            out_of_hours: pages().filter(|page| clock.is_out_of_hours(page.at)).count(),
            unacknowledged: opened.iter().filter(|one| !one.pages.is_empty() && one.taken().is_none()).count(),
            untouched: opened.iter().filter(|one| one.over().is_some() && !one.was_acted_on()).count(),
            to_acknowledge: Average::of(rounds().filter_map(Round::to_acknowledge)),
            to_resolve: Average::of(rounds().filter_map(Round::to_resolve)),
        }
    }

    /// How long it took until somebody acknowledged; else, that nobody did, or that there was nothing to acknowledge.
    #[must_use]
    pub fn acknowledged(&self) -> String {
        match (self.to_acknowledge, self.unacknowledged) {
            (Some(average), _) => average.words(),
            (None, 0) => "nothing to acknowledge".into(),
            (None, 1) => "nobody acknowledged the one that paged".into(),
            (None, paged) => format!("nobody acknowledged any of the {paged} that paged"),
        }
    }

    /// How long it took until it was over; else, that nothing is.
    #[must_use]
    pub fn resolved(&self) -> String {
        self.to_resolve.map_or_else(|| "nothing was over".into(), |average| average.words())
    }

    /// `2 critical, 1 high`; nothing where nothing opened.
    #[must_use]
    pub fn severities(&self) -> String {
        let some = self.by_severity.iter().filter(|one| one.incidents > 0);
        some.map(|one| format!("{} {}", one.incidents, one.severity)).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    #[test]
    fn that_nobody_acknowledged_is_said_of_how_many() {
        let figures = |unacknowledged: usize, took: &[i64]| Figures {
            opened: 5,
            reopened: 0,
            by_severity: Vec::new(),
            pages: 5,
            out_of_hours: 0,
            unacknowledged,
            untouched: 0,
            to_acknowledge: Average::of(took.iter().map(|minutes| Span::from_mins(*minutes))),
            to_resolve: None,
        };
        for (unacknowledged, took, words) in [
            (0, &[][..], "nothing to acknowledge"),
            (1, &[], "nobody acknowledged the one that paged"),
            (3, &[], "nobody acknowledged any of the 3 that paged"),
            (3, &[4], "4m (of 1)"),
        ] {
            assert_eq!(figures(unacknowledged, took).acknowledged(), words);
        }
        assert_eq!(figures(0, &[]).resolved(), "nothing was over");
    }
}
