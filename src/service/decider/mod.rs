//! The one owner of the engine: facts come in, steps are stored, and only then acted on.
//!
//! Everything slow (queries, sending, reading files) runs elsewhere and comes back as a message. The loop is in
//! [`crate::service::run`]; here is what it does with each message.

mod count;
mod resend;
mod slot;
mod stored;
#[cfg(test)]
mod tests;

use crate::config::Settings;
use crate::crash::{self, Point};
use crate::engine::command::Command;
use crate::engine::incident::{self, Ended, Job, JobError, RunId, RunNews};
use crate::engine::notice::{Draft, Notice};
use crate::engine::posted::Post;
use crate::engine::{Change, Engine, Fact, Step};
use crate::model::{Moment, Name, Slot, Span};
use crate::prometheus::Writer;
use crate::service::books::{Books, BooksError};
use crate::service::clock::{Look, wall};
use crate::service::delivery::Order;
use crate::service::doors::{Done, NotDone, NotTaken};
use crate::service::fetch::Clients;
use crate::service::housekeeping::Housekeeping;
use crate::service::lookups;
use crate::service::metrics::Metrics;
use crate::service::reload::Fresh;
use crate::service::said::Said;
use crate::store::{Commit, Consumed, Epoch, Outcome, Partition, Submitted};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

/// After so many events the journal starts anew from a snapshot.
pub const SNAPSHOT_AFTER: usize = 20_000;

/// The owner of the engine.
pub struct Decider {
    /// The engine.
    pub engine: Engine,
    /// The sources.
    pub clients: Clients,
    /// Where recorded series are written, if anywhere.
    pub writer: Option<Arc<Writer>>,
    books: Books,
    partition: Partition,
    epoch: Epoch,
    seq: u64,
    since_snapshot: usize,
    house: Housekeeping,
    rule_set: String,
    ways_out: WaysOut,
    /// Commits that the store did not take, in order: decisions go on in memory, and are journalled when it can.
    backlog: Vec<Arc<Commit>>,
    /// When each Alertmanager was last told again what fires.
    resent: HashMap<Name, Instant>,
    /// Files that run and are not stored yet.
    good_files: Option<Vec<(String, String)>>,
    /// Whether somebody else decides now.
    pub fenced: bool,
}

/// What the journal said, and who we are.
pub struct Start {
    /// The store.
    pub books: Books,
    /// The lease.
    pub epoch: Epoch,
    /// The number of the last event.
    pub seq: u64,
    /// How many events came after the last snapshot; `SNAPSHOT_AFTER` where it is time for the next.
    pub since_snapshot: usize,
    /// Which rules are running.
    pub rule_set: String,
    /// The files that they stand in.
    pub files: Vec<(String, String)>,
}

/// Who hears what was decided.
pub struct WaysOut {
    /// The delivery worker.
    pub orders: mpsc::UnboundedSender<Order>,
    /// Whoever needs the settings that hold now.
    pub settings: watch::Sender<Arc<Settings>>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
}

impl Decider {
    /// A decider that goes on from `start`.
    #[must_use]
    pub fn new(
        engine: Engine,
        (clients, writer): (Clients, Option<Arc<Writer>>),
        start: Start,
        ways_out: WaysOut,
    ) -> Self {
        Decider {
            engine,
            clients,
            writer,
            books: start.books,
            partition: Partition(0),
            epoch: start.epoch,
            seq: start.seq,
            since_snapshot: start.since_snapshot,
            house: Housekeeping::default(),
            rule_set: start.rule_set,
            good_files: Some(start.files),
            ways_out,
            backlog: Vec::new(),
            resent: HashMap::new(),
            fenced: false,
        }
    }

    /// The engine goes by moments; dates and calendars by the wall clock, which is so far behind.
    pub fn keep_time(&mut self, look: Look) {
        if look.stepped == Span::ZERO {
            self.engine.skew = look.skew;
        } else {
            self.engine.step_clock(look.skew, Slot::from_millis(look.wall));
        }
        self.ways_out.metrics.skew(look.skew);
    }

    /// Whether the store takes what is decided.
    #[must_use]
    pub fn is_remembering(&self) -> bool {
        self.backlog.is_empty() && !self.books.is_failing() && !self.fenced
    }

