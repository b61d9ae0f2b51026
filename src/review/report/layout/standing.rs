//! How things stand: silences, what cannot be seen, messages, who is on call, what is not covered, deadlines.

use super::{Report, rows, when};
use crate::model::counted;
use crate::review::clock::{Clock, seconds};
use crate::review::document::{Document, Line, Part};
use crate::review::report::components::{percent, share_of};
use crate::review::report::{Coverage, Figures, Silenced, StageRecord, Trouble, Undelivered};

/// So many names stand in a list; JSON has them all.
const MOST_NAMES: usize = 12;

pub(super) fn silences(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("Silences in force");
    let row = |one: &Silenced| {
        let until = when(one.until, clock, "while its window lasts");
        let until = if one.ends_soon { until.verdict(false, ", within a day") } else { until };
        vec![Line::new().data(&one.matchers), until, Line::new().said(&one.by), Line::new().said(&one.reason)]
    };
    rows(page, &["what", "until", "by", "why"], &report.silences, row, "None.");
}

pub(super) fn troubles(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("What could not be seen");
    let row = |one: &Trouble| {
        let now = match one.since {
            Some(since) => Line::new().verdict(false, format!("still, since {}", clock.minute(since.0))),
            None => "over".into(),
        };
        let share = percent(share_of(one.seconds, report.period));
        vec![
            Line::from(format!("{} ", one.kind)).data(&one.name),
            one.times.to_string().into(),
            seconds(one.seconds).into(),
            share.into(),
            now,
        ]
    };
    let otherwise = if report.is_unrecorded() {
        "Nothing is on record."
    } else {
        "Every rule was evaluated and every source answered, as far as is on record."
    };
    rows(page, &["what", "#times", "#in all", "#of the period", "now"], &report.troubles, row, otherwise);
}

pub(super) fn messages(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("Messages");
    let all = &report.messages;
    let retried =
        if all.retried > 0 { format!(", {} of them after more than one try", all.retried) } else { String::new() };
    let withdrawn = if all.withdrawn > 0 {
        format!(", {} withdrawn because later ones say more", all.withdrawn)
    } else {
        String::new()
    };
    page.text(format!("{} owed, {} arrived{retried}{withdrawn}.", counted(all.owed, "message"), all.sent));
    let row = |one: &Undelivered| {
        vec![
            clock.minute(one.at.0).into(),
            Line::new().data(&one.to),
            Line::from(format!("{}: ", one.kind)).data(&one.about),
            Line::new().verdict(
                false,
                format!("{}, {}", one.status, counted(one.attempts as usize, "try").replace("trys", "tries")),
            ),
            one.trouble.as_ref().map_or_else(|| "–".into(), |trouble| Line::new().said(trouble)),
        ]
    };
    if !all.undelivered.is_empty() {
        rows(page, &["when", "to", "what", "status", "trouble"], &all.undelivered, row, "");
    }
}

pub(super) fn on_duty(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("On call");
    let name = |person: &Option<String>| match person {
        Some(person) => Line::new().data(person),
        None => Line::new().verdict(false, "nobody"),
    };
    let row = |one: &crate::review::report::OnDuty| {
        let next = if one.until.is_some() { name(&one.next) } else { "–".into() };
        vec![Line::new().data(&one.schedule), name(&one.now), when(one.until, clock, "the whole coming year"), next]
    };
    rows(page, &["schedule", "now", "until", "then"], &report.on_duty, row, "There is no schedule.");
}

pub(super) fn deadlines(page: &mut Document, report: &Report) {
    page.heading("Deadlines of the response procedure");
    let figures: &Figures = &report.figures;
    let row = |one: &StageRecord| {
        let before = match one.before {
            Some((met, missed)) => format!("{met} met, {missed} missed"),
            None => "–".into(),
        };
        let missed: Line = if one.missed > 0 { Line::new().verdict(false, one.missed.to_string()) } else { "0".into() };
        vec![
            one.stage.into(),
            Line::new().severity(&one.severity),
            one.met.to_string().into(),
            missed,
            one.over_before.to_string().into(),
            one.waits.to_string().into(),
            before.into(),
        ]
    };
    let heads = ["stage", "severity", "#met", "#missed", "#over before", "#not due yet", "before"];
    rows(page, &heads, &report.deadlines, row, "Nothing fell due in this period, or no deadline is configured.");
    page.text(format!(
        "Time to acknowledge (MTTA), from the first message: {}. Time to resolve (MTTR), from the opening: {}.",
        figures.acknowledged(),
        figures.resolved()
    ));
}

pub(super) fn coverage(page: &mut Document, report: &Report, clock: Clock<'_>) {
    let of: &Coverage = &report.coverage;
    page.heading("Gaps in what is watched");
    let unknown = match of.unknown {
        Some(share) => {
            format!("{} of the slots of {}", percent(share), counted(of.rules, "rule"))
        }
        None => "not known: no slot is on record".into(),
    };
    let missed =
        if of.missed_slots > 0 { format!("; {} missed", counted(of.missed_slots, "slot")) } else { String::new() };
    let worst = of.worst.iter().map(|(name, share)| Line::new().data(name).ours(format!(" {}", percent(*share))));
    let gap = |gap: &crate::review::report::DutyGap| {
        Line::new().data(&gap.schedule).ours(format!(": {} to {}", clock.minute(gap.from.0), clock.minute(gap.to.0)))
    };
    page.add(Part::Facts(vec![
        ("Unknown", format!("{unknown}{missed}").into()),
        ("Most of it in", some(worst.collect())),
        ("Rules without a runbook", some(names(&of.without_runbook))),
        ("Rules without a target", some(names(&of.without_target))),
        (
            "Switched off",
            some(
                of.switched_off
                    .iter()
                    .map(|(name, why)| {
                        let line = Line::new().data(name);
                        if why.is_empty() { line } else { line.ours(": ").said(why) }
                    })
                    .collect(),
            ),
        ),
        ("Nobody on call, next four weeks", some(of.gaps.iter().map(gap).collect())),
    ]));
}

fn names(names: &[String]) -> Vec<Line> {
    names.iter().map(|name| Line::new().data(name)).collect()
}

/// The first few, and how many more there are.
fn some(all: Vec<Line>) -> Line {
    let more = all.len().saturating_sub(MOST_NAMES);
    let shown = Line::joined(all.into_iter().take(MOST_NAMES), ", ");
    match more {
        _ if shown.0.is_empty() => "none".into(),
        0 => shown,
        more => shown.ours(format!(" and {more} more")),
    }
}
