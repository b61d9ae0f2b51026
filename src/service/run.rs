//! What wakes the service, and what it does then.
//!
//! One loop owns the engine. Queries, sending, watching files and the store run beside it and come back as messages; every
//! branch can be dropped half-way without loss.

use super::clock::{Clock, Look};
use super::decider::Decider;
use super::delivery::Order;
use super::desks::{Desks, Home};
use super::doors::{Done, NotDone, NotTaken};
use super::fetch::Desk;
use super::recorder::{Inbox, Pen};
use super::recording::ends;
use super::reload::{Fresh, Loaded, Wish};
use super::remedies::Remedies;
use super::reports::Reports;
use super::said::Said;
use super::timetable::{Due, Timetable};
use crate::engine::command::Command;
use crate::engine::posted::Post;
use crate::engine::routine::Wanted;
use crate::engine::{self, Change, World};
use crate::model::{Moment, Slot, Span};
use crate::rules::Group;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How long a lease holds, and how often it is renewed: what we lose of `for` by a crash is at most the latter.
pub const LEASE: i64 = 15_000;
const RENEW: Duration = Duration::from_secs(2);
/// So long a timer that falls on a slot waits for the answers of that slot.
const PATIENCE: Span = Span::from_secs(2);
/// How long shutting down may take.
pub const DRAIN: Duration = Duration::from_secs(10);

/// A question to the owner of the engine.
pub enum Question {
    /// Whatever can be read off the engine.
    Look(Box<dyn FnOnce(&Decider) + Send>),
    /// Carry out what somebody asks for, and say why not where it is refused.
    Command(Box<Command>, oneshot::Sender<Result<Done, NotDone>>),
    /// Take in alerts that somebody posts, all or none.
    Posted(Vec<Post>, oneshot::Sender<Result<(), NotTaken>>),
    /// Load the files again, and say how it went.
    Reload(oneshot::Sender<Result<String, String>>),
}

/// The loop.
pub struct Run {
    decider: Decider,
    clock: Clock,
    timetable: Timetable,
    desks: Desks,
    remedies: Remedies,
    wishes: mpsc::UnboundedSender<Wish>,
    orders: mpsc::UnboundedSender<Order>,
    recorded: Inbox,
    reports: Reports,
    reloads: HashMap<u64, oneshot::Sender<Result<String, String>>>,
    last_wish: u64,
    ready: Arc<std::sync::atomic::AtomicBool>,
    bad_files: Option<BadFiles>,
}

/// Files that are not in effect, because they are bad.
pub struct BadFiles {
    /// Since when.
    pub since: Moment,
    /// What is wrong with them, as people read it.
    pub findings: String,
}

impl BadFiles {
    /// The first thing that is wrong with them.
    fn headline(&self) -> String {
        self.findings.lines().find(|line| !line.trim().is_empty()).unwrap_or("they cannot be used").to_owned()
    }
}

/// What the loop listens to.
pub struct Ears {
    /// The delivery worker.
    pub said: mpsc::UnboundedReceiver<Said>,
    /// The HTTP server.
    pub questions: mpsc::UnboundedReceiver<Question>,
    /// Files that were read anew.
    pub loaded: mpsc::UnboundedReceiver<Loaded>,
}

impl Run {
    /// A loop around `decider`.
    #[must_use]
    pub fn new(
        decider: Decider,
        clock: Clock,
        remedies: Remedies,
        wishes: mpsc::UnboundedSender<Wish>,
        orders: mpsc::UnboundedSender<Order>,
        (recorded, reports): (Inbox, Reports),
        ready: Arc<std::sync::atomic::AtomicBool>,
    ) -> Self {
        let groups = &decider.engine.world.rules.groups;
        let timetable = Timetable::new(groups.iter().map(|group| &**group), super::clock::wall());
        let desks = Desks::new(groups);
        let reloads = HashMap::new();
        let last_wish = 0;
        Run {
            decider,
            clock,
            timetable,
            desks,
            remedies,
            wishes,
            orders,
            recorded,
            reports,
            reloads,
            last_wish,
            ready,
            bad_files: None,
        }
    }

