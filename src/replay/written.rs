//! A scenario file as typed. The doc comments are the user's reference: the JSON Schema carries them.

use crate::diagnostics::Spanned;
use crate::yaml::{DurationText, Entries, ShiftText};
use schemars::JsonSchema;
use serde::Deserialize;

/// A whole alert scenario: readings in, pages out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "Watchbell scenario", deny_unknown_fields)]
pub struct Scenario {
    /// What happens, in a sentence.
    pub scenario: Spanned<String>,
    /// The rule files, seen from this file.
    pub rules: Vec<Spanned<String>>,
    /// The only alerts of these files that are evaluated, by name. Default: all.
    #[serde(default)]
    pub only: Vec<Spanned<String>>,
    /// The service configuration, seen from this file: policies, channels, routes. Messages are rendered, nothing is sent.
    #[serde(default)]
    pub config: Option<Spanned<String>>,
    /// Whether the routines of the configuration come up. Default: no, because most stories are not about them.
    #[serde(default)]
    pub routines: bool,
    /// The instant of the first slot, as RFC 3339. Default: 2026-01-05T09:00:00Z.
    #[serde(default)]
    pub start: Option<Spanned<String>>,
    /// How long the scenario runs on after the last value. Default: one interval.
    #[serde(default)]
    pub then: Option<DurationText>,
    /// How long the scenario runs, whatever its values. Events beyond it are played all the same.
    #[serde(default)]
    pub lasts: Option<DurationText>,
    /// How long before the start the values of `series` begin, so that windows are full at the first slot. Default: 0s.
    #[serde(default)]
    pub before: Option<DurationText>,
    /// Readings: what each query answers.
    #[serde(default)]
    pub answers: Vec<Answers>,
    /// Series that there are: queries without `answers` are answered from them, without a server.
    #[serde(default)]
    pub series: Vec<Spanned<Series>>,
    /// Whose windows PromQL has, where `series` are asked. Default: `prometheus-3`.
    #[serde(default)]
    pub semantics: Option<Semantics>,
    /// What happens beside the readings.
    #[serde(default)]
    pub events: Vec<Spanned<Event>>,
    /// What must come of it. The snapshot beside the file is the full story.
    #[serde(default)]
    pub expect: Vec<Spanned<Expect>>,
}

/// The answers to one query, for one series.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answers {
    /// The query, as `Rule.query`; the only query of a rule with `expr` is called `value`.
    pub query: Spanned<String>,
    /// The labels of the series.
    #[serde(default)]
    pub labels: Entries<String>,
    /// How far apart the values lie.
    pub every: Spanned<DurationText>,
    /// The values in promtool's notation, the first at the start.
    pub values: Spanned<String>,
}

/// A series and its values.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Series {
    /// Its name and labels: `up{job="api"}`.
    pub series: Spanned<String>,
    /// How far apart the values lie.
    pub every: Spanned<DurationText>,
    /// The values in promtool's notation, the first at the start.
    pub values: Spanned<String>,
}

/// Whose windows PromQL has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Semantics {
    /// A window has both of its edges.
    #[serde(rename = "prometheus-2")]
    Prometheus2,
    /// A window lacks its left edge.
    #[serde(rename = "prometheus-3")]
    Prometheus3,
}

