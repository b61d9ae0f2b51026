//! People as written, and how they are reached.

use super::{Duration, NameText, PlainText, SeverityText, TimeText, ZoneText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Responder {
    /// Their time zone. The service's, where there is none.
    pub timezone: Option<ZoneText>,
    /// How they are reached: all ways at once, unless one has `after`.
    pub reach: Vec<Reach>,
    /// When notices below a severity wait, to come as one summary.
    pub quiet_hours: Option<Spanned<QuietHours>>,
}

/// An outsider.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Contact {
    /// How they are reached.
    pub reach: Vec<Reach>,
}

/// One way to reach somebody.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reach {
    /// The channel.
    pub via: NameText,
    /// Whom in it: a Slack user or conversation, a mail address. The channel's own destination, where there is none.
    pub to: Option<PlainText>,
    /// How long after the others, while nobody has acknowledged.
    #[schemars(extend("default" = "0s"))]
    pub after: Option<Duration>,
}

/// A part of each day in which notices below a severity wait.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct QuietHours {
    /// When they begin.
    pub from: TimeText,
    /// When they end; before `from` it is the next day.
    pub to: TimeText,
    /// What is at least so bad does not wait.
    pub below: SeverityText,
}
