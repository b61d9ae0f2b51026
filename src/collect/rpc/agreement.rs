//! Whether the endpoints have the same chain, and who has not. Pure.

use alloy_primitives::B256;
use std::collections::BTreeSet;

/// How far below the newest block that all could have the chains are compared, where they differ.
pub const DEPTHS: [u64; 8] = [0, 1, 2, 4, 8, 16, 32, 64];
/// Chains that differ at their last blocks only are usual for a moment; whoever differs this deep has another one.
const SETTLED: u64 = 2;

/// The hashes that one endpoint has at some heights, in the order of the heights. An unknown one counts neither way.
pub type Hashes = Vec<Option<B256>>;

/// The highest of `heights` (given in falling order) at which nobody differs from the others.
#[must_use]
pub fn agreed(heights: &[u64], all: &[Hashes]) -> Option<u64> {
    heights.iter().enumerate().find(|(place, _)| distinct(all, *place) <= 1).map(|(_, height)| *height)
}

fn distinct(all: &[Hashes], place: usize) -> usize {
    all.iter().filter_map(|hashes| hashes.get(place).copied().flatten()).collect::<BTreeSet<_>>().len()
}

/// Who has another settled chain than more than half of all have, and from which height on. Two that differ are a
/// disagreement, and none of them is outvoted.
#[must_use]
pub fn outvoted(heights: &[u64], all: &[Hashes]) -> Vec<(usize, u64)> {
    let Some(newest) = heights.first() else { return Vec::new() };
    let settled = heights.iter().position(|height| newest - height >= SETTLED);
    let Some(place) = settled else { return Vec::new() };
    let at = |hashes: &Hashes| hashes.get(place).copied().flatten();
    let votes = |hash: B256| all.iter().filter(|hashes| at(hashes) == Some(hash)).count();
    let most = all.iter().filter_map(at).find(|hash| votes(*hash) * 2 > all.len());
    let Some(most) = most else { return Vec::new() };
    let differs = |hashes: &Hashes| at(hashes).is_some_and(|hash| hash != most);
    all.iter().enumerate().filter(|(_, hashes)| differs(hashes)).map(|(who, _)| (who, heights[place])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One endpoint's hashes, each given by a letter; `-` is an unknown one.
    fn hashes(letters: &str) -> Hashes {
        letters.bytes().map(|letter| (letter != b'-').then(|| B256::repeat_byte(letter))).collect()
    }

    fn heights(newest: u64) -> Vec<u64> {
        DEPTHS.iter().filter_map(|depth| newest.checked_sub(*depth)).collect()
    }

    #[test]
    fn endpoints_agree_below_the_height_at_which_one_differs() {
        let agreed =
            |all: &[&str]| agreed(&heights(100), &all.iter().map(|letters| hashes(letters)).collect::<Vec<_>>());
        assert_eq!(agreed(&["abcdefgh", "abcdefgh"]), Some(100));
        assert_eq!(agreed(&["xycdefgh", "abcdefgh"]), Some(98));
        assert_eq!(agreed(&["-ycdefgh", "abcdefgh"]), Some(100), "what is not known is no difference");
        assert_eq!(agreed(&["12345678", "abcdefgh"]), None);
        assert_eq!(heights(3), [3, 2, 1], "there is nothing before the first block");
    }

    #[test]
    fn one_of_three_is_outvoted_where_blocks_are_settled_and_one_of_two_never() {
        let outvoted =
            |all: &[&str]| outvoted(&heights(100), &all.iter().map(|letters| hashes(letters)).collect::<Vec<_>>());
        assert_eq!(outvoted(&["abcdefgh", "xyzdefgh", "abcdefgh"]), [(1, 98)]);
        assert_eq!(outvoted(&["abcdefgh", "xycdefgh", "abcdefgh"]), [], "the last two blocks may differ for a moment");
        assert_eq!(outvoted(&["abcdefgh", "xyzdefgh"]), []);
        assert_eq!(outvoted(&["abcdefgh", "xyzdefgh", "--------"]), [], "one that does not know does not vote");
        assert_eq!(outvoted(&["1b3", "1b4"]), []);
    }
}
