//! Values of rules and settings as one line of text each: as they are written, where they are.

use crate::config::{Escalation, Ladder, Level};
use crate::model::{Name, Span, counted, duration_text};
use crate::rules::{Bound, Clear, Condition, InhibitedBy, NoData, OnError, Tier};

pub(super) fn span(span: Span) -> String {
    duration_text::format(span)
}

/// The key of a bound and its value: `above`, `80`.
pub(super) fn bound(bound: Bound) -> (&'static str, String) {
    match bound {
        Bound::Above(value) => ("above", value.to_string()),
        Bound::AtLeast(value) => ("at_least", value.to_string()),
        Bound::Below(value) => ("below", value.to_string()),
        Bound::AtMost(value) => ("at_most", value.to_string()),
        Bound::Outside(low, high) => ("outside", format!("[{low}, {high}]")),
        Bound::Inside(low, high) => ("inside", format!("[{low}, {high}]")),
        Bound::Between(low, high) => ("between", format!("[{low}, {high}]")),
        Bound::Equals(value) => ("equals", value.to_string()),
        Bound::Differs(value) => ("differs", value.to_string()),
    }
}

pub(super) fn bound_line(limit: Bound) -> String {
    let (key, value) = bound(limit);
    format!("{key} {value}")
}

/// The key of a condition and its value. A bound shows what was written for it, so that `5m` stays `5m`.
pub(super) fn condition(tier: &Tier) -> (&'static str, String) {
    match &tier.condition {
        Condition::Present => ("expr", "returns a series".into()),
        Condition::When(script) => ("when", script.text().to_owned()),
        Condition::Bound(limit) => {
            let (key, value) = bound(*limit);
            (key, if tier.threshold.is_empty() { value } else { tier.threshold.to_string() })
        }
    }
}

pub(super) fn clear(clear: &Clear) -> String {
    match clear {
        Clear::When(script) => script.text().to_owned(),
        Clear::Bound(Bound::Outside(low, high) | Bound::Between(low, high) | Bound::Inside(low, high)) => {
            format!("[{low}, {high}]")
        }
        Clear::Bound(limit) => bound(*limit).1,
    }
}

/// A whole tier: `above 60, for 15m`.
pub(super) fn tier(tier: &Tier) -> String {
    let (key, value) = condition(tier);
    let mut parts = vec![format!("{key} {value}")];
    parts.extend(tier.clear.as_ref().map(|end| format!("clear {}", clear(end))));
    for (key, time) in [("for", tier.hold), ("keep_firing_for", tier.keep)] {
        parts.extend((!time.is_zero()).then(|| format!("{key} {}", span(time))));
    }
    parts.join(", ")
}

pub(super) fn no_data(policy: &NoData) -> String {
    match policy {
        NoData::Resolve => "resolve".into(),
        NoData::Keep(None) => "keep".into(),
        NoData::Keep(Some(time)) => format!("keep {}", span(*time)),
        NoData::Tier(severity, after) => format!("fires {severity} after {}", span(*after)),
    }
}

pub(super) fn on_error(policy: &OnError) -> String {
    match policy {
        OnError::Keep => "keep".into(),
        OnError::Tier(severity, after) => format!("fires {severity} after {}", span(*after)),
    }
}

pub(super) fn inhibitors(inhibitors: &[InhibitedBy]) -> Option<String> {
    let one = |by: &InhibitedBy| match &*by.equal {
        [] => by.alert.to_string(),
        equal => format!("{} with equal {}", by.alert, names(equal)),
    };
    (!inhibitors.is_empty()).then(|| list(inhibitors.iter().map(one)))
}

pub(super) fn names(names: &[Name]) -> String {
    list(names.iter())
}

pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    texts.join(", ")
}

/// Who is told when: `at once alerts-slack, schedule:primary; after 5m responder:lead`.
pub(super) fn escalation(escalation: &Escalation) -> String {
    match escalation {
        Escalation::Nobody => "nobody".into(),
        Escalation::Digest(digest) => {
            format!("a digest at {} to {}", digest.at.strftime("%H:%M"), list(&digest.notify))
        }
        Escalation::Ladder(ladder) => self::ladder(ladder),
    }
}

fn ladder(ladder: &Ladder) -> String {
    let mut parts: Vec<String> = ladder.levels.iter().map(level).collect();
    if let Some(repeat) = ladder.repeat {
        parts.push(format!("again every {}, {}", span(repeat.every), counted(repeat.times as usize, "time")));
    }
    parts.join("; ")
}

fn level(level: &Level) -> String {
    let when = if level.after.is_zero() { "at once".into() } else { format!("after {}", span(level.after)) };
    format!("{when} {}", list(&level.notify))
}
