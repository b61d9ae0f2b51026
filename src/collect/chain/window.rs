//! The last blocks of a chain, as one endpoint has them, and what a new block makes of them. Pure.

use crate::collect::rpc::Head;
use alloy_primitives::B256;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Blocks that are kept: more than a minute of every chain that we know, but the fastest.
const MOST: usize = 256;
/// Blocks that are asked for at a start, or when too many are missing.
const FIRST: u64 = 12;
/// Missing blocks that are asked for; of more, only the last ones are looked at.
const MOST_MISSING: u64 = 128;

/// Blocks in the order of their heights, each the parent of the next.
#[derive(Clone, Debug, Default)]
pub struct Window {
    blocks: VecDeque<Head>,
}

/// What new blocks are to the ones that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Join {
    /// They go on from the newest one, or there was nothing to go on from.
    Grows,
    /// Nothing is new: the newest of them is the newest that is known.
    Same,
    /// The chain has become shorter: the newest of them is known, and so many after it are gone.
    Shorter(u64),
    /// They take the place of others.
    Fork(Fork),
    /// They hang on blocks that are not among them: those at these heights are needed too.
    Earlier(RangeInclusive<u64>),
    /// They do not hang together: the endpoint changed its mind while it was asked.
    Torn,
}

/// Blocks were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The height of the first one that was replaced.
    pub height: u64,
    /// Its hash.
    pub old: B256,
    /// The hash of what is there now.
    pub new: B256,
    /// How many were replaced. At least so many, where the fork is older than what is known.
    pub depth: u64,
}

impl Window {
    /// The newest block.
    #[must_use]
    pub fn tip(&self) -> Option<&Head> {
        self.blocks.back()
    }

    /// All blocks, the oldest first.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = &Head> + Clone {
        self.blocks.iter()
    }

    /// The heights at which blocks are needed, beside `head`, to know what it is.
    #[must_use]
    pub fn missing(&self, head: &Head) -> Vec<u64> {
        let first = head.number.saturating_sub(FIRST);
        match self.tip() {
            Some(tip) if head.number <= tip.number => Vec::new(),
            Some(tip) if head.number - tip.number <= MOST_MISSING => (tip.number + 1..head.number).collect(),
            Some(_) | None => (first..head.number).collect(),
        }
    }

    /// What `fresh` is, blocks at consecutive heights.
    #[must_use]
    pub fn join(&self, fresh: &[Head]) -> Join {
        let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else { return Join::Same };
        if fresh.windows(2).any(|pair| pair[1].parent != pair[0].hash || pair[1].number != pair[0].number + 1) {
            return Join::Torn;
        }
        let Some((oldest, tip)) = self.blocks.front().zip(self.tip()) else { return Join::Grows };
        if first.number > tip.number.saturating_add(1) || last.number.saturating_add(1) < oldest.number {
            return Join::Grows;
        }
        if self.hash_at(last.number) == Some(last.hash) {
            return if last.number == tip.number { Join::Same } else { Join::Shorter(tip.number - last.number) };
        }
        self.fork(fresh, first, oldest, tip)
    }

    fn fork(&self, fresh: &[Head], first: &Head, oldest: &Head, tip: &Head) -> Join {
        let is_joined = first.number.checked_sub(1).is_none_or(|below| self.hash_at(below) == Some(first.parent));
        if !is_joined && first.number > oldest.number {
            let step = u64::try_from(fresh.len()).unwrap_or(u64::MAX);
            return Join::Earlier(first.number.saturating_sub(step).max(oldest.number)..=first.number - 1);
        }
        // Blocks that were asked for without need are the same on both sides.
        let differs = |block: &&Head| self.hash_at(block.number).is_some_and(|hash| hash != block.hash);
        let Some(new) = fresh.iter().find(differs) else { return Join::Grows };
        let old = self.hash_at(new.number).unwrap_or_default();
        Join::Fork(Fork { height: new.number, old, new: new.hash, depth: tip.number - new.number + 1 })
    }

    fn hash_at(&self, height: u64) -> Option<B256> {
        let first = self.blocks.front()?.number;
        let place = usize::try_from(height.checked_sub(first)?).ok()?;
        self.blocks.get(place).map(|block| block.hash)
    }

    /// Takes `fresh` in: what stood at its heights and above goes, and so does what it does not hang on.
    pub fn take(&mut self, fresh: Vec<Head>) {
        let Some(first) = fresh.first() else { return };
        self.cut(first.number);
        if self.tip().is_some_and(|tip| tip.number + 1 != first.number || tip.hash != first.parent) {
            self.blocks.clear();
        }
        self.blocks.extend(fresh);
        let beyond = self.blocks.len().saturating_sub(MOST);
        self.blocks.drain(..beyond);
    }

    /// Forgets the blocks from `height` on.
    pub fn cut(&mut self, height: u64) {
        while self.tip().is_some_and(|tip| tip.number >= height) {
            self.blocks.pop_back();
        }
    }

    /// Forgets everything: another endpoint is asked from now on.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }
}

