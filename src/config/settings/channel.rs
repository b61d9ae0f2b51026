//! The ways to reach people.

use super::{Auth, Chat, Mailbox, OpsgenieResponder, Tls};
use crate::config::Secret;
use crate::model::{Name, Span};

/// A way to reach people.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// How it is reached.
    pub kind: ChannelKind,
    /// The channel used as well when this one fails.
    pub fallback: Option<Name>,
    /// The least time between an update and what its destination heard of the same incident before.
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
    /// A receiver of ours to choose: Standard Webhooks, or as an Alertmanager speaks.
    Webhook {
        /// The address.
        url: Secret,
        /// The signing secret.
        secret: Option<Secret>,
        /// What is sent.
        format: Format,
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
    /// Microsoft Teams, by the webhook of a workflow.
    Teams {
        /// Its secret address.
        url: Secret,
    },
    /// Discord, by a webhook.
    Discord {
        /// Its secret address.
        url: Secret,
    },
    /// A bot of Telegram.
    Telegram {
        /// The bot's token.
        token: Secret,
        /// The chat where the destination names none.
        to: Option<Chat>,
        /// The base address of the API; Telegram's own unless another is named.
        api_url: String,
    },
    /// Mattermost, by an incoming webhook.
    MattermostWebhook {
        /// Its secret address.
        url: Secret,
        /// The channel, where it is not the webhook's own.
        to: Option<Name>,
    },
    /// A bot of Mattermost.
    Mattermost {
        /// The bot's token.
        token: Secret,
        /// The id of the channel where the destination names none.
        to: Option<Name>,
        /// The address of the server.
        api_url: String,
    },
    /// Opsgenie's Alert API.
    Opsgenie {
        /// The key of an API integration.
        api_key: Secret,
        /// Who is told where the destination names nobody; the integration's own team without it.
        to: Option<OpsgenieResponder>,
        /// The base address of the API; Opsgenie's own unless another is named.
        api_url: String,
    },
    /// incident.io's alert events.
    IncidentIo {
        /// The address of an HTTP alert source.
        url: Secret,
        /// The source's token.
        token: Secret,
    },
}

/// What a webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Our own events, by Standard Webhooks.
    Standard,
    /// What an Alertmanager sends to a webhook, version 4.
    Alertmanager,
}

impl ChannelKind {
    /// Whether it shows that a routine comes up. What does not is for waking people, or knows nothing but alerts.
    #[must_use]
    pub fn shows_routines(&self) -> bool {
        match self {
            ChannelKind::PagerDuty { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. }
            | ChannelKind::Alertmanager { .. }
            | ChannelKind::Webhook { format: Format::Alertmanager, .. } => false,
            ChannelKind::Webhook { format: Format::Standard, .. }
            | ChannelKind::SlackWebhook { .. }
            | ChannelKind::Slack { .. }
            | ChannelKind::Email { .. }
            | ChannelKind::Teams { .. }
            | ChannelKind::Discord { .. }
            | ChannelKind::Telegram { .. }
            | ChannelKind::MattermostWebhook { .. }
            | ChannelKind::Mattermost { .. } => true,
        }
    }

    /// The secrets without which nothing is delivered, by their keys.
    #[must_use]
    pub fn secrets(&self) -> Vec<(&'static str, &Secret)> {
        match self {
            ChannelKind::SlackWebhook { url }
            | ChannelKind::Teams { url }
            | ChannelKind::Discord { url }
            | ChannelKind::MattermostWebhook { url, .. } => vec![("url", url)],
            ChannelKind::Slack { token, .. }
            | ChannelKind::Telegram { token, .. }
            | ChannelKind::Mattermost { token, .. } => vec![("token", token)],
            ChannelKind::PagerDuty { routing_key, .. } => vec![("routing_key", routing_key)],
            ChannelKind::Opsgenie { api_key, .. } => vec![("api_key", api_key)],
            ChannelKind::IncidentIo { url, token } => vec![("url", url), ("token", token)],
            ChannelKind::Webhook { url, secret, .. } => {
                std::iter::once(("url", url)).chain(secret.iter().map(|secret| ("secret", secret))).collect()
            }
            ChannelKind::Alertmanager { auth, .. } | ChannelKind::Email { auth, .. } => {
                auth.secret().into_iter().collect()
            }
        }
    }

    /// Whom it trusts and how it shows itself, where its servers are one's own.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        match self {
            ChannelKind::Alertmanager { tls, .. } | ChannelKind::Email { tls, .. } => Some(tls),
            ChannelKind::SlackWebhook { .. }
            | ChannelKind::Slack { .. }
            | ChannelKind::PagerDuty { .. }
            | ChannelKind::Webhook { .. }
            | ChannelKind::Teams { .. }
            | ChannelKind::Discord { .. }
            | ChannelKind::Telegram { .. }
            | ChannelKind::MattermostWebhook { .. }
            | ChannelKind::Mattermost { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. } => None,
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
            | ChannelKind::Email { .. }
            | ChannelKind::Teams { .. }
            | ChannelKind::Discord { .. }
            | ChannelKind::Telegram { .. }
            | ChannelKind::MattermostWebhook { .. }
            | ChannelKind::Mattermost { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. } => Vec::new(),
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
            ChannelKind::Teams { .. } => "teams",
            ChannelKind::Discord { .. } => "discord",
            ChannelKind::Telegram { .. } => "telegram",
            ChannelKind::MattermostWebhook { .. } | ChannelKind::Mattermost { .. } => "mattermost",
            ChannelKind::Opsgenie { .. } => "opsgenie",
            ChannelKind::IncidentIo { .. } => "incident_io",
        }
    }

    /// Whether a message can be sent to it without naming anybody.
    #[must_use]
    pub fn has_own_destination(&self) -> bool {
        match self {
            ChannelKind::Slack { to, .. } | ChannelKind::Mattermost { to, .. } => to.is_some(),
            ChannelKind::Telegram { to, .. } => to.is_some(),
            ChannelKind::Email { to, .. } => !to.is_empty(),
            ChannelKind::SlackWebhook { .. }
            | ChannelKind::PagerDuty { .. }
            | ChannelKind::Webhook { .. }
            | ChannelKind::Alertmanager { .. }
            | ChannelKind::Teams { .. }
            | ChannelKind::Discord { .. }
            | ChannelKind::MattermostWebhook { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. } => true,
        }
    }

    /// Whether a destination may name somebody in it.
    #[must_use]
    pub fn takes_a_destination(&self) -> bool {
        matches!(
            self,
            ChannelKind::Slack { .. }
                | ChannelKind::Email { .. }
                | ChannelKind::Telegram { .. }
                | ChannelKind::MattermostWebhook { .. }
                | ChannelKind::Mattermost { .. }
                | ChannelKind::Opsgenie { .. }
        )
    }
}
