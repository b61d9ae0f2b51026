//! What was counted of a chain's blocks, so that each event counts once: through restarts, reorganisations and gaps.
//!
//! Pure. Blocks are appended one on the other; what a reorganisation takes back is remembered, and does not count again
//! when its transaction is mined in another block. Counters only rise, so that what is taken back for good stays counted
//! where an account wants no confirmations.

use alloy_primitives::B256;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How far back a reorganisation is followed block by block, beyond what accounts wait for.
const WINDOW: usize = 64;
/// For how many blocks it is remembered what was counted and taken back.
const ORPHANS_LAST: u64 = 4_096;
/// How many of these there may be.
const MOST_ORPHANS: usize = 10_000;
/// How many contributions of the newest blocks are told apart. All of them are kept in memory and in the file.
pub(super) const MOST_TOLD_APART: usize = 10_000;
/// Stands for many transactions.
const MELTED: B256 = B256::repeat_byte(0xff);

/// Something that is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// After how many further blocks.
    pub confirmations: u64,
    /// The last block that does not count; of an account that is so new that nobody has asked yet where the chain is, none.
    pub from: Option<u64>,
    /// What was counted so far.
    pub total: f64,
}

/// A contribution to an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which account.
    pub account: usize,
    /// The transaction that it comes from, which stays the same when it is mined again.
    pub transaction: B256,
    /// Which one of this transaction and account.
    pub ordinal: u32,
    /// How much.
    pub amount: f64,
    /// Whether it is part of the total already.
    pub counted: bool,
}

/// A block and what it contributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// What it contributes.
    pub entries: Vec<Entry>,
}

/// What was counted, and how far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The newest blocks, oldest first; each is the parent of the next.
    pub recent: VecDeque<Block>,
    /// What was counted of blocks that are no more, and at which height.
    pub orphans: HashMap<Key, (u64, f64)>,
}

/// What stays the same when a transaction is mined again: the account, the transaction, and which one of it.
pub type Key = (usize, B256, u32);

impl Ledger {
    /// The newest block that was read.
    #[must_use]
    pub fn tip(&self) -> Option<(u64, B256)> {
        self.recent.back().map(|block| (block.number, block.hash))
    }

    /// The confirmations of the account that wants most.
    #[must_use]
    pub fn longest_wait(&self) -> u64 {
        self.accounts.iter().map(|account| account.confirmations).max().unwrap_or_default()
    }

    /// Begins at the last of these blocks, oldest first, none of which counts.
    pub fn begin(&mut self, blocks: impl IntoIterator<Item = (u64, B256)>) {
        let empty = |(number, hash)| Block { number, hash, entries: Vec::new() };
        self.recent = blocks.into_iter().map(empty).collect();
    }

    /// Takes in the block on top of the tip. Says how many contributions are not told apart any more.
    ///
    /// They count as they would otherwise; but what a reorganisation takes back of these blocks and mines again counts again.
    pub fn append(&mut self, block: Block) -> usize {
        let tip = block.number;
        self.recent.push_back(block);
        self.settle(tip);
        let window = WINDOW + usize::try_from(self.longest_wait()).unwrap_or_default();
        while self.recent.len() > window {
            self.recent.pop_front();
        }
        self.orphans.retain(|_, (number, _)| number.saturating_add(ORPHANS_LAST) > tip);
        self.melt()
    }

    /// Of a flood, the contributions of the oldest blocks become one for each account.
    fn melt(&mut self) -> usize {
        let before: usize = self.recent.iter().map(|block| block.entries.len()).sum();
        let mut left = before;
        for block in &mut self.recent {
            if left <= MOST_TOLD_APART {
                break;
            }
            left -= block.entries.len();
            block.entries = melted(std::mem::take(&mut block.entries));
            left += block.entries.len();
        }
        before - left
    }

    /// Takes in all blocks up to `number`, which lie so deep that nobody takes them back: what they contribute, with the
    /// height of each.
    pub fn append_deep(&mut self, number: u64, hash: B256, entries: Vec<(u64, Entry)>) {
        self.settle(u64::MAX);
        for (number, mut entry) in entries {
            self.count(number, &mut entry);
        }
        self.begin([(number, hash)]);
    }

