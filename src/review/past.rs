//! What the store has on record of a stretch of time, as reports need it.
//!
//! [`Past::read`] is all that asks the store, so that the command line (which opens its file) and the running service (which owns it)
//! gather the same.

use super::clock::Period;
use super::record::Record;
use crate::backtest::{self, Known};
use crate::config::Settings;
use crate::engine::command::AdHocSilence;
use crate::engine::transition::Subject;
use crate::engine::{Event, EventKind};
use crate::model::{Moment, Name, RuleId, SilenceId, Slot};
use crate::store::{Partition, Sending, Store, StoreError, Story};
use std::collections::BTreeMap;

/// What reports do not read: a long past has many of these, and incidents are read one by one.
const LEFT_OUT: [&str; 3] = ["alert.changed", "alert.forgotten", "incident"];

/// What is on record.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Incidents that were open in either period.
    pub records: Vec<Record>,
    /// Messages that were owed in the period.
    pub sendings: Vec<Sending>,
    /// What was not known, and what was silenced.
    pub conditions: Conditions,
    /// From when to when anything is on record.
    pub extent: Option<(Moment, Moment)>,
}

/// What the service could not see, and what it was told not to say.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// When it was not running.
    pub down: Vec<(Moment, Moment)>,
    /// When the queries of a rule failed; without an end where they still do.
    pub failing: BTreeMap<RuleId, Vec<(Moment, Option<Moment>)>>,
    /// When a source did not answer.
    pub silent: BTreeMap<Name, Vec<(Moment, Option<Moment>)>>,
    /// Slots of a group (its source and name) that were not evaluated: the first, and how many.
    pub missed: Vec<((Name, Name), Slot, u32)>,
    /// The silences that somebody asked for and that hold.
    pub silences: BTreeMap<SilenceId, AdHocSilence>,
    /// Which rule has another id since a reload.
    pub moved: BTreeMap<RuleId, RuleId>,
}

/// What is on record of one incident.
#[derive(Clone, Debug)]
pub struct OneIncident {
    /// Its part of the journal.
    pub story: Story,
    /// Who was told.
    pub sendings: Vec<Sending>,
    /// Which rule has another id since a reload.
    pub moved: BTreeMap<RuleId, RuleId>,
}

impl Past {
    /// Reads what a report of `periods` (the one that it tells of, and the one before) needs, up to `at`.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    pub fn read(
        store: &mut dyn Store,
        partition: Partition,
        settings: &Settings,
        (period, before): (Period, Period),
        at: Moment,
    ) -> Result<Self, StoreError> {
        let severities = &settings.severities;
        let events = store.recorded_but(partition, &LEFT_OUT, at, severities)?;
        let mut records = Vec::new();
        for number in store.numbers_since(partition, before.from.0.min(period.from.0))? {
            let story = store.story(partition, number, severities)?;
            records.extend(story.as_ref().and_then(|story| Record::of(story, at, settings)));
        }
        Ok(Past {
            records,
            sendings: store.sent_between(partition, period.from.0, at, severities)?,
            conditions: Conditions::of(&events),
            extent: store.extent(partition)?.map(|(first, last)| (first.max(at - settings.retention.incidents), last)),
        })
    }

    /// Incidents that were open in `period`, the oldest first.
    pub fn within(&self, period: Period) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.touches(period))
    }

    /// What happened, as other bounds are weighed against it.
    #[must_use]
    pub fn known(&self) -> Vec<Known> {
        let story = |record: &Record| Story { id: record.id, events: record.events.clone() };
        self.records.iter().filter_map(|record| Known::of(&story(record))).collect()
    }

    /// What of `period` nobody has a record of: the time before the first event, and after we were last known to run.
    #[must_use]
    pub fn unrecorded(&self, period: Period) -> Vec<(Moment, Moment)> {
        backtest::unrecorded(self.extent, (period.from.0, period.to.0))
    }
}

impl OneIncident {
    /// Reads one incident; nothing where there is none of this number.
    ///
    /// # Errors
    /// When an event is newer than this program, damaged, or the database fails.
    pub fn read(
        store: &mut dyn Store,
        partition: Partition,
        settings: &Settings,
        number: u64,
    ) -> Result<Option<Self>, StoreError> {
        let severities = &settings.severities;
        let Some(story) = store.story(partition, number, severities)? else { return Ok(None) };
        let sendings = store.sendings(partition, story.id, severities)?;
        let ever = Moment::from_millis(i64::MAX);
        let moved = Conditions::of(&store.recorded_but(partition, &LEFT_OUT, ever, severities)?).moved;
        Ok(Some(OneIncident { story, sendings, moved }))
    }
}

impl Conditions {
    /// What a journal tells of, from its beginning.
    #[must_use]
    pub fn of(journal: &[Event]) -> Self {
        let mut known = Conditions::default();
        for event in journal {
            known.take(event);
        }
        known
    }

    fn take(&mut self, event: &Event) {
        let at = event.moment;
        match &event.kind {
            EventKind::Slept { span } => self.down.push((at - *span, at)),
            EventKind::RuleChanged { rule, failing, .. } => {
                switch(self.failing.entry(*rule).or_default(), *failing, at);
            }
            EventKind::RuleForgotten { rule } => {
                if let Some(spans) = self.failing.get_mut(rule) {
                    switch(spans, None, at);
                }
            }
            EventKind::RuleMoved { from, to, .. } => {
                self.moved.insert(*from, *to);
                if let Some(spans) = self.failing.remove(from) {
                    self.failing.entry(*to).or_default().extend(spans);
                }
            }
            EventKind::SourceChanged { source, failing } => {
                switch(self.silent.entry(source.clone()).or_default(), *failing, at);
            }
            EventKind::SlotsMissed { source, group, first, slots } => {
                self.missed.push(((source.clone(), group.clone()), *first, *slots));
            }
            EventKind::Silenced { silence } => {
                self.silences.insert(silence.id, (**silence).clone());
            }
            EventKind::SilenceEnded { id, .. } => {
                self.silences.remove(id);
            }
            _ => {}
        }
    }

    /// The id that a rule has now.
    #[must_use]
    pub fn rule_now(&self, rule: RuleId) -> RuleId {
        rule_now(&self.moved, rule)
    }

    /// The rule of an alert, by the id that it has now.
    #[must_use]
    pub fn rule_of(&self, subject: &Subject) -> Option<RuleId> {
        subject.origin.rule().map(|rule| self.rule_now(rule))
    }
}

/// The id that a rule has now, after every reload that gave it another one.
#[must_use]
pub fn rule_now(moved: &BTreeMap<RuleId, RuleId>, mut rule: RuleId) -> RuleId {
    // A rule that was renamed there and back again would turn for ever.
    for _ in 0..=moved.len() {
        match moved.get(&rule) {
            Some(to) => rule = *to,
            None => break,
        }
    }
    rule
}

fn switch(spans: &mut Vec<(Moment, Option<Moment>)>, since: Option<Moment>, at: Moment) {
    match (since, spans.last_mut()) {
        (Some(_), Some((_, None))) => {}
        (Some(since), _) => spans.push((since, None)),
        (None, Some((_, to @ None))) => *to = Some(at),
        (None, _) => {}
    }
}
