//! What became of one incident up to an instant: folded out of its part of the journal by the engine's own steps.

use super::clock::{Clock, Period};
use crate::config::Settings;
use crate::engine::command::Actor;
use crate::engine::event::{Event, EventKind, IncidentEvent};
use crate::engine::incident::{Destination, Incident, Key, Phase, Stage, Verdict};
use crate::engine::transition::{Cause, Origin, Subject};
use crate::model::{AlertId, IncidentId, Moment, Name, RuleId, Severity, Span};
use crate::store::Story;
use std::collections::{BTreeMap, BTreeSet};

/// An alert that fires again so soon after its end flaps, as in a backtest.
const FLAP: Span = Span::from_mins(15);

/// What became of one incident.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: IncidentId,
    /// The number that people say.
    pub number: u64,
    /// What made its alerts one.
    pub key: Key,
    /// Its events, in order.
    pub events: Vec<Event>,
    /// Its generations: from each opening to its end.
    pub rounds: Vec<Round>,
    /// Every stretch in which one of its alerts fired at one severity.
    pub firings: Vec<Firing>,
    /// Every page.
    pub pages: Vec<Page>,
    /// The highest severity that it had.
    pub worst: Severity,
    /// When one of its alerts fired again soon after it had ended.
    pub flaps: Vec<Moment>,
    /// The incident as it was then.
    pub now: Incident,
}

/// One generation of an incident.
#[derive(Clone, Debug)]
pub struct Round {
    /// Which, from one.
    pub generation: u32,
    /// When it began.
    pub opened: Moment,
    /// When somebody was told first.
    pub told: Option<Moment>,
    /// When it was over.
    pub over: Option<Moment>,
    /// Who said so; nobody where its last alert ended.
    pub over_by: Option<Actor>,
    /// Why its last alert ended, where nothing has begun to fire since.
    calmed_by: Option<Cause>,
    /// The remedies that have worked, where nothing has begun to fire since.
    pub remedied_by: BTreeSet<Name>,
    /// Who did something, in order.
    pub deeds: Vec<(Moment, Actor)>,
    /// How it stands with each stage of the response procedure that was asked for or done.
    pub stages: Vec<Deadline>,
    /// The severity that it had at its end, by which its deadlines are.
    pub severity: Severity,
}

/// How it stands with one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The stage.
    pub stage: Stage,
    /// When it was due, where it was asked for.
    pub due: Option<Moment>,
    /// When it was done, and by whom, where anybody did it.
    pub done: Option<(Moment, Option<Actor>)>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done in time.
    Met,
    /// It was not.
    Missed,
    /// The incident was over before it was due.
    OverBefore,
    /// It is not due yet.
    Waits,
    /// Nobody asked for it.
    NotAsked,
}

/// A stretch in which an alert fired at one severity.
#[derive(Clone, Debug)]
pub struct Firing {
    /// The alert, as it was at the beginning.
    pub subject: Subject,
    /// From when.
    pub from: Moment,
    /// Until when; it goes on where there is none.
    pub to: Option<Moment>,
}

/// A message that opened something at a destination.
#[derive(Clone, Debug)]
pub struct Page {
    /// When it was owed.
    pub at: Moment,
    /// To whom.
    pub destination: Destination,
    /// For which severity.
    pub severity: Severity,
    /// The name of the alert that it is about: the worst that fired.
    pub alert: Name,
    /// The rule of that alert.
    pub rule: Option<RuleId>,
}

impl Record {
    /// What a story tells up to `until`; nothing where it had not begun.
    #[must_use]
    pub fn of(story: &Story, until: Moment, settings: &Settings) -> Option<Self> {
        let mut record: Option<Record> = None;
        for event in story.events.iter().filter(|event| event.moment <= until) {
            let EventKind::Incident { key, generation, event: step, .. } = &event.kind else { continue };
            if let IncidentEvent::Opened(opening) = step {
                record.get_or_insert_with(|| Record::begin(Incident::open(key.clone(), opening)));
            }
            if let Some(record) = &mut record {
                record.take(event, step, *generation, settings);
            }
        }
        let mut record = record?;
        record.settle(until, settings);
        Some(record)
    }

