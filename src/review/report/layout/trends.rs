//! Where things go: values beside those before, noisy rules, what could stand there instead, bounds that trends lead to.

use super::{Report, rows};
use crate::model::Span;
use crate::notify::text::number;
use crate::review::clock::{Clock, lasting, seconds};
use crate::review::document::{Document, Line};
use crate::review::measured::{AHEAD, Course, LOOKS};
use crate::review::report::components::percent;
use crate::review::report::{Candidate, Capacity, RuleLine, ValueLine};

/// A change that is smaller is none.
const A_CHANGE: f64 = 0.005;

pub(super) fn values(page: &mut Document, report: &Report) {
    page.heading("Values, beside the period before");
    let Some(lines) = &report.values else {
        page.text("Not measured: no source was asked.");
        return;
    };
    let heads = [
        "rule",
        "component",
        "#median",
        "#before",
        "#change",
        "#95 of 100",
        "#lowest seen",
        "#highest seen",
        "#on target",
        "target",
    ];
    let every = Span::from_millis(report.period.length().millis() / LOOKS);
    page.text(format!(
        "Each rule's query, looked at every {}: what was shorter may not have been seen.",
        lasting(every)
    ));
    rows(page, &heads, lines, row, "Nothing was measured.");
}

fn row(line: &ValueLine) -> Vec<Line> {
    let figure = |course: &Option<Course>, read: fn(&Course) -> f64| {
        course.as_ref().map_or_else(|| "–".into(), |course| Line::from(short(read(course))))
    };
    let unit = line.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
    let on_target = line.now.and_then(|now| now.on_target);
    vec![
        Line::new().data(format!("{}{unit}", line.alert)),
        line.component.as_ref().map_or_else(|| "–".into(), |name| Line::new().data(name)),
        figure(&line.now, |course| course.p50),
        figure(&line.before, |course| course.p50),
        change(line.now, line.before).into(),
        figure(&line.now, |course| course.p95),
        figure(&line.now, |course| course.min),
        figure(&line.now, |course| course.max),
        on_target.map_or_else(|| "–".into(), |share| percent(share).into()),
        line.target.as_ref().map_or_else(|| "none".into(), |target| Line::new().data(target)),
    ]
}

/// Four digits that count: nobody compares more.
fn short(value: f64) -> String {
    let text = format!("{value:.3e}");
    number(text.parse().unwrap_or(value))
}

/// By how much the median is another, as a share of what it was.
fn change(now: Option<Course>, before: Option<Course>) -> String {
    let Some((now, before)) = now.zip(before) else { return "–".into() };
    let share = (now.p50 - before.p50) / before.p50.abs();
    match () {
        () if share.is_finite() && share.abs() < A_CHANGE => "the same".into(),
        () if share.is_finite() => format!("{:+.0} %", 100.0 * share),
        () if now.p50.total_cmp(&before.p50).is_eq() => "the same".into(),
        () => "–".into(),
    }
}

pub(super) fn noisy(page: &mut Document, report: &Report) {
    page.heading("Noisiest rules");
    let row = |one: &RuleLine| {
        let figures = [one.incidents, one.pages, one.out_of_hours, one.alone, one.flaps];
        let figures = figures.map(|figure| if figure == 0 { "–".into() } else { figure.to_string().into() });
        [vec![Line::new().data(&one.alert)], figures.to_vec(), vec![seconds(one.firing_seconds).into()]].concat()
    };
    let heads = ["rule", "#incidents", "#pages", "#out of hours", "#ended alone", "#flaps", "#firing"];
    rows(page, &heads, &report.rules, row, "No rule fired.");
}

pub(super) fn candidates(page: &mut Document, report: &Report) {
    page.heading("Thresholds to look at");
    page.text(
        "Rules of whose pages nobody acted on half or more: either nobody needed to hear of it, or nobody could do anything.",
    );
    let row = |one: &Candidate| {
        let suggestion = match &one.suggestion {
            Some(words) => Line::new().said(words),
            None => Line::from("not asked; ").data(format!("watchbell tune {}", one.alert)),
        };
        vec![Line::new().data(&one.alert), one.pages.to_string().into(), one.unanswered.to_string().into(), suggestion]
    };
    rows(page, &["rule", "#pages", "#nobody acted", "what could stand there"], &report.candidates, row, "None.");
}

pub(super) fn capacity(page: &mut Document, report: &Report, clock: Clock<'_>) {
    page.heading("Capacity: bounds that trends lead to");
    let days = AHEAD.millis() / 86_400_000;
    let Some(lines) = &report.capacity else {
        page.text("Not measured: no source was asked.");
        return;
    };
    page.text(format!(
        "A straight line through the {} before the report (predict_linear of the source, over the rules' own expressions), followed for \
         {days} days. A series of which less than half of that time is known is left out.",
        seconds(report.period.length().as_secs_f64())
    ));
    let row = |one: &Capacity| {
        let unit = one.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let reached = if one.in_seconds > 0.0 {
            Line::from(format!("{}, in {}", clock.day(one.reached.0), seconds(one.in_seconds)))
        } else {
            Line::new().verdict(false, "it is there already")
        };
        vec![
            Line::new().data(&one.alert).ours(" ").data(&one.labels),
            format!("{}{unit}", short(one.now)).into(),
            Line::from(format!("{} ", number(one.bound))).severity(&one.severity),
            reached,
        ]
    };
    let otherwise = format!("No trend leads to a bound within {days} days.");
    rows(page, &["series", "#now", "bound", "reached"], lines, row, &otherwise);
}
