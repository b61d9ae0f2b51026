//! A report as a page: which parts stand where, in which words.

mod overnight;
mod people;
mod remedies;
mod standing;
mod trends;

use super::Report;
use super::figures::Figures;
use crate::model::counted;
use crate::review::clock::{At, Clock, Kind, seconds};
use crate::review::document::{Document, Line, Table};

/// So many rows stand in a table; JSON has them all.
const MOST_ROWS: usize = 50;

/// The page of `report`.
pub(super) fn document(report: &Report) -> Document {
    let clock = Clock(&report.zone);
    let word = match report.kind {
        Kind::Daily => "Daily",
        Kind::Weekly => "Weekly",
        Kind::Monthly => "Monthly",
    };
    let mut page = Document::titled(format!("{word} report: {}", clock.period(report.period)));
    page.text(made(report, clock));
    match report.kind {
        Kind::Daily => {
            overnight::figures(&mut page, report);
            overnight::needs_somebody(&mut page, report, clock);
            overnight::incidents(&mut page, report, clock);
            overnight::people(&mut page, report);
            remedies::remedies(&mut page, report, clock);
            standing::silences(&mut page, report, clock);
            standing::troubles(&mut page, report, clock);
            standing::messages(&mut page, report, clock);
            standing::on_duty(&mut page, report, clock);
            trends::values(&mut page, report);
        }
        Kind::Weekly => {
            overnight::figures(&mut page, report);
            overnight::needs_somebody(&mut page, report, clock);
            standing::deadlines(&mut page, report);
            remedies::remedies(&mut page, report, clock);
            trends::noisy(&mut page, report);
            trends::candidates(&mut page, report);
            standing::coverage(&mut page, report, clock);
            standing::troubles(&mut page, report, clock);
            standing::messages(&mut page, report, clock);
            standing::silences(&mut page, report, clock);
            people::owed(&mut page, report, clock);
            trends::values(&mut page, report);
            overnight::incidents(&mut page, report, clock);
        }
        Kind::Monthly => {
            overnight::figures(&mut page, report);
            overnight::needs_somebody(&mut page, report, clock);
            trends::capacity(&mut page, report, clock);
            people::owed(&mut page, report, clock);
            standing::deadlines(&mut page, report);
            remedies::remedies(&mut page, report, clock);
            people::load(&mut page, report);
            trends::noisy(&mut page, report);
            trends::candidates(&mut page, report);
            standing::coverage(&mut page, report, clock);
            standing::troubles(&mut page, report, clock);
            standing::messages(&mut page, report, clock);
            trends::values(&mut page, report);
            overnight::incidents(&mut page, report, clock);
            people::stakeholders(&mut page, report, clock);
        }
    }
    remarks(&mut page, report);
    page
}

fn made(report: &Report, clock: Clock<'_>) -> String {
    format!("Made {}. Days and times are those of {}.", clock.whole(report.at.0), report.timezone)
}

/// What the figures do not say.
fn remarks(page: &mut Document, report: &Report) {
    let mut notes: Vec<Line> = Vec::new();
    if report.unrecorded_seconds >= 1.0 {
        notes.push(
            format!(
                "Of {} of this period nothing is on record: the service had not begun, or was not running.",
                seconds(report.unrecorded_seconds)
            )
            .into(),
        );
    }
    if report.figures_before.is_none() && report.kind != Kind::Daily {
        notes.push("Of the period before less than half is on record, so that nothing is held against it.".into());
    }
    notes.extend(report.notes.iter().map(|note| Line::new().said(note)));
    if !notes.is_empty() {
        page.heading("What this does not say");
        page.list(notes, "");
    }
}

/// A table of at most so many rows, and how many more there are.
fn rows<T>(page: &mut Document, heads: &[&'static str], all: &[T], row: impl Fn(&T) -> Vec<Line>, otherwise: &str) {
    let mut table = Table::of(heads);
    all.iter().take(MOST_ROWS).for_each(|one| table.row(row(one)));
    page.table(table, otherwise);
    if all.len() > MOST_ROWS {
        page.text(format!("And {} more; `--format json` has them all.", all.len() - MOST_ROWS));
    }
}

/// The name of an incident, with what it is about.
fn incident(number: u64, alert: &str, place: &str) -> Line {
    let line = Line::from(format!("INC-{number} ")).data(alert);
    if place.is_empty() { line } else { line.ours(" ").data(place) }
}

/// A number beside the one before.
fn beside(now: usize, before: Option<usize>) -> String {
    match before {
        Some(before) => format!("{now} (before: {before})"),
        None => now.to_string(),
    }
}

/// How long something took, beside how long it took before.
fn took(now: &Figures, before: Option<&Figures>, words: fn(&Figures) -> String) -> String {
    match before {
        Some(before) => format!("{}; before: {}", words(now), words(before)),
        None => words(now),
    }
}

fn incidents_in_words(figures: &Figures) -> String {
    let severities = figures.severities();
    let reopened = if figures.reopened > 0 { format!(", {} reopened", figures.reopened) } else { String::new() };
    let of = if severities.is_empty() { String::new() } else { format!(" ({severities})") };
    format!("{}{of}{reopened}", counted(figures.opened, "incident"))
}

fn when(at: Option<At>, clock: Clock<'_>, otherwise: &str) -> Line {
    at.map_or_else(|| otherwise.into(), |at| clock.minute(at.0).into())
}
