//! Routines: what people do again and again. Each comes up at its time, is told to those whom it concerns, with the report
//! that goes with it, and is ticked off; one that is not, in its time, is an alert of Watchbell's own.
//!
//! What is known of each is one state, changed only by its event, so the journal folds to the same. Times of a routine are
//! people's: they are weighed by the wall clock. Occurrences that passed while we were not running are one, the last; a
//! routine that is new comes up for the first time after it was seen.

use super::command::{Actor, Refusal};
use super::incident::{At, recipients};
use super::notice::{Draft, Letter, Reason};
use super::transition::Transition;
use super::{Engine, EventKind, Step, World, incident};
use crate::config::{Report, Routine};
use crate::model::{Labels, Moment, Name, Severity, Slot, Span, duration_text};
use jiff::Timestamp;
use std::sync::Arc;

/// A routine was not ticked off in time.
pub const ROUTINE_OVERDUE: &str = "RoutineOverdue";

/// For so long a message about a routine waits for the report that goes with it.
const REPORT_WAIT: Span = Span::from_mins(5);

/// What is known of a routine. Its times are instants of the wall clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutineState {
    /// When it came up last; before it ever has, when it was first seen.
    pub last: Slot,
    /// When that was noticed: later, where we were not running.
    pub noticed: Slot,
    /// The earliest time at which it came up and has not been ticked off since.
    pub open: Option<Slot>,
    /// Whether people have been told that it came up last.
    pub told: bool,
    /// How it was ticked off last.
    pub done: Option<TickedOff>,
}

/// That a routine was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickedOff {
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Moment,
    /// What they noted.
    pub note: String,
}

/// A report that a routine waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The routine.
    pub routine: Name,
    /// When it came up.
    pub at: Slot,
    /// Which report.
    pub report: Report,
}

impl RoutineState {
    /// What has just become of it, in words that follow its name. Every change is one of these.
    #[must_use]
    pub fn words(&self) -> String {
        match (&self.open, &self.done) {
            (Some(_), _) if !self.told => "comes up".into(),
            (Some(_), _) => "is told".into(),
            (None, Some(done)) if done.note.is_empty() => format!("was done, says {}", done.by),
            (None, Some(done)) => format!("was done, says {}: {}", done.by, done.note),
            (None, None) => "is known".into(),
        }
    }

    /// From when on it is overdue, if it is open.
    #[must_use]
    pub fn overdue_at(&self, routine: &Routine) -> Option<Slot> {
        self.open.map(|open| open + routine.due)
    }
}

impl Engine {
    /// Lets routines come up, and those that were not ticked off in time be told.
    pub(super) fn watch_routines(&mut self, at: At, step: &mut Step) {
        if self.routines_rest(at.wall) {
            return;
        }
        let world = Arc::clone(&self.world);
        let mut transitions = Vec::new();
        for routine in &world.settings.routines {
            self.bring_up(routine, at, step);
            self.tell_of(&world, routine, None, at, step);
            transitions.extend(self.judge_routine(routine, at, step));
        }
        transitions.extend(self.forget_routines(&world, at, step));
        if !transitions.is_empty() {
            step.take(incident::absorb(&world, &mut self.state.incidents, &transitions, at));
        }
        self.routines_seen = Some((at.wall, self.next_of_routines(at.wall)));
    }

    /// Whether nothing has become of any routine since they were looked at. A clock that was stepped back has to be believed.
    fn routines_rest(&self, wall: Timestamp) -> bool {
        self.routines_seen.is_some_and(|(seen, next)| seen <= wall && next.is_none_or(|next| Slot::from(wall) < next))
    }

    fn bring_up(&mut self, routine: &Routine, at: At, step: &mut Step) {
        let wall = Slot::from(at.wall);
        let Some(known) = self.state.routines.get(&routine.name) else {
            let is = RoutineState { last: wall, noticed: wall, open: None, told: true, done: None };
            return self.routine_is(routine, is, at, step);
        };
        let last = routine.dates.last(routine.at, &routine.timezone, at.wall);
        let Some(last) = last.map(Slot::from).filter(|last| *last > at.new_since(known.last)) else { return };
        // One that came up while the clock was ahead did not come up before this one.
        let (open, done) = (Some(known.open.map_or(last, |open| open.min(last))), known.done.clone());
        let is = RoutineState { last, noticed: wall, open, told: false, done };
        self.routine_is(routine, is, at, step);
    }