    fn begin(incident: Incident) -> Self {
        Record {
            id: incident.id,
            number: incident.number,
            key: incident.key.clone(),
            events: Vec::new(),
            rounds: Vec::new(),
            firings: Vec::new(),
            pages: Vec::new(),
            worst: incident.severity.clone(),
            flaps: Vec::new(),
            now: incident,
        }
    }

    fn take(&mut self, event: &Event, step: &IncidentEvent, generation: u32, settings: &Settings) {
        let at = event.moment;
        if let IncidentEvent::Opened(_) | IncidentEvent::Reopened { .. } = step {
            self.settle(at, settings);
            if let Some(before) = self.rounds.last_mut() {
                // What goes on is not reviewed yet.
                before.stages.retain(|deadline| deadline.stage != Stage::Postmortem || deadline.done.is_some());
            }
            self.rounds.push(Round::new(generation, at, self.now.severity.clone()));
        }
        // What was due, was due by the severity that it had when it was done.
        let due = step.completes().and_then(|(stage, _)| self.due(stage, settings));
        self.now.apply(step);
        let due = due.or_else(|| step.completes().and_then(|(stage, _)| self.due(stage, settings)));
        self.worst = self.worst.clone().max(self.now.severity.clone());
        self.events.push(event.clone());
        match step {
            IncidentEvent::Joined { subject, .. } => self.fires(subject, at),
            IncidentEvent::Left { subject, at, .. } => self.ends(subject.alert, *at),
            IncidentEvent::Told { destination, page: Some(_), severity, at, .. } => {
                self.paged(destination, severity, *at);
            }
            _ => {}
        }
        let Some(round) = self.rounds.last_mut() else { return };
        round.deeds.extend(step.actor().map(|by| (at, by.clone())));
        if let Some((stage, done)) = step.completes()
            && round.stages.iter().all(|deadline| deadline.stage != stage)
        {
            let done = Some((done, step.actor().cloned()));
            round.stages.push(Deadline { stage, due, done, outcome: Outcome::NotAsked });
        }
        match step {
            IncidentEvent::Resolved { at, by } => (round.over, round.over_by) = (Some(*at), by.clone()),
            IncidentEvent::Joined { .. } => {
                round.calmed_by = None;
                round.remedied_by.clear();
            }
            IncidentEvent::Left { cause, .. } => round.calmed_by = Some(cause.clone()),
            IncidentEvent::ActionVerified { action, verdict: Verdict::Worked, .. } => {
                round.remedied_by.insert(action.clone());
            }
            _ => {}
        }
    }

    fn fires(&mut self, subject: &Subject, at: Moment) {
        let before = self.firings.iter().rev().find(|firing| firing.subject.alert == subject.alert);
        if before.is_some_and(|before| before.to.is_none() && before.subject.severity == subject.severity) {
            return;
        }
        let ended = before.and_then(|before| before.to);
        if ended.is_some_and(|ended| at - ended < FLAP) {
            self.flaps.push(at);
        }
        self.ends(subject.alert, at);
        self.firings.push(Firing { subject: subject.clone(), from: at, to: None });
    }

    fn ends(&mut self, alert: AlertId, at: Moment) {
        if let Some(firing) = self.firings.iter_mut().rev().find(|firing| firing.subject.alert == alert) {
            firing.to.get_or_insert(at);
        }
    }

    fn paged(&mut self, destination: &Destination, severity: &Severity, at: Moment) {
        let worst = self.now.firing().max_by_key(|member| {
            (member.subject.severity.clone(), std::cmp::Reverse((member.subject.since, member.subject.alert)))
        });
        let worst = worst.or_else(|| self.now.members.values().next()).map(|member| &member.subject);
        let rule = worst.and_then(|subject| subject.origin.rule());
        let alert = worst.map(alert_name).unwrap_or_default();
        self.pages.push(Page { at, destination: destination.clone(), severity: severity.clone(), alert, rule });
    }

