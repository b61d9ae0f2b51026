//! The daily, the weekly and the monthly report: figures out of the journal, the configuration and what was measured.
//!
//! [`report`] is pure. What it needs is in [`Inputs`], which the command line gathers from a file and the service from its own store.
//! Everything that is told stands in a value of its own, so that programs read the same as people. What was not measured is said.

mod capacity;
mod components;
mod coverage;
mod deadlines;
mod duty;
mod figures;
mod incidents;
mod layout;
mod messages;
mod people;
mod remedies;
mod rules;
mod short;
mod troubles;
mod values;

pub use capacity::Capacity;
pub use components::Component;
pub use coverage::{Coverage, DutyGap};
pub use deadlines::{Owed, StageRecord};
pub use duty::{OnDuty, Silenced};
pub use figures::{Figures, OfSeverity};
pub use incidents::IncidentLine;
pub use messages::{Messages, Undelivered};
pub use people::{Load, Person};
pub use remedies::{ActionLine, FailedRun, Remedies};
pub use rules::{Candidate, RuleLine, candidates};
pub use troubles::Trouble;
pub use values::ValueLine;

use super::clock::{At, Clock, Kind, Period};
use super::document::Document;
use super::measured::Measured;
use super::past::Past;
use super::suggest::Suggestion;
use crate::engine::World;
use crate::model::Moment;
use serde::Serialize;

/// What a report is made of.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// Rules and settings.
    pub world: &'a World,
    /// What is on record of the periods.
    pub past: &'a Past,
    /// The instant of the report.
    pub at: Moment,
    /// What sources said, where they were asked.
    pub measured: Option<&'a Measured>,
    /// Other bounds for rules whose pages nobody acted on, where history was asked.
    pub suggestions: &'a [Suggestion],
}

/// A report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How often it comes.
    pub kind: Kind,
    /// When it was made.
    pub at: At,
    /// What it tells of.
    pub period: Period,
    /// What it is held against.
    pub before: Period,
    /// The zone whose days these are.
    pub timezone: String,
    /// Seconds of the period of which nothing is on record.
    pub unrecorded_seconds: f64,
    /// How much happened.
    pub figures: Figures,
    /// How much happened before; nothing where less than half of that time is on record.
    pub figures_before: Option<Figures>,
    /// The incidents of the period, the newest first.
    pub incidents: Vec<IncidentLine>,
    /// Those that are open at the report, whenever they opened, the newest first.
    pub open: Vec<IncidentLine>,
    /// Who acted.
    pub people: Vec<Person>,
    /// What machines tried.
    pub remedies: Remedies,
    /// What holds messages back now.
    pub silences: Vec<Silenced>,
    /// What could not be seen.
    pub troubles: Vec<Trouble>,
    /// What was sent, and what was not.
    pub messages: Messages,
    /// Who is on call.
    pub on_duty: Vec<OnDuty>,
    /// How values were; nothing where nobody was asked.
    pub values: Option<Vec<ValueLine>>,
    /// Rules that paged or fired, the noisiest first.
    pub rules: Vec<RuleLine>,
    /// Rules whose pages nobody acted on.
    pub candidates: Vec<Candidate>,
    /// What is not seen, not written down, not staffed.
    pub coverage: Coverage,
    /// Deadlines met and missed.
    pub deadlines: Vec<StageRecord>,
    /// Reviews that are owed.
    pub owed: Vec<Owed>,
    /// Pages by person.
    pub load: Vec<Load>,
    /// Components, as those who depend on them see them.
    pub components: Vec<Component>,
    /// Bounds that trends lead to; nothing where nobody was asked.
    pub capacity: Option<Vec<Capacity>>,
    /// What could not be measured, and other remarks.
    pub notes: Vec<String>,
    /// Where people reach the service.
    #[serde(skip)]
    base: String,
    #[serde(skip)]
    zone: crate::config::Zone,
}

/// Makes a report of what is given.
#[must_use]
pub fn report(kind: Kind, inputs: &Inputs<'_>) -> Report {
    let settings = &inputs.world.settings;
    let zone = settings.timezone.clone();
    let clock = Clock(&zone);
    let (period, before) = kind.periods(inputs.at, &zone);
    let unrecorded = super::clock::total(&inputs.past.unrecorded(period));
    let dark_before = super::clock::total(&inputs.past.unrecorded(before));
    let knows_before = dark_before.millis() * 2 < before.length().millis();
    let figures = |period| Figures::of(inputs, period, clock);
    Report {
        kind,
        at: At(inputs.at),
        period,
        before,
        timezone: zone.to_string(),
        unrecorded_seconds: unrecorded.as_secs_f64(),
        figures: figures(period),
        figures_before: knows_before.then(|| figures(before)),
        incidents: incidents::lines(inputs, period, clock),
        open: incidents::open(inputs, period, clock),
        people: people::acted(inputs, period),
        remedies: Remedies::of(inputs, period),
        silences: duty::silences(inputs),
        troubles: troubles::troubles(inputs, period),
        messages: Messages::of(inputs, period),
        on_duty: duty::on_duty(inputs),
        values: inputs.measured.map(|measured| values::lines(inputs, measured)),
        rules: rules::lines(inputs, period, clock),
        candidates: rules::candidate_lines(inputs, period, clock),
        coverage: coverage::coverage(inputs, period),
        deadlines: deadlines::record(inputs, period, knows_before.then_some(before)),
        owed: deadlines::owed(inputs),
        load: people::load(inputs, period, clock),
        components: components::components(inputs, period, knows_before.then_some(before)),
        capacity: inputs.measured.map(|measured| capacity::lines(inputs, measured)),
        notes: notes(inputs),
        base: settings.external_url.trim_end_matches('/').to_owned(),
        zone,
    }
}

/// What could not be measured. Rules of which the same is to be said share a line.
fn notes(inputs: &Inputs<'_>) -> Vec<String> {
    let Some(measured) = inputs.measured else {
        return vec!["No source was asked: how values were, and where they lead, was not measured.".into()];
    };
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for (what, why) in &measured.failures {
        match lines.iter_mut().find(|(known, _)| known == why) {
            Some((_, all)) => all.push(what),
            None => lines.push((why, vec![what])),
        }
    }
    lines.into_iter().map(|(why, all)| format!("Not measured: {} ({why}).", all.join(", "))).collect()
}

impl Report {
    /// Whether of the whole period nothing is on record.
    #[must_use]
    pub fn is_unrecorded(&self) -> bool {
        self.unrecorded_seconds >= self.period.length().as_secs_f64()
    }

    /// The report as a page.
    #[must_use]
    pub fn document(&self) -> Document {
        layout::document(self)
    }

    /// For a place that takes Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.document().markdown()
    }

    /// One file for a browser.
    #[must_use]
    pub fn html(&self) -> String {
        self.document().html()
    }

    /// For a terminal.
    #[must_use]
    pub fn human(&self) -> String {
        self.document().human()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_else(|error| error.to_string());
        text.push('\n');
        text
    }

    /// The few lines that fit into a message: at most 1,500 characters, whatever happened.
    #[must_use]
    pub fn short(&self) -> String {
        short::short(self)
    }
}
