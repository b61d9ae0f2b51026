//! Where counting begins, and whether the chain is the one that was counted before: asked at the first contact.

use super::Follower;
use super::past::Past;
use super::read::{AT_ONCE, typed};
use crate::collect::probe::Trouble;
use crate::collect::rpc::{Head, doubt};
use alloy_primitives::B256;
use serde_json::json;

impl Follower {
    /// At the first contact: whether this is the chain that was counted, and where new accounts begin.
    pub(super) async fn meet(&mut self, head: &Head) -> Result<(), Trouble> {
        if self.is_met {
            return Ok(());
        }
        let (newest, first) = (self.newest(head).await?, self.hash_if_there(0).await?);
        let has_other_number = self.state.of(&self.chain.name).is_some_and(|kept| kept.chain_id != self.chain.chain_id);
        if has_other_number || self.is_another(first) {
            self.begin_anew(head, first, newest);
        } else if self.ledger.tip().is_none() {
            self.ledger.begin(newest);
        }
        self.genesis = first.or(self.genesis);
        for account in self.ledger.accounts.iter_mut().filter(|account| account.from.is_none()) {
            account.from = Some(head.number);
        }
        self.is_met = true;
        Ok(())
    }

    /// Whether a chain that begins with `first` is another one than before. A node that has its first block no more says
    /// nothing of it, and that is no other block.
    pub(super) fn is_another(&self, first: Option<B256>) -> bool {
        first.is_some() && self.genesis.is_some() && first != self.genesis
    }

    pub(super) fn begin_anew(&mut self, head: &Head, first: Option<B256>, newest: Vec<(u64, B256)>) {
        tracing::warn!(chain = %self.chain.name, block = head.number, "this is another chain than before: counts from 0 again");
        self.ledger.forget(head.number);
        self.ledger.begin(newest);
        self.genesis = first;
        self.past = Past::of(&self.book);
    }

    /// The newest blocks up to `head`, oldest first, as far as the node has them: a reorganisation of the first blocks goes
    /// back to one of these.
    ///
    /// Where counting begins hangs on the head, so that one is not believed which the chain itself does not have.
    pub(super) async fn newest(&self, head: &Head) -> Result<Vec<(u64, B256)>, Trouble> {
        let millis = i64::try_from(self.rpc.seconds().saturating_mul(1000)).unwrap_or(i64::MAX);
        if let Some(lie) = doubt(None, head, millis) {
            return Err(Trouble::new(lie.reason(), format!("the node that answers {lie}")));
        }
        let heights: Vec<u64> = (head.number.saturating_sub(AT_ONCE as u64 - 1)..=head.number).collect();
        let calls: Vec<_> =
            heights.iter().map(|n| ("eth_getBlockByNumber", json!([format!("{n:#x}"), false]))).collect();
        let mut blocks = Vec::new();
        for answer in self.rpc.batch(&calls).await? {
            blocks.push(answer.map_or(Ok(None), typed::<Option<Head>>)?);
        }
        linked(head, &heights, blocks).ok_or_else(|| {
            let said = "is the newest one by what a node says, and does not hang on the ones before it";
            Trouble::new("implausible", format!("block {} {said}: counting does not begin there", head.number))
        })
    }
}

/// The blocks up to `head`, as far back as each is there and the parent of the next. Nothing where not even the head hangs
/// on the one before it.
fn linked(head: &Head, heights: &[u64], blocks: Vec<Option<Head>>) -> Option<Vec<(u64, B256)>> {
    let mut next = head.hash;
    let downwards = heights.iter().zip(blocks).rev().map_while(|(height, block)| {
        let block = block.filter(|block| block.number == *height && block.hash == next)?;
        next = block.parent;
        Some((block.number, block.hash))
    });
    let mut linked: Vec<(u64, B256)> = downwards.collect();
    linked.reverse();
    (linked.len() >= heights.len().min(2)).then_some(linked)
}

#[cfg(test)]
mod tests {
    use super::linked;
    use crate::collect::rpc::{Head, tests::head};

    #[test]
    fn a_head_that_hangs_on_the_ones_before_it_is_believed_and_no_other() {
        let heights = [7, 8, 9];
        let all = || vec![Some(head(7)), Some(head(8)), Some(head(9))];
        let begins_at = |newest: &Head, blocks| linked(newest, &heights, blocks).map(|linked| linked[0].0);
        assert_eq!(begins_at(&head(9), all()), Some(7));
        let mut blocks = all();
        blocks[0] = None;
        assert_eq!(begins_at(&head(9), blocks), Some(8), "older ones need not be there");
        let mut blocks = all();
        blocks[1] = Some(Head { hash: head(3).hash, ..head(8) });
        assert_eq!(begins_at(&head(9), blocks), None, "the one before it is another one");
        assert_eq!(begins_at(&head(9), vec![None, None, None]), None, "nobody has it");
        assert_eq!(begins_at(&Head { hash: head(3).hash, ..head(9) }, all()), None, "another one stands there");
        assert_eq!(linked(&head(0), &[0], vec![Some(head(0))]).map(|linked| linked.len()), Some(1));
    }
}
