//! The incidents of a period, a line each.

use super::Inputs;
use crate::review::clock::{At, Clock, Period};
use crate::review::record::{Record, Round};
use serde::Serialize;

/// One incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentLine {
    /// The number that people say.
    pub number: u64,
    /// The name of its alerts.
    pub alert: String,
    /// What else they have in common.
    pub place: String,
    /// The highest severity that it had; among what is open, the one that it has at the report.
    pub severity: String,
    /// When it opened.
    pub opened: At,
    /// When it was over; nothing while it is open.
    pub over: Option<At>,
    /// Seconds from its opening to its end, or to the report.
    pub lasted_seconds: f64,
    /// How often it fired again soon after its end.
    pub reopened: usize,
    /// Its pages in the period.
    pub pages: usize,
    /// Those of them out of hours.
    pub out_of_hours: usize,
    /// Who acknowledged it first.
    pub taken_by: Option<String>,
    /// Seconds from the first message to that.
    pub taken_after_seconds: Option<f64>,
    /// Whether it is open and somebody is at it.
    pub is_in_hands: bool,
    /// Who closed it; nobody where its last alert ended.
    pub over_by: Option<String>,
    /// Why its last alert ended, where that says nothing of what it was about (its rule was removed).
    pub over_because: Option<&'static str>,
    /// The remedies that had worked when its last alert ended.
    pub remedied_by: Vec<String>,
    /// Whether anybody did anything about it.
    pub was_acted_on: bool,
    /// Whether nothing fires any more and it waits for somebody to act.
    pub waits: bool,
    /// What holds its messages back, if anything does.
    pub held: Option<String>,
}

/// Those that were open in `period`, the newest first.
pub(super) fn lines(inputs: &Inputs<'_>, period: Period, clock: Clock<'_>) -> Vec<IncidentLine> {
    let mut lines: Vec<IncidentLine> =
        inputs.past.within(period).map(|record| line(inputs, record, period, clock)).collect();
    lines.reverse();
    lines
}

/// Those that are open at the report, the newest first.
pub(super) fn open(inputs: &Inputs<'_>, period: Period, clock: Clock<'_>) -> Vec<IncidentLine> {
    let open = inputs.past.records.iter().rev().filter(|record| record.over().is_none());
    // What is to be done now goes by what it is now; its row among the incidents keeps the worst.
    let now = |record: &Record| record.now.severity.to_string();
    open.map(|record| IncidentLine { severity: now(record), ..line(inputs, record, period, clock) }).collect()
}

fn line(inputs: &Inputs<'_>, record: &Record, period: Period, clock: Clock<'_>) -> IncidentLine {
    let (pages, out_of_hours) = record.pages_in(period, clock);
    let taken = record.taken();
    let after = record.rounds.iter().find_map(Round::to_acknowledge);
    let last = record.rounds.last();
    IncidentLine {
        number: record.number,
        alert: record.alert().to_string(),
        place: record.place(),
        severity: record.worst.to_string(),
        opened: At(record.opened()),
        over: record.over().map(At),
        lasted_seconds: (record.over().unwrap_or(inputs.at) - record.opened()).as_secs_f64(),
        reopened: record.rounds.len().saturating_sub(1),
        pages,
        out_of_hours,
        taken_by: taken.map(|(_, by)| by.name.to_string()),
        taken_after_seconds: after.map(crate::model::Span::as_secs_f64),
        is_in_hands: record.over().is_none() && record.now.is_in_hands(),
        over_by: last.and_then(|round| round.over_by.as_ref()).map(|by| by.name.to_string()),
        over_because: last.and_then(Round::over_because),
        remedied_by: last.map(Round::remedies).unwrap_or_default(),
        was_acted_on: record.was_acted_on(),
        waits: record.now.calm.is_some(),
        held: record
            .now
            .held
            .as_ref()
            .map(|held| held.by.iter().map(|hold| hold.what.as_str()).collect::<Vec<_>>().join("; ")),
    }
}
