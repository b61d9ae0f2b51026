//! What people owe and bear, and the page for those who only depend on it.

use super::{Report, rows};
use crate::model::counted;
use crate::review::clock::{Average, Clock, seconds};
use crate::review::document::{Document, Line, Part};
use crate::review::report::components::percent;
use crate::review::report::{Component, Figures, Load, Owed};

pub(super) fn owed(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("Post-mortems owed");
    let row = |one: &Owed| {
        let due = clock.minute(one.due.0);
        let due = if one.is_late { Line::new().verdict(false, format!("{due}, late")) } else { due.into() };
        vec![
            super::incident(one.number, &one.alert, ""),
            Line::new().severity(&one.severity),
            clock.minute(one.over.0).into(),
            due,
            Line::new().data(format!("watchbell postmortem INC-{}", one.number)),
        ]
    };
    rows(page, &["incident", "severity", "over", "due", "draft"], &report.owed, row, "None.");
}

pub(super) fn load(page: &mut Document, report: &Report) {
    page.heading("Who was paged");
    let row = |one: &Load| {
        let name = if one.is_person { Line::new().data(&one.name) } else { Line::from("channel ").data(&one.name) };
        let nights: Line = if one.is_person { one.nights.to_string().into() } else { "–".into() };
        let figures = [one.pages, one.out_of_hours, one.incidents].map(|figure| Line::from(figure.to_string()));
        let [pages, out_of_hours, incidents] = figures;
        vec![name, pages, out_of_hours, nights, incidents]
    };
    rows(page, &["who", "#pages", "#out of hours", "#nights", "#incidents"], &report.load, row, "Nobody was paged.");
}

/// The page for stakeholders: plain words, this month and the one before.
pub(super) fn stakeholders(page: &mut Document, report: &Report, clock: Clock<'_>) {
    let (this, last) = (clock.month(report.period.from.0), clock.month(report.before.from.0));
    page.add(Part::Sheet(format!("How it went in {this}")));
    if report.is_unrecorded() {
        page.text(format!("There are no records of {this}."));
        return;
    }
    page.text(opening(&report.figures, report.figures_before.as_ref(), &this, &last));
    if let Some(answered) = answered(&report.figures, report.figures_before.as_ref()) {
        page.text(answered);
    }
    let highest = report.figures.by_severity.first().map(|one| one.severity.clone()).unwrap_or_default();
    let heads = ["part of the system", "#available", "#the month before", "#incidents", "#the month before "];
    let row = |one: &Component| {
        let share = |share: Option<f64>| Line::from(share.map_or_else(|| "not known".to_owned(), percent));
        let before = one.incidents_before.map_or_else(|| "not known".to_owned(), |count| count.to_string());
        vec![
            Line::new().data(&one.component),
            share(one.available),
            share(one.available_before),
            one.incidents.to_string().into(),
            before.into(),
        ]
    };
    rows(page, &heads, &report.components, row, "No rule says which part of the system it is about.");
    let dark = report.components.iter().map(|one| one.unknown_seconds).fold(0.0, f64::max);
    let unseen = if dark >= 60.0 {
        format!(" Up to {} were not watched, and count neither way.", seconds(dark))
    } else {
        String::new()
    };
    page.text(format!(
        "A part counts as available while none of its alerts of the highest severity ({highest}) is on. A part without such an \
         alert cannot be judged.{unseen}"
    ));
    worst(page, report, clock, &highest);
}

fn opening(now: &Figures, before: Option<&Figures>, this: &str, last: &str) -> String {
    let of = |figures: &Figures| {
        let severities = figures.severities();
        if severities.is_empty() { String::new() } else { format!(": {severities}") }
    };
    let first = match now.opened {
        0 => format!("Nothing went wrong in {this}."),
        opened => format!("In {this} there were {}{}.", counted(opened, "incident"), of(now)),
    };
    match before {
        Some(before) if before.opened == 0 => format!("{first} In {last} there were none."),
        Some(before) => format!("{first} In {last} there were {}{}.", counted(before.opened, "incident"), of(before)),
        None => format!("{first} For {last} there are no records to compare with."),
    }
}

fn answered(now: &Figures, before: Option<&Figures>) -> Option<String> {
    let was = |average: Option<Average>| {
        average.map(|one| format!(" (the month before: {})", seconds(one.mean_seconds))).unwrap_or_default()
    };
    let took = now.to_acknowledge.map(|one| {
        let was = was(before.and_then(|before| before.to_acknowledge));
        format!("Somebody took {} of them in hand, after {} on average{was}", one.count, seconds(one.mean_seconds))
    });
    let over = now.to_resolve.map(|one| {
        let was = was(before.and_then(|before| before.to_resolve));
        format!("they were over after {} on average{was}", seconds(one.mean_seconds))
    });
    match (took, over) {
        (Some(took), Some(over)) => Some(format!("{took}; {over}.")),
        (None, Some(over)) if now.unacknowledged == 0 => Some(format!("None of them had to be taken in hand; {over}.")),
        (None, Some(over)) => {
            let paged = counted(now.unacknowledged, "incident");
            Some(format!("Somebody was paged for {paged}, and nobody acknowledged; {over}."))
        }
        (Some(took), None) => Some(format!("{took}.")),
        (None, None) => None,
    }
}

/// The worst incidents of the month, in plain words.
fn worst(page: &mut Document, report: &Report, clock: Clock<'_>, highest: &str) {
    let worst = report.incidents.iter().filter(|one| one.severity == highest && report.period.holds(one.opened.0));
    let line = |one: &crate::review::report::IncidentLine| {
        let lasted = seconds(one.lasted_seconds);
        let how = if one.over.is_some() { format!("over after {lasted}") } else { format!("going on for {lasted}") };
        Line::from(format!("{}: ", clock.minute(one.opened.0)))
            .data(spaced(&one.alert))
            .ours(format!(", {how} (INC-{})", one.number))
    };
    let lines: Vec<Line> = worst.take(super::MOST_ROWS).map(line).collect();
    if !lines.is_empty() {
        page.text(format!("The worst of them ({highest}):"));
        page.list(lines, "");
    }
}

/// `GasPriceSpike` as people read it: `Gas Price Spike`.
fn spaced(name: &str) -> String {
    let mut shown = String::new();
    let mut was_small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && was_small {
            shown.push(' ');
        }
        was_small = letter.is_lowercase() || letter.is_ascii_digit();
        shown.push(letter);
    }
    shown
}