    /// Takes back all blocks above `number`, and says how many. Where an account began above it, the block at which it did
    /// is gone, and what comes in its place counts.
    pub fn rewind(&mut self, number: u64) -> usize {
        let mut blocks = 0;
        let read = self.tip().map(|(tip, _)| tip);
        for account in self.accounts.iter_mut().filter(|account| account.from <= read) {
            account.begin_no_later_than(number);
        }
        while let Some(block) = self.recent.pop_back_if(|block| block.number > number) {
            let counted = block.entries.iter().filter(|entry| entry.counted && entry.transaction != MELTED);
            self.orphans.extend(counted.map(|entry| (entry.key(), (block.number, entry.amount))));
            blocks += 1;
        }
        self.forget_old_orphans();
        blocks
    }

    /// Keeps the newest of what was taken back, where that is too much.
    fn forget_old_orphans(&mut self) {
        let too_many = self.orphans.len().saturating_sub(MOST_ORPHANS);
        if too_many > 0 {
            let mut heights: Vec<u64> = self.orphans.values().map(|(number, _)| *number).collect();
            let (_, oldest_kept, _) = heights.select_nth_unstable(too_many);
            let oldest_kept = *oldest_kept;
            self.orphans.retain(|_, (number, _)| *number >= oldest_kept);
        }
    }

    /// The newest block of the chain is `number`: no account began above it.
    pub fn lower(&mut self, number: u64) {
        for account in &mut self.accounts {
            account.begin_no_later_than(number);
        }
    }

    /// Forgets all that was counted: another chain has the same name now.
    pub fn forget(&mut self, from: u64) {
        self.orphans.clear();
        self.recent.clear();
        for account in &mut self.accounts {
            (account.total, account.from) = (0.0, Some(from));
        }
    }

    /// Counts what has waited long enough when the newest block is `tip`.
    fn settle(&mut self, tip: u64) {
        let mut recent = std::mem::take(&mut self.recent);
        for block in &mut recent {
            let number = block.number;
            for entry in block.entries.iter_mut().filter(|entry| !entry.counted) {
                if number.saturating_add(self.accounts[entry.account].confirmations) <= tip {
                    self.count(number, entry);
                }
            }
        }
        self.recent = recent;
    }

    /// Counts a contribution that was not counted: of one that was taken back before, what is more than it was then.
    fn count(&mut self, number: u64, entry: &mut Entry) {
        entry.counted = true;
        let account = &mut self.accounts[entry.account];
        if account.from.is_none_or(|from| number <= from) {
            return;
        }
        let (_, before) = self.orphans.remove(&entry.key()).unwrap_or_default();
        account.total += (entry.amount - before).max(0.0);
        entry.amount = entry.amount.max(before);
    }
}

impl Account {
    fn begin_no_later_than(&mut self, number: u64) {
        self.from = self.from.map(|from| from.min(number));
    }
}

impl Entry {
    pub(super) fn key(&self) -> Key {
        (self.account, self.transaction, self.ordinal)
    }
}

