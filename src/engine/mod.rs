//! The decisions, in the order in which they happen: readings → verdicts → alerts → incidents → messages owed.
//!
//! [`Engine::advance`] is the whole product on one screen: one step from state, fact and moment to state, events and
//! drafts. The running service, a scenario test and a backtest drive it alike. Absent on purpose: the clock, any I/O, async.

pub mod alert;
pub mod command;
pub mod escalation;
pub mod evaluate;
pub mod event;
mod fate;
mod fold;
pub mod heartbeat;
pub mod incident;
pub mod notice;
pub mod own;
pub mod posted;
mod recording;
mod reload;
pub mod routine;
pub mod state;
pub mod transition;
pub mod world;

pub use event::{Event, EventKind, IncidentEvent};
pub use fate::{Fate, GoesOn, fate};
pub use recording::{REMOTE_WRITE_FAILING, RecordingState};
pub use reload::{Change, RuleRef, Standing, enabled, pair, summary};
pub use state::State;
pub use world::World;

use crate::model::{AlertId, IncidentId, Labels, Moment, Name, RuleId, Slot, Span, Truth};
use crate::rules::Rule;
use command::{AdHocSilence, Command, Deed, Refusal};
use evaluate::{Instant, Outcome, Reading, RuleState};
use incident::{At, Destination, RunId, RunNews, Settled};
use jiff::Timestamp;
use notice::Draft;
use posted::Post;
use std::collections::BTreeMap;
use std::sync::Arc;
use transition::Transition;

/// State and what it is decided by.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Rules and settings.
    pub world: Arc<World>,
    /// What is known.
    pub state: State,
    /// How far the moment is ahead of the wall clock; who drives the engine keeps it up to date.
    pub skew: Span,
    /// The earliest slot whose answers are under way, where there is one: what is due at it or later waits for them, so that at one
    /// moment slots come before timers, however long a source takes. Who drives the engine keeps it up to date, and its patience.
    pub awaited: Option<Moment>,
    /// The wall clock at which dates and windows of the configuration were weighed last.
    weighed: Option<Timestamp>,
    /// By how much moments of the wall clock come later than before its last step, until incidents know.
    stepped: Span,
    /// Since when we have been running without a break. No slot is judged by an earlier moment.
    running_since: Moment,
    /// When sources answered again that had been silent. It matters for an interval, and is in no journal.
    sources_back: BTreeMap<Name, Moment>,
    /// What is known of recording rules: learnt anew by their next slots, and in no journal.
    recordings: BTreeMap<RuleId, RecordingState>,
    /// Before this moment no wait for a posted alert is over; not known after a start.
    vigils_rest: Option<Moment>,
    /// When routines were looked at last, and when something becomes of one next, by the wall clock. Every look asks the
    /// calendar for each of them, so there is none in between.
    routines_seen: Option<(Timestamp, Option<Slot>)>,
}

/// Something that happened outside.
#[derive(Debug)]
pub enum Fact<'a> {
    /// A group's slot was asked, and these are the answers, one for each alerting rule.
    Evaluated {
        /// The index of the group in the rule set.
        group: usize,
        /// The slot.
        slot: Slot,
        /// One for each of the group's alerting rules, in file order.
        readings: &'a [Result<Reading<'a>, Failure>],
    },
    /// A group's recording rules were evaluated at a slot.
    Recorded {
        /// The index of the group in the rule set.
        group: usize,
        /// The slot.
        slot: Slot,
        /// How many series each of them recorded, for those that are switched on, in file order.
        outcomes: &'a [Result<usize, Failure>],
    },
    /// What was recorded cannot be written, or can again.
    RemoteWrite {
        /// What is wrong, or nothing.
        trouble: Option<String>,
    },
    /// The files of rules and configuration have been bad for long, or are good again.
    Files {
        /// What is wrong, or nothing.
        trouble: Option<String>,
    },
    /// A report that a routine waits for is there, or cannot be made.
    Reported {
        /// The routine.
        routine: Name,
        /// When it came up.
        at: Slot,
        /// The text, or why there is none.
        report: Result<String, String>,
    },
    /// Slots of a group were missed while we ran.
    Missed {
        /// The index of the group in the rule set.
        group: usize,
        /// The first of them.
        first: Slot,
        /// How many.
        slots: u32,
    },
    /// We were not running for so long.
    Slept {
        /// How long.
        span: Span,
    },
    /// Rules or settings are others now.
    Reloaded {
        /// The new ones.
        world: Arc<World>,
    },
    /// A page was refused for good.
    Refused {
        /// The incident.
        incident: IncidentId,
        /// Its generation.
        generation: u32,
        /// Who was not told.
        destination: Destination,
        /// The page.
        page: u32,
    },
    /// A page has failed for so long that its channel's fallback has to be told as well.
    FellBack {
        /// The page.
        notice: Box<Draft>,
        /// The channel to tell.
        fallback: Name,
    },
    /// A run of an action begins, or has ended.
    Run {
        /// Which.
        id: RunId,
        /// What became of it.
        news: &'a RunNews,
    },
    /// Somebody asks for something.
    Command(&'a Command),
    /// Somebody posts alerts, all at once.
    Posted(&'a [Post]),
    /// A channel cannot deliver, or delivers again.
    Channel {
        /// The channel.
        channel: Name,
        /// What is wrong, or nothing.
        trouble: Option<String>,
    },
    /// Nothing but time has passed.
    Tick,
}

/// Why there is no reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the source said, or that it said nothing.
    pub message: String,
    /// Whether the source itself is to blame, and not the query.
    pub is_the_sources: bool,
}

