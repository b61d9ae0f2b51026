//! All channels, as one closed set: a new one shows at compile time every place that it has to visit.

use super::alertmanager::Alertmanager;
use super::discord::Discord;
use super::email::Email;
use super::incident_io::IncidentIo;
use super::mattermost::{Mattermost, MattermostWebhook};
use super::opsgenie::Opsgenie;
use super::pagerduty::{Echo, PagerDuty};
use super::slack::{Buttons, Slack, SlackWebhook};
use super::teams::Teams;
use super::telegram::Telegram;
use super::webhook::Webhook;
use super::{Delivery, Notifier, Receipt, SendError};
use crate::config::{self, ChannelKind, Secret, Settings};
use crate::engine::notice::Draft;
use crate::http::{self, ClientError, chain, signing_key};
use std::time::Duration;

/// Which secrets and certificates of a channel cannot be used, by their keys, and why: it delivers nothing until people have
/// mended them.
#[must_use]
pub fn unusable_secrets(kind: &ChannelKind) -> Vec<(&'static str, String)> {
    let is_signing = |key: &str| matches!(kind, ChannelKind::Webhook { .. }) && key == "secret";
    let why = |key: &str, secret: &Secret| -> Result<(), ClientError> {
        match key {
            _ if is_signing(key) => drop(signing_key(secret.reveal()?.expose())?),
            "token" | "api_key" | "routing_key" => drop(secret.reveal_line()?),
            _ => drop(secret.reveal()?),
        }
        Ok(())
    };
    let secrets = kind.secrets().into_iter();
    let unusable = secrets.filter_map(|(key, secret)| Some((key, chain(&why(key, secret).err()?))));
    let untrusted = kind.tls().and_then(|tls| http::trust(tls).err());
    unusable.chain(untrusted.map(|cause| ("tls", chain(&cause)))).collect()
}

/// A way to reach people, ready to send.
#[derive(Debug)]
pub enum Channel {
    /// Slack, by an incoming webhook.
    SlackWebhook(SlackWebhook),
    /// Slack, by the Web API.
    Slack(Slack),
    /// PagerDuty Events v2.
    PagerDuty(PagerDuty),
    /// A webhook.
    Webhook(Webhook),
    /// Alertmanager's API v2.
    Alertmanager(Alertmanager),
    /// Mail.
    Email(Email),
    /// Microsoft Teams.
    Teams(Teams),
    /// Discord.
    Discord(Discord),
    /// A bot of Telegram.
    Telegram(Telegram),
    /// Mattermost, by an incoming webhook.
    MattermostWebhook(MattermostWebhook),
    /// A bot of Mattermost.
    Mattermost(Mattermost),
    /// Opsgenie's Alert API.
    Opsgenie(Opsgenie),
    /// incident.io's alert events.
    IncidentIo(IncidentIo),
}

impl Channel {
    /// Builds the channel that a configuration describes; `settings` is the whole of it.
    ///
    /// # Errors
    /// When its client cannot be built, for example because a certificate cannot be read.
    pub fn build(channel: &config::Channel, settings: &Settings) -> Result<Self, ClientError> {
        let external_url = settings.external_url.as_str();
        Ok(match &channel.kind {
            ChannelKind::SlackWebhook { url } => Channel::SlackWebhook(SlackWebhook::new(url.clone())?),
            ChannelKind::Slack { token, to, api_url, signing_secret } => {
                let buttons = Buttons::where_taken(signing_secret.is_some());
                Channel::Slack(Slack::new(token.clone(), to.clone(), api_url.clone(), buttons)?)
            }
            ChannelKind::PagerDuty { routing_key, api_url, .. } => {
                let echo = Echo::among(settings);
                Channel::PagerDuty(PagerDuty::new(routing_key.clone(), api_url.clone(), external_url, echo)?)
            }
            ChannelKind::Webhook { url, secret, format } => {
                Channel::Webhook(Webhook::new(url.clone(), secret.clone(), *format, external_url)?)
            }
            ChannelKind::Alertmanager { urls, auth, tls, resend_every } => {
                Channel::Alertmanager(Alertmanager::new(urls.clone(), auth, tls, *resend_every)?)
            }
            ChannelKind::Email { smtp, from, to, auth, tls } => {
                Channel::Email(Email::new(smtp, from.clone(), to.clone(), auth, tls)?)
            }
            ChannelKind::Teams { url } => Channel::Teams(Teams::new(url.clone())?),
            ChannelKind::Discord { url } => Channel::Discord(Discord::new(url.clone())?),
            ChannelKind::Telegram { token, to, api_url } => {
                Channel::Telegram(Telegram::new(token.clone(), to.clone(), api_url.clone())?)
            }
            ChannelKind::MattermostWebhook { url, to } => {
                Channel::MattermostWebhook(MattermostWebhook::new(url.clone(), to.clone())?)
            }
            ChannelKind::Mattermost { token, to, api_url } => {
                Channel::Mattermost(Mattermost::new(token.clone(), to.clone(), api_url)?)
            }
            ChannelKind::Opsgenie { api_key, to, api_url } => {
                Channel::Opsgenie(Opsgenie::new(api_key.clone(), to.clone(), api_url)?)
            }
            ChannelKind::IncidentIo { url, token } => Channel::IncidentIo(IncidentIo::new(url.clone(), token.clone())?),
        })
    }

