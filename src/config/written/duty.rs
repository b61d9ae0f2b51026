//! What must happen, and by when, as written.

use super::{
    Day, Duration, Entries, NameText, PlainText, SecretOrText, SecretPlace, SeverityText, TargetText, TemplateText,
    TimeText, ZoneText,
};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// The response procedure of one severity.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Response {
    /// Somebody took it, counted from the first message.
    pub acknowledge: Option<Duration>,
    /// The severity is confirmed or corrected, counted from the first message.
    pub assess: Option<Duration>,
    /// An update went to the stakeholders, counted from the first message.
    pub communicate: Option<Duration>,
    /// It is over, counted from the first message.
    pub resolve: Option<Duration>,
    /// A review is linked, counted from the resolution.
    pub postmortem: Option<Duration>,
}

/// Who hears what `incidents update` says.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Stakeholders {
    /// Who.
    pub notify: Vec<TargetText>,
    /// How often an update is due while an incident is open.
    pub every: Option<Duration>,
}

/// A remedy that a machine can try: `webhook` or `exec`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Action {
    /// A request to an address.
    pub webhook: Option<Spanned<ActionWebhook>>,
    /// A program and its arguments, without a shell. Arguments are templates, each a whole argument.
    pub exec: Option<Spanned<Vec<TemplateText>>>,
    /// With `exec`: the only variables of its environment.
    pub environment: Entries<SecretOrText>,
    /// When it is given up, with everything that it started.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<Duration>,
    /// How often this action may be started in `within`, for all alerts and incidents together. It is a limit and no number of
    /// tries: while an alert fires, an action is run for it once, however that ends.
    #[schemars(extend("default" = 1), range(min = 1, max = 1000))]
    pub max_runs: Option<u32>,
    /// The time in which the starts for `max_runs` are counted.
    #[schemars(extend("default" = "1h"))]
    pub within: Option<Duration>,
    /// The alert has to resolve in this time for the remedy to have worked.
    pub verify_within: Option<Duration>,
}

/// A request to an address.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ActionWebhook {
    /// The address.
    pub url: Spanned<SecretOrText>,
    /// The signing secret.
    pub secret: Option<SecretPlace>,
}

/// Signs of life.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Heartbeats {
    /// Alerts that have to keep firing: the absence of one pages, its firing opens nothing.
    pub expect: Vec<ExpectedHeartbeat>,
    /// Signs of life that the delivery worker gives: proof that pages can leave.
    pub send: Vec<SentHeartbeat>,
}

/// An alert that has to keep firing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExpectedHeartbeat {
    /// The name of the alert.
    pub alert: Spanned<String>,
    /// How long it may be away.
    pub within: Duration,
    /// How bad its absence is. The default severity, where there is none.
    pub severity: Option<SeverityText>,
}

/// A sign of life that the delivery worker gives.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SentHeartbeat {
    /// The address that is asked.
    pub ping: Spanned<SecretOrText>,
    /// How it is asked: `get` or `post`.
    #[schemars(extend("default" = "get"))]
    pub method: Option<Ping>,
    /// How often.
    #[schemars(extend("default" = "1m"))]
    pub every: Option<Duration>,
}

/// The ways to ask the address of a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ping {
    /// By GET.
    Get,
    /// By POST, with nothing in it.
    Post,
}

/// A task that people do again and again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Routine {
    /// Its name. Not `.` or `..`, which no address can hold.
    pub name: Spanned<String>,
    /// When it comes up.
    pub every: Spanned<Recurrence>,
    /// The time zone of that. The service's, where there is none.
    pub timezone: Option<ZoneText>,
    /// Who does it: a responder, a team or a contact.
    pub owner: NameText,
    /// Who is told that it comes up.
    #[serde(default)]
    pub notify: Vec<TargetText>,
    /// In which time it has to be ticked off.
    #[schemars(extend("default" = "1d"))]
    pub due: Option<Duration>,
    /// The severity of `RoutineOverdue`, which opens when it is not. The lowest, where there is none.
    pub severity: Option<SeverityText>,
    /// The report that goes with it: `daily`, `weekly` or `monthly`.
    pub report: Option<Report>,
}

/// On some days of the week (`days`) or one of the month (`day`), at a time of day. Every day, where neither is given.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Recurrence {
    /// The days of the week.
    pub days: Option<Spanned<Vec<Day>>>,
    /// The day of the month; the last, where a month has no such day.
    #[schemars(range(min = 1, max = 31))]
    pub day: Option<Spanned<u8>>,
    /// The local time of day.
    pub at: TimeText,
}

/// The reports there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Report {
    /// Of the last day.
    Daily,
    /// Of the last week.
    Weekly,
    /// Of the last month.
    Monthly,
}

/// What `diff --backtest` holds a pull request to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Budgets {
    /// How often one rule may page in a week.
    pub pages_per_rule_per_week: Option<u32>,
}

/// Who may do what over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Access {
    /// The tokens, each known by its hash only.
    pub tokens: Vec<Token>,
    /// What the links in messages are signed with: at least 16 bytes that nobody can guess. Without it messages carry a
    /// plain link to the incident, and none that acts.
    pub link_secret: Option<Spanned<SecretPlace>>,
    /// How long a signed link works after the message was sent. Only with `link_secret`.
    #[schemars(extend("default" = "1d"))]
    pub link_expires: Option<Duration>,
}

/// An access token. `watchbell token` makes one, and this line.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Token {
    /// Who holds it.
    pub name: Spanned<String>,
    /// What they may do: `viewer` looks, `responder` also acts on incidents, `admin` may do everything; `sender` only posts alerts.
    pub role: Role,
    /// The SHA-256 of the token, in 64 hexadecimal digits.
    pub sha256: PlainText,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Post alerts, and nothing else.
    Sender,
    /// Look.
    Viewer,
    /// Acknowledge, note, silence, resolve.
    Responder,
    /// Reload, and everything else.
    Admin,
}
