//! The ways to reach people.

use super::{Auth, Mailbox, Tls};
use crate::config::Secret;
use crate::model::{Name, Span};

/// A way to reach people.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// How it is reached.
    pub kind: ChannelKind,
    /// The channel used as well when this one fails.
    pub fallback: Option<Name>,
    /// The least time between two updates at one destination.
    pub updates_every: Span,
}

/// The kinds of channel.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelKind {
    /// Slack, by an incoming webhook.
    SlackWebhook {
        /// Its secret address.
        url: Secret,
    },
    /// Slack, by the Web API.
    Slack {
        /// The bot's token.
        token: Secret,
        /// The conversation where the destination names none.
        to: Option<Name>,
        /// The base address of the API; Slack's own unless another is named.
        api_url: String,
        /// What Slack signs its callbacks with.
        signing_secret: Option<Secret>,
    },
    /// PagerDuty Events API v2.
    PagerDuty {
        /// The integration key.
        routing_key: Secret,
        /// The base address of the API; PagerDuty's own unless another is named.
        api_url: String,
        /// What PagerDuty signs its webhooks with.
        webhook_secret: Option<Secret>,
    },
    /// Standard Webhooks.
    Webhook {
        /// The address.
        url: Secret,
        /// The signing secret.
        secret: Option<Secret>,
    },
    /// Alertmanager's API v2.
    Alertmanager {
        /// Every replica is told.
        urls: Vec<String>,
        /// Who we are to them.
        auth: Auth,
        /// TLS towards them.
        tls: Tls,
        /// How often they are told again what fires.
        resend_every: Span,
    },
    /// Mail.
    Email {
        /// The server, as `smtp://host:587`.
        smtp: String,
        /// The sender.
        from: Mailbox,
        /// The receivers where the destination names none.
        to: Vec<Mailbox>,
        /// The login, if the server wants one.
        auth: Auth,
        /// TLS towards it.
        tls: Tls,
    },
}

impl ChannelKind {
    /// The secrets without which nothing is delivered, by their keys.
    #[must_use]
    pub fn secrets(&self) -> Vec<(&'static str, &Secret)> {
        match self {
            ChannelKind::SlackWebhook { url } => vec![("url", url)],
            ChannelKind::Slack { token, .. } => vec![("token", token)],
            ChannelKind::PagerDuty { routing_key, .. } => vec![("routing_key", routing_key)],
            ChannelKind::Webhook { url, secret } => {
                std::iter::once(("url", url)).chain(secret.iter().map(|secret| ("secret", secret))).collect()
            }
            ChannelKind::Alertmanager { auth, .. } | ChannelKind::Email { auth, .. } => {
                auth.secret().into_iter().collect()
            }
        }
    }

    /// The secrets by which others prove who they are to us, by their keys.
    #[must_use]
    pub fn callback_secrets(&self) -> Vec<(&'static str, &Secret)> {
        match self {
            ChannelKind::Slack { signing_secret: Some(secret), .. } => vec![("signing_secret", secret)],
            ChannelKind::PagerDuty { webhook_secret: Some(secret), .. } => vec![("webhook_secret", secret)],
            ChannelKind::Slack { .. }
            | ChannelKind::PagerDuty { .. }
            | ChannelKind::SlackWebhook { .. }
            | ChannelKind::Webhook { .. }
            | ChannelKind::Alertmanager { .. }
            | ChannelKind::Email { .. } => Vec::new(),
        }
    }

    /// Its key in the configuration.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            ChannelKind::SlackWebhook { .. } | ChannelKind::Slack { .. } => "slack",
            ChannelKind::PagerDuty { .. } => "pagerduty",
            ChannelKind::Webhook { .. } => "webhook",
            ChannelKind::Alertmanager { .. } => "alertmanager",
            ChannelKind::Email { .. } => "email",
        }
    }

    /// Whether a message can be sent to it without naming anybody.
    #[must_use]
    pub fn has_own_destination(&self) -> bool {
        match self {
            ChannelKind::Slack { to, .. } => to.is_some(),
            ChannelKind::Email { to, .. } => !to.is_empty(),
            ChannelKind::SlackWebhook { .. }
            | ChannelKind::PagerDuty { .. }
            | ChannelKind::Webhook { .. }
            | ChannelKind::Alertmanager { .. } => true,
        }
    }

    /// Whether a destination may name somebody in it.
    #[must_use]
    pub fn takes_a_destination(&self) -> bool {
        matches!(self, ChannelKind::Slack { .. } | ChannelKind::Email { .. })
    }
}
