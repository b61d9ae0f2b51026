//! What people ask for: acknowledge, snooze, resolve, silence and the rest. Values only; `incident` decides on them.
//!
//! A command on an incident names it by its number and, where it comes from something that was sent earlier (a button, a link,
//! a callback), the generation that it was about: an old button cannot touch a reopened incident.

use crate::model::{Matchers, Moment, Name, Severity, SilenceId, Slot, Span, still_fire};

/// Something that somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Tells a repeat from news: the sender's own id of the request.
    pub id: Name,
    /// Who asks.
    pub actor: Actor,
    /// For what.
    pub deed: Deed,
}

/// Who did something, and from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Actor {
    /// The responder, the holder of a token, or whoever the other system names.
    pub name: Name,
    /// The way that it came.
    pub via: Via,
}

/// The ways that a command can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// The HTTP API, the command line included.
    Api,
    /// A button in Slack.
    Slack,
    /// A webhook of PagerDuty.
    PagerDuty,
    /// A signed link in a message.
    Link,
    /// A scenario.
    Scenario,
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Something about an incident.
    Incident {
        /// The number that people say.
        number: u64,
        /// The generation that it was about; whichever there is now, where none is named.
        generation: Option<u32>,
        /// What.
        act: Act,
    },
    /// Hold back new messages of some alerts.
    Silence(NewSilence),
    /// End a silence that somebody had asked for.
    Expire(SilenceId),
    /// Say that a routine was done.
    TickOff {
        /// The routine.
        routine: Name,
        /// What there is to say about it; may be empty.
        note: String,
    },
}

/// What can be done with an incident.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Somebody is at it: nobody else is woken.
    Acknowledge,
    /// Nobody is at it any more: the levels go on.
    Unacknowledge,
    /// Confirm or correct the severity.
    Assess(Severity),
    /// Say to the stakeholders how things stand.
    Update(String),
    /// Note something down.
    Note(String),
    /// Make somebody responsible, who is told.
    Assign(Name),
    /// Like an acknowledgement, for so long.
    Snooze(Span),
    /// Reach the next level now.
    Escalate,
    /// Close it.
    Resolve,
    /// Link the review that was written.
    Review(String),
    /// Nothing: that somebody asked is on record, so that the same request has no effect later either.
    Nothing,
}

/// A silence to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSilence {
    /// What it silences.
    pub matchers: Matchers,
    /// Its first instant by the wall clock; now, where none is said or it has passed.
    pub from: Option<Slot>,
    /// For how long, from that instant on.
    pub lasts: Span,
    /// Why.
    pub reason: String,
    /// Who wants it, by the word of whoever asks; the actor, where nobody is named.
    pub creator: Option<Name>,
    /// The silence that it stands in for: changed where it can be, else ended.
    pub replaces: Option<SilenceId>,
}

/// A silence that somebody asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AdHocSilence {
    /// Its id.
    pub id: SilenceId,
    /// What it silences.
    pub matchers: Matchers,
    /// Its first moment.
    pub from: Moment,
    /// The first moment after it.
    pub until: Moment,
    /// Who asked for it.
    pub by: Actor,
    /// Who wanted it, where whoever asked named somebody.
    pub creator: Option<Name>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub phase: SilencePhase,
}

/// Where a silence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilencePhase {
    /// It begins later.
    Pending,
    /// It holds back.
    Holds,
    /// It holds back, and its owner has been told that it ends soon.
    Warned,
    /// It is over, and only shown for a while.
    Over,
}

impl NewSilence {
    /// A silence from now on.
    #[must_use]
    pub fn from_now(matchers: Matchers, lasts: Span, reason: String) -> Self {
        NewSilence { matchers, from: None, lasts, reason, creator: None, replaces: None }
    }
}

impl AdHocSilence {
    /// When its owner is told that it ends soon: ten minutes before, or a tenth of its time where that is less.
    #[must_use]
    pub fn warns_at(&self) -> Moment {
        let tenth = Span::from_millis((self.until - self.from).millis() / 10);
        self.until - tenth.min(Span::from_mins(10))
    }

