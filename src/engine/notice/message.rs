//! What a message does to its reader, why it goes out, and which channels show it.

use crate::config::{ChannelKind, Format};
use crate::engine::command::Actor;
use crate::engine::incident::Stage;
use crate::model::Name;

/// What a message does to its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// Wakes somebody, under a key of its own.
    Page,
    /// Changes quietly what was told.
    Update,
    /// Says that it is over.
    End,
    /// Tells of several incidents at once, to be read and not to wake anybody.
    Letter,
}

impl NoticeKind {
    /// The word for it, in answers and in the key of a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            NoticeKind::Page => "page",
            NoticeKind::Update => "update",
            NoticeKind::End => "end",
            NoticeKind::Letter => "letter",
        }
    }
}

/// Why a message goes out. It decides, it is logged, it is in the message, and a backtest counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is new.
    Opened,
    /// It fires again soon after it had resolved.
    Reopened,
    /// It got worse.
    Rose,
    /// It got better, but is not over.
    Fell,
    /// Alerts joined or left it.
    Changed,
    /// Nobody has acted, so the next level hears of it.
    Escalated,
    /// Nobody has acted on the whole ladder, so it is told again.
    Repeated,
    /// What held it back no longer does.
    Released,
    /// Somebody is at it.
    Acknowledged,
    /// Somebody is at it, for a while.
    Snoozed,
    /// Nobody is at it any more.
    Unacknowledged,
    /// Whoever was at it has not been heard of for too long.
    AcknowledgementExpired,
    /// Somebody confirmed or corrected its severity.
    Assessed,
    /// Somebody was made responsible.
    Assigned,
    /// Somebody says how things stand.
    Communicated,
    /// The response procedure asks for something that has not been done in time.
    Overdue(Stage),
    /// It has been in too many digests.
    Stale,
    /// Somebody's quiet hours are over.
    Rested,
    /// The list of the day.
    Digest,
    /// A silence that holds something back ends soon.
    SilenceEnds,
    /// A routine has come up.
    Routine,
    /// Its alerts have ended, but it waits for a person.
    Calmed,
    /// It is known what came of an action that was run against it.
    Remedied,
    /// It is over.
    Resolved,
}

impl Reason {
    /// Whether somebody did or wrote what it tells of. That is told at once and never merged with what comes after it;
    /// everything else only says how things stand, and the latest word on that is enough.
    #[must_use]
    pub fn is_somebodys(self) -> bool {
        match self {
            Reason::Acknowledged
            | Reason::Snoozed
            | Reason::Unacknowledged
            | Reason::AcknowledgementExpired
            | Reason::Assessed
            | Reason::Assigned
            | Reason::Communicated => true,
            Reason::Opened
            | Reason::Reopened
            | Reason::Rose
            | Reason::Fell
            | Reason::Changed
            | Reason::Escalated
            | Reason::Repeated
            | Reason::Released
            | Reason::Overdue(_)
            | Reason::Stale
            | Reason::Rested
            | Reason::Digest
            | Reason::SilenceEnds
            | Reason::Routine
            | Reason::Calmed
            | Reason::Remedied
            | Reason::Resolved => false,
        }
    }
}

/// What a message says beside the incident itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it does to its reader.
    pub kind: NoticeKind,
    /// Why it goes out.
    pub reason: Reason,
    /// The level that it is for.
    pub level: Option<Name>,
    /// Who did what it tells of.
    pub by: Option<Actor>,
    /// What they wrote.
    pub text: Option<String>,
}

impl Message {
    /// A message that says nothing beside the incident.
    #[must_use]
    pub fn new(kind: NoticeKind, reason: Reason) -> Self {
        Message { kind, reason, level: None, by: None, text: None }
    }

    /// A page.
    #[must_use]
    pub fn page(reason: Reason) -> Self {
        Message::new(NoticeKind::Page, reason)
    }

    /// An update.
    #[must_use]
    pub fn update(reason: Reason) -> Self {
        Message::new(NoticeKind::Update, reason)
    }
}

/// Whether a channel of this kind shows such a message; what it does not show is not owed there.
///
/// PagerDuty, Opsgenie and incident.io are for waking people: a letter is to be read. PagerDuty and incident.io do not
/// change what an open alert says, Opsgenie takes notes. An Alertmanager's webhook says what fires and nothing else.
#[must_use]
pub fn is_shown(kind: &ChannelKind, message: NoticeKind, reason: Reason) -> bool {
    match (kind, message) {
        (ChannelKind::PagerDuty { .. }, NoticeKind::Update) => matches!(reason, Reason::Acknowledged | Reason::Snoozed),
        (ChannelKind::Webhook { format: Format::Alertmanager, .. }, NoticeKind::Update) => !reason.is_somebodys(),
        (ChannelKind::IncidentIo { .. }, NoticeKind::Update)
        | (
            ChannelKind::PagerDuty { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. }
            | ChannelKind::Webhook { format: Format::Alertmanager, .. },
            NoticeKind::Letter,
        ) => false,
        (ChannelKind::Opsgenie { .. }, NoticeKind::Update)
        | (
            ChannelKind::PagerDuty { .. }
            | ChannelKind::Opsgenie { .. }
            | ChannelKind::IncidentIo { .. }
            | ChannelKind::Webhook { format: Format::Alertmanager, .. },
            NoticeKind::Page | NoticeKind::End,
        )
        | (
            ChannelKind::SlackWebhook { .. }
            | ChannelKind::Slack { .. }
            | ChannelKind::Webhook { format: Format::Standard, .. }
            | ChannelKind::Alertmanager { .. }
            | ChannelKind::Email { .. }
            | ChannelKind::Teams { .. }
            | ChannelKind::Discord { .. }
            | ChannelKind::Telegram { .. }
            | ChannelKind::MattermostWebhook { .. }
            | ChannelKind::Mattermost { .. },
            _,
        ) => true,
    }
}
