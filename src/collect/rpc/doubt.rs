//! What cannot be true of a block, as far as one node's own words and the clock tell. Pure.

use super::{Failure, Head};

/// How far ahead of our clock a block may be stamped. Makers of blocks may be seconds ahead, and our own clock may be wrong
/// by some minutes; more than that is a lie, or a clock that somebody has to set.
const AHEAD_SECONDS: i64 = 15 * 60;
/// No chain that we know makes more blocks in a second of its own time.
const MOST_BLOCKS_A_SECOND: u64 = 1_000;

/// Why `head` cannot be true at `millis` (since 1970), from a node whose newest block was `before`.
#[must_use]
pub fn doubt(before: Option<&Head>, head: &Head, millis: i64) -> Option<Failure> {
    from_the_future(head, millis).or_else(|| before.and_then(|before| from(before, head))).map(Failure::Implausible)
}

fn from_the_future(head: &Head, millis: i64) -> Option<String> {
    let ahead = i64::try_from(head.timestamp).unwrap_or(i64::MAX).saturating_sub(millis.div_euclid(1000));
    let block = head.number;
    (ahead > AHEAD_SECONDS).then(|| {
        format!("block {block} is stamped {ahead} s ahead of the clock of this machine: it lies, or the clock is wrong")
    })
}

fn from(before: &Head, head: &Head) -> Option<String> {
    if head.hash == before.hash && (head.number, head.timestamp) != (before.number, before.timestamp) {
        return Some(format!("block {} has become block {} with the same hash", before.number, head.number));
    }
    let (blocks, seconds) =
        (head.number.saturating_sub(before.number), head.timestamp.saturating_sub(before.timestamp));
    let most = seconds.saturating_add(1).saturating_mul(MOST_BLOCKS_A_SECOND);
    (blocks > most).then(|| format!("{blocks} blocks were made within {seconds} s of the chain's own time"))
}

/// Endpoints that give a block with the same hash another content than the others do: of several contents the one that most
/// give is believed, or, where as many give one as another, the one nearest to the clock.
#[must_use]
pub fn contradictions(heads: &[(usize, Head)], millis: i64) -> Vec<(usize, Failure)> {
    let is_same = |a: &Head, b: &Head| (a.number, a.timestamp, a.parent) == (b.number, b.timestamp, b.parent);
    let votes = |head: &Head| heads.iter().filter(|(_, other)| other.hash == head.hash && is_same(other, head)).count();
    let rank = |head: &Head| {
        let distance = i64::try_from(head.timestamp).unwrap_or(i64::MAX).abs_diff(millis.div_euclid(1000));
        (votes(head), std::cmp::Reverse(distance))
    };
    let is_beaten = |head: &Head| {
        heads.iter().any(|(_, other)| other.hash == head.hash && !is_same(other, head) && rank(other) > rank(head))
    };
    let says = |head: &Head| Failure::Implausible(format!("block {} has another content elsewhere", head.number));
    heads.iter().filter(|(_, head)| is_beaten(head)).map(|(endpoint, head)| (*endpoint, says(head))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::head::tests::head;
    use super::*;

    const NOW: i64 = 1_764_158_400_000;

    fn at(number: u64, seconds_ago: i64) -> Head {
        Head { timestamp: (NOW / 1000 - seconds_ago).unsigned_abs(), ..head(number) }
    }

    #[test]
    fn a_block_from_the_future_and_a_height_that_leaps_are_not_believed() {
        let before = at(100, 30);
        let table = [
            (at(101, 18), None),
            (at(101, -10 * 60), None),
            (
                at(101, -3600),
                Some("block 101 is stamped 3600 s ahead of the clock of this machine: it lies, or the clock is wrong"),
            ),
            (at(2_100, 18), None),
            (at(1_000_100, 18), Some("1000000 blocks were made within 12 s of the chain's own time")),
            (at(90, 18), None),
            (Head { hash: before.hash, ..at(101, 18) }, Some("block 100 has become block 101 with the same hash")),
        ];
        for (head, expected) in table {
            let said = doubt(Some(&before), &head, NOW).map(|failure| failure.to_string());
            assert_eq!(said.as_deref().map(|said| said.trim_start_matches("says what cannot be: ")), expected);
        }
        assert_eq!(doubt(None, &at(1_000_100, 18), NOW), None, "of a first block nothing is known");
    }

    #[test]
    fn of_two_contents_of_one_block_the_one_that_most_give_is_believed() {
        let truth = at(100, 3);
        let lie = Head { timestamp: truth.timestamp - 600, ..truth.clone() };
        let who = |heads: &[&Head]| {
            let heads: Vec<_> = heads.iter().map(|head| (*head).clone()).enumerate().collect();
            contradictions(&heads, NOW).into_iter().map(|(endpoint, _)| endpoint).collect::<Vec<_>>()
        };
        assert_eq!(who(&[&truth, &truth, &at(101, 1)]), [0; 0]);
        assert_eq!(who(&[&lie, &truth, &truth]), [0]);
        assert_eq!(who(&[&lie, &lie, &truth]), [2], "most may lie; they are believed, and it is said");
        assert_eq!(who(&[&lie, &truth]), [0], "one against one, the clock decides");
    }
}
