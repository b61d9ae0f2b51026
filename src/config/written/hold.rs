//! What holds messages back, as written.

use super::{DateTimeText, Duration, MatchersText, NameText, PlainText, Window, ZoneText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// Alerts that, while they fire, hold others back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Inhibit {
    /// The alerts that hold back.
    pub source: MatchersText,
    /// The alerts that are held back.
    pub target: MatchersText,
    /// The labels that must be there and equal on both sides.
    #[serde(default)]
    pub equal: Vec<Spanned<String>>,
}

/// A silence as code.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Silence {
    /// What it silences.
    #[serde(rename = "match")]
    pub matchers: MatchersText,
    /// The local time at which it begins. It has begun, where there is none.
    pub from: Option<DateTimeText>,
    /// The local time at which it ends, in the service's zone.
    pub until: DateTimeText,
    /// Who answers for it: a responder, a team or a contact.
    pub owner: NameText,
    /// Why.
    pub reason: PlainText,
}

/// A window of every week in which work is expected to hurt.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Maintenance {
    /// What it covers.
    #[serde(rename = "match")]
    pub matchers: MatchersText,
    /// When.
    pub every: Spanned<Window>,
    /// The time zone of the window. The service's, where there is none.
    pub timezone: Option<ZoneText>,
    /// Why.
    pub reason: PlainText,
}

/// When an alert counts as flapping.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Flapping {
    /// How many changes.
    #[schemars(range(min = 2, max = 1000))]
    pub changes: u32,
    /// In which time.
    pub within: Duration,
}