    /// Tells those whom it concerns that it has come up: with its report, once that is there.
    fn tell_of(&mut self, world: &World, routine: &Routine, report: Option<&str>, at: At, step: &mut Step) {
        let Some(known) = self.state.routines.get(&routine.name).filter(|known| known.open.is_some() && !known.told)
        else {
            return;
        };
        if routine.report.is_some() && report.is_none() && Slot::from(at.wall) < known.noticed + REPORT_WAIT {
            return;
        }
        let report = report.or_else(|| routine.report.map(|_| "The report that goes with it is not there yet."));
        let letter = Letter::routine(routine, known, report);
        for recipient in recipients(&world.settings, &routine.notify, at.wall) {
            step.drafts.push(Draft::letter(&letter, &recipient.destination, at.now));
        }
        let is = RoutineState { told: true, ..known.clone() };
        self.routine_is(routine, is, at, step);
    }

    fn judge_routine(&mut self, routine: &Routine, at: At, step: &mut Step) -> Vec<Transition> {
        let known = self.state.routines.get(&routine.name);
        let overdue = known.filter(|known| known.overdue_at(routine).is_some_and(|due| due <= Slot::from(at.wall)));
        let summary = overdue.and_then(|known| known.open).map(|open| {
            let (name, owner, due) = (&routine.name, &routine.owner, duration_text::format(routine.due));
            let came_up = local(routine, open);
            format!("routine {name} of {owner} came up at {came_up} and was not ticked off within {due}")
        });
        self.own(labels(&routine.name, &routine.owner), routine.severity.clone(), summary, at.now, None, step)
    }

    /// Of a routine that the configuration has no more, or gave to somebody else, nothing is asked.
    fn forget_routines(&mut self, world: &World, at: At, step: &mut Step) -> Vec<Transition> {
        let routines = &world.settings.routines;
        let is_left = |name: &Name| routines.iter().any(|routine| routine.name == *name);
        let gone: Vec<Name> = self.state.routines.keys().filter(|name| !is_left(name)).cloned().collect();
        for routine in gone {
            self.apply(EventKind::RoutineChanged { routine, is: None }, at.now, None, step);
        }
        let is_asked = |own: &Labels| routines.iter().any(|routine| labels(&routine.name, &routine.owner) == *own);
        let own = self.state.own.values().filter(|own| own.labels.get("alertname") == ROUTINE_OVERDUE);
        let over = own.filter(|own| !is_asked(&own.labels)).map(|own| (own.labels.clone(), own.severity.clone()));
        let over: Vec<(Labels, Severity)> = over.collect();
        over.into_iter().flat_map(|(labels, severity)| self.own(labels, severity, None, at.now, None, step)).collect()
    }

    /// Somebody says that a routine was done.
    pub(super) fn tick_off(
        &mut self,
        name: &Name,
        note: &str,
        by: &Actor,
        at: At,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let world = Arc::clone(&self.world);
        let routines = &world.settings.routines;
        let Some(routine) = routines.iter().find(|routine| routine.name == *name) else {
            let known: Vec<&str> = routines.iter().map(|routine| &*routine.name).collect();
            return Err(Refusal::NoSuchRoutine { name: name.clone(), known: known.join(", ") });
        };
        let known = self.state.routines.get(name).filter(|known| known.open.is_some());
        let Some(known) = known else {
            let next = routine.dates.next(routine.at, &routine.timezone, at.wall);
            let next = next.map(|next| local(routine, Slot::from(next)));
            return Err(Refusal::NothingToDo { name: name.clone(), next: next.unwrap_or_else(|| "never".into()) });
        };
        let done = TickedOff { by: by.clone(), at: at.now, note: note.trim().to_owned() };
        let is = RoutineState { open: None, told: true, done: Some(done), ..known.clone() };
        self.routine_is(routine, is, at, step);
        let transitions = self.judge_routine(routine, at, step);
        step.take(incident::absorb(&world, &mut self.state.incidents, &transitions, at));
        Ok(())
    }