/// What of these is still to be counted, as one contribution for each account. What is counted is in the totals.
fn melted(entries: Vec<Entry>) -> Vec<Entry> {
    let mut waiting: BTreeMap<usize, Entry> = BTreeMap::new();
    for entry in entries.into_iter().filter(|entry| !entry.counted) {
        let all =
            waiting.entry(entry.account).or_insert(Entry { amount: 0.0, transaction: MELTED, ordinal: 0, ..entry });
        all.amount += entry.amount;
    }
    waiting.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(number: u64, fork: u8) -> B256 {
        let mut hash = B256::with_last_byte(fork);
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    fn event(transaction: u8, amount: f64) -> Entry {
        Entry { account: 0, transaction: B256::with_last_byte(transaction), ordinal: 0, amount, counted: false }
    }

    fn block(number: u64, fork: u8, entries: Vec<Entry>) -> Block {
        Block { number, hash: hash(number, fork), entries }
    }

    fn ledger(confirmations: u64) -> Ledger {
        let accounts = vec![Account { confirmations, from: Some(10), total: 0.0 }];
        let mut ledger = Ledger { accounts, ..Ledger::default() };
        ledger.begin([(10, hash(10, 0))]);
        ledger
    }

    #[test]
    fn an_event_counts_at_once_and_not_again_when_it_is_mined_in_another_block() {
        let mut ledger = ledger(0);
        ledger.append(block(11, 0, vec![event(1, 1.0), event(2, 1.0)]));
        assert!((ledger.accounts[0].total - 2.0).abs() < 1e-9);

        assert_eq!(ledger.rewind(10), 1);
        ledger.append(block(11, 1, vec![event(2, 1.0)]));
        ledger.append(block(12, 1, vec![event(1, 1.0), event(3, 1.0)]));
        assert!((ledger.accounts[0].total - 3.0).abs() < 1e-9, "{ledger:?}");
        assert!(ledger.orphans.is_empty(), "what came back is forgotten: {ledger:?}");
    }

    #[test]
    fn a_sum_that_is_larger_the_second_time_counts_what_is_more() {
        let mut ledger = ledger(0);
        ledger.append(block(11, 0, vec![event(1, 5.0)]));
        ledger.rewind(10);
        ledger.append(block(11, 1, vec![event(1, 7.0)]));
        ledger.rewind(10);
        ledger.append(block(11, 2, vec![event(1, 2.0)]));
        ledger.rewind(10);
        ledger.append(block(11, 3, vec![event(1, 7.0)]));
        assert!((ledger.accounts[0].total - 7.0).abs() < 1e-9, "{ledger:?}");
    }

    #[test]
    fn with_confirmations_what_is_taken_back_before_never_counts() {
        let mut ledger = ledger(2);
        ledger.append(block(11, 0, vec![event(1, 1.0)]));
        ledger.append(block(12, 0, vec![event(2, 1.0)]));
        assert!(ledger.accounts[0].total < 0.5);
        ledger.append(block(13, 0, vec![]));
        assert!((ledger.accounts[0].total - 1.0).abs() < 1e-9);
        ledger.rewind(11);
        ledger.append(block(12, 1, vec![]));
        ledger.append(block(13, 1, vec![]));
        ledger.append(block(14, 1, vec![]));
        assert!((ledger.accounts[0].total - 1.0).abs() < 1e-9, "{ledger:?}");
    }

    #[test]
    fn deep_blocks_count_at_once_and_an_account_that_is_new_does_not_count_what_was_before_it() {
        let mut ledger = ledger(5);
        ledger.accounts.push(Account { confirmations: 0, from: Some(500), total: 0.0 });
        ledger.append(block(11, 0, vec![event(1, 1.0)]));
        let for_new = |transaction| Entry { account: 1, ..event(transaction, 1.0) };
        ledger.append_deep(900, hash(900, 0), vec![(12, event(2, 1.0)), (500, for_new(3)), (501, for_new(4))]);
        let totals: Vec<f64> = ledger.accounts.iter().map(|account| account.total).collect();
        assert_eq!(totals, [2.0, 1.0]);
        assert_eq!(ledger.tip(), Some((900, hash(900, 0))));
    }

    #[test]
    fn where_the_chain_goes_back_below_the_beginning_of_an_account_what_comes_in_its_place_counts() {
        let mut ledger = ledger(0);
        ledger.begin((7..=10).map(|number| (number, hash(number, 0))));
        // This one began later than what was read so far, at a block that nobody has read: it may still be there.
        ledger.accounts.push(Account { confirmations: 0, from: Some(20), total: 0.0 });
        ledger.append(block(11, 0, vec![event(1, 1.0)]));
        assert_eq!(ledger.rewind(8), 3);
        for (number, transaction) in [(9, 2), (10, 3), (11, 1)] {
            let both = [event(transaction, 1.0), Entry { account: 1, ..event(transaction, 1.0) }];
            ledger.append(block(number, 1, both.into()));
        }
        let totals = |ledger: &Ledger| ledger.accounts.iter().map(|account| account.total).collect::<Vec<_>>();
        assert_eq!(totals(&ledger), [3.0, 0.0]);

        // The newest block says that it began nowhere: nobody has that block.
        ledger.lower(11);
        ledger.append(block(12, 1, vec![Entry { account: 1, ..event(4, 1.0) }]));
        assert_eq!(totals(&ledger), [3.0, 1.0]);
    }

    #[test]
    fn of_a_flood_each_event_counts_and_the_newest_are_told_apart() {
        let flood = |number: u64, size: u64| {
            let one = |at: u64| Entry { transaction: hash(at, u8::try_from(number).expect("small")), ..event(0, 1.0) };
            block(number, 0, (0..size).map(one).collect())
        };
        for confirmations in [0, 2] {
            let mut ledger = ledger(confirmations);
            let melted: usize = (11..30).map(|number| ledger.append(flood(number, 3_000))).sum();
            assert!(melted > 0);
            let kept: usize = ledger.recent.iter().map(|block| block.entries.len()).sum();
            assert!(kept <= MOST_TOLD_APART, "{kept} are kept");
            for number in 30..33 {
                ledger.append(block(number, 0, vec![]));
            }
            let expected = 19.0 * 3_000.0;
            assert!((ledger.accounts[0].total - expected).abs() < 1e-9, "{}", ledger.accounts[0].total);

            ledger.rewind(28);
            ledger.append(Block { hash: hash(29, 1), ..flood(29, 3_000) });
            assert!((ledger.accounts[0].total - expected).abs() < 1e-9, "mined again, it does not count again");

            ledger.rewind(20);
            for number in 21..34 {
                ledger.append(flood(number, if number < 30 { 3_000 } else { 0 }));
            }
            assert!(
                ledger.accounts[0].total >= expected,
                "what others did is not taken from it: {}",
                ledger.accounts[0].total
            );
        }
    }

    proptest! {
        /// However often blocks are taken back and built anew with the same transactions in any of them, and however often
        /// we forget what is not on the chain: in the end each transaction counted once.
        #[test]
        fn each_transaction_counts_once_through_all_reorganisations(
            confirmations in 0_u64..4,
            steps in prop::collection::vec((0_u64..5, prop::collection::vec(0_u8..12, 0..4)), 1..30),
        ) {
            let mut ledger = ledger(confirmations);
            let mut chain: Vec<Vec<u8>> = Vec::new();
            let mut ever = std::collections::BTreeSet::new();
            for (fork, (back, transactions)) in (1..).zip(steps) {
                let keep = chain.len().saturating_sub(usize::try_from(back).expect("small"));
                chain.truncate(keep);
                ledger.rewind(10 + keep as u64);
                let mined: std::collections::BTreeSet<u8> = chain.iter().flatten().copied().collect();
                let new: Vec<u8> = transactions.into_iter().filter(|it| !mined.contains(it)).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
                ever.extend(new.iter().copied());
                chain.push(new.clone());
                ledger.append(block(10 + chain.len() as u64, fork, new.iter().map(|it| event(*it, 1.0)).collect()));
            }
            for _ in 0..confirmations {
                chain.push(Vec::new());
                ledger.append(block(10 + chain.len() as u64, 255, Vec::new()));
            }
            let count = |number: usize| f64::from(u32::try_from(number).expect("a dozen"));
            let on_chain = count(chain.iter().flatten().count());
            let total = ledger.accounts[0].total;
            prop_assert!(total >= on_chain - 1e-9, "{total} of {on_chain} on the chain");
            prop_assert!(total <= count(ever.len()) + 1e-9, "{total} of {} that ever were", ever.len());
            // What no reorganisation took back for good is exact.
            if ever.len() == chain.iter().flatten().count() {
                prop_assert!((total - on_chain).abs() < 1e-9);
            }
        }
    }
}
