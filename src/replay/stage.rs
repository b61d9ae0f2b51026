//! Plays a scenario: the order of one moment is that of `semantics.md` 3 — reload and other events, evaluations by source and
//! group, incidents, timers, deliveries.
//!
//! Slots of a scenario stand on a grid that begins at its start, so that `within: 5m` means what it says. Whatever the
//! clocks show, the story tells the time that really passed.

use super::clocks::Clocks;
use super::coverage::Coverage;
use super::feed::{Source, of_query};
use super::offline::Offline;
use super::post::{Fate, Post, Posted};
use super::remedies::{self, Runs};
use super::scenario::{Blank, EventKind, Scenario};
use super::snapshot::text_of;
use super::story::{Deed, Story};
use crate::engine::alert::Phase;
use crate::engine::command::{self, Actor, Command, SilencePhase, Via};
use crate::engine::evaluate::Reading;
use crate::engine::event::{Event, EventKind as Happened, IncidentEvent};
use crate::engine::heartbeat::Heartbeat;
use crate::engine::incident::{self, Ended, Incident, RunId, RunNews};
use crate::engine::notice::{Draft, Notice};
use crate::engine::routine::{RoutineState, Wanted};
use crate::engine::transition::Cause;
use crate::engine::{Engine, Fact, Failure, Step, World};
use crate::model::{AlertId, Labels, Moment, Name, RuleId, Slot, Span, duration_text};
use crate::rules::template::Answers;
use crate::rules::{Rule, RuleSet};
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
        Stage {
            scenario,
            clocks: Clocks::new(scenario.start),
            engine: Engine::new(world),
            journal: Vec::new(),
            sources: HashMap::new(),
            post: Post::default(),
            story: Story { title: scenario.title.clone(), answered: answered(scenario), lines: Vec::new() },
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
            offline: Offline::new(scenario),
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

    fn evaluate(&mut self, group: usize, at: Span) {
        let (slot, now) = (self.clocks.wall(at), self.clocks.moment(at));
        if at < self.missing_until {
            self.blind_from.entry(group).or_insert(slot);
            let step = self.engine.advance(Fact::Missed { group, first: slot, slots: 1 }, now);
            return self.take(step, at);
        }
        let world = Arc::clone(&self.engine.world);
        let rules: Vec<&Arc<Rule>> = world.rules.groups[group].alerts().collect();
        if at < self.failing_until {
            self.blind_from.entry(group).or_insert(slot);
            let failure = || Failure { message: "the scenario makes every query fail".into(), is_the_sources: true };
            let readings: Vec<Result<Reading<'_>, Failure>> = rules.iter().map(|_| Err(failure())).collect();
            let step = self.engine.advance(Fact::Evaluated { group, slot, readings: &readings }, now);
            self.take(step, at);
            return self.look(group, slot);
        }
        self.offline.advance(slot.min(self.clocks.sources(at)).millis());
        self.fill(group, &rules, at);
        let failures: Vec<Option<Failure>> = rules.iter().map(|rule| self.read(group, rule, at).err()).collect();
        let last = |rule: &Arc<Rule>, query: usize| self.sources[&(rule.id, query)].last();
        let values = rules.iter().map(|rule| {
            let (table, answer) = last(rule, rule.value);
            (*rule, table, answer)
        });
        let lookups = self.offline.lookups(&world, values, slot);
        let answers: Vec<Vec<_>> =
            rules.iter().map(|rule| (0..rule.queries.len()).map(|query| last(rule, query)).collect()).collect();
        let readings: Vec<Result<Reading<'_>, Failure>> = answers
            .iter()
            .zip(failures)
            .map(|(answers, failure)| failure.map_or(Ok(Reading { answers, lookups: &lookups }), Err))
            .collect();
        let step = self.engine.advance(Fact::Evaluated { group, slot, readings: &readings }, now);
        self.take(step, at);
        self.look(group, slot);
    }

    fn look(&mut self, group: usize, slot: Slot) {
        if let Some(coverage) = &mut self.coverage {
            coverage.look(&self.engine, group, slot);
        }
    }

    /// Reads the answer to every query of a rule: the scenario's own, or what its series give.
    fn read(&mut self, group: usize, rule: &Arc<Rule>, at: Span) -> Result<(), Failure> {
        let (start, slot, known) = (self.scenario.start, self.clocks.wall(at), self.clocks.sources(at));
        let asked_at = Slot::from_millis(slot.millis() - self.offset(group).millis());
        let mut result = Ok(());
        for query in 0..rule.queries.len() {
            let feeds = of_query(&self.scenario.feeds, rule, query);
            let source = self.sources.entry((rule.id, query)).or_default();
            if feeds.is_empty() && self.offline.answers() {
                let offline = &mut self.offline;
                let read = source.take(|table| offline.read(&rule.queries[query].expr, asked_at, table));
                result = result.and(read);
            } else {
                source.read(&feeds, start, (slot, known));
            }
            for (blank, _) in self.blanks.iter().filter(|(_, until)| at < *until) {
                source
                    .leave_out(|labels| blank.is_query(rule, query) || (!feeds.is_empty() && blank.is_series(labels)));
            }
        }
        result
    }

    fn offset(&self, group: usize) -> Span {
        self.engine.world.rules.groups[group].query_offset
    }

    /// Fills histories with what a range query would find, after a start, a reload, or slots without an answer.
    fn fill(&mut self, group: usize, rules: &[&Arc<Rule>], at: Span) {
        if self.blind_from.remove(&group).is_none() {
            return;
        }
        let world = Arc::clone(&self.engine.world);
        let interval = world.rules.groups[group].interval;
        let (slot, known) = (self.clocks.wall(at), self.clocks.sources(at));
        for rule in rules {
            for query in (0..rule.queries.len()).filter(|query| !rule.queries[*query].history.is_zero()) {
                let feeds = of_query(&self.scenario.feeds, rule, query);
                let start = self.scenario.start;
                let reach = rule.queries[query].history.millis() / interval.millis() + 1;
                let from = slot - interval.times(reach);
                let past: Vec<_> = if feeds.is_empty() {
                    let slots = self.scenario.before.millis() / interval.millis();
                    let first = start - interval.times(slots);
                    self.offline.past(&rule.queries[query].expr, first.max(from), slot, interval)
                } else {
                    feeds.iter().map(|feed| feed.past(start, (start.max(from), slot), known, interval)).collect()
                };
                self.engine.state.rule(rule).fill_history(&world, rule, query, &past);
            }
        }
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

    /// Renders a message, with the answers to what its templates ask.
    fn composed(&mut self, draft: &Draft) -> Notice {
        let mut answers = Answers::new();
        loop {
            match draft.compose(&self.engine.world, &answers) {
                Ok(notice) => return notice,
                Err(wanted) => {
                    for (_, query) in wanted {
                        // A text that depends on answers asks other queries in the next round; a circle would ask the same.
                        let found = self.offline.ask(&query, (draft.at - self.clocks.skew()).millis());
                        answers.insert(query, found);
                    }
                }
            }
        }
    }

    fn tell(&mut self, event: &Event, at: Span) {
        match &event.kind {
            Happened::AlertChanged { rule, alert } => self.tell_alert(*rule, alert.id, at),
            Happened::AlertForgotten { alert, .. } => self.tell_gone(*alert, at),
            Happened::SourceChanged { source, failing: Some(_) } => {
                self.say(at, format!("source {source} does not answer"))
            }
            Happened::SourceChanged { source, failing: None } => self.say(at, format!("source {source} answers again")),
            Happened::Silenced { silence } if silence.phase == SilencePhase::Warned => {
                self.say(at, format!("the silence of {} by {} ends soon", silence.matchers, silence.by));
            }
            Happened::Silenced { silence } => {
                self.say(at, format!("{} silenced {}: {}", silence.by, silence.matchers, silence.reason));
            }
            Happened::SilenceEnded { by, .. } => {
                let by = by.as_ref().map(|by| format!(", ended by {by}")).unwrap_or_default();
                self.say(at, format!("a silence is over{by}"));
            }
            Happened::OwnAlert { subject, fires } => {
                let name = subject.labels.get("alertname").to_owned();
                let word = if *fires { "firing" } else { "over" };
                let deed = if *fires {
                    Deed::Alert { name, firing: Some(subject.severity.to_string()) }
                } else {
                    Deed::Ended { name }
                };
                self.story.add(at, deed, format!("{}  {word} {}", subject.labels, subject.severity));
            }
            Happened::AlertPosted { posted } => {
                let subject = &posted.subject;
                let name = subject.labels.get("alertname").to_owned();
                self.posted.insert(subject.alert, subject.labels.clone());
                let deed = Deed::Alert { name, firing: Some(subject.severity.to_string()) };
                self.story.add(at, deed, format!("{}  posted {}", subject.labels, subject.severity));
            }
            Happened::PostedEnded { alert } => {
                let labels = self.posted.remove(alert).unwrap_or_default();
                let name = labels.get("alertname").to_owned();
                self.story.add(at, Deed::Ended { name }, format!("{labels}  over"));
            }
            Happened::Incident { key, number, event, .. } => {
                if let Some(coverage) = &mut self.coverage {
                    coverage.told(&self.engine, key, event);
                }
                self.tell_incident(*number, key, event, at);
            }
            Happened::RoutineChanged { routine, is } => {
                let words = is.as_ref().map_or_else(|| "is no routine any more".into(), RoutineState::words);
                self.say(at, format!("routine {routine} {words}"));
            }
            Happened::HeartbeatChanged { alert, is } => {
                let words = match is {
                    Some(Heartbeat::Beats) => "beats",
                    Some(Heartbeat::Away { .. }) => "is away",
                    None => "is not expected any more",
                };
                self.say(at, format!("heartbeat {alert} {words}"));
            }
            Happened::RuleForgotten { .. } => {
                let gone: Vec<AlertId> = self.shown.keys().copied().filter(|alert| !self.knows(*alert)).collect();
                for alert in gone {
                    self.tell_gone(alert, at);
                }
            }
            Happened::RuleChanged { .. }
            | Happened::SlotsMissed { .. }
            | Happened::RuleMoved { .. }
            | Happened::Slept { .. }
            | Happened::DigestEntered { .. }
            | Happened::DigestSent { .. }
            | Happened::IncidentsCounted { .. }
            | Happened::ActionsCounted { .. }
            | Happened::IncidentRestored { .. } => {}
        }
    }

    fn knows(&self, alert: AlertId) -> bool {
        self.engine.state.rules.values().any(|rule| rule.get(alert).is_some())
    }

    fn tell_alert(&mut self, rule: RuleId, alert: AlertId, at: Span) {
        let Some((alert, tiers)) = self.engine.state.rules.get(&rule).and_then(|state| state.get(alert)) else {
            return;
        };
        let words = text_of(alert, tiers);
        let firing = alert.top(tiers).map(|top| top.severity.to_string());
        let name = alert.labels.get("alertname").to_owned();
        let (id, calm) = (alert.id, alert.phase() == Phase::Inactive);
        if self.shown.get(&id).map_or(calm, |shown| *shown == words) {
            return;
        }
        let place = alert.labels.without("alertname");
        let fired = self.names.get(&id).is_some_and(|(_, fired)| *fired);
        self.shown.insert(id, words.clone());
        self.names.insert(id, (name.clone(), firing.is_some()));
        let deed = if fired && firing.is_none() {
            Deed::Ended { name: name.clone() }
        } else {
            Deed::Alert { name: name.clone(), firing }
        };
        self.story.add(at, deed, format!("{name}{place}  {words}"));
    }

    fn tell_gone(&mut self, alert: AlertId, at: Span) {
        let Some(shown) = self.shown.remove(&alert) else { return };
        let (name, fired) = self.names.remove(&alert).unwrap_or_default();
        if !shown.starts_with("inactive") {
            let deed = if fired { Deed::Ended { name: name.clone() } } else { Deed::Other };
            self.story.add(at, deed, format!("{name}  gone (was {shown})"));
        }
    }

    fn tell_incident(&mut self, number: u64, key: &crate::engine::incident::Key, event: &IncidentEvent, at: Span) {
        let text = match event {
            IncidentEvent::Opened(opening) => {
                format!("INC-{number} opened at {} ({} {})", opening.severity, key.policy, key.group)
            }
            IncidentEvent::Reopened { severity, .. } => format!("INC-{number} reopened at {severity}"),
            IncidentEvent::Severity { to } => format!("INC-{number} is {to} now"),
            IncidentEvent::Joined { cause: Cause::UnknownSeverity(unknown), .. } => format!("INC-{number}: {unknown}"),
            IncidentEvent::Left { cause, .. } if *cause != Cause::Condition => {
                format!("INC-{number}: {}", because(cause))
            }
            IncidentEvent::NotTold { destination, page } => {
                format!("INC-{number}: {destination} has not been told of page {page}")
            }
            other => match other.words() {
                Some(words) => format!("INC-{number} {words}"),
                None => return,
            },
        };
        self.say(at, text);
    }

    fn deliver(&mut self, at: Span, now: Moment) {
        loop {
            let (channels, settings) = (&self.channels, &self.scenario.settings);
            let fate = |name: &Name| {
                channels
                    .iter()
                    .find(|(channel, until, _)| channel == name && at < *until)
                    .map_or(Fate::Arrives, |(_, _, fate)| *fate)
            };
            let pace = |name: &Name| settings.channels.get(name).map_or(Span::ZERO, |channel| channel.updates_every);
            let posted = self.post.work(now.millis(), fate, pace);
            if posted.is_empty() {
                return;
            }
            for posted in posted {
                self.posted(posted, at, now);
            }
        }
    }

    fn posted(&mut self, posted: Posted, at: Span, now: Moment) {
        let fact = match posted {
            Posted::Arrived(notice) => {
                let destination = notice.draft.destination.clone();
                let text = super::snapshot::message(&notice);
                return self.story.add(at, Deed::Told { destination, notice }, text);
            }
            Posted::Failed(draft, attempts) => {
                return self.say(at, format!("-> {}: attempt {attempts} failed", draft.destination));
            }
            Posted::Withdrawn(destination, count) => {
                return self.say(at, format!("-> {destination}: {count} overtaken and withdrawn"));
            }
            Posted::NeedsFallback(draft) => {
                let channels = &self.scenario.settings.channels;
                let fallback = channels.get(&draft.destination.channel).and_then(|channel| channel.fallback.clone());
                self.channel_trouble(&draft.destination.channel.clone(), Some("it does not answer".into()), at, now);
                let Some(fallback) = fallback else { return };
                Fact::FellBack { notice: draft, fallback }
            }
            Posted::Refused(draft) => {
                self.say(at, format!("-> {}: refused for good", draft.destination));
                let (incident, generation, page) = (draft.incident, draft.generation, draft.page);
                Fact::Refused { incident, generation, destination: draft.destination, page }
            }
            Posted::Recovered(channel) => return self.channel_trouble(&channel, None, at, now),
        };
        let step = self.engine.advance(fact, now);
        self.take(step, at);
    }

    fn channel_trouble(&mut self, channel: &Name, trouble: Option<String>, at: Span, now: Moment) {
        let step = self.engine.advance(Fact::Channel { channel: channel.clone(), trouble }, now);
        self.take(step, at);
    }

    /// Begins every run for which there is room, and lets those end that take no time.
    fn begin_runs(&mut self, at: Span) {
        loop {
            let due = self.engine.state.incidents.runs_due();
            if due.is_empty() {
                return;
            }
            for id in due {
                self.begin_run(id, at);
            }
            self.end_runs(at);
            self.deliver(at, self.clocks.moment(at));
        }
    }

    fn begin_run(&mut self, id: RunId, at: Span) {
        self.run(id, &RunNews::Begins, at);
        let (world, now) = (Arc::clone(&self.engine.world), self.clocks.moment(at));
        match incident::job(&world, &self.engine.state.incidents, id, now) {
            Ok(job) => {
                self.say(at, format!("   {}", remedies::shown(&job)));
                self.runs.begin(id, &job.action, job.timeout, at);
            }
            Err(error) => self.runs.fail(id, error.to_string(), at),
        }
    }

    fn end_runs(&mut self, at: Span) {
        for (id, ended) in self.runs.ended(at) {
            self.run(id, &RunNews::Ended(ended), at);
        }
    }

    fn run(&mut self, id: RunId, news: &RunNews, at: Span) {
        let step = self.engine.advance(Fact::Run { id, news }, self.clocks.moment(at));
        self.take(step, at);
    }

    fn pace(&self, channel: &Name) -> Span {
        self.scenario.settings.channels.get(channel).map_or(Span::ZERO, |channel| channel.updates_every)
    }

    fn say(&mut self, at: Span, text: impl Into<String>) {
        self.story.add(at, Deed::Other, text);
    }
}

fn because(cause: &Cause) -> String {
    match cause {
        Cause::Condition => "its condition does not hold".into(),
        Cause::NoData { since } => format!("no data since {since}"),
        Cause::NoDataEnd { since } => format!("ended without data since {since}"),
        Cause::QueryFails => "its query fails".into(),
        Cause::RuleRemoved => "its rule was removed".into(),
        Cause::RuleChanged => "its rule was changed".into(),
        Cause::UnknownSeverity(unknown) => unknown.to_string(),
        Cause::SenderEnded => "its sender says that it has ended".into(),
        Cause::Unconfirmed { since } => format!("not confirmed since {since}"),
    }
}

/// Who answers which query, where the scenario has series.
fn answered(scenario: &Scenario) -> Vec<String> {
    if scenario.series.is_empty() {
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
    let lines = [told("answered offline, from series", offline), told("answered by the scenario", given)];
    lines.into_iter().flatten().collect()
}
