//! The desks of all groups: at home, or out with a task that asks. Each comes back, or is replaced.

use super::fetch::{Desk, Read};
use crate::model::{Labels, Moment, Slot, Span};
use crate::rules::Group;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::task::{self, JoinError, JoinSet};

/// The desks.
pub struct Desks {
    groups: Vec<Arc<Group>>,
    at_home: Vec<Option<Desk>>,
    reads: JoinSet<Read>,
    /// Which group a task asks for: known also of one that panics.
    out: HashMap<task::Id, Errand>,
    /// Rises with every reload: answers to the questions of older rules are not for the new ones.
    generation: u64,
    /// Groups whose histories are worth nothing any more, while their desks are out.
    lost_histories: HashSet<usize>,
}

struct Errand {
    generation: u64,
    group: usize,
    slot: Slot,
    skew: Span,
}

/// What became of a task that asked.
#[derive(Debug)]
pub enum Home {
    /// It has answers, and brings the desk back.
    Answers {
        /// The index of the group.
        group: usize,
        /// The answers.
        read: Box<Read>,
        /// What the skew was when the slot came: the clock may have been stepped since.
        skew: Span,
    },
    /// It has panicked; the group has a fresh desk.
    Lost {
        /// The index of the group.
        group: usize,
        /// The slot of which nothing was learnt.
        slot: Slot,
        /// What the skew was when it came.
        skew: Span,
        /// How it ended.
        cause: JoinError,
    },
}

impl Desks {
    /// Fresh desks for `groups`.
    #[must_use]
    pub fn new(groups: &[Arc<Group>]) -> Self {
        Desks {
            groups: groups.to_vec(),
            at_home: groups.iter().map(|group| Some(Desk::new(group))).collect(),
            reads: JoinSet::new(),
            out: HashMap::new(),
            generation: 0,
            lost_histories: HashSet::new(),
        }
    }

    /// Whether the desk of `group` is here, so that it can be sent out.
    #[must_use]
    pub fn is_home(&self, group: usize) -> bool {
        self.at_home[group].is_some()
    }

    /// Takes the desk of `group`, if it is here.
    pub fn take(&mut self, group: usize) -> Option<Desk> {
        self.at_home[group].take()
    }

    /// Puts the desk of `group` back.
    pub fn put(&mut self, group: usize, mut desk: Desk) {
        if self.lost_histories.remove(&group) {
            desk.lose_history();
        }
        self.at_home[group] = Some(desk);
    }

    /// The clock was stepped: whatever the histories hold, they are filled anew.
    pub fn lose_histories(&mut self) {
        self.at_home.iter_mut().flatten().for_each(Desk::lose_history);
        let away = self.at_home.iter().enumerate().filter(|(_, desk)| desk.is_none()).map(|(group, _)| group);
        self.lost_histories.extend(away);
    }

    /// Sends a task out that asks for `group` at a slot, with its desk. The skew that the clock has goes with it.
    pub fn send_out(
        &mut self,
        group: usize,
        (slot, skew): (Slot, Span),
        read: impl Future<Output = Read> + Send + 'static,
    ) {
        let task = self.reads.spawn(read).id();
        self.out.insert(task, Errand { generation: self.generation, group, slot, skew });
    }

    /// The next task that has ended; `None` where all have. Those that asked for rules that run no more are let go. May be
    /// dropped half-way.
    pub async fn next(&mut self) -> Option<Home> {
        loop {
            let ended = self.reads.join_next_with_id().await?;
            let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            let errand = self.out.remove(&id).filter(|errand| errand.generation == self.generation);
            let Some(Errand { group, slot, skew, .. }) = errand else { continue };
            return Some(match ended {
                Ok((_, read)) => Home::Answers { group, read: Box::new(read), skew },
                Err(cause) => {
                    self.put(group, Desk::new(&self.groups[group]));
                    Home::Lost { group, slot, skew, cause }
                }
            });
        }
    }

