//! The service configuration as meant.

use super::secret::Secret;
use crate::model::{Labels, Matchers, Name, Severities, Severity, Span};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that `watchbell.yaml` says, understood and complete.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where numbers come from.
    pub sources: BTreeMap<Name, Source>,
    /// The source of groups that name none.
    pub default_source: Name,
    /// Globs of rule files, relative to the folder of the configuration.
    pub rules: Vec<String>,
    /// The IANA zone for people, where nobody has one of their own.
    pub timezone: Name,
    /// Where people reach the service; the base of links.
    pub external_url: String,
    /// Labels added to everything that is sent, where absent.
    pub external_labels: Labels,
    /// Where state is kept.
    pub store: Store,
    /// The address to listen on.
    pub listen: String,
    /// How long a rule may fail before `WatchbellRuleFailing` fires.
    pub rule_failure_after: Span,
    /// How many history samples all rules together may keep.
    pub history_max_samples: u64,
    /// The tier vocabulary of the rules.
    pub severities: Severities,
    /// The ways to reach people.
    pub channels: BTreeMap<Name, Channel>,
    /// The people.
    pub responders: BTreeMap<Name, Responder>,
    /// Outsiders.
    pub contacts: BTreeMap<Name, Vec<Reach>>,
    /// Groups of people.
    pub teams: BTreeMap<Name, Vec<Name>>,
    /// The escalation matrices.
    pub policies: BTreeMap<Name, Policy>,
    /// Which policy an incident gets; the first that matches wins, the last matches everything.
    pub routes: Vec<Route>,
    /// In words for people, what is configured but not acted on yet.
    pub not_acted_on: Vec<String>,
}

/// A Prometheus, or anything with its API.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The base address.
    pub url: String,
    /// The deadline of one request.
    pub timeout: Span,
    /// How many queries may be under way at once.
    pub max_concurrent_queries: usize,
    /// Who we are to it.
    pub auth: Auth,
    /// Further headers, a tenant for example.
    pub headers: BTreeMap<String, Secret>,
    /// How to trust it, and be trusted.
    pub tls: Tls,
}

/// Who we are to a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    /// Nobody.
    None,
    /// User name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token.
    Bearer(Secret),
    /// OAuth 2 client credentials.
    OAuth2 {
        /// The client.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// Where tokens are had.
        token_url: String,
        /// What is asked for.
        scopes: Vec<String>,
    },
}

/// TLS towards one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates to trust instead of the built-in ones (PEM).
    pub ca_file: Option<PathBuf>,
    /// Our certificate (PEM).
    pub cert_file: Option<PathBuf>,
    /// Its key (PEM).
    pub key_file: Option<PathBuf>,
    /// The name to expect in the certificate instead of the address's.
    pub server_name: Option<String>,
    /// Trust whoever answers. For tests only.
    pub insecure_skip_verify: bool,
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Store {
    /// A file beside the service.
    Sqlite(PathBuf),
    /// A server for several replicas.
    Postgres(Secret),
}

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
    },
    /// Mail.
    Email {
        /// The server, as `smtp://host:587`.
        smtp: String,
        /// The sender.
        from: String,
        /// The receivers where the destination names none.
        to: Vec<String>,
        /// The login, if the server wants one.
        auth: Auth,
    },
}

/// A person.
#[derive(Clone, Debug, PartialEq)]
pub struct Responder {
    /// Their zone.
    pub timezone: Name,
    /// How they are reached.
    pub reach: Vec<Reach>,
}

/// One way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The channel.
    pub via: Name,
    /// Whom in it.
    pub to: Option<Name>,
    /// How long after the others.
    pub after: Span,
}

/// An escalation matrix, complete after `extends`: it answers for every severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The labels whose values make one incident; an absent label counts as the empty value.
    pub group_by: Vec<Name>,
    /// How later changes are gathered.
    pub update_every: Span,
    /// What happens, by severity.
    pub matrix: BTreeMap<Severity, Escalation>,
}

/// What happens with incidents of one severity.
#[derive(Clone, Debug, PartialEq)]
pub enum Escalation {
    /// Levels are climbed.
    Ladder(Ladder),
    /// A digest lists them.
    Digest(Digest),
    /// Nobody is told, on purpose.
    Nobody,
}

/// The levels of one severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// How long a group is gathered before its first message.
    pub wait: Span,
    /// The levels, in order.
    pub levels: Vec<Level>,
    /// Whether and how the whole ladder is told again.
    pub repeat: Option<Repeat>,
    /// How long an acknowledgement holds.
    pub ack_expires: Option<Span>,
    /// What closes an incident.
    pub resolve: Resolve,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its name, or its number.
    pub name: Name,
    /// When it is reached, from the start of the escalation clock.
    pub after: Span,
    /// Who is told.
    pub notify: Vec<Target>,
    /// Whether the remedies run here.
    pub actions: bool,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A channel, at its own destination.
    Channel(Name),
    /// A person, through their reach.
    Responder(Name),
    /// Everybody in a team.
    Team(Name),
    /// Whoever is on call.
    Schedule(Name),
    /// An outsider.
    Contact(Name),
}

/// Telling the whole ladder again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How long after the last level.
    pub every: Span,
    /// How many times.
    pub times: u32,
}

/// What closes an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Resolve {
    /// The end of its last alert.
    #[default]
    Auto,
    /// That, and somebody's acknowledgement.
    Acknowledged,
    /// A person only.
    Manual,
}

/// A daily list instead of pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// The local time, as `09:00`.
    pub at: Name,
    /// Who gets it.
    pub notify: Vec<Target>,
    /// After how many digests an incident leaves it and starts its matrix.
    pub stale_after: Option<u32>,
}

/// Which policy an incident gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What its alerts' labels, without `severity`, must meet.
    pub matchers: Matchers,
    /// The policy.
    pub policy: Name,
}
