//! The record: what became of one incident, and of a day, a week, a month of them.
//!
//! Deciding is pure here as well: [`report`] and [`postmortem`] make values out of what is on record ([`Past`], [`OneIncident`]), the
//! rules and settings, and what was measured ([`Measured`], [`charts`], [`suggest`], all optional). A value becomes a page of typed
//! parts ([`Document`]), and a page becomes Markdown, HTML or text; as JSON it is the value itself. Nothing is invented: what was not
//! measured is said.
//!
//! Absent on purpose: the clock (callers bring the instant), and any way to a channel.

mod clock;
mod document;
mod measured;
mod past;
mod postmortem;
mod record;
mod report;
mod suggest;
mod words;

pub use clock::{At, Average, Clock, Kind, Period};
pub use document::{Document, Line, Part, Picture, Piece, Table};
pub use measured::{AHEAD, Clients, Course, Measured, Trend};
pub use past::{Conditions, OneIncident, Past};
pub use postmortem::{Chart, Entry, NoDraft, Postmortem, RuleFacts, StageLine, Told, charts, postmortem};
pub use record::{Deadline, Firing, Outcome, Page, Record, Round};
pub use report::{
    ActionLine, Candidate, Capacity, Component, Coverage, DutyGap, FailedRun, Figures, IncidentLine, Inputs, Load,
    Messages, OfSeverity, OnDuty, Owed, Person, Remedies, Report, RuleLine, Silenced, StageRecord, Trouble,
    Undelivered, ValueLine, candidates, report,
};
pub use suggest::{MOST as MOST_SUGGESTED, Suggestion, suggest};
