//! Telling people: one folder per channel, and the order in which deliveries go out.
//!
//! A channel translates a notice and sends it once. Deciding, recording and retrying happen elsewhere: what is due is
//! decided by [`queue`], which is pure, and done by the delivery worker of `service`.

pub mod alertmanager;
mod channel;
pub mod discord;
pub mod email;
mod fit;
pub mod incident_io;
pub mod link;
pub mod mattermost;
pub mod opsgenie;
pub mod pagerduty;
mod post;
pub mod queue;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod sending;
pub mod signature;
pub mod slack;
pub mod teams;
pub mod telegram;
#[cfg(test)]
mod tests;
pub mod text;
pub mod webhook;

pub use alertmanager::told::Told;
pub use channel::{Channel, unusable_secrets};

use crate::engine::notice::{Draft, Notice, NoticeKind};
use crate::model::Span;
use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

/// One attempt at telling one destination one thing.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// What to say, to whom.
    pub notice: &'a Notice,
    /// The signed links that the message carries, where the configuration has a secret for them.
    pub links: Option<&'a link::Links>,
    /// The wall clock at the attempt, in milliseconds: some contracts sign it.
    pub wall: i64,
}

impl<'a> Delivery<'a> {
    /// Where people look: by a link that lets them in, else by the plain one.
    #[must_use]
    pub fn link(&self) -> &'a str {
        self.links.map_or(&self.notice.link, |links| &links.show)
    }

    /// Where people acknowledge without a login.
    #[must_use]
    pub fn acknowledge_link(&self) -> Option<&'a str> {
        self.links.and_then(|links| links.acknowledge.as_deref())
    }

    /// Where its reader may go, each in a word: to the incident, to acknowledge it, to its runbook.
    #[must_use]
    pub fn ways(&self) -> Vec<(String, &'a str)> {
        let draft = &self.notice.draft;
        let name = match draft.kind {
            NoticeKind::Letter => "incidents".into(),
            NoticeKind::Page | NoticeKind::Update | NoticeKind::End => format!("INC-{}", draft.number),
        };
        let acknowledge = self.acknowledge_link().map(|address| ("acknowledge".to_owned(), address));
        let runbook = text::runbook(self.notice).map(|address| ("runbook".to_owned(), address));
        std::iter::once((name, self.link())).chain(acknowledge).chain(runbook).collect()
    }
}

/// What a channel needs to remember to speak of the same incident again, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// As JSON: what the store keeps, and all that most channels need.
    Text(String),
    /// What an Alertmanager was told of each alert. There may be thousands, and a text would say all of their labels once more.
    Told(Arc<Told>),
}

impl Receipt {
    /// As the store keeps it.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Receipt::Text(text) => Cow::Borrowed(text),
            Receipt::Told(told) => Cow::Owned(told.text()),
        }
    }

    /// Whether an Alertmanager that gave `other` has been told exactly what one was that gave this.
    #[must_use]
    pub fn says_the_same(&self, other: &Receipt) -> bool {
        Told::of(self) == Told::of(other)
    }
}

/// Where an incident's message stands once it was to be edited.
enum Edited<Place> {
    /// Where it stood. An edit wakes nobody, so that what has to be heard is said in a message beside it.
    InPlace(Place),
    /// Somewhere else, because the one of before is gone: all of it has just been said anew, and that was heard. Nothing is said
    /// beside it: were that refused for now, the new place would be lost, and each attempt would leave one more whole message.
    Anew(Place),
}

impl<Place> Edited<Place> {
    fn place(self) -> Place {
        match self {
            Edited::InPlace(place) | Edited::Anew(place) => place,
        }
    }
}

/// A way to reach people. Deciding, recording and retrying happen elsewhere.
pub trait Notifier {
    /// Whether `draft` is anything to send here after `earlier`; otherwise nothing is sent, and nobody is said to have been
    /// told.
    fn has_something_to_say(&self, _draft: &Draft, _earlier: Option<&Receipt>) -> bool {
        true
    }

    /// Sends one delivery once. `earlier` is the last receipt of the same incident, generation and destination.
    fn send(
        &self,
        delivery: Delivery<'_>,
        earlier: Option<&Receipt>,
    ) -> impl Future<Output = Result<Receipt, SendError>> + Send;
}

/// The answers that the delivery loop needs where it is not simply done.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nobody knows whether it arrived.
    #[error("{channel} cannot be reached: {reason}")]
    Unreachable {
        /// The kind of channel.
        channel: &'static str,
        /// What happened instead of an answer; never an address with a secret in it.
        reason: String,
    },
    /// It did not arrive, and may later.
    #[error("{channel} did not take it: {reason}")]
    Busy {
        /// The kind of channel.
        channel: &'static str,
        /// What it said.
        reason: String,
        /// When it wants to be asked again.
        retry_after: Option<Span>,
    },
    /// It arrived, but not at everybody for whom it was, and never will at the others.
    #[error("{channel} did not take it for everybody: {reason}")]
    Partly {
        /// The kind of channel.
        channel: &'static str,
        /// What it said of the others.
        reason: String,
        /// What to remember, as where all went well.
        receipt: Receipt,
    },
    /// It arrived at some of those for whom it was, and may at others later.
    #[error("{channel} did not take it for everybody yet: {reason}")]
    SomeLater {
        /// The kind of channel.
        channel: &'static str,
        /// What it said of the others.
        reason: String,
        /// What to remember, where it is left at that.
        receipt: Receipt,
    },
    /// It did not arrive, and never will.
    #[error("{channel} refused it: {reason}")]
    Refused {
        /// The kind of channel.
        channel: &'static str,
        /// What it said.
        reason: String,
    },
}

#[cfg(test)]
impl SendError {
    /// What became of an attempt, in a word, for tables of answers.
    fn word<T>(outcome: &Result<T, SendError>) -> &'static str {
        match outcome {
            Ok(_) => "sent",
            Err(SendError::Refused { .. } | SendError::Partly { .. }) => "refused",
            Err(SendError::Busy { .. } | SendError::Unreachable { .. } | SendError::SomeLater { .. }) => "busy",
        }
    }
}
