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
    /// A Standard Webhook.
    pub webhook: Option<Spanned<Webhook>>,
    /// An Alertmanager: alerts are handed on, resent as Prometheus does.
    pub alertmanager: Option<Spanned<Alertmanager>>,
    /// Mail.
    pub email: Option<Spanned<Email>>,
    /// The channel used as well when this one fails three times or for 60 s.
    pub fallback: Option<NameText>,
    /// How updates are thinned out.
    pub updates: Option<Updates>,
}

/// How updates are thinned out. A first page never waits for it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Updates {
    /// The least time between two updates at one destination.
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

/// A Standard Webhook.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: Spanned<SecretOrText>,
    /// The signing secret (`whsec_…`). Without one messages are not signed.
    pub secret: Option<SecretPlace>,
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
