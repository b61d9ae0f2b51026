//! What must happen, and by when: response deadlines, heartbeats, routines, remedies, budgets.

use super::{Dates, Target, Zone};
use crate::config::Secret;
use crate::diagnostics::Text;
use crate::model::{Name, Severity, Span};
use jiff::civil::Time;

/// The response procedure for one severity. What has no deadline is not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Somebody took it, from the first message.
    pub acknowledge: Option<Span>,
    /// The severity is confirmed or corrected, from the first message.
    pub assess: Option<Span>,
    /// An update went to the stakeholders, from the first message.
    pub communicate: Option<Span>,
    /// It is over, from the first message.
    pub resolve: Option<Span>,
    /// A review is linked, from the resolution.
    pub postmortem: Option<Span>,
}

/// Who hears what `incidents update` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stakeholders {
    /// Who.
    pub notify: Vec<Target>,
    /// How often an update is due while an incident is open.
    pub every: Option<Span>,
}

/// A remedy that a machine can try.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What is done.
    pub deed: Deed,
    /// When it is given up.
    pub timeout: Span,
    /// How often it may be started within `within`, whatever for.
    pub max_runs: u32,
    /// The time in which runs are counted.
    pub within: Span,
    /// The alert has to resolve in this time for the remedy to have worked.
    pub verify_within: Option<Span>,
}

/// What a remedy does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A request to an address.
    Webhook {
        /// The address.
        url: Secret,
        /// The signing secret.
        secret: Option<Secret>,
    },
    /// A program, without a shell.
    Exec {
        /// The program.
        program: String,
        /// Its arguments: templates, each a whole argument.
        arguments: Vec<Text>,
        /// The only variables of its environment, by name.
        environment: Vec<(String, Secret)>,
    },
}

/// Signs of life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heartbeats {
    /// Whose absence pages.
    pub expect: Vec<ExpectedHeartbeat>,
    /// Which we give.
    pub send: Vec<SentHeartbeat>,
}

/// An alert that has to keep firing; its absence pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedHeartbeat {
    /// The alert.
    pub alert: Name,
    /// How long it may be away.
    pub within: Span,
    /// How bad its absence is.
    pub severity: Severity,
}

/// A request that proves that pages can leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentHeartbeat {
    /// The address.
    pub ping: Secret,
    /// How it is made.
    pub method: Ping,
    /// How often.
    pub every: Span,
}

/// How a sign of life is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// By GET.
    Get,
    /// By POST, with nothing in it.
    Post,
}

/// A task that people do again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routine {
    /// Its name.
    pub name: Name,
    /// On which dates it comes up.
    pub dates: Dates,
    /// At which local time.
    pub at: Time,
    /// The zone of that time.
    pub timezone: Zone,
    /// Who does it.
    pub owner: Name,
    /// Who is told that it comes up.
    pub notify: Vec<Target>,
    /// In which time it has to be ticked off.
    pub due: Span,
    /// The severity of the incident that opens when it is not.
    pub severity: Severity,
    /// The report that goes with it.
    pub report: Option<Report>,
}

/// The reports there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Of the last day.
    Daily,
    /// Of the last week.
    Weekly,
    /// Of the last month.
    Monthly,
}

impl Report {
    /// Its name, as the configuration and the command have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Report::Daily => "daily",
            Report::Weekly => "weekly",
            Report::Monthly => "monthly",
        }
    }
}

/// What `diff --backtest` holds a pull request to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// How often one rule may page in a week.
    pub pages_per_rule_per_week: Option<u32>,
}
