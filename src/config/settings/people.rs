//! People and how they are reached.

use super::Zone;
use crate::model::{Name, Severity, Span};
use jiff::civil::Time;

/// A person.
#[derive(Clone, Debug, PartialEq)]
pub struct Responder {
    /// Their zone.
    pub timezone: Zone,
    /// How they are reached.
    pub reach: Vec<Reach>,
    /// When notices of little weight wait.
    pub quiet_hours: Option<QuietHours>,
}

/// One way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The channel.
    pub via: Name,
    /// Whom in it.
    pub to: Option<Name>,
    /// How long after the others.
    pub after: Span,
}

/// A part of each day, in the person's zone, in which notices below a severity wait for its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: Time,
    /// When they end; before `from` it is the next day.
    pub to: Time,
    /// What is at least so bad does not wait.
    pub below: Severity,
}