    /// We have not been running until now.
    pub async fn slept(&mut self, span: Span, now: Moment) {
        let step = self.engine.advance(Fact::Slept { span }, now);
        self.carry_out(step).await;
    }

    /// Timers may be due.
    pub async fn tick(&mut self, now: Moment) {
        let step = self.engine.advance(Fact::Tick, now);
        self.carry_out(step).await;
    }

    /// The files have been bad for long, or are good again.
    pub async fn files(&mut self, trouble: Option<String>, now: Moment) {
        let step = self.engine.advance(Fact::Files { trouble }, now);
        self.carry_out(step).await;
    }

    /// The delivery worker has something to say.
    pub async fn hear(&mut self, said: Said, now: Moment) {
        let fact = match said {
            Said::Refused { notice } => Fact::Refused {
                incident: notice.incident,
                generation: notice.generation,
                destination: notice.destination,
                page: notice.page,
            },
            Said::NeedsFallback { notice } => {
                let channels = &self.engine.world.settings.channels;
                let fallback = channels.get(&notice.destination.channel).and_then(|channel| channel.fallback.clone());
                let Some(fallback) = fallback else { return };
                Fact::FellBack { notice, fallback }
            }
            Said::Channel { channel, trouble } => Fact::Channel { channel, trouble },
            Said::RemoteWrite { trouble } => Fact::RemoteWrite { trouble },
            Said::Report { routine, at, report } => {
                if let Err(why) = &report {
                    error!(routine.name = %routine, error = why, "the report of routine {routine} could not be made");
                }
                Fact::Reported { routine, at, report }
            }
            Said::LostLease => {
                self.fence();
                return;
            }
        };
        let step = self.engine.advance(fact, now);
        self.carry_out(step).await;
    }

    /// Lets a run begin that is owed, and puts that on record; gives what it has to do. Nothing where it is not owed any more.
    pub async fn begin_run(&mut self, id: RunId, now: Moment) -> Option<Result<Job, JobError>> {
        let step = self.engine.advance(Fact::Run { id, news: &RunNews::Begins }, now);
        if step.events.is_empty() {
            return None;
        }
        let job = incident::job(&self.engine.world, &self.engine.state.incidents, id, (now, self.engine.skew));
        self.carry_out(step).await;
        Some(job)
    }

    /// A run has ended.
    pub async fn run_ended(&mut self, id: RunId, ended: Ended, now: Moment) {
        let step = self.engine.advance(Fact::Run { id, news: &RunNews::Ended(ended) }, now);
        self.carry_out(step).await;
    }

    /// Of the runs that were under way when we ended nobody knows how they went: that is said, and none is made again.
    pub async fn give_up_on_runs(&mut self, now: Moment) {
        for id in self.engine.state.incidents.running() {
            self.run_ended(id, Ended::unknown(), now).await;
        }
    }

    /// Somebody asks for something: it is put on record, decided, and stored with what came of it.
    ///
    /// # Errors
    /// Why it is not carried out.
    pub async fn command(&mut self, command: Command, now: Moment) -> Result<Done, NotDone> {
        crash::point(Point::BeforeSubmit);
        let via = command.actor.via;
        let outcome = match self.known_outcome(&command).await? {
            Some(outcome) => outcome,
            None => {
                crash::point(Point::AfterSubmit);
                self.decide_on(command, now).await
            }
        };
        self.ways_out.metrics.commanded(via, outcome.is_ok());
        if self.fenced {
            return Err(NotDone::Stopping);
        }
        outcome?;
        Ok(if self.backlog.is_empty() { Done::Stored } else { Done::NotYetStored })
    }

    /// Puts a command on record; gives what came of it where it was decided before. Where the store fails, it is decided all
    /// the same: whoever says "mine" is not paged on because a disk is full.
    async fn known_outcome(&mut self, command: &Command) -> Result<Option<Outcome>, NotDone> {
        let mut decided = self.backlog.iter().flat_map(|commit| &commit.consumed);
        if let Some(consumed) = decided.find(|consumed| consumed.command.id == command.id) {
            let is_same = consumed.command == *command;
            return if is_same { Ok(Some(consumed.outcome.clone())) } else { Err(NotDone::OtherCommand) };
        }
        let (partition, wall, submitted) = (self.partition, wall(), command.clone());
        match self.books.ask(move |store| store.submit(partition, &submitted, wall)).await {
            Ok(Submitted::Waiting) => Ok(None),
            Ok(Submitted::Decided(outcome)) => Ok(Some(outcome)),
            Ok(Submitted::OtherCommand) => Err(NotDone::OtherCommand),
            Err(cause) => {
                self.store_failed(&cause);
                Ok(None)
            }
        }
    }