    /// Goes on where the channel of this name stood before a reload.
    pub fn go_on_from(&mut self, before: &Channel) {
        if let (Channel::Email(email), Channel::Email(before)) = (self, before) {
            email.go_on_from(before);
        }
    }

    /// How long an attempt may take before its fate counts as unknown.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        match self {
            // It only queues, and says so at once.
            Channel::PagerDuty(_) => Duration::from_secs(10),
            Channel::SlackWebhook(_)
            | Channel::Slack(_)
            | Channel::Webhook(_)
            | Channel::Teams(_)
            | Channel::Discord(_)
            | Channel::Telegram(_)
            | Channel::MattermostWebhook(_)
            | Channel::Mattermost(_)
            | Channel::Opsgenie(_)
            | Channel::IncidentIo(_) => Duration::from_secs(15),
            // Longer than its slowest replica, and a message of thousands of alerts is many requests.
            Channel::Alertmanager(_) => Duration::from_mins(1),
            // Each turn of the conversation has a deadline of its own; this ends one of very many.
            Channel::Email(_) => Duration::from_mins(15),
        }
    }

    /// What kind of channel it is.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Channel::SlackWebhook(_) | Channel::Slack(_) => "slack",
            Channel::PagerDuty(_) => "pagerduty",
            Channel::Webhook(_) => "webhook",
            Channel::Alertmanager(_) => "alertmanager",
            Channel::Email(_) => "email",
            Channel::Teams(_) => "teams",
            Channel::Discord(_) => "discord",
            Channel::Telegram(_) => "telegram",
            Channel::MattermostWebhook(_) | Channel::Mattermost(_) => "mattermost",
            Channel::Opsgenie(_) => "opsgenie",
            Channel::IncidentIo(_) => "incident_io",
        }
    }
}

impl Notifier for Channel {
    fn has_something_to_say(&self, draft: &Draft, earlier: Option<&Receipt>) -> bool {
        match self {
            Channel::PagerDuty(pagerduty) => pagerduty.has_something_to_say(draft, earlier),
            Channel::Email(email) => email.has_something_to_say(draft, earlier),
            Channel::Webhook(webhook) => webhook.has_something_to_say(draft, earlier),
            Channel::Opsgenie(opsgenie) => opsgenie.has_something_to_say(draft, earlier),
            Channel::IncidentIo(source) => source.has_something_to_say(draft, earlier),
            Channel::SlackWebhook(_)
            | Channel::Slack(_)
            | Channel::Alertmanager(_)
            | Channel::Teams(_)
            | Channel::Discord(_)
            | Channel::Telegram(_)
            | Channel::MattermostWebhook(_)
            | Channel::Mattermost(_) => true,
        }
    }

    async fn send(&self, delivery: Delivery<'_>, earlier: Option<&Receipt>) -> Result<Receipt, SendError> {
        match self {
            Channel::SlackWebhook(slack) => slack.send(delivery, earlier).await,
            Channel::Slack(slack) => slack.send(delivery, earlier).await,
            Channel::PagerDuty(pagerduty) => pagerduty.send(delivery, earlier).await,
            Channel::Webhook(webhook) => webhook.send(delivery, earlier).await,
            Channel::Alertmanager(alertmanager) => alertmanager.send(delivery, earlier).await,
            Channel::Email(email) => email.send(delivery, earlier).await,
            Channel::Teams(teams) => teams.send(delivery, earlier).await,
            Channel::Discord(discord) => discord.send(delivery, earlier).await,
            Channel::Telegram(telegram) => telegram.send(delivery, earlier).await,
            Channel::MattermostWebhook(mattermost) => mattermost.send(delivery, earlier).await,
            Channel::Mattermost(mattermost) => mattermost.send(delivery, earlier).await,
            Channel::Opsgenie(opsgenie) => opsgenie.send(delivery, earlier).await,
            Channel::IncidentIo(source) => source.send(delivery, earlier).await,
        }
    }
}
