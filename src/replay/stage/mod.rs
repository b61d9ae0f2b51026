//! Plays a scenario: the order of one moment is that of `semantics.md` 3 — reload and other events, evaluations by source and
//! group, incidents, timers, deliveries.
//!
//! Slots of a scenario stand on a grid that begins at its start, so that `within: 5m` means what it says. Whatever the
//! clocks show, the story tells the time that really passed.

mod act;
mod send;
mod slot;
mod tell;

use crate::engine::command::{self, Actor, Command, Via};
use crate::engine::event::Event;
use crate::engine::incident::{Ended, Incident, RunNews};
use crate::engine::routine::Wanted;
use crate::engine::{Engine, Fact, Step, World};
use crate::model::{AlertId, Labels, Moment, Name, RuleId, Slot, Span, duration_text};
use crate::replay::clocks::Clocks;
use crate::replay::coverage::Coverage;
use crate::replay::feed::{Source, of_query};
use crate::replay::offline::Offline;
use crate::replay::post::{Fate, Post};
use crate::replay::remedies::Runs;
use crate::replay::scenario::{Blank, EventKind, Scenario};
use crate::replay::story::{Deed, Story};
use crate::rules::RuleSet;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Plays `scenario` to its end.
#[must_use]
pub fn play(scenario: &Scenario) -> Story {
    played(Stage::new(scenario)).story
}

/// Plays `scenario` to its end, and says what it reaches.
#[must_use]
pub fn play_covered(scenario: &Scenario) -> (Story, Coverage) {
    let mut stage = Stage::new(scenario);
    stage.coverage = Some(Coverage::of(&scenario.rules, &scenario.settings, &scenario.config));
    let stage = played(stage);
    (stage.story, stage.coverage.unwrap_or_default())
}

/// Plays `scenario` to its end, and gives what went into the journal beside the story.
#[must_use]
pub fn play_recorded(scenario: &Scenario) -> (Story, Vec<Event>) {
    let stage = played(Stage::new(scenario));
    (stage.story, stage.journal)
}

/// Everything that `scenario` puts into a journal, a snapshot at its end included.
#[must_use]
pub fn journal(scenario: &Scenario) -> Vec<Event> {
    let stage = played(Stage::new(scenario));
    let mut journal = stage.journal;
    journal.extend(stage.engine.state.as_events());
    journal
}

