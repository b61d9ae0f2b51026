//! Channels as written: one kind each, and what all kinds have.

use super::{AddressText, BasicAuth, Duration, NameText, OAuth2, PlainText, SecretOrText, SecretPlace, Tls};
use crate::diagnostics::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// A way to reach people: exactly one kind.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Channel {
    /// Slack: an incoming webhook (`url`), or the Web API (`token`).
    pub slack: Option<Spanned<Slack>>,
    /// PagerDuty's Events API, version 2.
    pub pagerduty: Option<Spanned<PagerDuty>>,
    /// A webhook: our own events, or what an Alertmanager sends.
    pub webhook: Option<Spanned<Webhook>>,
    /// An Alertmanager: alerts are handed on, resent as Prometheus does.
    pub alertmanager: Option<Spanned<Alertmanager>>,
    /// Mail.
    pub email: Option<Spanned<Email>>,
    /// Microsoft Teams, by the webhook of a workflow.
    pub teams: Option<Spanned<Teams>>,
    /// Discord, by a webhook.
    pub discord: Option<Spanned<Discord>>,
    /// A bot of Telegram.
    pub telegram: Option<Spanned<Telegram>>,
    /// Mattermost: an incoming webhook (`url`), or a bot (`token`).
    pub mattermost: Option<Spanned<Mattermost>>,
    /// Opsgenie's Alert API.
    pub opsgenie: Option<Spanned<Opsgenie>>,
    /// incident.io's alert events.
    pub incident_io: Option<Spanned<IncidentIo>>,
    /// The channel used as well when this one fails three times or for 60 s.
    pub fallback: Option<NameText>,
    /// How updates are thinned out.
    pub updates: Option<Updates>,
}

/// How updates are thinned out. A first page never waits for it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Updates {
    /// The least time between an update and what its destination heard of the same incident before. What is said of other
    /// incidents puts nothing off.
    #[schemars(extend("default" = "1m"))]
    pub every: Duration,
}

/// Slack: `url` of an incoming webhook, or `token` of a bot.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Slack {
    /// The address of an incoming webhook.
    pub url: Option<Spanned<SecretOrText>>,
    /// The bot's token (`xoxb-…`).
    pub token: Option<Spanned<SecretPlace>>,
    /// With `token`: the conversation, as `#name` or id, where the destination names none.
    pub to: Option<PlainText>,
    /// With `token`: the base address of the API.
    #[schemars(extend("default" = "https://slack.com/api"))]
    pub api_url: Option<AddressText>,
    /// With `token`: what Slack signs its callbacks with. Messages have buttons where it is given.
    pub signing_secret: Option<Spanned<SecretPlace>>,
}

/// PagerDuty's Events API, version 2.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PagerDuty {
    /// The integration key.
    pub routing_key: SecretPlace,
    /// The base address of the API.
    #[schemars(extend("default" = "https://events.pagerduty.com"))]
    pub api_url: Option<AddressText>,
    /// What PagerDuty signs its webhooks with. Without it none are taken.
    pub webhook_secret: Option<SecretPlace>,
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: Spanned<SecretOrText>,
    /// The signing secret (`whsec_…`) of `format: standard`. Without one messages are not signed.
    pub secret: Option<Spanned<SecretPlace>>,
    /// What is sent: `standard` is our own events as Standard Webhooks, `alertmanager` what an Alertmanager sends, version 4.
    #[schemars(extend("default" = "standard"))]
    pub format: Option<Spanned<WebhookFormat>>,
}

/// What a webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum WebhookFormat {
    /// Our own events.
    Standard,
    /// As an Alertmanager.
    Alertmanager,
}

/// An Alertmanager. It is told of every change at once: `updates` paces nothing here unless it is given, and only the policy's
/// `update_every` gathers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Alertmanager {
    /// Its replicas, all of which are told.
    #[schemars(length(min = 1))]
    pub urls: Vec<AddressText>,
    /// How often it is told again what fires. It forgets what it has not heard for four times as long.
    #[schemars(extend("default" = "1m"))]
    pub resend_every: Option<Duration>,
    /// User name and password.
    pub basic_auth: Option<Spanned<BasicAuth>>,
    /// A bearer token.
    pub bearer_token: Option<Spanned<SecretPlace>>,
    /// OAuth 2 client credentials.
    pub oauth2: Option<Spanned<OAuth2>>,
    /// How to trust the servers, and be trusted.
    pub tls: Option<Spanned<Tls>>,
}

/// Mail.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Email {
    /// The server: `smtp://host:587` (STARTTLS) or `smtps://host:465` (TLS from the first byte). Never in the clear, but to
    /// this machine (`smtp://127.0.0.1:25`) where neither `basic_auth` nor `tls` is given.
    pub smtp: AddressText,
    /// The sender.
    pub from: PlainText,
    /// The receivers where the destination names none.
    #[serde(default)]
    pub to: Vec<PlainText>,
    /// The login, if the server wants one.
    pub basic_auth: Option<Spanned<BasicAuth>>,
    /// How to trust the server, and be trusted.
    pub tls: Option<Spanned<Tls>>,
}

/// Microsoft Teams, by the webhook of a workflow ("Post to a channel when a webhook request is received").
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Teams {
    /// The address that the workflow shows.
    pub url: Spanned<SecretOrText>,
}

/// Discord, by a webhook of a channel.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Discord {
    /// The address of the webhook; with `?thread_id=…` it writes to that thread.
    pub url: Spanned<SecretOrText>,
}

/// A bot of Telegram.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Telegram {
    /// The bot's token (`123456:ABC…`).
    pub token: SecretPlace,
    /// The chat where the destination names none: its id (`"-1001234567890"`), or `@name` of a public one; a topic of it
    /// follows as `/42`.
    pub to: Option<PlainText>,
    /// The base address of the API.
    #[schemars(extend("default" = "https://api.telegram.org"))]
    pub api_url: Option<AddressText>,
}

/// Mattermost: `url` of an incoming webhook, or `token` of a bot.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Mattermost {
    /// The address of an incoming webhook.
    pub url: Option<Spanned<SecretOrText>>,
    /// The bot's token.
    pub token: Option<Spanned<SecretPlace>>,
    /// With `token`: the id of the channel where the destination names none. With `url`: the name of another channel
    /// than the webhook's own, or `@name` of a person.
    pub to: Option<PlainText>,
    /// With `token`: the address of the server.
    pub api_url: Option<AddressText>,
}

/// Opsgenie's Alert API, version 2.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Opsgenie {
    /// The key of an API integration.
    pub api_key: SecretPlace,
    /// Who is told where the destination names nobody: `team:`, `user:`, `schedule:` or `escalation:` and a name. The
    /// integration's own team, where there is none.
    pub to: Option<PlainText>,
    /// The base address of the API; `https://api.eu.opsgenie.com` for accounts in Europe.
    #[schemars(extend("default" = "https://api.opsgenie.com"))]
    pub api_url: Option<AddressText>,
}

/// incident.io's alert events, version 2.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct IncidentIo {
    /// The address of an HTTP alert source (`https://api.incident.io/v2/alert_events/http/…`).
    pub url: Spanned<SecretOrText>,
    /// The source's token.
    pub token: SecretPlace,
}