    /// When something has to be done about it next.
    #[must_use]
    pub fn next_due(&self) -> Option<Moment> {
        match self.phase {
            SilencePhase::Pending => Some(self.from),
            SilencePhase::Holds => Some(self.warns_at()),
            SilencePhase::Warned => Some(self.until),
            SilencePhase::Over => None,
        }
    }

    /// Whether it holds back what it matches.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.phase, SilencePhase::Holds | SilencePhase::Warned)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == SilencePhase::Over
    }

    /// Who wanted it: the actor, and whom they named.
    #[must_use]
    pub fn owner(&self) -> String {
        match &self.creator {
            Some(creator) if *creator != self.by.name => format!("{creator} as {}", self.by.name),
            Some(_) | None => self.by.name.to_string(),
        }
    }
}

/// Why a command is not carried out. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No incident has this number, or it was closed too long ago.
    #[error("there is no incident INC-{0}, or it was closed too long ago")]
    NoSuchIncident(u64),
    /// The incident is at another generation.
    #[error("{}", of_another(*number, *asked, *now))]
    OtherGeneration {
        /// Its number.
        number: u64,
        /// The generation that was named.
        asked: u32,
        /// The one that it has.
        now: u32,
    },
    /// It is over already.
    #[error("INC-{0} is resolved")]
    Resolved(u64),
    /// It is not over yet.
    #[error("INC-{0} is not resolved yet; a review comes after its end")]
    NotResolved(u64),
    /// A review is linked already.
    #[error("a review of INC-{0} is linked already; add what came later as a note")]
    Reviewed(u64),
    /// Nobody has acknowledged it.
    #[error("INC-{0} is not acknowledged")]
    NotAcknowledged(u64),
    /// Its alerts fire.
    #[error("INC-{number} is not over, {}; acknowledge, snooze or silence it instead", still_fire(*firing))]
    StillFiring {
        /// Its number.
        number: u64,
        /// How many.
        firing: usize,
    },
    /// There is no level left.
    #[error("INC-{0} has reached its last level")]
    NoLevelLeft(u64),
    /// The person is not configured.
    #[error("there is no responder `{0}`")]
    NoSuchResponder(Name),
    /// The silence is not there, or over.
    #[error("there is no such silence, or it is over")]
    NoSuchSilence,
    /// No routine has this name.
    #[error("there is no routine `{name}`; {}", if known.is_empty() { "there are none at all".into() } else { format!("there are {known}") })]
    NoSuchRoutine {
        /// The name.
        name: Name,
        /// The names that there are.
        known: String,
    },
    /// The routine has been done, or has not come up yet.
    #[error("routine `{name}` is not waiting for anybody; it comes up at {next}")]
    NothingToDo {
        /// Its name.
        name: Name,
        /// When it comes up next, by its own clock.
        next: String,
    },
    /// What was written cannot be taken.
    #[error("{0}")]
    Invalid(String),
}

fn of_another(number: u64, asked: u32, now: u32) -> String {
    if asked == 0 {
        format!("generations count from 1: INC-{number} is at {now}")
    } else if asked < now {
        format!("INC-{number} has been reopened since: this was about its generation {asked}, it is at {now}")
    } else {
        format!("INC-{number} has no generation {asked} yet: it is at {now}")
    }
}

impl std::fmt::Display for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Via::Api => "api",
            Via::Slack => "slack",
            Via::PagerDuty => "pagerduty",
            Via::Link => "link",
            Via::Scenario => "scenario",
        })
    }
}

impl std::str::FromStr for Via {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Via::Api, Via::Slack, Via::PagerDuty, Via::Link, Via::Scenario]
            .into_iter()
            .find(|via| via.to_string() == text)
            .ok_or_else(|| format!("`{text}` is no way that a command can come"))
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.via)
    }
}
