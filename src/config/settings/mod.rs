//! The service configuration as meant: complete, checked, with nothing left to look up.

mod access;
mod addressee;
mod channel;
mod checks;
pub mod collect;
mod difference;
mod duty;
mod hold;
mod mailbox;
mod not_acted_on;
mod people;
mod policy;
mod source;

pub use access::{Role, SignedLinks, Token};
pub use addressee::{Chat, ChatId, OpsgenieResponder, is_mattermost_id};
pub use channel::{Channel, ChannelKind, Format};
pub use checks::Checks;
pub use duty::{
    Action, Budgets, Deed, ExpectedHeartbeat, Heartbeats, Ping, Report, Response, Routine, SentHeartbeat, Stakeholders,
};
pub use hold::{Flapping, Inhibit, Maintenance, Silence};
pub use mailbox::Mailbox;
pub use people::{QuietHours, Reach, Responder};
pub use policy::{Digest, Escalation, Ladder, Level, Policy, Repeat, Resolve, Route, Target};
pub use source::{Auth, RemoteWrite, Retention, Sentry, Source, Store, Tls};

// Words of other rooms that a configuration is made of, so that who reads settings finds them here.
pub use crate::calendar::{Dates, Step, Window, Zone};
pub use crate::oncall::{Layer, Override, Rotation, Schedule};

use crate::model::{Labels, Name, Severities, Severity, Span};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that `watchbell.yaml` says, understood and complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where numbers come from.
    pub sources: BTreeMap<Name, Source>,
    /// The source of groups that name none.
    pub default_source: Name,
    /// Where recorded series are written; without it `record` rules are not evaluated.
    pub remote_write: Option<RemoteWrite>,
    /// Globs of rule files, relative to the folder of the configuration.
    pub rules: Vec<String>,
    /// The zone for people, where nobody has one of their own.
    pub timezone: Zone,
    /// Where people reach the service; the base of links.
    pub external_url: String,
    /// Labels added to everything that is sent, where absent.
    pub external_labels: Labels,
    /// Where state is kept.
    pub store: Store,
    /// How long the past is kept.
    pub retention: Retention,
    /// The address to listen on.
    pub listen: String,
    /// How long a rule may fail before `WatchbellRuleFailing` fires.
    pub rule_failure_after: Span,
    /// How many history samples all rules together may keep.
    pub history_max_samples: u64,
    /// Where our own errors are reported.
    pub sentry: Option<Sentry>,
    /// The tier vocabulary of the rules.
    pub severities: Severities,
    /// The response procedure, by severity.
    pub response: BTreeMap<Severity, Response>,
    /// Who hears what `incidents update` says.
    pub stakeholders: Option<Stakeholders>,
    /// The ways to reach people.
    pub channels: BTreeMap<Name, Channel>,
    /// The people.
    pub responders: BTreeMap<Name, Responder>,
    /// Outsiders.
    pub contacts: BTreeMap<Name, Vec<Reach>>,
    /// Groups of people.
    pub teams: BTreeMap<Name, Vec<Name>>,
    /// Who is on call when.
    pub schedules: BTreeMap<Name, Schedule>,
    /// The remedies.
    pub actions: BTreeMap<Name, Action>,
    /// The escalation matrices.
    pub policies: BTreeMap<Name, Policy>,
    /// Which policy an incident gets; the first that matches wins, the last matches everything. Empty where there is
    /// no policy at all: then nobody is told.
    pub routes: Vec<Route>,
    /// Alerts that hold others back.
    pub inhibit: Vec<Inhibit>,
    /// How long an incident that an inhibition could hold waits for its source's next slot.
    pub inhibit_wait: Span,
    /// Silences as code.
    pub silences: Vec<Silence>,
    /// Windows in which work is expected to hurt.
    pub maintenance: Vec<Maintenance>,
    /// When an alert counts as flapping; never, where there is none.
    pub flapping: Option<Flapping>,
    /// Signs of life.
    pub heartbeats: Heartbeats,
    /// What people do again and again.
    pub routines: Vec<Routine>,
    /// What a pull request is held to.
    pub budgets: Budgets,
    /// What `check` holds the rules to.
    pub checks: Checks,
    /// What `watchbell collect` measures.
    pub collect: Option<collect::Collect>,
    /// Who may do what over HTTP.
    pub tokens: Vec<Token>,
    /// How links in messages are signed. Without it they are plain, and none acts.
    pub links: Option<SignedLinks>,
}

impl Default for Settings {
    /// What holds without a configuration: enough for `check` of rule files alone.
    fn default() -> Self {
        Settings {
            sources: BTreeMap::new(),
            default_source: "main".into(),
            remote_write: None,
            rules: Vec::new(),
            timezone: Zone::utc(),
            external_url: "http://127.0.0.1:9095".into(),
            external_labels: Labels::empty(),
            store: Store::Sqlite(PathBuf::from("watchbell.db")),
            retention: Retention::default(),
            listen: "127.0.0.1:9095".into(),
            rule_failure_after: Span::from_mins(5),
            history_max_samples: 10_000_000,
            sentry: None,
            severities: Severities::default(),
            response: BTreeMap::new(),
            stakeholders: None,
            channels: BTreeMap::new(),
            responders: BTreeMap::new(),
            contacts: BTreeMap::new(),
            teams: BTreeMap::new(),
            schedules: BTreeMap::new(),
            actions: BTreeMap::new(),
            policies: BTreeMap::new(),
            routes: Vec::new(),
            inhibit: Vec::new(),
            inhibit_wait: Span::from_secs(30),
            silences: Vec::new(),
            maintenance: Vec::new(),
            flapping: None,
            heartbeats: Heartbeats::default(),
            routines: Vec::new(),
            budgets: Budgets::default(),
            checks: Checks::default(),
            collect: None,
            tokens: Vec::new(),
            links: None,
        }
    }
}
