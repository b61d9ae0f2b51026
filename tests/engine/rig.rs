//! An engine with a clock and sources of its own, as the service and a scenario have them, and everything that came of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use watchbell::engine::command::{Act, Actor, Command, Deed, Refusal, Via};
use watchbell::engine::evaluate::Reading;
use watchbell::engine::incident::Destination;
use watchbell::engine::notice::Draft;
use watchbell::engine::{Engine, Event, Fact, Failure, State, Step, World};
use watchbell::model::{Answer, IncidentId, Labels, Moment, Name, Sample, SeriesTable, Slot, Span};
use watchbell::rules::Rule;
use watchbell::rules::template::Answers;
use watchbell::store::event::{decode, encode};

/// Every group of these tests is evaluated so often.
pub const INTERVAL: Span = Span::from_secs(30);
const START: i64 = 1_767_603_600_000;

/// What the sources say: for each expression its series and their values.
pub type Picture = BTreeMap<String, BTreeMap<Labels, f64>>;

/// What does not answer at a slot.
#[derive(Clone, Debug, PartialEq)]
pub enum Failing {
    /// Everything answers.
    Nothing,
    /// The queries of the rule with this alert name are refused.
    Rule(&'static str),
    /// The rules that ask this are refused.
    Query(&'static str),
    /// The whole source is away.
    Source,
}

/// Looks at every step: the engine before it, what it was told, the engine after it, and what the step led to.
pub type Watcher = Box<dyn FnMut(&Seen<'_>)>;

/// One step, for whoever watches.
pub struct Seen<'a> {
    pub before: &'a State,
    pub engine: &'a Engine,
    pub step: &'a Step,
    /// The group that was evaluated, if one was.
    pub group: Option<usize>,
    pub is_reload: bool,
    pub picture: &'a Picture,
    pub failing: &'a Failing,
}

pub struct Rig {
    pub engine: Engine,
    /// Everything that happened.
    pub journal: Vec<Event>,
    /// What the store has of it: a snapshot, if there was one, and what came after.
    pub on_record: Vec<Event>,
    pub drafts: Vec<Draft>,
    pub picture: Picture,
    pub now: Moment,
    /// How far engine time is ahead of the wall clock.
    pub skew: Span,
    /// Samples come in the opposite order.
    pub backwards: bool,
    pub watcher: Option<Watcher>,
    /// The answers to the queries of label templates.
    pub answers: Answers,
    /// What reloads load.
    pub worlds: fn(usize, bool) -> Arc<World>,
    /// The pages that were refused for good.
    pub refused: HashSet<(IncidentId, u32, Destination, u32)>,
    next_slot: Slot,
    tables: HashMap<String, SeriesTable>,
    commands: usize,
}

impl Rig {
    pub fn new(world: Arc<World>) -> Self {
        Rig {
            engine: Engine::new(world),
            journal: Vec::new(),
            on_record: Vec::new(),
            drafts: Vec::new(),
            picture: Picture::new(),
            now: Moment::from_millis(START),
            skew: Span::ZERO,
            backwards: false,
            watcher: None,
            answers: Answers::new(),
            worlds: crate::worlds::world,
            refused: HashSet::new(),
            next_slot: Slot::from_millis(START),
            tables: HashMap::new(),
            commands: 0,
        }
    }

    /// Says what one series of an expression is from now on; `None` takes it away.
    pub fn set(&mut self, expr: &str, labels: &[(&str, &str)], value: Option<f64>) -> &mut Self {
        let labels = Labels::new(labels.iter().copied());
        let series = self.picture.entry(expr.to_owned()).or_default();
        match value {
            Some(value) => series.insert(labels, value),
            None => series.remove(&labels),
        };
        self
    }

    /// Lets so many slots be evaluated.
    pub fn slots(&mut self, count: usize) -> &mut Self {
        self.slots_with(count, &Failing::Nothing)
    }

    pub fn slots_with(&mut self, count: usize, failing: &Failing) -> &mut Self {
        for _ in 0..count {
            let slot = self.next_slot;
            self.wait_until(slot.moment(self.skew));
            for group in 0..self.engine.world.rules.groups.len() {
                self.evaluate(group, slot, failing);
            }
            self.fact(Fact::Tick);
            self.next_slot = slot + INTERVAL;
        }
        self
    }

    /// Lets so many slots come of the first group's recording rules, all with these outcomes.
    pub fn record(&mut self, count: usize, outcomes: &[Result<usize, Failure>]) -> &mut Self {
        for _ in 0..count {
            let slot = self.next_slot;
            self.wait_until(slot.moment(self.skew));
            self.fact(Fact::Recorded { group: 0, slot, outcomes });
            self.next_slot = slot + INTERVAL;
        }
        self
    }

    fn evaluate(&mut self, group: usize, slot: Slot, failing: &Failing) {
        let world = Arc::clone(&self.engine.world);
        let rules: Vec<&Arc<Rule>> = world.rules.groups[group].alerts().collect();
        let asked = rules.iter().flat_map(|rule| rule.queries.iter().map(|query| query.expr.text().to_string()));
        let answered: HashMap<String, Answer> = asked.map(|expr| (expr.clone(), self.answer(&expr))).collect();
        let tables = std::mem::take(&mut self.tables);
        let lookups = self.answers.clone();
        let answers: Vec<Vec<(&SeriesTable, &Answer)>> = rules
            .iter()
            .map(|rule| {
                let texts = rule.queries.iter().map(|query| query.expr.text().to_string());
                texts.map(|expr| (&tables[&expr], &answered[&expr])).collect()
            })
            .collect();
        let readings: Vec<Result<Reading<'_>, Failure>> = rules
            .iter()
            .zip(&answers)
            .map(|(rule, answers)| match failing {
                Failing::Source => Err(Failure { message: "it is away".into(), is_the_sources: true }),
                Failing::Rule(name) if **name == *rule.alert => {
                    Err(Failure { message: "it is refused".into(), is_the_sources: false })
                }
                Failing::Query(expr) if rule.queries.iter().any(|query| query.expr.text() == *expr) => {
                    Err(Failure { message: "it is refused".into(), is_the_sources: false })
                }
                Failing::Rule(_) | Failing::Query(_) | Failing::Nothing => Ok(Reading { answers, lookups: &lookups }),
            })
            .collect();
        let fact = Fact::Evaluated { group, slot, readings: &readings };
        self.fact_of(fact, Some(group), failing);
        self.tables = tables;
    }

    fn answer(&mut self, expr: &str) -> Answer {
        let table = self.tables.entry(expr.to_owned()).or_default();
        let series = self.picture.get(expr).into_iter().flatten();
        let mut pairs: Vec<_> = series.map(|(labels, value)| (labels.clone(), *value)).collect();
        if self.backwards {
            pairs.reverse();
        }
        let samples = pairs.into_iter().map(|(labels, value)| Sample { series: table.intern(labels), value });
        Answer { samples: samples.collect(), ..Answer::default() }
    }

    /// The wall clock is stepped: slots follow it, engine time does not.
    pub fn step_clock(&mut self, by: Span) -> &mut Self {
        self.skew = self.skew - by;
        self.next_slot = self.next_slot + by;
        self.engine.step_clock(self.skew, self.next_slot - INTERVAL);
        self
    }

    /// So many slots of every group are missed.
    pub fn miss(&mut self, count: usize) -> &mut Self {
        let first = self.next_slot;
        self.wait_until(first.moment(Span::ZERO));
        for group in 0..self.engine.world.rules.groups.len() {
            let slots = u32::try_from(count).expect("a few slots");
            self.fact(Fact::Missed { group, first, slots });
        }
        let over = i64::try_from(count).expect("a few slots");
        self.next_slot = first + INTERVAL.times(over);
        self
    }

    /// The service is not running for so long.
    pub fn sleep(&mut self, span: Span) -> &mut Self {
        self.now = self.now + span;
        self.next_slot = Slot::at_or_before(self.now.millis(), INTERVAL, Span::ZERO) + INTERVAL;
        self.fact(Fact::Slept { span });
        self
    }

    /// As the service does it: a journal has severities by name alone, and starts anew under others.
    pub fn reload(&mut self, world: Arc<World>) -> &mut Self {
        let ranks_anew = self.engine.world.settings.severities != world.settings.severities;
        self.fact(Fact::Reloaded { world });
        if ranks_anew { self.snapshot() } else { self }
    }

    /// Time passes, and timers are looked after.
    pub fn wait(&mut self, span: Span) -> &mut Self {
        let until = (self.now + span).min(self.next_slot.moment(Span::ZERO));
        self.wait_until(until);
        self
    }

    fn wait_until(&mut self, until: Moment) {
        while let Some(due) = self.engine.next_due().filter(|due| *due < until && *due > self.now) {
            self.now = due;
            self.fact(Fact::Tick);
        }
        self.now = until.max(self.now);
    }

    /// Somebody does something about the incident with this number.
    pub fn act(&mut self, number: u64, act: Act) -> &mut Self {
        self.command(Deed::Incident { number, generation: None, act })
    }

    pub fn command(&mut self, deed: Deed) -> &mut Self {
        self.commands += 1;
        let id: Name = self.commands.to_string().into();
        let actor = Actor { name: "primary-a".into(), via: Via::Api };
        self.fact(Fact::Command(&Command { id, actor, deed }));
        self
    }

    /// Tells the engine something; gives why it refuses a command.
    pub fn fact(&mut self, fact: Fact<'_>) -> Option<Refusal> {
        self.fact_of(fact, None, &Failing::Nothing)
    }

    fn fact_of(&mut self, fact: Fact<'_>, group: Option<usize>, failing: &Failing) -> Option<Refusal> {
        let is_reload = matches!(fact, Fact::Reloaded { .. });
        let before = self.watcher.as_ref().map(|_| self.engine.state.clone());
        let step = self.engine.advance(fact, self.now);
        if let (Some(watcher), Some(before)) = (&mut self.watcher, &before) {
            let (engine, picture) = (&self.engine, &self.picture);
            watcher(&Seen { before, engine, step: &step, group, is_reload, picture, failing });
        }
        self.on_record.extend(step.events.iter().cloned());
        self.journal.extend(step.events);
        self.drafts.extend(step.drafts);
        step.refusal
    }

    /// Killed and started again: nothing is left but the journal, as the store has it.
    pub fn restart(&mut self) -> &mut Self {
        let world = Arc::clone(&self.engine.world);
        let journal = stored(&world, &self.on_record);
        self.engine = Engine::recall(world, &journal);
        self.tables.clear();
        self
    }

    /// The journal starts anew from a snapshot.
    pub fn snapshot(&mut self) -> &mut Self {
        self.on_record = self.engine.state.as_events().collect();
        self
    }
}

/// The events as they come back out of a store.
pub fn stored(world: &World, events: &[Event]) -> Vec<Event> {
    let severities = &world.settings.severities;
    let decoded = events.iter().map(|event| decode(&encode(event), severities));
    decoded.collect::<Result<_, _>>().expect("what was written can be read")
}
