//! The response procedure: what was done in time, and which reviews are owed.

use super::Inputs;
use crate::engine::incident::Stage;
use crate::model::{Moment, Severity};
use crate::review::clock::{At, Period};
use crate::review::record::{Deadline, Outcome, Round};
use serde::Serialize;

/// How it went with one stage at one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageRecord {
    /// The stage.
    pub stage: &'static str,
    /// The severity.
    pub severity: String,
    /// Done in time.
    pub met: usize,
    /// Not done in time.
    pub missed: usize,
    /// Not needed: the incident was over before.
    pub over_before: usize,
    /// Not due yet.
    pub waits: usize,
    /// Met and missed in the period before; nothing where that is not on record.
    pub before: Option<(usize, usize)>,
}

/// A review that is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// The incident.
    pub number: u64,
    /// The name of its alerts.
    pub alert: String,
    /// Its severity.
    pub severity: String,
    /// When it was over.
    pub over: At,
    /// When the review is due.
    pub due: At,
    /// Whether that has passed.
    pub is_late: bool,
}

/// How it went with each stage and severity of which anything was asked, in the order of the procedure, the highest severity first.
pub(super) fn record(inputs: &Inputs<'_>, period: Period, before: Option<Period>) -> Vec<StageRecord> {
    let settings = &inputs.world.settings;
    let mut records = Vec::new();
    for stage in Stage::ALL {
        for severity in settings.severities.iter() {
            let count = |period, outcome| count(inputs, period, (stage, severity), outcome);
            let record = StageRecord {
                stage: stage.word(),
                severity: severity.to_string(),
                met: count(period, Outcome::Met),
                missed: count(period, Outcome::Missed),
                over_before: count(period, Outcome::OverBefore),
                waits: count(period, Outcome::Waits),
                before: before.map(|before| (count(before, Outcome::Met), count(before, Outcome::Missed))),
            };
            let (met, missed) = record.before.unwrap_or_default();
            let all = record.met + record.missed + record.over_before + record.waits + met + missed;
            records.extend((all > 0).then_some(record));
        }
    }
    records
}

/// Deadlines count when they were settled; one that is yet to come, where its incident had opened by the end of the period.
fn count(inputs: &Inputs<'_>, period: Period, (stage, severity): (Stage, &Severity), outcome: Outcome) -> usize {
    let rounds = inputs.past.records.iter().flat_map(|record| &record.rounds);
    let rounds = rounds.filter(|round| round.severity == *severity);
    let deadlines = rounds.flat_map(|round| round.stages.iter().map(move |deadline| (round, deadline)));
    let is_here = |(round, deadline): &(&Round, &Deadline)| match settled(round, deadline) {
        Some(at) => period.holds(at),
        None => round.opened < period.to.0,
    };
    deadlines.filter(|(_, one)| one.stage == stage && one.outcome == outcome).filter(is_here).count()
}

/// When it was known what came of a deadline: when it was done, when it passed, or when nothing had to be done any more.
fn settled(round: &Round, deadline: &Deadline) -> Option<Moment> {
    match deadline.outcome {
        Outcome::Met | Outcome::NotAsked => deadline.done.as_ref().map(|(at, _)| *at),
        Outcome::Missed => deadline.due,
        Outcome::OverBefore => round.over,
        Outcome::Waits => None,
    }
}

/// Reviews that nobody has linked yet, what is due first before the rest.
pub(super) fn owed(inputs: &Inputs<'_>) -> Vec<Owed> {
    let mut owed: Vec<Owed> = Vec::new();
    for record in &inputs.past.records {
        let review = record.rounds.last().and_then(|round| {
            round.stages.iter().find(|deadline| deadline.stage == Stage::Postmortem && deadline.done.is_none())
        });
        let Some((due, over)) = review.and_then(|review| review.due).zip(record.over()) else { continue };
        owed.push(Owed {
            number: record.number,
            alert: record.alert().to_string(),
            severity: record.worst.to_string(),
            over: At(over),
            due: At(due),
            is_late: due <= inputs.at,
        });
    }
    owed.sort_by_key(|one| one.due);
    owed
}
