//! What people may have to be told of: an alert that began to fire, changed its severity, or ended.

use super::alert::{Alert, Top, Why};
use crate::model::{AlertId, Labels, Moment, Name, RuleId, Severity};
use crate::rules::Rule;

/// One alert's step between severities. Both `None` never happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The alert, as it is after the step; where it ended, as it was at its end.
    pub subject: Subject,
    /// The severity at which it fired before.
    pub before: Option<Severity>,
    /// The severity at which it fires now.
    pub after: Option<Severity>,
    /// What moved it.
    pub cause: Cause,
    /// The policy that the rule asks for.
    pub policy: Option<Name>,
}

/// What a message needs to know of an alert that fires or has just ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The alert.
    pub alert: AlertId,
    /// Where it comes from.
    pub origin: Origin,
    /// Its labels, without the severity of the tier.
    pub labels: Labels,
    /// The labels of its series, metric name included.
    pub series: Labels,
    /// The value of the last evaluated slot.
    pub value: f64,
    /// The highest severity at which it fires, or did.
    pub severity: Severity,
    /// When the condition of that tier began to hold.
    pub active: Moment,
    /// When it began to fire.
    pub since: Moment,
}

/// Where an alert comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A rule that somebody wrote.
    Rule(RuleId),
    /// Watchbell itself; the text says what is wrong.
    Watchbell(String),
    /// Somebody else, who posted it.
    Posted {
        /// What its sender said of it last.
        annotations: Labels,
        /// Where its sender shows it.
        url: Name,
    },
}

impl Origin {
    /// The rule that makes it, where one does.
    #[must_use]
    pub fn rule(&self) -> Option<RuleId> {
        match self {
            Origin::Rule(rule) => Some(*rule),
            Origin::Watchbell(_) | Origin::Posted { .. } => None,
        }
    }
}

/// What moved an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its condition began or ceased to hold.
    Condition,
    /// Its series has been missing since then, and the rule makes that a page.
    NoData {
        /// Since when.
        since: Moment,
    },
    /// Its series has been missing since then, for longer than the rule keeps it.
    NoDataEnd {
        /// Since when.
        since: Moment,
    },
    /// Its rule's queries fail, and the rule makes that a page.
    QueryFails,
    /// Its rule is gone.
    RuleRemoved,
    /// Its rule still exists, but no longer makes this identity or this tier.
    RuleChanged,
    /// It was posted with a word for its severity that nobody here knows.
    UnknownSeverity(Box<UnknownSeverity>),
    /// It was posted, and its sender says that it has ended.
    SenderEnded,
    /// It was posted, and has not been posted again in time.
    Unconfirmed {
        /// When it was posted last, or we were started after that.
        since: Moment,
    },
}

/// A word that should name a severity, and names none. Its alert has the default one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSeverity {
    /// The word, as far as it can be shown.
    pub word: Name,
    /// The words that were known then.
    pub known: Name,
}

impl std::fmt::Display for UnknownSeverity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no severity here, so that it has the default one; known are {}", self.word, self.known)
    }
}

/// Puts transitions into the order in which they are taken in: by labels, the id where those are the same.
pub(super) fn sort(transitions: &mut [Transition]) {
    transitions.sort_by(|a, b| (&a.subject.labels, a.subject.alert).cmp(&(&b.subject.labels, b.subject.alert)));
}

impl Transition {
    /// The step of `alert` from `before` to `after`.
    #[must_use]
    pub fn of(alert: &Alert, rule: &Rule, before: Option<Top>, after: Option<Top>, cause: Cause) -> Self {
        let shown = after.as_ref().or(before.as_ref()).expect("a transition has a severity on one side at least");
        let subject = Subject {
            alert: alert.id,
            origin: Origin::Rule(rule.id),
            labels: alert.labels.clone(),
            series: alert.series.clone(),
            value: alert.value,
            severity: shown.severity.clone(),
            active: shown.active,
            since: shown.since,
        };
        let cause = match shown.why {
            Some(Why::OnError) if after.is_some() => Cause::QueryFails,
            Some(Why::OnError | Why::NoData) | None => cause,
        };
        let severity = |top: Option<Top>| top.map(|top| top.severity);
        Transition { subject, before: severity(before), after: severity(after), cause, policy: rule.policy.clone() }
    }
}
