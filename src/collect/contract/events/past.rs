//! The past of gauges that look back: the chain itself is where it is kept, and it is read once after a start.

use super::Follower;
use super::book::{Book, Ordinals};
use crate::collect::probe::Trouble;
use crate::collect::rpc::Head;
use tokio::time::Instant;

/// How often the beginning of the window is guessed before it is good enough.
const GUESSES: u32 = 12;

/// How far the past was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// From here the window begins; not yet known where that is.
    Unknown,
    /// What is between has still to be read.
    Reading {
        /// The next block to read, and when it was made.
        next: (u64, u64),
        /// The last one, which is read as new, and when it was made.
        end: (u64, u64),
    },
    /// All of it, or there is nothing that looks back.
    Read,
}

impl Past {
    pub(super) fn of(book: &Book) -> Past {
        if book.gauges.is_empty() { Past::Read } else { Past::Unknown }
    }

    /// Whether there is more to read at once.
    pub(super) fn is_reading(self) -> bool {
        matches!(self, Past::Reading { .. })
    }
}

impl Follower {
    /// Reads some of the past until then, and shows what looks back once all of it is read.
    pub(super) async fn look_back(&mut self, head: &Head, until: Instant) -> Result<(), Trouble> {
        if self.past == Past::Unknown {
            self.past = Past::Reading { next: self.window_begins(head).await?, end: (head.number, head.timestamp) };
        }
        while let Past::Reading { next, end } = self.past {
            if Instant::now() > until {
                return Ok(());
            }
            self.past = self.read_past(next, end).await?;
        }
        if !self.book.gauges.is_empty() {
            // A clock that is behind the chain's would make the newest ones the future's.
            self.book.show_gauges(self.rpc.seconds().max(head.timestamp), self.pace.fresh_until());
        }
        Ok(())
    }

    /// A block before the longest window begins, and when it was made.
    async fn window_begins(&self, head: &Head) -> Result<(u64, u64), Trouble> {
        let longest = self.book.gauges.iter().map(|gauge| gauge.over.to_std().as_secs()).max().unwrap_or_default();
        let since = head.timestamp.saturating_sub(longest);
        let mut back = 1_000_u64;
        for _ in 0..GUESSES {
            let number = head.number.saturating_sub(back);
            let block = self.block_if_there(number).await?;
            // A node that keeps no such old blocks has no older logs either.
            let Some(block) = block else { return Ok((head.number.saturating_sub(back / 2), since)) };
            if block.timestamp <= since || number == 0 {
                return Ok((number, block.timestamp));
            }
            let spacing_needs = longest.saturating_mul(back) / head.timestamp.saturating_sub(block.timestamp).max(1);
            back = spacing_needs.saturating_add(spacing_needs / 10).max(back.saturating_mul(2)).min(head.number);
        }
        Ok((head.number.saturating_sub(back), since))
    }

    async fn read_past(&mut self, next: (u64, u64), end: (u64, u64)) -> Result<Past, Trouble> {
        let to = next.0.saturating_add(self.span).min(end.0);
        let Some(logs) = self.logs_between(next.0, to, true).await? else { return Ok(self.past) };
        for log in &logs {
            let number = log.block_number.small().unwrap_or(to);
            let time =
                log.block_timestamp.and_then(|time| time.small().ok()).unwrap_or_else(|| between(next, end, number));
            self.book.read(log, time, true, &mut Ordinals::default());
        }
        Ok(if to == end.0 { Past::Read } else { Past::Reading { next: (to + 1, between(next, end, to + 1)), end } })
    }
}

/// When a block between two others was made, if blocks came evenly.
fn between(from: (u64, u64), to: (u64, u64), number: u64) -> u64 {
    let (blocks, seconds) = (to.0.saturating_sub(from.0).max(1), to.1.saturating_sub(from.1));
    from.1 + seconds.saturating_mul(number.saturating_sub(from.0).min(blocks)) / blocks
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn the_time_of_a_block_is_guessed_between_its_neighbours() {
        assert_eq!(between((100, 1_000), (200, 2_200), 150), 1_600);
        assert_eq!(between((100, 1_000), (200, 2_200), 900), 2_200);
        assert_eq!(between((100, 1_000), (100, 1_000), 100), 1_000);
    }
}