    /// The report that a routine waits for is there, or is known not to come.
    pub(super) fn report(
        &mut self,
        name: &Name,
        came_up: Slot,
        report: &Result<String, String>,
        at: At,
        step: &mut Step,
    ) {
        let world = Arc::clone(&self.world);
        let is_the_last = self.state.routines.get(name).is_some_and(|known| known.last == came_up);
        let routine = world.settings.routines.iter().find(|routine| routine.name == *name);
        let Some(routine) = routine.filter(|_| is_the_last) else { return };
        let text =
            report.clone().unwrap_or_else(|why| format!("The report that goes with it could not be made: {why}"));
        self.tell_of(&world, routine, Some(&text), at, step);
    }

    /// The reports that routines wait for. Whoever drives the engine makes them and comes back with `Fact::Reported`.
    pub fn reports_wanted(&self) -> impl Iterator<Item = Wanted> + '_ {
        self.world.settings.routines.iter().filter_map(|routine| {
            let known = self.state.routines.get(&routine.name)?;
            let report = routine.report.filter(|_| known.open.is_some() && !known.told)?;
            Some(Wanted { routine: routine.name.clone(), at: known.last, report })
        })
    }

    /// When, by the wall clock, something becomes of a routine next.
    pub(super) fn next_of_routines(&self, wall: Timestamp) -> Option<Slot> {
        let now = Slot::from(wall);
        let one = |routine: &Routine| {
            let next = routine.dates.next(routine.at, &routine.timezone, wall).map(Slot::from);
            let known = self.state.routines.get(&routine.name);
            let overdue = known.and_then(|known| known.overdue_at(routine));
            let untold = known.filter(|known| !known.told).map(|known| known.noticed + REPORT_WAIT);
            next.into_iter().chain(overdue.into_iter().chain(untold).filter(|due| *due > now)).min()
        };
        self.world.settings.routines.iter().filter_map(one).min()
    }

    fn routine_is(&mut self, routine: &Routine, is: RoutineState, at: At, step: &mut Step) {
        let kind = EventKind::RoutineChanged { routine: routine.name.clone(), is: Some(is) };
        self.apply(kind, at.now, None, step);
        // What comes next of it is something else now.
        self.routines_seen = None;
    }
}

impl Letter {
    /// A routine has come up.
    #[must_use]
    pub fn routine(routine: &Routine, known: &RoutineState, report: Option<&str>) -> Self {
        let (name, owner) = (&routine.name, &routine.owner);
        // What was not done when it came up before is what is late.
        let since = known.open.unwrap_or(known.last);
        let until = local(routine, since + routine.due);
        let words = if since + routine.due > known.last { "to be done until" } else { "overdue since" };
        let before = (since < known.last).then(|| format!(", waiting since {}", local(routine, since)));
        Letter {
            name: format!("routine/{name}"),
            slot: known.last,
            reason: Reason::Routine,
            severity: routine.severity.clone(),
            subject: format!("routine {name} of {owner}, {words} {until}{}", before.unwrap_or_default()),
            text: report.unwrap_or_default().to_owned(),
            members: Vec::new(),
        }
    }
}

fn labels(routine: &Name, owner: &Name) -> Labels {
    Labels::new([("alertname", ROUTINE_OVERDUE), ("routine", &**routine), ("owner", &**owner)])
}

/// An instant as the owner of a routine reads it.
fn local(routine: &Routine, at: Slot) -> String {
    let instant = Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::MAX);
    let (zone, local) = (routine.timezone.rules(), routine.timezone.local(instant));
    format!("{} {}", local.strftime("%Y-%m-%d %H:%M"), zone.to_offset_info(instant).abbreviation())
}