/// Something that happens beside the readings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Event {
    /// When, from the start.
    pub at: Spanned<DurationText>,
    /// Every query fails for so long.
    #[serde(default)]
    pub query_error: Option<DurationText>,
    /// An alert (`Rule`) or one of its queries (`Rule.query`) gets no series, or series (`up{job="api"}`) are not there; `for`
    /// says how long.
    #[serde(default)]
    pub no_data: Option<Spanned<String>>,
    /// No slot is evaluated for so long, while the service runs.
    #[serde(default)]
    pub missed: Option<DurationText>,
    /// The service is killed and started again; with `for`, it is down so long.
    #[serde(default)]
    pub restart: Option<Spanned<bool>>,
    /// The wall clock of the machine that Watchbell runs on jumps so far forward, or with `-` back: `-10m`.
    #[serde(default)]
    pub clock_jump: Option<Spanned<ShiftText>>,
    /// Whether the sources' clocks jump with it: a machine that slept, or one clock for all. Default: no.
    #[serde(default)]
    pub sources: Option<Spanned<bool>>,
    /// Other rule files run from here on.
    #[serde(default)]
    pub reload: Option<Vec<Spanned<String>>>,
    /// A channel cannot be reached; `for` says how long.
    #[serde(default)]
    pub channel_fails: Option<Spanned<String>>,
    /// A channel refuses everything for good; `for` says how long.
    #[serde(default)]
    pub channel_refuses: Option<Spanned<String>>,
    /// From here on this action ends as `outcome` says, after `takes`, and prints `says`. Nothing is ever executed; an action of
    /// which nothing is said ends well at once.
    #[serde(default)]
    pub action: Option<Spanned<String>>,
    /// How an `action` ends. Default: `works`.
    #[serde(default)]
    pub outcome: Option<Spanned<ActionOutcome>>,
    /// How long an `action` takes. Default: 0s.
    #[serde(default)]
    pub takes: Option<Spanned<DurationText>>,
    /// What an `action` prints.
    #[serde(default)]
    pub says: Option<Spanned<String>>,
    /// Somebody acknowledges the open incident of this alert, or the one with this number (`INC-2`).
    #[serde(default)]
    pub ack: Option<Spanned<String>>,
    /// Somebody takes an acknowledgement back.
    #[serde(default)]
    pub unack: Option<Spanned<String>>,
    /// Somebody snoozes an incident; `for` says how long.
    #[serde(default)]
    pub snooze: Option<Spanned<String>>,
    /// Somebody confirms or corrects the severity of an incident to `severity`.
    #[serde(default)]
    pub assess: Option<Spanned<String>>,
    /// Somebody says `text` to the stakeholders of an incident.
    #[serde(default)]
    pub update: Option<Spanned<String>>,
    /// Somebody notes down `text` on an incident.
    #[serde(default)]
    pub note: Option<Spanned<String>>,
    /// Somebody makes the responder `to` responsible for an incident.
    #[serde(default)]
    pub assign: Option<Spanned<String>>,
    /// Somebody wants the next level of an incident at once.
    #[serde(default)]
    pub escalate: Option<Spanned<String>>,
    /// Somebody closes an incident.
    #[serde(default)]
    pub resolve: Option<Spanned<String>>,
    /// Somebody links the review of an incident, as `text`.
    #[serde(default)]
    pub review: Option<Spanned<String>>,
    /// Somebody silences what these matchers meet; `for` says how long.
    #[serde(default)]
    pub silence: Option<Spanned<String>>,
    /// Somebody says that this routine was done; `text` says more.
    #[serde(default)]
    pub routine_done: Option<Spanned<String>>,
    /// Somebody posts alerts, as a Prometheus with `alerting:` does.
    #[serde(default)]
    pub posted: Vec<Posted>,
    /// The severity of `assess`.
    #[serde(default)]
    pub severity: Option<Spanned<String>>,
    /// The text of `update`, `note`, `review` and `routine_done`, or the reason of a silence.
    #[serde(default)]
    pub text: Option<Spanned<String>>,
    /// The responder of `assign`.
    #[serde(default)]
    pub to: Option<Spanned<String>>,
    /// Who does it. Default: `somebody`.
    #[serde(default)]
    pub by: Option<Spanned<String>>,
    /// How long it lasts.
    #[serde(default, rename = "for")]
    pub lasts: Option<DurationText>,
}

/// How an action of a scenario ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionOutcome {
    /// Well.
    Works,
    /// Badly, with exit status 1.
    Fails,
    /// Not before its `timeout`.
    Hangs,
    /// Its program is not there.
    Missing,
}

/// An alert that somebody posts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Posted {
    /// Its labels, which are its identity. A label `severity` gives its severity, by name or alias.
    pub labels: Entries<String>,
    /// What its sender says of it.
    #[serde(default)]
    pub annotations: Entries<String>,
    /// How long ago it began. Default: 0s.
    #[serde(default)]
    pub started: Option<DurationText>,
    /// In how long it ends, unless it is posted again; `0s`: it has ended. Default: its sender does not say, so that it holds for 5m.
    #[serde(default)]
    pub ends: Option<DurationText>,
}

/// What must come of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Expect {
    /// By when, from the start. Default: the end.
    #[serde(default)]
    pub within: Option<DurationText>,
    /// An alert of this name fires.
    #[serde(default)]
    pub firing: Option<Spanned<String>>,
    /// At this severity.
    #[serde(default)]
    pub severity: Option<Spanned<String>>,
    /// An alert of this name has fired and is over.
    #[serde(default)]
    pub resolved: Option<Spanned<String>>,
    /// A message has reached this channel, or somebody of this target: `responder:`, `team:`, `schedule:` or `contact:`.
    #[serde(default)]
    pub told: Option<Spanned<String>>,
    /// No other alert fires in the whole scenario. Who was told what stands in the snapshot.
    #[serde(default)]
    pub nothing_else: Option<Spanned<bool>>,
}
