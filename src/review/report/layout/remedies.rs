//! What machines tried.

use super::{Report, rows};
use crate::review::clock::{Clock, seconds};
use crate::review::document::{Document, Line};
use crate::review::report::{ActionLine, FailedRun};

pub(super) fn remedies(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("Remedies");
    let all = &report.remedies;
    let otherwise = if report.is_unrecorded() { "Nothing is on record." } else { "No remedy ran." };
    let heads = ["action", "#ran", "#failed", "#worked", "#did not work", "#over max_runs", "#not needed"];
    rows(page, &heads, &all.actions, action, otherwise);
    if !all.failed.is_empty() {
        let heads = ["when", "incident", "action", "what came of it", "#took"];
        rows(page, &heads, &all.failed, |one| failure(one, clock), "");
    }
}

fn action(one: &ActionLine) -> Vec<Line> {
    let bad = |count: usize| match count {
        0 => Line::from("0"),
        count => Line::new().verdict(false, count.to_string()),
    };
    vec![
        Line::new().data(&one.action),
        one.ran.to_string().into(),
        bad(one.failed),
        one.worked.to_string().into(),
        bad(one.did_not_work),
        bad(one.refused),
        one.dropped.to_string().into(),
    ]
}

fn failure(one: &FailedRun, clock: Clock<'_>) -> Vec<Line> {
    let outcome = Line::new().verdict(false, one.outcome.replace('_', " "));
    vec![
        clock.minute(one.at.0).into(),
        Line::from(format!("INC-{}", one.number)),
        Line::new().data(&one.action).ours(" for ").data(&one.labels),
        if one.why.is_empty() { outcome } else { outcome.ours(": ").data(&one.why) },
        one.took_seconds.map_or_else(|| "–".into(), |took| seconds(took).into()),
    ]
}