/// What a step led to. It is stored in one transaction before anybody acts on it.
#[derive(Debug, Default)]
pub struct Step {
    /// What happened.
    pub events: Vec<Event>,
    /// Whom to tell what.
    pub drafts: Vec<Draft>,
    /// Why a command was refused, if it was. Nothing has changed then.
    pub refusal: Option<Refusal>,
    /// What a reload changed, in words for its log lines.
    pub changes: Vec<Change>,
    /// Queries that label templates need before the named rules can be decided; nothing of those rules was changed.
    pub wanted: Vec<(RuleId, Vec<String>)>,
}

impl Engine {
    /// An engine that knows nothing yet.
    #[must_use]
    pub fn new(world: Arc<World>) -> Self {
        Engine {
            world,
            state: State::default(),
            skew: Span::ZERO,
            awaited: None,
            weighed: None,
            stepped: Span::ZERO,
            running_since: Moment::from_millis(i64::MIN),
            sources_back: BTreeMap::new(),
            recordings: BTreeMap::new(),
            vigils_rest: None,
            routines_seen: None,
        }
    }

    /// An engine after a start: of all that was before it knows what the journal tells, and nothing else.
    #[must_use]
    pub fn recall<'a>(world: Arc<World>, journal: impl IntoIterator<Item = &'a Event>) -> Self {
        let state = State::fold(&world, journal);
        Engine { state, ..Engine::new(world) }
    }

    /// Takes in one fact at `now`, changes the state, and says what happened and what is owed.
    pub fn advance(&mut self, fact: Fact<'_>, now: Moment) -> Step {
        let mut step = self.take_in(fact, now);
        // Values change from slot to slot, and what a posted alert says of itself from post to post; both are in the journal only
        // where an alert changes its state.
        step.drafts.iter_mut().for_each(|draft| draft.bring_up_to_date(self));
        step
    }

    fn take_in(&mut self, fact: Fact<'_>, now: Moment) -> Step {
        // A slot is judged by its own moment: ticks and other groups' slots, which came while its answers were under way, must
        // not make `for` a fraction of a second longer, and an alert a whole slot late.
        let judged = now.max(self.running_since);
        let now = now.max(self.state.moment);
        self.state.moment = now;
        let mut step = Step::default();
        let slot = Slot::from_millis(now.millis());
        // Before it is known how long we were not running, nothing can be said to be missing.
        let knows_the_time = !matches!(fact, Fact::Reloaded { .. });
        let has_slept = matches!(fact, Fact::Slept { .. });
        match fact {
            Fact::Evaluated { group, slot, readings } => {
                self.evaluate(group, Instant { slot, now: judged }, readings, &mut step);
            }
            Fact::Recorded { group, slot, outcomes } => {
                self.record(group, outcomes, Instant { slot, now: judged }, &mut step);
            }
            Fact::RemoteWrite { trouble } => self.remote_write(trouble, now, &mut step),
            Fact::Files { trouble } => self.files(trouble, now, &mut step),
            Fact::Missed { group, first, slots } => self.miss(group, (first, slots), judged, &mut step),
            Fact::Slept { span } => self.sleep(span, now, &mut step),
            Fact::Reloaded { world } => self.reload(world, now, &mut step),
            Fact::Refused { incident, generation, destination, page } => {
                let incidents = &mut self.state.incidents;
                step.events.extend(incident::refused(incidents, incident, generation, &destination, page, now));
            }
            Fact::FellBack { notice, fallback } => {
                let at = self.at(slot, now);
                let incidents = &mut self.state.incidents;
                step.take(incident::fall_back(&self.world, incidents, &notice, &fallback, at));
            }
            Fact::Run { id, news } => {
                let at = self.at(slot, now);
                step.take(incident::run(&self.world, &mut self.state.incidents, id, news, at));
            }
            Fact::Reported { routine, at: came_up, report } => {
                let at = self.at(slot, now);
                self.report(&routine, came_up, &report, at, &mut step);
            }
            Fact::Command(Command { actor, deed: Deed::TickOff { routine, note }, .. }) => {
                let at = self.at(slot, now);
                step.refusal = self.tick_off(routine, note, actor, at, &mut step).err();
            }
            Fact::Command(command) => {
                let at = self.at(slot, now);
                match incident::command(&self.world, &mut self.state.incidents, command, at) {
                    Ok(settled) => step.take(settled),
                    Err(refusal) => step.refusal = Some(refusal),
                }
            }
            Fact::Posted(posts) => self.take_posts(posts, now, &mut step),
            Fact::Channel { channel, trouble } => self.channel(&channel, trouble, now, &mut step),
            Fact::Tick => {}
        }
        if knows_the_time && !has_slept {
            self.keep_vigils(now, &mut step);
        }
        if knows_the_time {
            self.watch_heartbeats(now, &mut step);
        }
        if has_slept {
            // Nobody is told of what is due before what was asked for in the meantime is carried out: that comes next.
            return step;
        }
        let at = self.at(slot, now);
        self.weigh_dates(at, &mut step);
        if knows_the_time {
            self.watch_routines(at, &mut step);
        }
        step.take(incident::tick(&self.world, &mut self.state.incidents, self.awaited, at));
        step.take(incident::send_digests(&self.world, &mut self.state.incidents, at));
        step
    }

    /// The wall clock was stepped and shows `wall` now. Moments go on by the time that really passed; slots by the clock.
    pub fn step_clock(&mut self, skew: Span, wall: Slot) {
        self.stepped += skew - self.skew;
        self.skew = skew;
        self.state.rules.values_mut().for_each(|rule| rule.rewind(wall));
    }

    /// Dates and windows of the configuration hold back others than before when one of them has passed, or is yet to come
    /// again because the clock was stepped back.
    fn weigh_dates(&mut self, at: At, step: &mut Step) {
        if !self.stepped.is_zero() {
            let by = std::mem::take(&mut self.stepped);
            step.take(incident::move_rest(&self.world, &mut self.state.incidents, by, at));
        }
        self.weighed = Some(at.wall);
        let changes = at.before.and_then(|before| incident::next_change(&self.world, before));
        let went_back = at.before.is_some_and(|before| at.wall < before);
        if went_back || changes.is_some_and(|changes| changes <= at.wall) {
            step.take(incident::review(&self.world, &mut self.state.incidents, at));
        }
    }

    /// An instant in all the ways that incidents need it.
    fn at(&self, slot: Slot, now: Moment) -> At {
        let wall = Timestamp::from_millisecond((now - self.skew).millis()).unwrap_or(Timestamp::MAX);
        At { slot, now, wall, before: self.weighed }
    }

    /// When the engine has to be asked next, if nothing else happens.
    #[must_use]
    pub fn next_due(&self) -> Option<Moment> {
        let settings = &self.world.settings;
        let incidents = self.state.incidents.by_key.values().filter_map(|incident| incident.next_due(settings));
        let silences = self.state.incidents.silences.values().filter_map(AdHocSilence::next_due);
        let dates = self.weighed.and_then(|wall| incident::next_change(&self.world, wall));
        let digests = self.weighed.and_then(|wall| incident::next_digest(&self.world, &self.state.incidents, wall));
        let dates = dates.into_iter().chain(digests).map(|at| Moment::from_millis(at.as_millisecond()) + self.skew);
        let routines = match self.routines_seen {
            Some((_, next)) => next,
            None => self.weighed.and_then(|wall| self.next_of_routines(wall)),
        };
        let routines = routines.map(|at| at.moment(self.skew));
        let own = self.next_missing_heartbeat().into_iter().chain(self.next_vigil());
        incidents.chain(silences).chain(dates).chain(routines).chain(own).min()
    }

    fn evaluate(&mut self, group: usize, at: Instant, readings: &[Result<Reading<'_>, Failure>], step: &mut Step) {
        let world = Arc::clone(&self.world);
        let rules: Vec<&Arc<Rule>> = world.rules.groups[group].alerts().collect();
        let source = &world.rules.groups[group].source;
        let asked =
            |reading: &&Result<Reading<'_>, Failure>| reading.as_ref().map_or(true, |one| !one.answers.is_empty());
        let failures: Vec<_> = readings.iter().filter(asked).map(|reading| reading.as_ref().err()).collect();
        let mut transitions = self.judge_source(source, &failures, at, step);
        let mut heard = Vec::with_capacity(rules.len());
        for &index in world.order(group) {
            let (rule, reading) = (rules[index], &readings[index]);
            if rule.disabled.is_some() {
                continue;
            }
            let outcome = match reading {
                Ok(reading) => match self.decide(&world, rule, &rules, *reading, at) {
                    Ok(outcome) => outcome,
                    Err(queries) => {
                        step.wanted.push((rule.id, queries));
                        continue;
                    }
                },
                Err(failure) => {
                    let source_is_down = self.state.sources.contains_key(source);
                    self.state.rule(rule).fail(rule, &failure.message, at, source_is_down)
                }
            };
            transitions.extend(self.note(rule, outcome, at, step));
            heard.push(rule);
        }
        // One alert may speak of several rules of one name, so all of them have to be heard first.
        for rule in heard {
            transitions.extend(self.judge_rule(rule, source, at, step));
        }
        // Whatever the order in the file: incidents are opened, and numbered, in the order of labels.
        transition::sort(&mut transitions);
        let at = self.at(at.slot, self.state.moment);
        step.take(incident::absorb(&world, &mut self.state.incidents, &transitions, at));
    }

    /// Decides one rule. It is taken out of the state meanwhile, so that its condition can ask about the others.
    fn decide(
        &mut self,
        world: &World,
        rule: &Rule,
        group: &[&Arc<Rule>],
        reading: Reading<'_>,
        at: Instant,
    ) -> Result<Outcome, Vec<String>> {
        let mut own = self.state.rules.remove(&rule.id).unwrap_or_else(|| RuleState::new(rule));
        let rules = &self.state.rules;
        let firing = |name: &str, labels: &Labels| {
            let named = group.iter().filter(|other| &*other.alert == name);
            Truth::from(named.filter_map(|other| rules.get(&other.id)).any(|state| state.fires_on(labels)))
        };
        let outcome = own.evaluate(world, rule, reading, at, &firing);
        self.state.rules.insert(rule.id, own);
        outcome
    }

    /// Puts what an evaluation led to into the journal; returns what incidents have to know.
    fn note(&mut self, rule: &Rule, mut outcome: Outcome, at: Instant, step: &mut Step) -> Vec<Transition> {
        // The order of the answer means nothing, so the journal must not have it.
        outcome.changed.sort();
        outcome.forgotten.sort();
        let Some(state) = self.state.rules.get(&rule.id) else { return Vec::new() };
        let mut push = |kind| step.events.push(Event { moment: at.now, slot: Some(at.slot), kind });
        let changed = |id: &AlertId| state.get(*id).map(|(alert, _)| Box::new(alert.clone()));
        for alert in outcome.changed.iter().filter_map(changed) {
            push(EventKind::AlertChanged { rule: rule.id, alert });
        }
        for alert in outcome.forgotten {
            push(EventKind::AlertForgotten { rule: rule.id, alert });
        }
        if outcome.rule_changed {
            push(EventKind::RuleChanged { rule: rule.id, failing: state.failing, empty: state.empty });
        }
        outcome.transitions
    }

    fn miss(&mut self, group: usize, (first, slots): (Slot, u32), now: Moment, step: &mut Step) {
        let world = Arc::clone(&self.world);
        let group = &world.rules.groups[group];
        let kind = EventKind::SlotsMissed { source: group.source.clone(), group: group.name.clone(), first, slots };
        step.events.push(Event { moment: now, slot: Some(first), kind });
        for rule in group.alerts() {
            let at = Instant { slot: first, now };
            let Some(state) = self.state.rules.get_mut(&rule.id) else { continue };
            let outcome = state.miss(rule, now);
            let transitions = self.note(rule, outcome, at, step);
            debug_assert!(transitions.is_empty(), "what is unknown fires and resolves nothing");
        }
    }

    fn sleep(&mut self, span: Span, now: Moment, step: &mut Step) {
        self.running_since = now;
        // Nobody could say anything again meanwhile.
        self.state.posted.values_mut().for_each(|posted| posted.vigil = None);
        let event = Event { moment: now, slot: None, kind: EventKind::Slept { span } };
        self.state.apply(&self.world, &event.kind);
        step.events.push(event);
    }
}

impl Step {
    fn take(&mut self, settled: Settled) {
        self.events.extend(settled.events);
        self.drafts.extend(settled.drafts);
    }
}