fn played(mut stage: Stage<'_>) -> Stage<'_> {
    let mut at = Span::ZERO;
    loop {
        stage.moment(at);
        match stage.next_after(at) {
            Some(next) if next <= stage.scenario.lasts => at = next,
            _ => break,
        }
    }
    stage
}

struct Stage<'a> {
    scenario: &'a Scenario,
    clocks: Clocks,
    engine: Engine,
    journal: Vec<Event>,
    sources: HashMap<(RuleId, usize), Source>,
    post: Post,
    story: Story,
    shown: BTreeMap<AlertId, String>,
    names: HashMap<AlertId, (String, bool)>,
    posted: HashMap<AlertId, Labels>,
    next_event: usize,
    commands: u64,
    failing_until: Span,
    missing_until: Span,
    down_until: Option<(Span, Span)>,
    channels: Vec<(Name, Span, Fate)>,
    blind_from: HashMap<usize, Slot>,
    offline: Offline,
    blanks: Vec<(&'a Blank, Span)>,
    coverage: Option<Coverage>,
    runs: Runs,
}

impl<'a> Stage<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let world = Arc::new(World::new(Arc::clone(&scenario.settings), scenario.rules.clone()));
        let groups = scenario.rules.groups.len();
        let offline = Offline::new(scenario);
        Stage {
            scenario,
            clocks: Clocks::new(scenario.start),
            engine: Engine::new(world),
            journal: Vec::new(),
            sources: HashMap::new(),
            post: Post::default(),
            story: Story { title: scenario.title.clone(), answered: answered(scenario, &offline), lines: Vec::new() },
            shown: BTreeMap::new(),
            names: HashMap::new(),
            posted: HashMap::new(),
            next_event: 0,
            commands: 0,
            failing_until: Span::ZERO,
            missing_until: Span::ZERO,
            down_until: None,
            channels: Vec::new(),
            blind_from: (0..groups).map(|group| (group, scenario.start)).collect(),
            offline,
            blanks: Vec::new(),
            coverage: None,
            runs: Runs::default(),
        }
    }

    /// Everything that happens at one instant.
    fn moment(&mut self, at: Span) {
        self.wake(at);
        let scenario = self.scenario;
        while let Some(event) = scenario.events.get(self.next_event).filter(|event| event.at <= at) {
            self.next_event += 1;
            self.happen(&event.kind, at);
        }
        if self.down_until.is_some() {
            return;
        }
        self.end_runs(at);
        for group in self.due(at) {
            self.evaluate(group, at);
        }
        let now = self.clocks.moment(at);
        let step = self.engine.advance(Fact::Tick, now);
        self.take(step, at);
        let wanted: Vec<Wanted> = self.engine.reports_wanted().collect();
        for Wanted { routine, at: came_up, report } in wanted {
            // What a report says is shown by the tests of reports.
            let report = Ok(format!("(the {} report)", report.word()));
            let step = self.engine.advance(Fact::Reported { routine, at: came_up, report }, now);
            self.take(step, at);
        }
        self.deliver(at, now);
        self.begin_runs(at);
    }

    /// The groups whose slot this is, by source, name and file.
    fn due(&self, at: Span) -> Vec<usize> {
        let groups = &self.engine.world.rules.groups;
        let is_due = |group: &usize| self.clocks.is_slot(at, groups[*group].interval);
        self.engine.world.rules.in_order((0..groups.len()).filter(is_due))
    }

    fn next_after(&self, at: Span) -> Option<Span> {
        let groups = self.engine.world.rules.groups.iter();
        let slots = groups.map(|group| self.clocks.next_slot(at, group.interval));
        let event = self.scenario.events.get(self.next_event).map(|event| event.at);
        let wakes = self.down_until.map(|(_, until)| until);
        let since_start = |millis: i64| self.clocks.passed_at(millis);
        let awake = self.down_until.is_none();
        let timer = self.engine.next_due().filter(|_| awake).map(|due| since_start(due.millis()));
        let post = self.post.next_due(|channel| self.pace(channel)).filter(|_| awake).map(since_start);
        let runs = self.runs.next().filter(|_| awake);
        slots.chain(event).chain(wakes).chain(timer).chain(post).chain(runs).filter(|next| *next > at).min()
    }

    fn happen(&mut self, kind: &'a EventKind, at: Span) {
        let now = self.clocks.moment(at);
        match kind {
            EventKind::QueryError(span) => {
                self.failing_until = at + *span;
                self.say(at, format!("-- every query fails for {}", duration_text::format(*span)));
            }
            EventKind::NoData(blank, text, span) => {
                self.blanks.push((blank, at + *span));
                let from = self.clocks.sources(at);
                self.offline.withhold(blank, from.millis(), (from + *span).millis());
                self.say(at, format!("-- there is no data of {text} for {}", duration_text::format(*span)));
            }
            EventKind::Missed(span) => {
                self.missing_until = at + *span;
                self.say(at, format!("-- slots are missed for {}", duration_text::format(*span)));
            }
            EventKind::Restart(span) => {
                self.down_until = Some((at, at + *span));
                self.runs.lose();
                let down =
                    if span.is_zero() { String::new() } else { format!(", down for {}", duration_text::format(*span)) };
                self.say(at, format!("-- the service is killed{down}"));
                self.wake(at);
            }
            EventKind::ClockJump(by, with_sources) => self.jump(*by, *with_sources, at),
            EventKind::Reload(rules) => self.reload(rules, at, now),
            EventKind::ChannelFails(name, span) => {
                self.channels.push((name.clone(), at + *span, Fate::Fails));
                self.say(at, format!("-- {name} cannot be reached for {}", duration_text::format(*span)));
            }
            EventKind::ChannelRefuses(name, span) => {
                self.channels.push((name.clone(), at + *span, Fate::Refused));
                self.say(at, format!("-- {name} refuses everything for {}", duration_text::format(*span)));
            }
            EventKind::Action(name, script) => self.runs.say(name, script),
            EventKind::Act { incident, by, act } => match self.numbered(incident) {
                Ok(number) => {
                    let deed = command::Deed::Incident { number, generation: None, act: act.clone() };
                    self.command(by, deed, at, now);
                }
                Err(why) => self.story.add(at, Deed::Failed, why),
            },
            EventKind::RoutineDone { by, routine, note } => {
                let deed = command::Deed::TickOff { routine: routine.clone(), note: note.clone() };
                self.command(by, deed, at, now);
            }
            EventKind::Posted(posts) => {
                let wall = self.clocks.wall(at);
                let posts: Vec<_> = posts.iter().map(|post| post.at(wall)).collect();
                let step = self.engine.advance(Fact::Posted(&posts), now);
                self.take(step, at);
            }
            EventKind::Silence { by, silence } => {
                self.command(by, command::Deed::Silence(silence.clone()), at, now);
            }
        }
    }

    /// The one incident that is not over and that this alert, or this number, names.
    fn numbered(&self, text: &str) -> Result<u64, String> {
        let incidents = self.engine.state.incidents.by_key.values();
        if let Some(number) = text.strip_prefix("INC-") {
            return number.parse().map_err(|_| format!("`{text}` is no number of an incident"));
        }
        let is_about = |incident: &&Incident| {
            let group = incident.key.group.get("alertname");
            group == text || incident.members.values().any(|member| member.subject.labels.get("alertname") == text)
        };
        let found: Vec<u64> = incidents.filter(is_about).map(|incident| incident.number).collect();
        match found[..] {
            [number] => Ok(number),
            [] => Err(format!("no incident is about {text}")),
            _ => Err(format!("{} incidents are about {text}; name one of them by its number", found.len())),
        }
    }

    fn command(&mut self, by: &Name, deed: command::Deed, at: Span, now: Moment) {
        let actor = Actor { name: by.clone(), via: Via::Scenario };
        self.commands += 1;
        let command = Command { id: self.commands.to_string().into(), actor, deed };
        let step = self.engine.advance(Fact::Command(&command), now);
        if let Some(refusal) = &step.refusal {
            self.story.add(at, Deed::Failed, format!("refused: {refusal}"));
        }
        self.take(step, at);
    }

    /// After a restart nothing is left but the journal.
    fn wake(&mut self, at: Span) {
        let Some((since, _)) = self.down_until.filter(|(_, until)| *until <= at) else { return };
        self.down_until = None;
        self.engine = Engine::recall(Arc::clone(&self.engine.world), &self.journal);
        self.forget_histories();
        self.say(at, "-- the service is back");
        let slept = at - since + self.clocks.start();
        self.engine.step_clock(self.clocks.skew(), self.clocks.wall(at));
        if slept > Span::ZERO {
            let step = self.engine.advance(Fact::Slept { span: slept }, self.clocks.moment(at));
            self.take(step, at);
        }
        for id in self.engine.state.incidents.running() {
            self.run(id, &RunNews::Ended(Ended::unknown()), at);
        }
    }

    fn jump(&mut self, by: Span, with_sources: bool, at: Span) {
        self.clocks.jump(at, by, with_sources);
        self.engine.step_clock(self.clocks.skew(), self.clocks.wall(at));
        self.forget_histories();
        let far = duration_text::format(by.max(Span::ZERO - by));
        let whither = if by > Span::ZERO { "ahead" } else { "back" };
        let whose = if with_sources { ", the sources' with it" } else { "" };
        self.say(at, format!("-- the wall clock jumps {far} {whither} and shows {}{whose}", self.clocks.wall(at)));
    }

    /// Histories are filled anew at the next slot.
    fn forget_histories(&mut self) {
        let groups = 0..self.engine.world.rules.groups.len();
        self.blind_from.extend(groups.map(|group| (group, self.scenario.start)));
    }

    fn reload(&mut self, rules: &RuleSet, at: Span, now: Moment) {
        self.say(at, "-- other rules run from here on");
        let world = Arc::new(World::new(Arc::clone(&self.scenario.settings), rules.clone()));
        let step = self.engine.advance(Fact::Reloaded { world }, now);
        for change in &step.changes {
            self.say(at, format!("   {change}"));
        }
        self.blind_from = (0..rules.groups.len()).map(|group| (group, self.scenario.start)).collect();
        self.sources.clear();
        self.take(step, at);
    }

    /// Tells what a step led to, and posts what it owes.
    fn take(&mut self, step: Step, at: Span) {
        for event in &step.events {
            self.tell(event, at);
        }
        self.journal.extend(step.events);
        for draft in step.drafts {
            let notice = self.composed(&draft);
            self.post.take(notice);
        }
    }

    fn say(&mut self, at: Span, text: impl Into<String>) {
        self.story.add(at, Deed::Other, text);
    }
}

/// Who answers which query, where the scenario has series.
fn answered(scenario: &Scenario, known: &Offline) -> Vec<String> {
    if !known.answers() {
        return Vec::new();
    }
    let (mut offline, mut given) = (Vec::new(), Vec::new());
    let rules = scenario.rules.groups.iter().flat_map(|group| group.alerts());
    for rule in rules.filter(|rule| rule.disabled.is_none()) {
        for (index, query) in rule.queries.iter().enumerate() {
            let is_offline = of_query(&scenario.feeds, rule, index).is_empty();
            let list = if is_offline { &mut offline } else { &mut given };
            list.push(format!("{}.{}", rule.alert, query.name));
        }
    }
    let told = |who: &str, list: Vec<String>| (!list.is_empty()).then(|| format!("{who}: {}", list.join(", ")));
    let groups = scenario.rules.groups.iter();
    let recorded = groups.flat_map(|group| group.records()).filter(|record| known.records(record));
    let recorded = recorded.map(|record| record.record.to_string()).collect();
    let lines = [
        told("recorded offline", recorded),
        told("answered offline, from series", offline),
        told("answered by the scenario", given),
    ];
    lines.into_iter().flatten().collect()
}
