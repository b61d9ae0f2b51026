//! What happened, in words: a line for each event, with the value and the bound where the rule is known.

use super::clock::Clock;
use super::document::Line;
use super::past::rule_now;
use crate::backtest::condition;
use crate::engine::World;
use crate::engine::event::{Event, EventKind, IncidentEvent};
use crate::engine::transition::{Cause, Origin, Subject};
use crate::model::{Moment, RuleId, Span};
use crate::notify::text::number;
use crate::rules::Rule;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many alerts that do the same at one moment are told one by one.
const ONE_BY_ONE: usize = 3;

/// What words need to know.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The rules as they are now.
    pub world: &'a World,
    /// Which rule has another id since.
    pub moved: &'a BTreeMap<RuleId, RuleId>,
    /// The clock of whoever reads.
    pub clock: Clock<'a>,
}

impl<'a> Words<'a> {
    /// The rule of an alert, where it is still there.
    #[must_use]
    pub fn rule(&self, subject: &Subject) -> Option<&'a Arc<Rule>> {
        subject.origin.rule().and_then(|rule| self.world.rule(rule_now(self.moved, rule)))
    }

    /// Every event that says something to people, in order. Many alerts that do the same at one moment are one line.
    #[must_use]
    pub fn timeline(&self, events: &[Event]) -> Vec<(Moment, Line)> {
        let mut lines = Vec::new();
        let mut rest = events;
        while let Some(first) = rest.first() {
            let alike = rest.iter().take_while(|event| is_alike(first, event)).count().max(1);
            let told = if alike > ONE_BY_ONE { 1 } else { alike };
            for event in &rest[..told] {
                let EventKind::Incident { event: step, .. } = &event.kind else { continue };
                let Some(line) = self.step(step) else { continue };
                let more = alike - told;
                let line = if more > 0 { line.ours(format!("; so do {more} more")) } else { line };
                lines.push((event.moment, line));
            }
            rest = &rest[alike..];
        }
        lines
    }

    /// One step, in words that can stand alone; nothing where it is a part of another one.
    #[must_use]
    pub fn step(&self, step: &IncidentEvent) -> Option<Line> {
        Some(match step {
            IncidentEvent::Opened(opening) => Line::from("opened at ").severity(opening.severity.to_string()),
            IncidentEvent::Reopened { severity, .. } => Line::from("reopened at ").severity(severity.to_string()),
            IncidentEvent::Joined { subject, cause } => {
                let line = Line::new().data(subject.labels.to_string()).ours(" fires at ");
                let line = line.severity(subject.severity.to_string()).and(": ", self.value(subject));
                match cause {
                    Cause::UnknownSeverity(unknown) => line.ours(": ").data(unknown.to_string()),
                    cause => line.ours(self.because(cause)),
                }
            }
            IncidentEvent::Left { subject, cause, .. } => {
                let value = if cause == &Cause::Condition { self.last(subject) } else { Line::new() };
                Line::new().data(subject.labels.to_string()).ours(" ended").and(" at ", value).ours(self.because(cause))
            }
            IncidentEvent::Severity { to } => Line::from("its severity is ").severity(to.to_string()).ours(" now"),
            IncidentEvent::Told { destination, page: Some(_), severity, .. } => {
                Line::from("pages ").data(destination.to_string()).ours(" at ").severity(severity.to_string())
            }
            // What is no page stands among the messages.
            IncidentEvent::Told { page: None, .. } => return None,
            IncidentEvent::NotTold { destination, .. } => {
                Line::new().data(destination.to_string()).verdict(false, " refused the page and has not been told")
            }
            IncidentEvent::Reached { level, nobody: true, .. } => {
                let line = Line::from("reached level ").data(level.to_string());
                line.verdict(false, ", which reaches nobody and is passed over")
            }
            IncidentEvent::Reached { level, round, .. } => {
                let again = if *round > 0 { format!(", told again ({round})") } else { String::new() };
                Line::from("reached level ").data(level.to_string()).ours(again)
            }
            IncidentEvent::Acknowledged(acknowledged) => {
                let until = acknowledged.until.map(|until| format!(" until {}", self.clock.second(until)));
                Line::from("acknowledged by ").data(acknowledged.by.to_string()).ours(until.unwrap_or_default())
            }
            IncidentEvent::Later(later) => {
                let (word, at) = if later.is_quiet { ("lets ", " rest until ") } else { ("will tell ", " at ") };
                Line::from(word)
                    .data(later.destination.to_string())
                    .ours(format!("{at}{}", self.clock.second(later.at)))
            }
            IncidentEvent::Missed { stage, .. } => {
                Line::new().verdict(false, format!("was not {} in time", stage.participle()))
            }
            IncidentEvent::Communicated { by, text, .. } => {
                Line::from("update by ").data(by.to_string()).ours(": ").said(text)
            }
            IncidentEvent::Noted { by, text } => Line::from("note by ").data(by.to_string()).ours(": ").said(text),
            IncidentEvent::Reviewed { by, link, .. } => {
                Line::from("reviewed by ").data(by.to_string()).ours(": ").link(link)
            }
            // Whatever else there is, or will be, says itself what it is. What skew the clock had then is not on record.
            other => Line::new().said(other.words(Span::ZERO)?),
        })
    }

    /// The value with its unit and, where the rule is known, the condition that it met: `112 gwei, above 100 for 5m`.
    fn value(&self, subject: &Subject) -> Line {
        let rule = self.rule(subject);
        let tier =
            rule.and_then(|rule| rule.tiers_for(&subject.series).iter().find(|tier| tier.severity == subject.severity));
        let value = self.last(subject);
        match (tier, &subject.origin) {
            (_, Origin::Watchbell(summary)) => Line::new().said(summary),
            (Some(tier), _) if rule.is_some_and(|rule| rule.kind == crate::rules::Kind::Extended) => {
                value.and(", ", Line::new().data(condition(tier)))
            }
            _ => value,
        }
    }

    /// The value with its unit; nothing where there is none.
    fn last(&self, subject: &Subject) -> Line {
        if subject.value.is_nan() {
            return Line::new();
        }
        let unit = self.rule(subject).and_then(|rule| rule.unit.as_ref());
        let line = Line::from(number(subject.value));
        match unit {
            Some(unit) => line.ours(format!(" {unit}")),
            None => line,
        }
    }

    /// Why, where it is not simply the rule's condition.
    fn because(&self, cause: &Cause) -> String {
        match cause {
            // Said where it fires; its end says what ended it.
            Cause::Condition | Cause::UnknownSeverity(_) => String::new(),
            Cause::NoData { since } => format!(" (no data since {})", self.clock.second(*since)),
            Cause::NoDataEnd { since } => {
                format!(" without data since {}: that is no resolution", self.clock.second(*since))
            }
            Cause::QueryFails => " (its query fails)".into(),
            Cause::RuleRemoved => " (its rule was removed)".into(),
            Cause::RuleChanged => " (its rule was changed)".into(),
            Cause::SenderEnded => " (its sender says so)".into(),
            Cause::Unconfirmed { since } => format!(" (not confirmed since {})", self.clock.second(*since)),
        }
    }
}

/// Whether two events are the same step of two alerts.
fn is_alike(one: &Event, other: &Event) -> bool {
    let (EventKind::Incident { event: a, .. }, EventKind::Incident { event: b, .. }) = (&one.kind, &other.kind) else {
        return false;
    };
    match (a, b) {
        (IncidentEvent::Joined { subject: a, .. }, IncidentEvent::Joined { subject: b, .. }) => {
            one.moment == other.moment && a.severity == b.severity
        }
        (IncidentEvent::Left { .. }, IncidentEvent::Left { .. }) => one.moment == other.moment,
        _ => false,
    }
}
