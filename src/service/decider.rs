//! The one owner of the engine: facts come in, steps are stored, and only then acted on.
//!
//! Everything slow (queries, sending, reading files) runs elsewhere and comes back as a message. The loop is in
//! [`super::run`]; here is what it does with each message.

use super::books::{Books, BooksError};
use super::clock::{Look, wall};
use super::delivery::Order;
use super::doors::{Done, NotDone, NotTaken};
use super::fetch::{Clients, Desk, Read};
use super::housekeeping::Housekeeping;
use super::lookups::{self, OfLabels};
use super::metrics::Metrics;
use super::reload::Fresh;
use super::said::Said;
use crate::config::Settings;
use crate::crash::{self, Point};
use crate::engine::command::Command;
use crate::engine::evaluate::Reading;
use crate::engine::incident::{self, Ended, Job, JobError, RunId, RunNews, Standing};
use crate::engine::notice::{Draft, Notice};
use crate::engine::posted::Post;
use crate::engine::{Change, Engine, Event, EventKind, Fact, Failure, IncidentEvent, Step};
use crate::http::chain;
use crate::model::{Moment, Name, Slot, Span};
use crate::prometheus::Writer;
use crate::store::{Commit, Consumed, Epoch, Outcome, Partition, Piece, Submitted, TooOld};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
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

    /// Answers of one slot have come: decide, store, tell. `skew` is what it was when they were asked for. Returns the group's desk for its next slot.
    pub async fn read(&mut self, group: usize, read: Read, skew: Span) -> Desk {
        let Read { desk, slot, answers, recorded, history, labels, took } = read;
        self.fill_histories(&desk, history);
        let started = Instant::now();
        let step = self.decide(group, &desk, &answers, &labels, slot.moment(skew), slot);
        self.measure(&desk, &answers, &labels, took + started.elapsed().as_secs_f64());
        self.carry_out(step).await;
        if !recorded.is_empty() {
            self.measure_recordings(&desk, &recorded, took);
            let recorded = Fact::Recorded { group, slot, outcomes: &recorded };
            let step = self.engine.advance(recorded, slot.moment(skew));
            self.carry_out(step).await;
        }
        desk
    }

    fn decide(
        &mut self,
        group: usize,
        desk: &Desk,
        answers: &[Result<crate::model::Answer, Failure>],
        labels: &OfLabels,
        moment: Moment,
        slot: Slot,
    ) -> Step {
        let vectors: Vec<Result<Vec<_>, Failure>> = desk
            .rules()
            .map(|(rule, questions)| {
                if let Some(failure) = labels.failed.get(&rule) {
                    return Err(failure.clone());
                }
                let answer = |&question: &usize| match &answers[question] {
                    Ok(answer) => Ok((desk.table(question), answer)),
                    Err(failure) => Err(failure.clone()),
                };
                questions.iter().map(answer).collect()
            })
            .collect();
        let reading = |vectors: &'_ Result<Vec<_>, Failure>| -> Result<(), Failure> {
            vectors.as_ref().map(|_| ()).map_err(Clone::clone)
        };
        let readings: Vec<Result<Reading<'_>, Failure>> = vectors
            .iter()
            .map(|vectors| {
                reading(vectors)?;
                let answers = vectors.as_ref().map_or(&[][..], Vec::as_slice);
                Ok(Reading { answers, lookups: &labels.answers })
            })
            .collect();
        self.ways_out.metrics.evaluated(&desk.group().name);
        let step = self.engine.advance(Fact::Evaluated { group, slot, readings: &readings }, moment);
        for (rule, queries) in &step.wanted {
            let name = self.engine.world.rule(*rule).map_or_else(|| "?".into(), |rule| rule.alert.clone());
            let queries = queries.join("; ");
            error!(rule.name = %name, queries, "rule {name} was not decided: its labels ask what nobody has asked for them");
        }
        step
    }

    fn fill_histories(&mut self, desk: &Desk, history: Vec<super::fetch::Filled>) {
        let world = Arc::clone(&self.engine.world);
        for (question, series) in history {
            for (rule, questions) in desk.rules() {
                let Some(rule) = world.rule(rule) else { continue };
                for (query, _) in questions.iter().enumerate().filter(|(_, asked)| **asked == question) {
                    self.engine.state.rule(rule).fill_history(&world, rule, query, &series);
                }
            }
        }
    }

    fn measure(&self, desk: &Desk, answers: &[Result<crate::model::Answer, Failure>], labels: &OfLabels, took: f64) {
        for (id, questions) in desk.rules() {
            let Some(rule) = self.engine.world.rule(id) else { continue };
            let failed = questions.iter().any(|question| answers[*question].is_err());
            let failed = failed || labels.failed.contains_key(&id);
            let series = questions.iter().map(|question| desk.table(*question).len()).sum();
            self.ways_out.metrics.rule(&desk.group().name, &rule.alert, took, series, failed);
        }
    }

    fn measure_recordings(&self, desk: &Desk, recorded: &[Result<usize, Failure>], took: f64) {
        for (recording, outcome) in desk.recordings().zip(recorded) {
            let (group, series) = (&desk.group().name, recording.len());
            self.ways_out.metrics.rule(group, &recording.record().record, took, series, outcome.is_err());
        }
    }

    /// Slots of a group were missed while we ran.
    pub async fn missed(&mut self, group: usize, first: Slot, slots: u32, why: &str, skew: Span) {
        let name = self.engine.world.rules.groups[group].name.clone();
        warn!(group = %name, slots, "missed {slots} slots of group {name}: {why}");
        self.ways_out.metrics.missed(&name, slots);
        let step = self.engine.advance(Fact::Missed { group, first, slots }, first.moment(skew));
        self.carry_out(step).await;
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
        let job = incident::job(&self.engine.world, &self.engine.state.incidents, id, now);
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
        let (partition, wall, submitted) = (self.partition, super::clock::wall(), command.clone());
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

    async fn store(&mut self, step: Step, consumed: Vec<Consumed>) {
        for event in &step.events {
            super::report::event(&self.engine, event);
            self.count_response(event);
            self.count_run(event);
        }
        let is_empty = step.events.is_empty() && step.drafts.is_empty() && consumed.is_empty();
        if is_empty && self.good_files.is_none() {
            return;
        }
        let owed: Vec<_> = self.compose(&step.drafts).await.into_iter().map(Arc::new).collect();
        let now = self.engine.state.moment;
        self.since_snapshot += step.events.len();
        let (rule_set, good_files) = (self.rule_set.clone(), self.good_files.take());
        let commit = Commit { events: step.events, owed, rule_set, good_files, consumed, moment: now };
        let notices = commit.owed.clone();
        self.backlog.push(Arc::new(commit));
        // While the store fails, every try may wait for a lock; then only `renew` tries, and nobody waits for it.
        if !self.books.is_failing() {
            self.settle_backlog().await;
        }
        if !notices.is_empty() && !self.fenced {
            // Stored, or the store fails: then they go out all the same, under the keys they would have had.
            let _gone = self.ways_out.orders.send(Order::Owed(notices));
        }
        if self.since_snapshot >= SNAPSHOT_AFTER && self.is_remembering() {
            self.shorten_journal().await;
        }
    }

    /// Lets the journal start anew from what is known now. The state is lent to the store's thread meanwhile, which writes it
    /// down piece by piece: a copy of it, or of its events, would be the largest thing in memory.
    async fn shorten_journal(&mut self) {
        let state = Arc::new(std::mem::take(&mut self.engine.state));
        let (lent, partition, epoch, seq) = (Arc::clone(&state), self.partition, self.epoch, self.seq);
        let done = self.books.ask(move |store| store.snapshot(partition, epoch, seq, &mut lent.as_events())).await;
        self.engine.state = Arc::unwrap_or_clone(state);
        match done {
            Ok(()) => self.since_snapshot = 0,
            // Tried again with the next step: until then a start only takes longer.
            Err(cause) => self.store_failed(&cause),
        }
    }

    /// Counts a deadline of the response procedure that was met or missed.
    fn count_response(&self, event: &Event) {
        let EventKind::Incident { key, event, .. } = &event.kind else { return };
        let Some(incident) = self.engine.state.incidents.by_key.get(key) else { return };
        if let IncidentEvent::Missed { stage, .. } = event {
            return self.ways_out.metrics.response(*stage, &incident.severity, "missed");
        }
        let Some((stage, at)) = event.completes() else { return };
        let in_time = incident.response.get(&stage) == Some(&Standing { done: Some(at), missed: None });
        let mut asked_for = incident.deadlines(&self.engine.world.settings);
        if in_time && asked_for.any(|(asked, _)| asked == stage) {
            self.ways_out.metrics.response(stage, &incident.severity, "met");
        }
    }

    /// Counts a run that has ended, or was refused.
    fn count_run(&self, event: &Event) {
        let EventKind::Incident { event, .. } = &event.kind else { return };
        match event {
            IncidentEvent::ActionEnded { action, ended, .. } => self.ways_out.metrics.ran(action, ended),
            IncidentEvent::ActionRefused { action, alerts, .. } => {
                self.ways_out.metrics.refused_run(action, alerts.len())
            }
            _ => {}
        }
    }

    /// Stores what is waiting, oldest first.
    pub async fn settle_backlog(&mut self) {
        while let Some(commit) = self.backlog.first().cloned() {
            crash::point(Point::BeforeCommit);
            let reaches_later_level = commit.events.iter().any(is_later_level);
            if reaches_later_level {
                crash::point(Point::BeforeLevel);
            }
            let (partition, epoch, expected, wall) = (self.partition, self.epoch, self.seq, super::clock::wall());
            let started = Instant::now();
            let done = self.books.ask(move |store| store.commit(partition, epoch, expected, &commit, wall)).await;
            match done {
                Ok(seq) => {
                    self.ways_out.metrics.committed(started.elapsed().as_secs_f64());
                    self.seq = seq;
                    self.backlog.remove(0);
                    self.store_works();
                    crash::point(Point::AfterCommit);
                    if reaches_later_level {
                        crash::point(Point::AfterLevel);
                    }
                }
                Err(cause) => return self.store_failed(&cause),
            }
        }
    }

    fn store_works(&self) {
        self.ways_out.metrics.store_failing(false);
        if self.books.works() {
            let waiting = self.backlog.len();
            info!(waiting, "the store remembers again; {waiting} more steps are stored now");
        }
    }

    fn store_failed(&mut self, cause: &BooksError) {
        self.ways_out.metrics.store_failing(true);
        if cause.is_lost_lease() {
            error!(error = %chain(cause), "the lease is lost: nothing is decided or sent from here any more");
            self.fence();
        } else {
            let waiting = self.backlog.len();
            error!(error = %chain(cause), waiting, "the store does not remember; deciding goes on in memory");
        }
    }

    /// Fencing comes before failing open.
    fn fence(&mut self) {
        self.fenced = true;
        let _gone = self.ways_out.orders.send(Order::Stop);
    }

    /// Renders what is owed, and asks what its templates still need.
    async fn compose(&mut self, drafts: &[Draft]) -> Vec<Notice> {
        let world = Arc::clone(&self.engine.world);
        lookups::compose(&world, &self.clients, drafts, self.engine.skew).await
    }

    /// Says again to every Alertmanager whose time has come what fires, because an Alertmanager forgets.
    pub async fn keep_alive(&mut self, now: Moment) {
        if self.fenced {
            return;
        }
        let due = self.resends_due();
        let drafts: Vec<Draft> = crate::engine::notice::refreshes(&self.engine, &due, now);
        for notice in self.compose(&drafts).await {
            let _gone = self.ways_out.orders.send(Order::Refresh(Box::new(notice)));
        }
    }

    /// How long until an Alertmanager has to be told again; nothing where there is none.
    pub fn until_resend(&self) -> Option<Duration> {
        self.resends().map(|(_, wait)| wait).min()
    }

    /// The channels that are told again what fires, and how long that can wait.
    fn resends(&self) -> impl Iterator<Item = (&Name, Duration)> {
        let now = Instant::now();
        self.engine.world.settings.channels.iter().filter_map(move |(name, channel)| {
            let every = crate::engine::notice::resend_every(&channel.kind)?.to_std();
            let last = self.resent.get(name);
            Some((name, last.map_or(Duration::ZERO, |last| every.saturating_sub(now.duration_since(*last)))))
        })
    }

    /// The channels that have to be told again now what fires. They count as told.
    fn resends_due(&mut self) -> Vec<Name> {
        let due: Vec<Name> = self.resends().filter(|(_, wait)| wait.is_zero()).map(|(name, _)| name.clone()).collect();
        let now = Instant::now();
        self.resent.retain(|name, _| self.engine.world.settings.channels.contains_key(name));
        self.resent.extend(due.iter().map(|name| (name.clone(), now)));
        due
    }

    /// Keeps the lease, and stores what could not be stored before.
    pub async fn renew(&mut self, until: i64) {
        let (partition, epoch, moment) = (self.partition, self.epoch, self.engine.state.moment);
        match self.books.ask(move |store| store.renew(partition, epoch, until, moment)).await {
            Ok(()) => {
                self.store_works();
                self.settle_backlog().await;
                self.keep_house().await;
            }
            Err(cause) => self.store_failed(&cause),
        }
    }

    /// Forgets a piece of what is too old, where it is time for that.
    async fn keep_house(&mut self) {
        let now = wall();
        let Some(piece) = self.house.due(now).filter(|_| self.is_remembering()) else { return };
        let kept = self.engine.world.settings.retention;
        match self.forget(piece, TooOld::at(now, kept.events, kept.incidents)).await {
            Ok(next) => self.house.has_done(next, now),
            Err(cause) => self.store_failed(&cause),
        }
    }

    /// Only what a snapshot stands for can go: where the journal after it is too old, there is a new one first.
    async fn forget(&mut self, piece: Piece, too_old: TooOld) -> Result<Option<Piece>, BooksError> {
        let (partition, epoch) = (self.partition, self.epoch);
        if piece == Piece::default() {
            let oldest = self.books.ask(move |store| store.oldest_since_snapshot(partition)).await?;
            if oldest.is_some_and(|oldest| oldest < too_old.events.max(too_old.incidents)) {
                self.shorten_journal().await;
            }
        }
        self.books.ask(move |store| store.forget(partition, epoch, &too_old, piece)).await
    }

    /// What is known of the store, for whoever shuts down.
    #[must_use]
    pub fn books(&self) -> (&Books, Partition, Epoch) {
        (&self.books, self.partition, self.epoch)
    }
}

