//! `watchbell.yaml` as typed: what the file may hold, and where each part of it stands.
//!
//! The doc comments of these types are the user's reference: the JSON Schema carries them, `docs/configuration.md` is
//! made of them. Every text keeps its place until [`super::compile`] has understood it.

mod channel;
mod checks;
pub mod collect;
mod duty;
mod hold;
mod people;
mod policy;
mod schedule;
mod secret;
mod source;
mod words;

pub use channel::{
    Alertmanager, Channel, Discord, Email, IncidentIo, Mattermost, Opsgenie, PagerDuty, Slack, Teams, Telegram,
    Updates, Webhook, WebhookFormat,
};
pub use checks::{Allowed, Checks, Require};
pub use duty::{
    Access, Action, ActionWebhook, Budgets, ExpectedHeartbeat, Heartbeats, Ping, Recurrence, Report, Response, Role,
    Routine, SentHeartbeat, Stakeholders, Token,
};
pub use hold::{Flapping, Inhibit, Maintenance, Silence};
pub use people::{Contact, QuietHours, Reach, Responder};
pub use policy::{Digest, Escalation, Level, Policy, Repeat, Resolve, Route, Tell};
pub use schedule::{Layer, Override, Rotation, Schedule, Window};
pub use secret::{SecretOrText, SecretPlace};
pub use source::{BasicAuth, OAuth2, Postgres, RemoteWrite, Retention, Sentry, Source, Store, Tls};
pub use words::{
    AddressText, DateTimeText, Day, Duration, EventText, FunctionText, GlobText, MatchersText, NameText, PlainText,
    SeverityText, StepText, TargetText, TemplateText, TimeText, ZoneText,
};

pub use crate::yaml::Entries;

use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// The service configuration of Watchbell: where numbers come from, who people are, and who hears of what.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(title = "watchbell.yaml", deny_unknown_fields)]
pub struct Written {
    /// More files like this one, merged by key. The same key twice is an error. Nothing outside of the repository is
    /// read.
    pub include: Vec<GlobText>,
    /// Where numbers come from, by name: every Prometheus, Thanos, Mimir or VictoriaMetrics.
    pub prometheus: Entries<Source>,
    /// Where the series of `record` rules are written. Without it they are not evaluated.
    pub remote_write: Option<RemoteWrite>,
    /// The rule files.
    pub rules: Vec<GlobText>,
    /// The time zone of people and local times that name no other.
    #[schemars(extend("default" = "UTC"))]
    pub timezone: Option<ZoneText>,
    /// Where people reach the service; the base of links in messages. `http://` and `listen`, where there is none.
    pub external_url: Option<AddressText>,
    /// Labels added to everything that is sent, where it has no label of that name.
    pub external_labels: Entries<String>,
    /// Where state is kept: a file, or a server for several replicas. Another place holds from the next start on.
    #[schemars(extend("default" = { "sqlite": "watchbell.db" }))]
    pub store: Option<Spanned<Store>>,
    /// How long the past is kept.
    pub retention: Option<Retention>,
    /// The address to listen on. Another one holds from the next start on.
    #[schemars(extend("default" = "127.0.0.1:9095"))]
    pub listen: Option<PlainText>,
    /// How long a rule may fail before `WatchbellRuleFailing` fires, a source before `WatchbellSourceDown`, and files may be bad
    /// before `WatchbellFilesBad` does.
    #[schemars(extend("default" = "5m"))]
    pub rule_failure_after: Option<Duration>,
    /// How many samples of history all rules together may keep.
    #[schemars(extend("default" = 10_000_000))]
    pub history_max_samples: Option<u64>,
    /// Where Watchbell's own errors are reported.
    pub sentry: Option<Sentry>,
    /// The tier vocabulary of the rules, highest first. `critical` (`page`, `emergency`), `high` (`error`), `medium`
    /// (`warning`) and `low` (`info`, `none`), where there is none.
    pub severities: Option<Spanned<Vec<SeverityName>>>,
    /// The severity of what names none.
    #[schemars(extend("default" = "medium"))]
    pub default_severity: Option<SeverityText>,
    /// The response procedure, by severity: what must have happened, and by when. Reminded of, and reported as met or
    /// missed.
    pub response: Entries<Response>,
    /// Who hears `incidents update`.
    pub stakeholders: Option<Stakeholders>,
    /// The ways to reach people, by name.
    pub channels: Entries<Spanned<Channel>>,
    /// The people, by name.
    pub responders: Entries<Responder>,
    /// Outsiders, by name.
    pub contacts: Entries<Contact>,
    /// Groups of responders, by name.
    pub teams: Entries<Spanned<Vec<NameText>>>,
    /// Who is on call when, by name.
    pub schedules: Entries<Schedule>,
    /// Remedies, by name; a rule or a tier names the ones that are its own.
    pub actions: Entries<Spanned<Action>>,
    /// The escalation matrices, by name.
    pub policies: Entries<Policy>,
    /// Which policy an incident gets. The first that matches wins; the last matches everything. `default`, or the only
    /// policy there is, where there are no routes.
    pub routes: Option<Spanned<Vec<Spanned<Route>>>>,
    /// Alerts that hold others back while they fire.
    pub inhibit: Vec<Spanned<Inhibit>>,
    /// How long an incident that an inhibition could hold waits for its source's next evaluation.
    #[schemars(extend("default" = "30s"))]
    pub inhibit_wait: Option<Duration>,
    /// Silences as code. End, owner and reason are mandatory.
    pub silences: Vec<Spanned<Silence>>,
    /// Windows of the week in which work is expected to hurt.
    pub maintenance: Vec<Spanned<Maintenance>>,
    /// When an alert counts as flapping. Never, where there is none.
    pub flapping: Option<Flapping>,
    /// Signs of life, expected and given.
    pub heartbeats: Option<Heartbeats>,
    /// Tasks that people do again and again. One that is not ticked off in time opens `RoutineOverdue`.
    pub routines: Vec<Routine>,
    /// What `diff --backtest` holds a pull request to.
    pub budgets: Option<Budgets>,
    /// What `check` holds the rules to.
    pub checks: Option<Checks>,
    /// What `watchbell collect` measures.
    pub collect: Option<Spanned<collect::Collect>>,
    /// Who may do what over HTTP.
    pub access: Option<Access>,
}

/// A severity of the tier vocabulary.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "Severity", deny_unknown_fields)]
pub struct SeverityName {
    /// Its name.
    pub name: Spanned<String>,
    /// Other words for it: in labels of Prometheus rules for example, or its name of before, so that what is open keeps it.
    #[serde(default)]
    pub aliases: Vec<Spanned<String>>,
}