    /// The earliest slot that a task asks about.
    #[must_use]
    pub fn earliest(&self) -> Option<Moment> {
        let asked = self.out.values().filter(|errand| errand.generation == self.generation);
        asked.map(|errand| errand.slot.moment(errand.skew)).min()
    }

    /// How many tasks are out.
    #[must_use]
    pub fn out(&self) -> usize {
        self.reads.len()
    }

    /// Other groups run from now on; `same` says which old one each of them is. A slot in flight is let go: its answers
    /// are for rules that run no more. Its group is asked at the next one.
    /// Gives the series that groups had recorded which run no more.
    #[must_use]
    pub fn change(&mut self, groups: &[Arc<Group>], same: &[Option<usize>]) -> Vec<Labels> {
        self.generation += 1;
        self.lost_histories.clear();
        let mut old = std::mem::take(&mut self.at_home);
        let desk = |(group, same): (&Arc<Group>, &Option<usize>)| {
            let mut desk = same.and_then(|same| old[same].take()).unwrap_or_else(|| Desk::new(group));
            desk.rename(group);
            Some(desk)
        };
        self.at_home = groups.iter().zip(same).map(desk).collect();
        self.groups = groups.to_vec();
        old.into_iter().flatten().flat_map(Desk::recorded).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::lookups::OfLabels;

    fn group(name: &str) -> Arc<Group> {
        let (file, source) = ("rules.yaml".into(), "main".into());
        let (interval, query_offset) = (Span::from_secs(1), Span::ZERO);
        Arc::new(Group { name: name.into(), file, source, interval, query_offset, limit: 0, rules: Vec::new() })
    }

    fn read(desk: Desk, slot: Slot) -> Read {
        Read {
            desk,
            slot,
            answers: Vec::new(),
            recorded: Vec::new(),
            history: Vec::new(),
            labels: OfLabels::default(),
            took: 0.0,
        }
    }

    #[tokio::test]
    async fn a_task_that_panics_gives_back_the_desk_of_its_own_group_at_once_and_no_other() {
        let mut desks = Desks::new(&[group("chain"), group("oracle")]);
        let slot = Slot::from_millis(7_000);
        let (chain, oracle) = (desks.take(0).unwrap(), desks.take(1).unwrap());
        let (let_go, wait) = tokio::sync::oneshot::channel::<()>();
        desks.send_out(0, (slot, Span::ZERO), async move {
            let _let_go = wait.await;
            read(chain, slot)
        });
        desks.send_out(1, (slot, Span::ZERO), async move { panic!("while asking for {}", oracle.group().name) });

        let lost = desks.next().await;
        assert!(matches!(lost, Some(Home::Lost { group: 1, slot: of, .. }) if of == slot), "{lost:?}");
        assert!(desks.is_home(1), "the group goes on at its next slot, whatever else is out");
        assert!(!desks.is_home(0), "the other is still out, and comes back by itself");

        let_go.send(()).unwrap();
        assert!(matches!(desks.next().await, Some(Home::Answers { group: 0, .. })));
        assert!(desks.next().await.is_none());
    }

    #[tokio::test]
    async fn a_task_of_rules_that_run_no_more_takes_no_desk_from_the_new_ones_even_when_it_panics() {
        let mut desks = Desks::new(&[group("chain"), group("oracle")]);
        let slot = Slot::from_millis(7_000);
        let _chain = desks.take(0).unwrap();
        desks.send_out(0, (slot, Span::ZERO), async { panic!("too late") });
        let ended = desks.change(&[group("oracle"), group("chain")], &[Some(1), Some(0)]);
        assert!(ended.is_empty());
        let oracle = desks.take(0).unwrap();
        assert_eq!(&*oracle.group().name, "oracle");

        assert!(desks.next().await.is_none());
        assert!(!desks.is_home(0) && desks.is_home(1));
    }
}