    /// When a stage is due, as things stand.
    fn due(&self, stage: Stage, settings: &Settings) -> Option<Moment> {
        self.now.deadlines(settings).find(|(known, _)| *known == stage).map(|(_, due)| due)
    }

    /// Weighs the deadlines of the last generation, as they stand at `at`.
    fn settle(&mut self, at: Moment, settings: &Settings) {
        let due: BTreeMap<Stage, Moment> = self.now.deadlines(settings).collect();
        let Some(round) = self.rounds.last_mut() else { return };
        (round.told, round.severity) = (self.now.first_message, self.now.severity.clone());
        let over = round.over;
        let stages = Stage::ALL.into_iter().filter_map(|stage| {
            let known = round.stages.iter().find(|known| known.stage == stage);
            let done = known.and_then(|known| known.done.clone());
            // Where another severity or configuration holds now, what was noted then as missed was due then.
            let missed = self.now.response.get(&stage).and_then(|standing| standing.missed);
            let then = known.and_then(|known| known.due);
            let due = missed.or(then).or_else(|| due.get(&stage).copied().filter(|_| done.is_none()));
            let outcome = outcome(stage, due, done.as_ref().map(|(done, _)| *done), over, at);
            (due.is_some() || done.is_some()).then_some(Deadline { stage, due, done, outcome })
        });
        round.stages = stages.collect();
    }

    /// When it began.
    #[must_use]
    pub fn opened(&self) -> Moment {
        self.rounds.first().map_or(Moment::from_millis(self.now.opened.millis()), |round| round.opened)
    }

    /// When it was over for the last time, if it is.
    #[must_use]
    pub fn over(&self) -> Option<Moment> {
        match self.now.phase {
            Phase::Resolved { at } => Some(at),
            Phase::Gathering { .. } | Phase::Open => None,
        }
    }

    /// Whether anybody did anything about it while it was open. To write its review down is no such thing.
    #[must_use]
    pub fn was_acted_on(&self) -> bool {
        let in_time = |round: &Round| round.deeds.iter().any(|(at, _)| round.over.is_none_or(|over| *at <= over));
        self.rounds.iter().any(in_time)
    }

    /// Who took it first, and when.
    #[must_use]
    pub fn taken(&self) -> Option<(Moment, &Actor)> {
        self.rounds.iter().find_map(Round::taken)
    }

    /// Whether something of it lies in `period`: it was open then.
    #[must_use]
    pub fn touches(&self, period: Period) -> bool {
        self.opened() < period.to.0 && self.over().is_none_or(|over| over >= period.from.0)
    }

    /// The name of its alerts, where it is one.
    #[must_use]
    pub fn alert(&self) -> Name {
        let named = self.key.group.get("alertname");
        let first = || self.firings.first().map(|firing| alert_name(&firing.subject)).unwrap_or_default();
        if named.is_empty() { first() } else { named.into() }
    }

    /// What else its alerts have in common, as `{chain="sepolia"}`; empty where there is nothing.
    #[must_use]
    pub fn place(&self) -> String {
        let rest = self.key.group.without("alertname").without("closed_as");
        if rest.is_empty() { String::new() } else { rest.to_string() }
    }

    /// The rules whose alerts were part of it, each once.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleId> {
        let mut rules = Vec::new();
        for firing in &self.firings {
            if let Origin::Rule(rule) = firing.subject.origin
                && !rules.contains(&rule)
            {
                rules.push(rule);
            }
        }
        rules
    }

    /// How many of its pages lie in `period`, and how many of those out of hours.
    #[must_use]
    pub fn pages_in(&self, period: Period, clock: Clock<'_>) -> (usize, usize) {
        let pages = || self.pages.iter().filter(|page| period.holds(page.at));
        (pages().count(), pages().filter(|page| clock.is_out_of_hours(page.at)).count())
    }
}

/// The name of an alert.
#[must_use]
pub fn alert_name(subject: &Subject) -> Name {
    subject.labels.get("alertname").into()
}

