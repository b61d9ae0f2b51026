//! What label sets have in common with those made a moment ago: mostly the same list of names, and many of the values.
//!
//! Each thread remembers a little of it. No result depends on that, only how much memory it takes.

use super::Name;
use rapidhash::v3::rapidhash_v3;
use std::cell::RefCell;
use triomphe::ThinArc;

/// The names of a label set, in order.
pub(super) type Names = ThinArc<(), Name>;

/// So many lists are remembered: those of a rule's series, of the alerts made of them, and of some neighbours.
const LISTS: usize = 8;
/// So many words are remembered, each in a place of its own until another comes there: one that all sets have is seldom made anew.
const WORDS: usize = 256;
/// Longer texts are not worth remembering: hardly two are the same.
const LONGEST_WORD: usize = 128;

thread_local! {
    /// The latest first.
    static RECENT_LISTS: RefCell<Vec<Names>> = const { RefCell::new(Vec::new()) };
    static RECENT_WORDS: RefCell<[Name; WORDS]> = const { RefCell::new([const { Name::new() }; WORDS]) };
}

/// The list of these names: one that others have, or a new one.
pub(super) fn list<'a>(names: impl ExactSizeIterator<Item = &'a Name> + Clone) -> Names {
    RECENT_LISTS.with_borrow_mut(|lists| {
        if let Some(place) = lists.iter().position(|list| list.slice.iter().eq(names.clone())) {
            lists[..=place].rotate_right(1);
        } else {
            lists.truncate(LISTS - 1);
            lists.insert(0, ThinArc::from_header_and_iter((), names.cloned()));
        }
        lists[0].clone()
    })
}

/// This text as a name or a value: one that others have, or a new one.
pub(super) fn word(text: &str) -> Name {
    if text.len() > LONGEST_WORD {
        return text.into();
    }
    #[expect(clippy::cast_possible_truncation, reason = "a place is made of the lowest bits")]
    let place = rapidhash_v3(text.as_bytes()) as usize % WORDS;
    RECENT_WORDS.with_borrow_mut(|words| {
        let word = &mut words[place];
        if word != text {
            *word = text.into();
        }
        word.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list_of(names: &[&str]) -> Names {
        let names: Vec<Name> = names.iter().map(|name| Name::from(*name)).collect();
        list(names.iter())
    }

    #[test]
    fn neighbours_share_a_list_and_those_of_long_ago_are_forgotten() {
        let gas = list_of(&["chain", "gas"]);
        assert!(std::ptr::eq(&raw const *gas, &raw const *list_of(&["chain", "gas"])));
        assert_eq!(list_of(&["chain"]).slice.len(), 1);
        for number in 0..LISTS {
            assert_eq!(list_of(&[&number.to_string()]).slice[0], number.to_string());
        }
        assert_eq!(ThinArc::strong_count(&gas), 1);
    }

    #[test]
    fn a_word_that_comes_again_and_again_is_made_once_and_one_that_comes_between_is_itself() {
        let sepolia = word("sepolia");
        assert!(Name::ptr_eq(&sepolia, &word("sepolia")));
        for number in 0..10 * WORDS {
            assert_eq!(word(&number.to_string()), number.to_string());
        }
        assert_eq!(word("sepolia"), "sepolia");
        assert_eq!(Name::strong_count(&sepolia), Some(1));
        let long = "x".repeat(LONGEST_WORD + 1);
        assert!(!Name::ptr_eq(&word(&long), &word(&long)));
    }
}