/// Whether blocks were really replaced, as far as others tell: `peers` are the hashes that they have at the height in
/// question. `None` where there is as much for it as against it.
#[must_use]
pub fn is_real(fork: &Fork, peers: &[Option<B256>]) -> Option<bool> {
    let count = |hash: B256| peers.iter().filter(|peer| **peer == Some(hash)).count();
    // The endpoint that told of it speaks for the new one.
    let (new, old) = (count(fork.new) + 1, count(fork.old));
    (new != old).then_some(new > old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::rpc::tests::head;

    /// Blocks of a branch that leaves the usual chain at `from`.
    fn branch(from: u64, to: u64) -> Vec<Head> {
        let mark = |hash: B256| B256::from_slice(&hash.iter().map(|byte| byte ^ 0xff).collect::<Vec<_>>());
        let block = |number: u64| {
            let usual = head(number);
            let parent = if number == from { usual.parent } else { mark(usual.parent) };
            Head { hash: mark(usual.hash), parent, ..usual }
        };
        (from..=to).map(block).collect()
    }

    fn chain(from: u64, to: u64) -> Vec<Head> {
        (from..=to).map(head).collect()
    }

    fn window(from: u64, to: u64) -> Window {
        let mut window = Window::default();
        window.take(chain(from, to));
        window
    }

    fn heights(window: &Window) -> (u64, u64) {
        let mut numbers = window.blocks().map(|block| block.number);
        (numbers.next().expect("it has blocks"), window.tip().expect("it has blocks").number)
    }

    #[test]
    fn only_what_is_missing_is_asked_for_and_not_too_much_of_it() {
        assert_eq!(Window::default().missing(&head(100)), (88..100).collect::<Vec<_>>());
        assert_eq!(Window::default().missing(&head(3)), [0, 1, 2]);
        let window = window(88, 100);
        assert_eq!(window.missing(&head(101)), [0; 0]);
        assert_eq!(window.missing(&head(103)), [101, 102]);
        assert_eq!(window.missing(&head(90)), [0; 0]);
        assert_eq!(window.missing(&head(5_000)), (4_988..5_000).collect::<Vec<_>>(), "after a long absence");
    }

    #[test]
    fn a_chain_grows_and_its_memory_does_not() {
        let mut window = window(0, 100);
        assert_eq!(window.join(&chain(101, 103)), Join::Grows);
        window.take(chain(101, 400));
        assert_eq!(heights(&window), (145, 400));
        assert_eq!(window.join(&chain(400, 400)), Join::Same);
        assert_eq!(window.join(&chain(5_000, 5_001)), Join::Grows, "what does not touch is no fork");
        window.take(chain(5_000, 5_001));
        assert_eq!(heights(&window), (5_000, 5_001));
    }

    #[test]
    fn another_hash_at_a_known_height_is_a_fork_with_its_depth() {
        let mut window = window(80, 100);
        let Join::Fork(fork) = window.join(&branch(98, 100)) else { panic!("it is a fork") };
        assert_eq!((fork.height, fork.depth), (98, 3));
        assert_eq!((fork.old, fork.new), (head(98).hash, branch(98, 98)[0].hash));
        window.take(branch(98, 100));
        assert_eq!(window.join(&branch(98, 100)[2..]), Join::Same);
        assert_eq!(heights(&window), (80, 100));
    }

    #[test]
    fn a_parent_that_is_another_block_leads_back_to_where_the_chains_part() {
        let window = window(80, 100);
        let all = branch(95, 101);
        let at = |from: usize| window.join(&all[from..]);
        assert_eq!(at(6), Join::Earlier(100..=100));
        assert_eq!(at(5), Join::Earlier(98..=99), "twice as many as are known");
        assert_eq!(at(3), Join::Earlier(94..=97));
        let Join::Fork(fork) = at(0) else { panic!("it is a fork") };
        assert_eq!((fork.height, fork.depth), (95, 6));
        let asked_too_much: Vec<_> = chain(93, 94).into_iter().chain(all.clone()).collect();
        assert_eq!(window.join(&asked_too_much), Join::Fork(fork));
    }

    #[test]
    fn a_fork_older_than_what_is_known_is_at_least_that_deep() {
        let window = window(80, 100);
        let Join::Fork(fork) = window.join(&branch(70, 101)[10..]) else { panic!("it is a fork") };
        assert_eq!((fork.height, fork.depth), (80, 21));
    }

    #[test]
    fn a_head_that_goes_down_is_a_shorter_chain_and_what_is_torn_is_nothing() {
        let mut window = window(80, 100);
        assert_eq!(window.join(&chain(95, 95)), Join::Shorter(5));
        window.cut(96);
        assert_eq!(window.join(&branch(96, 97)), Join::Grows, "what was taken back is not taken back twice");
        let torn = [head(98), branch(98, 99).remove(1)];
        assert_eq!(window.join(&torn), Join::Torn);
    }

    #[test]
    fn a_fork_is_real_where_no_more_speak_against_it_than_for_it() {
        let Join::Fork(fork) = window(80, 100).join(&branch(98, 100)) else { panic!("it is a fork") };
        let (old, new) = (Some(fork.old), Some(fork.new));
        assert_eq!(is_real(&fork, &[]), Some(true));
        assert_eq!(is_real(&fork, &[new, old]), Some(true));
        assert_eq!(is_real(&fork, &[old]), None);
        assert_eq!(is_real(&fork, &[None, old]), None);
        assert_eq!(is_real(&fork, &[old, old]), Some(false));
    }
}
