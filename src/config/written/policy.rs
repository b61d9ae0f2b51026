//! The escalation matrix as written, before `extends` and defaults.

use super::{Duration, Entries, MatchersText, NameText, TargetText, TimeText};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// An escalation matrix.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Policy {
    /// The policy that gives every key of every severity that is not given here.
    pub extends: Option<NameText>,
    /// The labels whose values make one incident. An absent label counts as the empty value.
    #[schemars(extend("default" = ["alertname"]))]
    pub group_by: Option<Vec<Spanned<String>>>,
    /// How long a group is gathered before its first message, for severities that do not say it themselves. Where
    /// nobody says it, the highest severity does not wait.
    #[schemars(extend("default" = "10s"))]
    pub wait: Option<Duration>,
    /// How often later changes of a group are told; a rise in severity goes out at once.
    #[schemars(extend("default" = "1m"))]
    pub update_every: Option<Duration>,
    /// An incident that fires again in this time after its end goes on; later it is a new one.
    #[schemars(extend("default" = "10m"))]
    pub reopen_within: Option<Duration>,
    /// How far apart levels are told that fell due while the service was down.
    #[schemars(extend("default" = "60s"))]
    pub catch_up: Option<Duration>,
    /// What happens, by severity. Every severity has to be answered for, here or through `extends`.
    pub matrix: Entries<Spanned<Escalation>>,
}

/// What happens with incidents of one severity: `levels`, a `digest`, or `tell: nobody`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Escalation {
    /// How long a group is gathered before its first message. The policy's, where there is none.
    pub wait: Option<Duration>,
    /// Who is told, and when, while nobody acknowledges.
    pub levels: Option<Spanned<Vec<Spanned<Level>>>>,
    /// How the whole ladder is told again after the last level.
    pub repeat: Option<Repeat>,
    /// How long an acknowledgement holds. For ever, where there is none.
    pub ack_expires: Option<Duration>,
    /// What closes an incident: `auto` (the end of its last alert), `acknowledged` (that, and an acknowledgement) or
    /// `manual`.
    #[schemars(extend("default" = "auto"))]
    pub resolve: Option<Resolve>,
    /// A list at a time of day instead of pages.
    pub digest: Option<Spanned<Digest>>,
    /// `nobody`: nobody is told, on purpose.
    pub tell: Option<Spanned<Tell>>,
}

/// One level.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Level {
    /// Its name. Its number, where there is none.
    pub name: Option<Spanned<String>>,
    /// When it is reached, from the start of the escalation clock; never before the level above it.
    #[schemars(extend("default" = "0s"))]
    pub after: Option<Duration>,
    /// Who is told.
    pub notify: Vec<TargetText>,
    /// Whether the remedies of the rule run here.
    #[schemars(extend("default" = false))]
    pub actions: bool,
}

/// Telling the whole ladder again, with the same spacing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Repeat {
    /// How long after the last level.
    pub every: Duration,
    /// How many times.
    #[schemars(range(min = 1, max = 1000))]
    pub times: u32,
}

/// What closes an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Resolve {
    /// The end of its last alert.
    Auto,
    /// That, and somebody's acknowledgement.
    Acknowledged,
    /// A person only.
    Manual,
}

/// Who is told, where it is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tell {
    /// Nobody, on purpose.
    Nobody,
}

/// A list at a time of day instead of pages.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Digest {
    /// The time of day, in the service's zone.
    pub at: TimeText,
    /// Who gets it.
    pub notify: Spanned<Vec<TargetText>>,
    /// After how many digests an incident leaves it and starts its `levels` (the digest's receivers at once, where
    /// there are none). Never, where it is not given.
    #[schemars(range(min = 1, max = 1000))]
    pub stale_after: Option<u32>,
}

/// Which policy an incident gets.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Route {
    /// What the labels of its alerts, without `severity`, have to meet. Everything, where there is none.
    #[serde(rename = "match")]
    pub matchers: Option<MatchersText>,
    /// The policy.
    pub policy: NameText,
}
