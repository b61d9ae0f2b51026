//! What happened: figures, what needs somebody, incidents, who acted.

use super::{Report, beside, incident, incidents_in_words, rows, took};
use crate::model::{counted, waits_for};
use crate::review::clock::{Clock, Kind, seconds};
use crate::review::document::{Document, Line, Part};
use crate::review::report::{Figures, IncidentLine};

/// How much happened.
pub(super) fn figures(page: &mut Document, report: &Report) {
    let (now, before) = (&report.figures, report.figures_before.as_ref().filter(|_| report.kind != Kind::Daily));
    let was = |read: fn(&Figures) -> usize| beside(read(now), before.map(read));
    let opened = match before {
        Some(before) => format!("{}; before: {}", incidents_in_words(now), incidents_in_words(before)),
        None => incidents_in_words(now),
    };
    page.heading("At a glance");
    if report.is_unrecorded() {
        page.text("Nothing is on record of this period.");
        return;
    }
    page.add(Part::Facts(vec![
        ("Opened", opened.into()),
        ("Pages", was(|figures| figures.pages).into()),
        ("Out of hours", was(|figures| figures.out_of_hours).into()),
        ("Paged, and nobody acknowledged", was(|figures| figures.unacknowledged).into()),
        ("Over without anybody acting", was(|figures| figures.untouched).into()),
        ("To acknowledge (MTTA)", took(now, before, Figures::acknowledged).into()),
        ("To resolve (MTTR)", took(now, before, Figures::resolved).into()),
    ]));
}

/// What is open, and what nobody looked after.
pub(super) fn needs_somebody(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("What needs somebody");
    let mut items = Vec::new();
    for one in &report.open {
        let line = incident(one.number, &one.alert, &one.place).ours(", ").severity(&one.severity);
        let line = line.ours(format!(", open since {}", clock.minute(one.opened.0)));
        items.push(match (&one.taken_by, one.is_in_hands, one.waits) {
            (by, _, true) => line.verdict(false, format!(", ended and {}", waits_for(by.is_some()))),
            (Some(by), true, _) => line.ours(", taken by ").data(by),
            _ if one.held.is_some() => line.ours(", held back: ").said(one.held.as_deref().unwrap_or_default()),
            _ => line.verdict(false, ", nobody is at it"),
        });
    }
    let unseen =
        |one: &&IncidentLine| one.over.is_some() && one.pages > 0 && !one.was_acted_on && one.remedied_by.is_empty();
    let unseen: Vec<&IncidentLine> = report.incidents.iter().filter(unseen).collect();
    if let Some(first) = unseen.first() {
        let line =
            Line::from(format!("{} paged and ended without anybody acting, last ", counted(unseen.len(), "incident")));
        items.push(line.and("", incident(first.number, &first.alert, &first.place)));
    }
    let late = report.owed.iter().filter(|one| one.is_late).map(|one| format!("INC-{}", one.number));
    let late: Vec<String> = late.collect();
    if !late.is_empty() {
        items.push(Line::new().verdict(false, format!("Reviews that are late: {}", late.join(", "))));
    }
    let still = report.troubles.iter().filter(|trouble| trouble.since.is_some());
    items.extend(still.map(|trouble| {
        let since = trouble.since.map(|since| clock.minute(since.0)).unwrap_or_default();
        Line::from(format!("{} ", trouble.kind)).data(&trouble.name).verdict(false, format!(" fails since {since}"))
    }));
    let failed = report.messages.undelivered.len();
    if failed > 0 {
        items.push(Line::new().verdict(false, format!("{} did not arrive", counted(failed, "message"))));
    }
    page.list(items, "Nothing.");
}

/// The incidents, a row each.
pub(super) fn incidents(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("Incidents");
    let heads = ["incident", "severity", "opened", "lasted", "#pages", "#out of hours", "acknowledged", "ended"];
    rows(page, &heads, &report.incidents, |one| row(one, clock), "None.");
}

fn row(one: &IncidentLine, clock: Clock<'_>) -> Vec<Line> {
    let figure = |count: usize| if count == 0 { "–".into() } else { Line::from(count.to_string()) };
    let taken = match (&one.taken_by, one.taken_after_seconds) {
        (Some(by), Some(after)) => Line::from("by ").data(by).ours(format!(" after {}", seconds(after))),
        (Some(by), None) => Line::from("by ").data(by),
        (None, _) if one.pages > 0 => Line::new().verdict(false, "by nobody"),
        (None, _) => "–".into(),
    };
    let ended = match (&one.over, &one.over_by) {
        (None, _) => Line::new().strong("open"),
        (Some(_), Some(by)) => Line::from("closed by ").data(by),
        (Some(_), None) => {
            let ended = match (one.over_because, one.remedied_by.as_slice()) {
                (Some(because), _) => Line::from(because),
                (None, []) => Line::from("by itself"),
                (None, remedies) => Line::from("by ").data(remedies.join(", ")),
            };
            if one.was_acted_on { ended.ours(", acted on") } else { ended }
        }
    };
    let again = match one.reopened {
        0 => String::new(),
        times => format!(", reopened {}", counted(times, "time")),
    };
    vec![
        incident(one.number, &one.alert, &one.place),
        Line::new().severity(&one.severity),
        clock.minute(one.opened.0).into(),
        format!("{}{again}", seconds(one.lasted_seconds)).into(),
        figure(one.pages),
        figure(one.out_of_hours),
        taken,
        ended,
    ]
}

/// Who acted.
pub(super) fn people(page: &mut Document, report: &Report) {
    page.heading("Who acted");
    let heads = ["who", "#deeds", "#incidents", "#taken first"];
    let row = |one: &crate::review::report::Person| {
        let figures = [one.deeds, one.incidents, one.taken].map(|figure| figure.to_string().into());
        [vec![Line::new().data(&one.name)], figures.to_vec()].concat()
    };
    rows(page, &heads, &report.people, row, "Nobody acted.");
}