    /// Takes in alerts that somebody posts, all or none. While the store fails they are decided on all the same.
    ///
    /// # Errors
    /// Why none was taken in.
    pub async fn posted(&mut self, posts: &[Post], now: Moment) -> Result<(), NotTaken> {
        if !self.engine.has_room_for(posts) {
            return Err(NotTaken::Full);
        }
        let step = self.engine.advance(Fact::Posted(posts), now);
        self.carry_out(step).await;
        if self.fenced { Err(NotTaken::Stopping) } else { Ok(()) }
    }

    async fn decide_on(&mut self, command: Command, now: Moment) -> Outcome {
        let mut step = self.engine.advance(Fact::Command(&command), now);
        let outcome = step.refusal.take().map_or(Ok(()), Err);
        crash::point(Point::BeforeConsume);
        self.store(step, vec![Consumed { command, outcome: outcome.clone() }]).await;
        crash::point(Point::AfterConsume);
        outcome
    }

    /// Carries out what was submitted before a crash and not decided. Nobody waits for the answer any more; whoever repeats the
    /// request gets it.
    ///
    /// # Errors
    /// When the inbox cannot be read.
    pub async fn take_up(&mut self, now: Moment) -> Result<(), BooksError> {
        let (partition, severities) = (self.partition, self.engine.world.settings.severities.clone());
        for command in self.books.ask(move |store| store.waiting(partition, &severities)).await? {
            let (id, actor) = (command.id.clone(), command.actor.clone());
            match self.decide_on(command, now).await {
                Ok(()) => info!(command.id = %id, "carried out what {actor} had asked for before the last end"),
                Err(refusal) => {
                    warn!(command.id = %id, "what {actor} had asked for before the last end is refused: {refusal}")
                }
            }
        }
        Ok(())
    }

    /// Other rules or settings run from now on. Nothing fails from here. The files are stored with what the change does to
    /// alerts, so that a start always knows which rules wrote the journal. It has severities by name alone, so that under others
    /// it starts anew: none is ever read that was written under two orders. Gives what became of which rule.
    pub async fn reload(&mut self, world: Arc<crate::engine::World>, fresh: Fresh, now: Moment) -> Vec<Change> {
        self.clients = fresh.clients;
        self.writer = fresh.writer;
        self.rule_set = fresh.rule_set;
        self.good_files = Some(fresh.files);
        // Before the change: what it ends has not ended yet for those who heard of it.
        let owing = self.engine.state.incidents.channels_that_owe_an_end();
        super::report::severities(&self.engine.state, &world.settings.severities);
        if self.engine.world.settings.severities != world.settings.severities {
            self.since_snapshot = SNAPSHOT_AFTER;
        }
        let mut step = self.engine.advance(Fact::Reloaded { world }, now);
        let changes = std::mem::take(&mut step.changes);
        for change in &changes {
            info!("{change}");
        }
        self.ways_out.metrics.forget_rules();
        let settings = Arc::clone(&self.engine.world.settings);
        let _gone = self.ways_out.orders.send(Order::Settings { settings: Arc::clone(&settings), owing });
        self.ways_out.settings.send_replace(settings);
        self.carry_out(step).await;
        changes
    }

    /// Renders, stores, and hands over what is owed: in this order, so that a crash in between loses nothing.
    pub async fn carry_out(&mut self, step: Step) {
        self.store(step, Vec::new()).await;
    }

    /// Renders what is owed, and asks what its templates still need.
    async fn compose(&mut self, drafts: &[Draft]) -> Vec<Notice> {
        let world = Arc::clone(&self.engine.world);
        lookups::compose(&world, &self.clients, drafts, self.engine.skew).await
    }
}
