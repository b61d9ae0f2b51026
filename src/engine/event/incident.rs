//! What can happen to an incident: the steps of its story.

use crate::config::Policy;
use crate::engine::command::Actor;
use crate::engine::escalation::Climb;
use crate::engine::incident::{
    Acknowledgement, Assessment, Destination, Ended, Hold, Later, Stage, Verdict, run_words,
};
use crate::engine::transition::{Cause, Subject};
use crate::model::{AlertId, IncidentId, Labels, Moment, Name, Severity, Slot, Span};
use std::sync::Arc;

/// What can happen to an incident.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentEvent {
    /// It opened.
    Opened(Box<Opening>),
    /// It fires again soon after it had resolved.
    Reopened {
        /// When its first message is due.
        until: Moment,
        /// The severity of the alert that reopened it.
        severity: Severity,
        /// The policy as it is now.
        plan: Arc<Policy>,
    },
    /// Its first message is due at another time.
    Gathering {
        /// When.
        until: Moment,
    },
    /// An alert joined it, or changed.
    Joined {
        /// The alert.
        subject: Subject,
        /// What moved it.
        cause: Cause,
    },
    /// An alert of it ended.
    Left {
        /// The alert as it was at its end.
        subject: Subject,
        /// What ended it.
        cause: Cause,
        /// When.
        at: Moment,
    },
    /// Its severity is another.
    Severity {
        /// The severity.
        to: Severity,
    },
    /// All of its alerts are held back, or by other things than before.
    Held {
        /// What holds them.
        by: Vec<Hold>,
        /// Since when.
        at: Moment,
    },
    /// Nothing holds it back any more.
    Released,
    /// Somebody has to be woken, under a new key.
    Paged {
        /// The number of the page.
        page: u32,
        /// For which severity.
        severity: Severity,
    },
    /// It stands on a ladder like this now, or on none.
    Climbing {
        /// Where.
        climb: Option<Climb>,
    },
    /// A level was reached.
    Reached {
        /// Its name.
        level: Name,
        /// The round, from zero.
        round: u32,
        /// Where it stands now.
        climb: Climb,
        /// Whether there was nobody to tell.
        nobody: bool,
    },
    /// Somebody will be told later than the others of a level.
    Later(Later),
    /// A destination is owed a message.
    Told {
        /// The destination.
        destination: Destination,
        /// The page that it opens there; `None` for an update or the end.
        page: Option<u32>,
        /// The severity that it speaks of.
        severity: Severity,
        /// How many updates the destination has got by now.
        revision: u32,
        /// When.
        at: Moment,
    },
    /// A page was refused for good: its destination has not been told.
    NotTold {
        /// The destination.
        destination: Destination,
        /// The page.
        page: u32,
    },
    /// One of its alerts has other labels since a reload.
    Relabelled {
        /// The alert.
        alert: AlertId,
        /// Its labels now, without the severity of the tier.
        labels: Labels,
    },
    /// A gathered update is due, or no longer.
    UpdateDue {
        /// When.
        at: Option<Moment>,
    },
    /// Everything new has been put into messages.
    Said,
    /// Somebody is at it.
    Acknowledged(Acknowledgement),
    /// Nobody is at it any more.
    Unacknowledged {
        /// Who said so; `None` where the acknowledgement has expired.
        by: Option<Actor>,
    },
    /// Somebody judged its severity.
    Assessed(Assessment),
    /// Somebody said to the stakeholders how things stand.
    Communicated {
        /// Who.
        by: Actor,
        /// What.
        text: String,
        /// When.
        at: Moment,
        /// When they are to hear again.
        next: Option<Moment>,
    },
    /// Somebody noted something down.
    Noted {
        /// Who.
        by: Actor,
        /// What.
        text: String,
    },
    /// Somebody is responsible.
    Assigned {
        /// Who said so.
        by: Actor,
        /// Who is.
        to: Name,
    },
    /// Somebody wanted the next level at once.
    Escalated {
        /// Who.
        by: Actor,
    },
    /// Somebody linked the review that was written.
    Reviewed {
        /// Who.
        by: Actor,
        /// Where it is.
        link: String,
        /// When.
        at: Moment,
    },
    /// Something that the response procedure asks for was not done in time.
    Missed {
        /// What.
        stage: Stage,
        /// When it was due.
        at: Moment,
    },
    /// It has been in too many digests, and starts its ladder.
    WentStale,
    /// It goes by the policy of now at some severities: there were none when it opened, or who is told there is gone.
    Planned {
        /// Its policy from now on: that of its opening, but for those.
        plan: Arc<Policy>,
    },
    /// The stakeholders are to hear of it then, or no longer.
    UpdateWanted {
        /// When.
        at: Option<Moment>,
    },
    /// None of its alerts fires any more, but it waits for a person.
    Calmed {
        /// Since when.
        at: Moment,
    },
    /// It is over.
    Resolved {
        /// When.
        at: Moment,
        /// Who said so; `None` where its last alert ended.
        by: Option<Actor>,
    },
    /// An action is to be run for one of its alerts.
    ActionOwed {
        /// The number of the run in this incident.
        run: u32,
        /// The action.
        action: Name,
        /// The alert.
        alert: AlertId,
        /// The alert's labels.
        labels: Labels,
        /// When.
        at: Moment,
    },
    /// An action is not run for some of its alerts, because it has run too often.
    ActionRefused {
        /// The action.
        action: Name,
        /// The alerts, with their labels.
        alerts: Vec<(AlertId, Labels)>,
        /// How many runs there may be.
        max_runs: u32,
        /// In which time.
        within: Span,
    },
    /// A run has begun.
    ActionBegan {
        /// The number of the run in this incident.
        run: u32,
        /// The action.
        action: Name,
        /// The alert's labels.
        labels: Labels,
    },
    /// A run that was owed and has not begun is not owed any more: its alert has ended.
    ActionDropped {
        /// The number of the run in this incident.
        run: u32,
        /// The action.
        action: Name,
        /// The alert's labels.
        labels: Labels,
        /// Since when it was owed.
        owed: Moment,
    },
    /// A run has ended.
    ActionEnded {
        /// The number of the run in this incident.
        run: u32,
        /// The action.
        action: Name,
        /// The alert's labels.
        labels: Labels,
        /// How.
        ended: Ended,
        /// Until when the alert has to end for the run to have worked, where that is asked for.
        verify: Option<Moment>,
    },
    /// It is known whether a run has helped.
    ActionVerified {
        /// The number of the run in this incident.
        run: u32,
        /// The action.
        action: Name,
        /// The alert's labels.
        labels: Labels,
        /// Whether.
        verdict: Verdict,
    },
    /// It waits for its review beside a new incident of the same alerts, under a key of its own.
    SetAside,
    /// It can no longer reopen.
    Forgotten,
}