    /// The same, where what lies there is bad, and what runs are the last good files.
    #[must_use]
    pub fn instead_of(self, bad_files: Option<BadFiles>) -> Self {
        Run { bad_files, ..self }
    }

    /// Runs until `stop`, then finishes what is in flight.
    pub async fn run(mut self, mut ears: Ears, stop: CancellationToken) {
        let mut renew = tokio::time::interval(RENEW);
        renew.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let look = self.look();
            self.start_due(look).await;
            self.begin_reports(look);
            self.say_of_files(look).await;
            self.remedies.start_due(&mut self.decider, look.moment()).await;
            self.ready.store(self.decider.is_remembering(), std::sync::atomic::Ordering::Relaxed);
            if self.decider.fenced {
                error!("stopping: another replica decides now");
                break;
            }
            let (wait, resend) = (self.until_next(look), self.decider.until_resend());
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(home) = self.desks.next() => self.take_in(home).await,
                Some((id, ended)) = self.remedies.next() => {
                    let now = self.look().moment();
                    self.decider.run_ended(id, ended, now).await;
                }
                Some(said) = ears.said.recv() => {
                    let now = self.look().moment();
                    self.decider.hear(said, now).await;
                }
                Some(question) = ears.questions.recv() => self.answer(question).await,
                Some(loaded) = ears.loaded.recv() => self.reload(loaded).await,
                _ = renew.tick() => self.decider.renew(super::clock::wall() + LEASE).await,
                () = tokio::time::sleep(resend.unwrap_or_default()), if resend.is_some() => {
                    let now = self.look().moment();
                    self.decider.keep_alive(now).await;
                }
                () = tokio::time::sleep(wait) => {
                    let now = self.look().moment();
                    self.decider.tick(now).await;
                }
            }
        }
        self.drain().await;
    }

    /// Looks at the clock; a step of it goes into the skew, and the grid is found anew.
    fn look(&mut self) -> Look {
        let look = self.clock.look();
        self.decider.keep_time(look);
        if look.stepped != Span::ZERO {
            warn!(
                stepped_seconds = look.stepped.as_secs_f64(),
                "the wall clock was stepped; timers go on by the time that really passed"
            );
            self.timetable.restart(look.wall);
            self.desks.lose_histories();
        }
        let earliest = self.desks.earliest();
        self.decider.engine.awaited = earliest.filter(|slot| look.moment() < *slot + PATIENCE);
        look
    }

    fn until_next(&self, look: Look) -> Duration {
        let slot = self.timetable.next_due().map(|due| due - look.wall);
        let engine = &self.decider.engine;
        let rings =
            |due: Moment| engine.awaited.filter(|slot| due >= *slot).map_or(due, |slot| due.max(slot + PATIENCE));
        let timer = engine.next_due().map(|due| (rings(due) - look.moment()).millis());
        let files = self.bad_files_tell().map(|due| (due - look.moment()).millis());
        let wait = slot.into_iter().chain(timer).chain(files).min().unwrap_or(1_000).clamp(0, 1_000);
        Duration::from_millis(u64::try_from(wait).unwrap_or(0).max(1))
    }

    /// When it is told that the files are bad, if they are and it is still to come.
    fn bad_files_tell(&self) -> Option<Moment> {
        let engine = &self.decider.engine;
        let bad = self.bad_files.as_ref().filter(|_| !engine.state.says_that_files_are_bad())?;
        Some(bad.since + engine.world.settings.rule_failure_after)
    }

    /// Files that have been bad for long are an alert, until they are good.
    async fn say_of_files(&mut self, look: Look) {
        let now = look.moment();
        if self.bad_files_tell().is_some_and(|due| due <= now) {
            let trouble = self.bad_files.as_ref().map(BadFiles::headline);
            self.decider.files(trouble, now).await;
        } else if self.bad_files.is_none() && self.decider.engine.state.says_that_files_are_bad() {
            self.decider.files(None, now).await;
        }
    }

    /// Starts the evaluation of every group whose slot has come. One that is still at its last slot misses this one.
    async fn start_due(&mut self, look: Look) {
        while let Some(due) = self.timetable.take_due(look.wall) {
            let slots = due.missed + u32::from(!self.desks.is_home(due.group));
            if slots > 0 {
                let why = "its last evaluation took too long";
                self.decider.missed(due.group, due.first_missed, slots, why, look.skew).await;
            }
            let Some(mut desk) = self.desks.take(due.group) else { continue };
            if due.missed > 0 {
                desk.missed(due.first_missed);
            }
            self.start(due, desk, look.skew);
        }
    }

    fn start(&mut self, due: Due, desk: Desk, skew: Span) {
        let source = &desk.group().source;
        let Some(client) = self.decider.clients.get(source).cloned() else {
            error!(source.name = %source, "there is no source {source}");
            return self.desks.put(due.group, desk);
        };
        let (world, pen) = (Arc::clone(&self.decider.engine.world), self.pen());
        self.desks.send_out(due.group, (due.slot, skew), desk.read(client, world, pen, due.slot));
    }

    /// Reports that routines wait for are made beside the loop.
    fn begin_reports(&mut self, look: Look) {
        let engine = &self.decider.engine;
        let wanted: Vec<Wanted> = engine.reports_wanted().collect();
        self.reports.begin(wanted, &engine.world, &self.decider.clients, look.skew);
    }

    /// The way for recorded samples to be written, if there is one.
    fn pen(&self) -> Option<Pen> {
        self.decider.writer.clone().map(|writer| Pen::new(writer, self.recorded.clone()))
    }

    /// A task that asked has ended: with answers, which are decided on, or without any.
    async fn take_in(&mut self, home: Home) {
        let look = self.look();
        match home {
            Home::Answers { group, read, skew } => {
                let slot = read.slot;
                let desk = self.decider.read(group, *read, skew).await;
                let (late, of) = (Slot::from_millis(look.wall) - slot, desk.group());
                if late > of.interval {
                    warn!(group = %of.name, late_seconds = late.as_secs_f64(), "a slot of group {} was decided late", of.name);
                }
                self.desks.put(group, desk);
            }
            Home::Lost { group, slot, skew, cause } => {
                error!(error = %cause, "a task that asked a source ended abnormally; its group goes on at the next slot");
                self.decider.missed(group, slot, 1, "the task that asked ended abnormally", skew).await;
            }
        }
    }

    async fn answer(&mut self, question: Question) {
        match question {
            Question::Command(command, answer) => {
                let now = self.look().moment();
                let _gone = answer.send(self.decider.command(*command, now).await);
            }
            Question::Posted(posts, answer) => {
                let now = self.look().moment();
                let _gone = answer.send(self.decider.posted(&posts, now).await);
            }
            Question::Look(look) => look(&self.decider),
            Question::Reload(answer) => {
                self.last_wish += 1;
                self.reloads.insert(self.last_wish, answer);
                let _gone = self.wishes.send(Wish { number: self.last_wish, even_if_unchanged: true });
            }
        }
    }

    /// Files have been read. Bad ones leave everything as it was.
    async fn reload(&mut self, loaded: Loaded) {
        let answer = self.reloads.remove(&loaded.wish);
        let outcome = match loaded.outcome {
            Err(reason) => {
                let since = self.bad_files.take().map_or_else(|| self.look().moment(), |bad| bad.since);
                self.bad_files = Some(BadFiles { since, findings: reason.clone() });
                Err(reason)
            }
            Ok(None) => {
                self.bad_files = None;
                Ok("nothing is other than before".into())
            }
            Ok(Some(mut fresh)) => {
                self.bad_files = None;
                crate::crash::point(crate::crash::Point::DuringReload);
                let look = self.look();
                let held = Arc::make_mut(&mut fresh.settings).hold_until_restart(&self.decider.engine.world.settings);
                let world = Arc::new(World::new(Arc::clone(&fresh.settings), fresh.rules.clone()));
                Ok(self.swap(world, fresh, &held, look).await)
            }
        };
        if let Some(answer) = answer {
            let _gone = answer.send(outcome);
        }
    }

    /// Nothing fails from here.
    async fn swap(&mut self, world: Arc<World>, fresh: Fresh, held: &[&str], look: Look) -> String {
        let settings = Arc::clone(&self.decider.engine.world.settings);
        let old: Vec<Arc<Group>> = self.decider.engine.world.rules.groups.clone();
        let changes = self.decider.reload(world, fresh, look.moment()).await;
        let groups: Vec<Arc<Group>> = self.decider.engine.world.rules.groups.clone();
        let place = |group: &Group| {
            old.iter().position(|old| (&old.source, &old.name, &old.file) == (&group.source, &group.name, &group.file))
        };
        let same: Vec<Option<usize>> = groups.iter().map(|group| place(group)).collect();
        self.timetable =
            self.timetable.carried_over(groups.iter().map(|group| &**group), |index| same[index], look.wall);
        let ended = self.desks.change(&groups, &same);
        if let Some(pen) = self.pen() {
            pen.write(ends(ended, Slot::from_millis(look.wall)).collect());
        }
        let words = changed(&changes, &self.decider.engine.world.settings.differences(&settings), held);
        info!(changes = changes.len(), groups = groups.len(), "reloaded: {words}");
        if !held.is_empty() {
            warn!("the configuration has another {}, which holds from the next start on", held.join(" and "));
        }
        words
    }

    /// Finishes what is in flight: answers that are nearly here are still decided on, and how a run ends that is ended now is
    /// put on record.
    async fn drain(mut self) {
        let deadline = tokio::time::sleep(DRAIN / 2);
        tokio::pin!(deadline);
        let now = self.look().moment();
        self.remedies.stop(&mut self.decider, now).await;
        while self.desks.out() > 0 || !self.remedies.is_idle() {
            tokio::select! {
                () = &mut deadline => {
                    let groups = self.desks.out();
                    warn!(groups, "stopping with {groups} groups still waiting for their source, or an action that will not end");
                    break;
                }
                Some(home) = self.desks.next() => self.take_in(home).await,
                Some((id, ended)) = self.remedies.next() => {
                    let now = self.look().moment();
                    self.decider.run_ended(id, ended, now).await;
                }
            }
        }
        let now = self.look().moment();
        self.decider.tick(now).await;
        self.decider.settle_backlog().await;
        let lost = self.decider.unstored();
        if lost > 0 {
            error!(
                steps = lost,
                "stopping while the store fails: {lost} steps are not on record; the next start decides anew, and may tell of the same once more"
            );
        }
        let _gone = self.orders.send(Order::Stop);
        let (books, partition, epoch) = self.decider.books();
        let moment = now;
        let given_back = books
            .ask(move |store| store.renew(partition, epoch, 0, moment).and_then(|()| store.release(partition, epoch)))
            .await;
        if let Err(cause) = given_back {
            warn!(error = %cause, "could not give the lease back; the next start waits for its end");
        }
    }
}

/// What a reload changed, in words: rules by their names, everything else by its key in the configuration.
fn changed(rules: &[Change], keys: &[&str], held: &[&str]) -> String {
    let mut words = engine::summary(rules);
    if !keys.is_empty() {
        words.push_str(&format!("; the configuration says something else of {}", keys.join(", ")));
    }
    if !held.is_empty() {
        words.push_str(&format!("; another {} holds from the next start on", held.join(" and ")));
    }
    words
}