impl Round {
    /// The names of the remedies that mended it.
    #[must_use]
    pub fn remedies(&self) -> Vec<String> {
        self.remedied_by.iter().map(ToString::to_string).collect()
    }

    /// Why its last alert ended, where that says nothing of what it was about; nothing where that got better, or somebody closed it.
    #[must_use]
    pub fn over_because(&self) -> Option<&'static str> {
        match self.calmed_by.as_ref().filter(|_| self.over_by.is_none())? {
            Cause::RuleRemoved => Some("its rule was removed"),
            Cause::RuleChanged => Some("its rule was changed"),
            Cause::NoDataEnd { .. } => Some("its series was gone"),
            Cause::Unconfirmed { .. } => Some("its sender fell silent"),
            Cause::Condition
            | Cause::NoData { .. }
            | Cause::QueryFails
            | Cause::UnknownSeverity(_)
            | Cause::SenderEnded => None,
        }
    }

    fn new(generation: u32, opened: Moment, severity: Severity) -> Self {
        Round {
            generation,
            opened,
            told: None,
            over: None,
            over_by: None,
            calmed_by: None,
            remedied_by: BTreeSet::new(),
            deeds: Vec::new(),
            stages: Vec::new(),
            severity,
        }
    }

    /// Who acknowledged it first, and when.
    #[must_use]
    pub fn taken(&self) -> Option<(Moment, &Actor)> {
        let stage = self.stages.iter().find(|deadline| deadline.stage == Stage::Acknowledge)?;
        stage.done.as_ref().and_then(|(at, by)| Some((*at, by.as_ref()?)))
    }

    /// How long it took until somebody acknowledged it, from the first message on.
    #[must_use]
    pub fn to_acknowledge(&self) -> Option<Span> {
        Some((self.taken()?.0 - self.told?).max(Span::ZERO))
    }

    /// How long it took until it was over, from its opening on.
    #[must_use]
    pub fn to_resolve(&self) -> Option<Span> {
        Some(self.over? - self.opened)
    }
}

fn outcome(stage: Stage, due: Option<Moment>, done: Option<Moment>, over: Option<Moment>, at: Moment) -> Outcome {
    let Some(due) = due else { return Outcome::NotAsked };
    // A review is due after the end; everything else is no longer needed by then.
    let over = over.filter(|_| stage != Stage::Postmortem);
    match (done, over) {
        (Some(done), _) if done <= due => Outcome::Met,
        (Some(_), _) => Outcome::Missed,
        (None, Some(over)) if over < due => Outcome::OverBefore,
        (None, None) if at < due => Outcome::Waits,
        (None, _) => Outcome::Missed,
    }
}

impl Outcome {
    /// In a word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Met => "met",
            Outcome::Missed => "missed",
            Outcome::OverBefore => "over before it was due",
            Outcome::Waits => "not due yet",
            Outcome::NotAsked => "not asked for",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_met_missed_overtaken_or_waits() {
        let at = Moment::from_millis;
        let weighed = |stage, due: Option<i64>, done: Option<i64>, over: Option<i64>| {
            outcome(stage, due.map(at), done.map(at), over.map(at), at(100))
        };
        for (due, done, over, expected) in [
            (None, Some(10), None, Outcome::NotAsked),
            (Some(50), Some(50), None, Outcome::Met),
            (Some(50), Some(51), None, Outcome::Missed),
            (Some(50), None, None, Outcome::Missed),
            (Some(150), None, None, Outcome::Waits),
            (Some(150), None, Some(90), Outcome::OverBefore),
            (Some(50), None, Some(40), Outcome::OverBefore),
            (Some(50), None, Some(60), Outcome::Missed),
        ] {
            assert_eq!(weighed(Stage::Acknowledge, due, done, over), expected, "{due:?} {done:?} {over:?}");
        }
        // A review is due after the end, and is not spared by it.
        assert_eq!(weighed(Stage::Postmortem, Some(150), None, Some(40)), Outcome::Waits);
        assert_eq!(weighed(Stage::Postmortem, Some(90), None, Some(40)), Outcome::Missed);
    }
}