/// How an incident began.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Its id.
    pub id: IncidentId,
    /// Its number.
    pub number: u64,
    /// The opening slot.
    pub slot: Slot,
    /// The severity of the alert that opened it.
    pub severity: Severity,
    /// When its first message is due.
    pub until: Moment,
    /// The policy as it is now.
    pub plan: Arc<Policy>,
}

impl IncidentEvent {
    /// What of the response procedure has been done by it, and when.
    #[must_use]
    pub fn completes(&self) -> Option<(Stage, Moment)> {
        match self {
            IncidentEvent::Acknowledged(acknowledged) => Some((Stage::Acknowledge, acknowledged.at)),
            IncidentEvent::Assessed(assessed) => Some((Stage::Assess, assessed.at)),
            IncidentEvent::Communicated { at, .. } => Some((Stage::Communicate, *at)),
            IncidentEvent::Resolved { at, .. } => Some((Stage::Resolve, *at)),
            IncidentEvent::Reviewed { at, .. } => Some((Stage::Postmortem, *at)),
            _ => None,
        }
    }

    /// Who did it, where somebody did.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        match self {
            IncidentEvent::Acknowledged(acknowledged) => Some(&acknowledged.by),
            IncidentEvent::Assessed(assessed) => Some(&assessed.by),
            IncidentEvent::Communicated { by, .. }
            | IncidentEvent::Noted { by, .. }
            | IncidentEvent::Assigned { by, .. }
            | IncidentEvent::Escalated { by }
            | IncidentEvent::Reviewed { by, .. } => Some(by),
            IncidentEvent::Unacknowledged { by } | IncidentEvent::Resolved { by, .. } => by.as_ref(),
            _ => None,
        }
    }

    /// What happened to the incident, in words that follow its number; nothing where it is a step within another one, or is
    /// told by those who know more. Times are those of the wall clock, which has `skew`.
    #[must_use]
    pub fn words(&self, skew: Span) -> Option<String> {
        Some(match self {
            IncidentEvent::Held { by, .. } => {
                let by: Vec<&str> = by.iter().map(|hold| hold.what.as_str()).collect();
                format!("is held back ({})", by.join("; "))
            }
            IncidentEvent::Released => "is no longer held back".into(),
            IncidentEvent::Reached { level, nobody: true, .. } => {
                format!("reached level {level}, which reaches nobody and is passed over")
            }
            IncidentEvent::Reached { climb, level, round, .. } if climb.reached > 1 => {
                let again = if *round > 0 { format!(", told again ({round})") } else { String::new() };
                format!("reached level {level}{again}")
            }
            IncidentEvent::Acknowledged(acknowledged) => {
                let until = acknowledged.until.map(|until| format!(" until {}", until - skew)).unwrap_or_default();
                format!("acknowledged by {}{until}", acknowledged.by)
            }
            IncidentEvent::Unacknowledged { by: Some(by) } => format!("unacknowledged by {by}"),
            IncidentEvent::Unacknowledged { by: None } => "is no longer acknowledged: that has expired".into(),
            IncidentEvent::Assessed(assessed) => format!("assessed as {} by {}", assessed.severity, assessed.by),
            IncidentEvent::Communicated { by, text, .. } => format!("update by {by}: {text}"),
            IncidentEvent::Noted { by, text } => format!("note by {by}: {text}"),
            IncidentEvent::Assigned { by, to } => format!("assigned to {to} by {by}"),
            IncidentEvent::Escalated { by } => format!("escalated by {by}"),
            IncidentEvent::Reviewed { by, link, .. } => format!("reviewed by {by}: {link}"),
            IncidentEvent::Later(later) if later.is_quiet => {
                format!("lets {} rest until {}", later.destination, later.at)
            }
            IncidentEvent::Later(later) => format!("will tell {} at {}", later.destination, later.at),
            IncidentEvent::Missed { stage, .. } => format!("was not {} in time", stage.participle()),
            IncidentEvent::Relabelled { labels, .. } => format!("has an alert under other labels now: {labels}"),
            IncidentEvent::WentStale => "has been in too many digests, and starts its ladder".into(),
            IncidentEvent::Calmed { .. } => "has no firing alert any more and waits for a person".into(),
            IncidentEvent::Resolved { by: Some(by), .. } => format!("resolved by {by}"),
            IncidentEvent::Resolved { by: None, .. } => "resolved".into(),
            IncidentEvent::ActionOwed { .. }
            | IncidentEvent::ActionRefused { .. }
            | IncidentEvent::ActionBegan { .. }
            | IncidentEvent::ActionDropped { .. }
            | IncidentEvent::ActionEnded { .. }
            | IncidentEvent::ActionVerified { .. } => run_words(self)?,
            IncidentEvent::Opened(_)
            | IncidentEvent::Planned { .. }
            | IncidentEvent::Reopened { .. }
            | IncidentEvent::Gathering { .. }
            | IncidentEvent::Joined { .. }
            | IncidentEvent::Left { .. }
            | IncidentEvent::Severity { .. }
            | IncidentEvent::Paged { .. }
            | IncidentEvent::Climbing { .. }
            | IncidentEvent::Reached { .. }
            | IncidentEvent::Told { .. }
            | IncidentEvent::NotTold { .. }
            | IncidentEvent::UpdateDue { .. }
            | IncidentEvent::UpdateWanted { .. }
            | IncidentEvent::Said
            | IncidentEvent::SetAside
            | IncidentEvent::Forgotten => return None,
        })
    }
}