/// Whether a level was reached that somebody was told of only because nobody had acted. Crash points ask for it.
fn is_later_level(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Incident { event: IncidentEvent::Reached { climb, .. }, .. } if climb.reached > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{State, World};
    use crate::model::Severities;
    use crate::rules::RuleSet;
    use crate::store::{Journal, Sqlite};

    const HERE: Partition = Partition(0);

    /// A decider whose journal is as long as it may become.
    async fn at_the_end_of_its_journal() -> (Decider, mpsc::UnboundedReceiver<Order>) {
        let (books, _thread) = Books::open(Box::new(Sqlite::in_memory().expect("memory can be had")));
        let lease = books.ask(|store| store.acquire(HERE, "us", 0, i64::MAX)).await.expect("nobody else is there");
        let (orders, hear_orders) = mpsc::unbounded_channel();
        let (settings, _) = watch::channel(Arc::default());
        let (rule_set, files) = ("rules".to_owned(), Vec::new());
        let start = Start { books, epoch: lease.epoch, seq: 0, since_snapshot: SNAPSHOT_AFTER, rule_set, files };
        let engine = Engine::new(Arc::new(World::new(Arc::default(), RuleSet::default())));
        let ways_out = WaysOut { orders, settings, metrics: Arc::default() };
        (Decider::new(engine, (Clients::new(), None), start, ways_out), hear_orders)
    }

    /// In words, because no value is equal to NaN, which is the value of an alert of our own.
    fn remembered(state: &State) -> Vec<String> {
        state.as_events().map(|event| format!("{event:?}")).collect()
    }

    async fn journal(decider: &Decider) -> Journal {
        let loaded = decider.books.ask(|store| store.load(HERE, &Severities::default())).await;
        loaded.expect("it can be read")
    }

    #[tokio::test]
    async fn a_journal_that_has_become_long_starts_anew_and_nothing_is_forgotten_here_or_there() {
        let (mut decider, _orders) = at_the_end_of_its_journal().await;
        let trouble = |channel: &str| Said::Channel { channel: channel.into(), trouble: Some("it is down".into()) };
        let mut twin = decider.engine.clone();
        let fact = Fact::Channel { channel: "mail".into(), trouble: Some("it is down".into()) };
        let written = twin.advance(fact, Moment::from_millis(1_000)).events.len();
        assert!(!twin.state.own.is_empty() && !twin.state.incidents.by_key.is_empty(), "there is something to forget");

        decider.hear(trouble("mail"), Moment::from_millis(1_000)).await;
        assert_eq!(remembered(&decider.engine.state), remembered(&twin.state), "it goes on with what it knew");
        let stored = journal(&decider).await;
        assert_eq!((stored.seq, stored.since_snapshot), (written as u64, 0), "the numbers go on");
        let world = Arc::clone(&decider.engine.world);
        assert_eq!(remembered(&State::fold(&world, &stored.events)), remembered(&twin.state), "so does a start");

        decider.hear(trouble("chat"), Moment::from_millis(2_000)).await;
        let stored = journal(&decider).await;
        assert!(stored.since_snapshot > 0, "the next snapshot comes after as many events again");
        assert_eq!(remembered(&State::fold(&world, &stored.events)), remembered(&decider.engine.state));
    }

    #[tokio::test]
    async fn a_journal_starts_anew_where_severities_are_others_because_it_has_them_by_name_alone() {
        let (mut decider, _orders) = at_the_end_of_its_journal().await;
        let settings = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| (name.into(), Vec::new())).collect();
            Settings { severities: Severities::new(names, "high").expect("it is among them"), ..Settings::default() }
        };
        let mut snapshots = Vec::new();
        for names in [&["high", "medium"], &["high", "medium"], &["medium", "high"]] {
            let fresh = Fresh::of(settings(names));
            let world = Arc::new(World::new(Arc::clone(&fresh.settings), RuleSet::default()));
            let trouble = Said::Channel { channel: names[0].into(), trouble: Some("it is down".into()) };
            decider.reload(world, fresh, Moment::from_millis(1_000)).await;
            snapshots.push(journal(&decider).await.since_snapshot == 0);
            decider.hear(trouble, Moment::from_millis(2_000)).await;
        }
        assert_eq!(snapshots, [true, false, true]);
    }
}
